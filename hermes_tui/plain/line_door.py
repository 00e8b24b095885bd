"""The line mode as slash commands see it: one conversation, asked and told in lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hermes_core.commands import CoreCommand, Reply, RunCommand, Submit
from hermes_core.errors import HermesError
from hermes_core.paths import expanded
from hermes_core.storage.records import SessionSummary
from hermes_tui.composing.attached_files import with_leading_files
from hermes_tui.core_link.workspace import SkillInfo, StartInfo, Workspace
from hermes_tui.plain.asker import Asker, Question
from hermes_tui.plain.conversation import Conversation
from hermes_tui.plain.page import Page
from hermes_tui.session_state import Clocks, SessionState
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Source, SubmitMode
from hermes_tui.slash.quick import commands_in_force
from hermes_tui.slash.skills import usable
from hermes_widgets.fitting import fit
from hermes_widgets.row import Row

T = TypeVar("T")

CLIENT = "line mode"
_SHOWN_ROWS = 40
_SHORT_CHARS, _LONG_CELLS = 60, 120


class LineDoor:
    """See `slash.door.Door`.

    Args:
        workspace: The core.
        page: Where lines are printed.
        asker: Who asks.
        clocks: Where the time comes from.
        on_leave: Called when the person wants to leave.
    """

    full_screen = None
    """There is none."""

    def __init__(
        self,
        workspace: Workspace,
        page: Page,
        asker: Asker,
        *,
        clocks: Clocks,
        on_leave: Callable[[], Awaitable[None]],
    ) -> None:
        self.workspace = workspace
        self.start_info: StartInfo = workspace.start_info()
        self.clocks = clocks
        self.skills: list[SkillInfo] = []
        self._page = page
        self._asker = asker
        self._on_leave = on_leave
        self._tasks: set[asyncio.Task[None]] = set()
        self.conversation = Conversation(page, asker, clocks=clocks, start=self.begin)

    @property
    def state(self) -> SessionState:
        """What is known about the conversation."""
        return self.conversation.state

    @property
    def _folder(self) -> Path:
        """The working folder of the conversation."""
        return expanded(self.state.cwd or ".")

    @property
    def is_working(self) -> bool:
        """Whether a command or an answer is under way."""
        return bool(self._tasks)

    def begin(self, job: Coroutine[Any, Any, None]) -> None:
        """Do something beside the reading of lines."""
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self.conversation.failed_with(task.exception())
        self.conversation.changed.set()

    # --- asking the core -------------------------------------------------------------

    async def command(self, command: CoreCommand) -> Reply:
        """Ask the conversation for something; refusals are told."""
        reply = await self.conversation.send(msgspec.structs.replace(command, client=CLIENT))
        if reply.ok and isinstance(command, Submit | RunCommand):
            self.conversation.sent(str(reply.data.get("input_id", "")))
        if not reply.ok:
            self.tell_error(reply.text or reply.code)
        elif reply.text:
            self.tell(reply.text)
        return reply

    async def guard(self, call: Awaitable[T]) -> T | None:
        """Wait for the core; tell what went wrong and return None then."""
        try:
            return await call
        except HermesError as error:
            self.tell_error(str(error), hint=error.hint)
            return None

    async def submit(self, text: str, *, mode: SubmitMode = "default", note: str = "") -> None:
        """Send a message; one that is refused is printed again."""
        found = await asyncio.to_thread(with_leading_files, text, self._folder)
        reply = await self.conversation.send(
            Submit(text=found.text, attachments=found.pictures, mode=mode, note=note, client=CLIENT)
        )
        if reply.ok:
            self.conversation.sent(str(reply.data.get("input_id", "")))
        else:
            self.tell_error(reply.text or "The message was not taken", hint=f"Not sent: {text}")

    def commands(self) -> list[SlashCommand]:
        """Every command in force, those of the person's own last."""
        return commands_in_force(self.workspace.setting("quick_commands"))

    async def run(self, command: SlashCommand, argument: str) -> None:
        """Run a command; what goes wrong in the core is told."""
        try:
            await command.run(self, argument)
        except HermesError as error:
            self.tell_error(str(error), hint=error.hint)

    # --- telling and asking the person -----------------------------------------------

    def tell(self, text: str) -> None:
        """Print a remark."""
        self._page.say(text)

    def tell_error(self, text: str, *, hint: str = "") -> None:
        """Print what went wrong and what can be done."""
        self._page.say(f"Error: {text}" + (f"\n{hint}" if hint else ""))

    async def confirm(self, title: str, text: str, *, yes: str) -> bool:
        """Ask; leaving the question means no."""
        choices = (("yes", yes), ("no", "No, go back"))
        answer = await self._asker.ask(Question(text=f"{title}\n{text}", choices=choices))
        return answer is not None and answer.value == "yes"

    async def pick(
        self,
        title: str,
        source: Source,
        *,
        note_at: int = 26,
        preview: Callable[[str], None] | None = None,
        start: str = "",
    ) -> str:
        """Let one be picked by its number; other words search, Enter alone leaves."""
        words = ""
        while True:
            rows = [row for row in source(words) if row.key]
            if not rows and not words:
                self.tell(f"{title}\nThere is nothing to choose from.")
                return ""
            question = Question(
                text="\n".join([title, *_remarks(rows, words)]),
                choices=tuple((row.key, _told(row)) for row in rows[:_SHOWN_ROWS]),
                takes_text=True,
                takes_empty=True,
            )
            answer = await self._asker.ask(question)
            if answer is None or not answer.value:
                return ""
            if any(row.key == answer.value for row in rows):
                return answer.value
            words = answer.value

    async def pick_session(self, found: Sequence[SessionSummary]) -> str:
        """Let a conversation be picked from a list."""
        rows = [
            Row(key=item.id, text=item.title or item.preview or "untitled", note=item.id)
            for item in found
            if item.id != self.state.session_id
        ]
        lowered = [(row, f"{row.text} {row.note}".casefold()) for row in rows]
        return await self.pick(
            "Conversations", lambda text: [row for row, all_ in lowered if text.casefold() in all_]
        )

    async def read(self, title: str, text: str, *, is_diff: bool = False) -> None:
        """Print a long text."""
        self._page.say(f"{title}\n{text}")

    async def show_help(self, word: str) -> None:
        """Print the commands, those with a word in them if one is given."""
        lines = []
        for command in (one for one in self.commands() if one.suits(self.state)):
            names = ", ".join(f"/{name}" for name in (command.name, *command.aliases))
            line = f"{names} {command.args}".rstrip() + f": {command.summary}"
            if word.casefold() in line.casefold():
                lines.append(line)
        lines += [
            f"/{name} [instruction]: skill"
            for name in usable(self.skills)
            if word.casefold() in name.casefold()
        ]
        self._page.say("\n".join(lines) or f"Nothing is called {word}; /help lists everything")

    def offer_draft(self, text: str) -> None:
        """Print a text so that it can be typed or copied again."""
        self._page.say(f"Taken back: {text}")

    def refresh_all(self) -> None:
        """There is nothing around the conversation."""

    async def follow_settings(self) -> None:
        """Tell tools and processes as the settings now say."""
        self.state.process_notices = str(
            self.workspace.setting("display.background_process_notifications")
        )
        self.conversation.transcript.progress = str(
            self.workspace.setting("display.tool_progress") or "all"
        )

    async def refresh_lists(self) -> None:
        """Read again which skills are installed."""
        self.skills = await self.workspace.skills()

    # --- which conversation ----------------------------------------------------------

    async def open_new(self) -> bool:
        """Begin a new conversation; says whether it could."""
        return await self.show(None)

    async def open_in_place(self) -> None:
        """The same here: one conversation is shown at a time."""
        await self.show(None)

    def resume(self, session_id: str) -> None:
        """Show another conversation."""
        self.begin(self._resume(session_id))

    async def _resume(self, session_id: str) -> None:
        await self.show(session_id)

    async def show(self, session_id: str | None) -> bool:
        """Open a conversation in place of the present one, which must be at rest.

        Returns:
            Whether it is open; why not was told.
        """
        if self.state.is_busy:
            self.tell_error("A turn is running here", hint="/stop ends it")
            return False
        try:
            handle = await self.workspace.open(session_id)
            past = await self.workspace.past_events(handle.session_id) if session_id else ()
        except HermesError as error:
            self.tell_error(str(error), hint=error.hint)
            return False
        before = self.conversation
        self.conversation = Conversation(
            self._page, self._asker, clocks=self.clocks, start=self.begin, changed=before.changed
        )
        await self.follow_settings()
        self.state.approval_mode = self.start_info.approval_mode
        if before.handle is not None and session_id is None:
            self.tell("A new conversation.")
        await before.release()
        self.conversation.attach(handle, past)
        return True

    async def leave(self) -> None:
        """Leave, after a question if something still runs."""
        await self._on_leave()


def _told(row: Row) -> str:
    parts = (row.text, first_sentence(row.note), row.right, row.detail)
    return ", ".join(part for part in parts if part.strip())


def first_sentence(text: str) -> str:
    """The beginning of a long text, whole if it is short; no page is read out to choose from."""
    if len(text) <= _SHORT_CHARS:
        return text
    return fit(re.split(r"(?<=[.:;!?])\s", text, maxsplit=1)[0], _LONG_CELLS)


def _remarks(rows: Sequence[Row], words: str) -> list[str]:
    lines = []
    if words and not rows:
        lines.append(f"Nothing matches {words}.")
    if len(rows) > _SHOWN_ROWS:
        lines.append(f"The first {_SHOWN_ROWS} of {len(rows)}:")
    lines.append("A number chooses, words search, Enter alone leaves.")
    return lines
