"""Where slash commands are typed, the full screen or the line mode, as one thing to test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Protocol

from hermes_core.commands import Submit
from hermes_core.events import CheckpointCreated
from hermes_core.paths import Home
from hermes_tui.core_link.workspace import CheckpointInfo, GrantInfo, ToolInfo
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.session_state import SessionState
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession, FakeWorkspace, React
from tests.support import until
from tests.tui import line_stage, stage

DoorName = Literal["screen", "lines"]
DOORS: tuple[DoorName, ...] = ("screen", "lines")


class Place(Protocol):
    """What a person sees and does at one of the doors."""

    workspace: FakeWorkspace

    @property
    def session(self) -> FakeSession:
        """The conversation that is shown."""
        ...

    @property
    def state(self) -> SessionState:
        """What is known about it."""
        ...

    async def send(self, line: str) -> None:
        """Type a line and press Enter."""
        ...

    async def shows(self, words: str) -> None:
        """Wait until these words can be read."""
        ...

    async def agree(self) -> None:
        """Say yes to the question that is asked."""
        ...

    async def decline(self) -> None:
        """Leave the question that is asked."""
        ...

    async def pick(self, words: str) -> None:
        """Pick what these words begin from the list that is shown."""
        ...

    async def leave_reading(self) -> None:
        """Close the long text that is shown."""
        ...

    async def settle(self) -> None:
        """Leave every question until nothing is under way."""
        ...

    def sees(self, words: str) -> bool:
        """Whether these words can be read now."""
        ...

    def given_back(self) -> str:
        """The text that can be changed and sent again, empty if there is none."""
        ...


class OnScreen:
    """The full screen."""

    def __init__(self, shown: stage.Stage) -> None:
        self._stage = shown
        self.workspace = shown.workspace

    @property
    def session(self) -> FakeSession:
        """See `Place`."""
        return self._stage.session

    @property
    def state(self) -> SessionState:
        """See `Place`."""
        return self._stage.app.chat.state

    async def send(self, line: str) -> None:
        """See `Place`."""
        await self._stage.send(line)

    async def shows(self, words: str) -> None:
        """See `Place`."""
        try:
            await until(lambda: self.sees(words), timeout_s=10)
        except TimeoutError:
            raise AssertionError(f"never shown: {words}\n{self._stage.shown_text()}") from None

    async def agree(self) -> None:
        """See `Place`."""
        await self._answer("up", "enter")

    async def decline(self) -> None:
        """See `Place`."""
        await self._answer("escape")

    async def _answer(self, *keys: str) -> None:
        await until(lambda: isinstance(self._stage.app.screen, ConfirmScreen))
        await self._stage.pilot.pause()
        await self._stage.pilot.press(*keys)
        await until(lambda: not self._stage.app.is_modal_open)

    async def pick(self, words: str) -> None:
        """See `Place`."""
        await until(lambda: isinstance(self._stage.app.screen, PickScreen))
        await self._stage.pilot.pause()
        await self._stage.type(words)
        await self._stage.pilot.press("enter")

    async def leave_reading(self) -> None:
        """See `Place`."""
        await until(lambda: self._stage.app.is_modal_open)
        await self._stage.pilot.press("escape")

    async def settle(self) -> None:
        """See `Place`."""
        app = self._stage.app

        def is_busy() -> bool:
            return any(
                one.group == "default" and not one.name.startswith("follow") for one in app.workers
            )

        async with asyncio.timeout(10):
            while app.is_modal_open or is_busy():
                await until(lambda: app.is_modal_open or not is_busy())
                if app.is_modal_open:
                    await self._stage.pilot.press("escape")
        app.show_pane("chat")

    def sees(self, words: str) -> bool:
        """See `Place`."""
        return words in " ".join(self._stage.shown_text().split())  # rows wrap

    def given_back(self) -> str:
        """See `Place`."""
        return self._stage.app.chat.composer.draft


class InLines:
    """The line mode, typed at a terminal."""

    def __init__(self, shown: line_stage.Stage) -> None:
        self._stage = shown
        self.workspace = shown.workspace

    @property
    def session(self) -> FakeSession:
        """See `Place`."""
        return self._stage.session

    @property
    def state(self) -> SessionState:
        """See `Place`."""
        return self._stage.mode.door.state

    async def send(self, line: str) -> None:
        """See `Place`."""
        self._stage.written.append(f"{line}\n")  # as a terminal echoes it
        self._stage.type(line)

    async def shows(self, words: str) -> None:
        """See `Place`."""
        await self._stage.shows(words)

    async def agree(self) -> None:
        """See `Place`."""
        await self._asked()
        await self.send("1")

    async def decline(self) -> None:
        """See `Place`."""
        await self._asked()
        self._stage.mode.interrupt()

    async def pick(self, words: str) -> None:
        """See `Place`."""
        await self._asked()
        rows = self._stage.text.rpartition("Enter alone leaves.")[2].splitlines()
        (number,) = {row.split()[0] for row in rows if words in row}
        await self.send(number)

    async def leave_reading(self) -> None:
        """See `Place`."""

    async def settle(self) -> None:
        """See `Place`."""
        async with asyncio.timeout(10):
            while not self._stage.text.endswith("\n> "):
                if self._stage.text.rpartition("\n")[2].startswith("Answer "):
                    self._stage.mode.interrupt()
                await asyncio.sleep(0.002)

    def sees(self, words: str) -> bool:
        """See `Place`."""
        return words in self._stage.text

    async def _asked(self) -> None:
        await until(lambda: self._stage.text.rpartition("\n")[2].startswith("Answer "))

    def given_back(self) -> str:
        """See `Place`."""
        _, mark, text = self._stage.text.rpartition("Taken back: ")
        return text.partition("\n")[0] if mark else ""


@asynccontextmanager
async def opened(door: DoorName, home: Home, *, react: React | None = None) -> AsyncIterator[Place]:
    """Open a door on a fake workspace until its first conversation is there."""
    if door == "screen":
        async with stage.staged(home, size=(140, 40), react=react) as screen:
            yield OnScreen(screen)
        return
    async with line_stage.staged(home, react=react) as lines:
        lines.lines.is_terminal = True  # a person's lines are not put off like those of a pipe
        yield InLines(lines)


# --- what the workspace holds ---

SNAPSHOTS = [
    CheckpointInfo(checkpoint_id="abc123", created_at=0.0, cause="patch retry.py", file_count=2),
    CheckpointInfo(checkpoint_id="abd456", created_at=0.0),
]
GRANTS = [
    GrantInfo(key="recursive delete", scope="session"),
    GrantInfo(key="k2", scope="always", pattern="git push *"),
]


def furnish(place: Place) -> None:
    """Put something into every list."""
    place.workspace.checkpoint_list = SNAPSHOTS
    place.workspace.grant_list = GRANTS
    place.workspace.tool_list = [
        ToolInfo(name="terminal", toolset="shell"),
        ToolInfo(name="todo", toolset="plan", is_available=False, reason="not offered here"),
    ]


async def with_turns(place: Place, *texts: str) -> None:
    """Let some messages have been said."""
    for number, text in enumerate(texts, 1):
        place.session.say(*turns.user(number, text))
    await until(lambda: len(place.state.asked) == len(texts))


async def with_changes(place: Place) -> None:
    """Let a message have changed files in two folders, twice in one of them."""
    await with_turns(place, "make it blue")
    for checkpoint_id, folder in (("here-1", "/a"), ("there-1", "/b"), ("here-2", "/a")):
        place.session.say(
            CheckpointCreated(checkpoint_id=checkpoint_id, directory=folder, cause="patch")
        )
    await until(lambda: len(place.state.snapshots) == 3)


def submits(place: Place) -> list[Submit]:
    """The messages that were sent."""
    return [one for one in place.session.sent(Submit) if isinstance(one, Submit)]
