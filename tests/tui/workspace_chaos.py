"""Random use of the whole program: events, keys, pastes, window sizes, drawn from a seed.

One program plays many examples, each a burst of some steps on what the ones before left;
it is begun anew at every `CHAPTER`th. What must hold after each: nothing raised, the
program runs; no control character, escape code or markup that was read is on the screen;
the drafts are what was typed and not sent. What is drawn for a step follows from the
seed, the number of the example and that of the step alone, so an example is found again
by playing its chapter up to it.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual import events
from textual._queue import Queue
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.message_pump import MessagePump
from textual.pilot import Pilot

from hermes_core.events import TurnFinished
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import SkillInfo, Workspace
from hermes_tui.launch_state import ExitState
from hermes_tui.panes.chat import ChatPane
from hermes_tui.screens.approval import ApprovalScreen
from hermes_widgets.fitting import clean_draft
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeWorkspace
from tests.support import until
from tests.tui.random_events import MARK, hostile_text, random_event, short

CHAPTER = 25
"""Examples in one program; then it is begun anew."""
OPENERS = ("f1", "f2", "ctrl+p", "ctrl+r")
"""Open something over the workspace."""
PANES = ("f6", "shift+f6", "f11", "alt+1", "alt+2", "alt+3", "alt+4", "alt+5", "ctrl+s")
"""Lead to panes and back, which is slow: all styles are found anew."""
ANYWHERE = (
    "ctrl+o", "ctrl+f", "ctrl+l", "ctrl+t", "pageup", "pagedown", "shift+up", "shift+down",
    "ctrl+home", "ctrl+end", "alt+up", "alt+down", "escape", "ctrl+pagedown", "ctrl+pageup",
    "ctrl+y", "shift+tab", "alt+q",
)  # fmt: skip
"""Wherever they arrive, they neither change nor send a draft."""
IN_MODALS = ("up", "down", "tab", "shift+tab", "escape", "pagedown", "x", "ö", "backspace", "left")
IN_REQUESTS = (*IN_MODALS, "o", "s", "d", "v", "1", "4", "enter", "enter")
IN_QUESTIONS = ("1", "2", "down", "up", "tab", "x", "ö", "enter", "enter", "escape")
IN_PANES = ("up", "down", "home", "end", "pagedown", "f5", "f3", "f4", "f7", "f8", "enter")
TYPED = ("hello ", "see ", "@ ", "(", "ü", "界", "1", "-", " ", "\n")
SIZES = ((20, 6), (38, 12), (59, 15), (60, 16), (80, 24), (99, 29), (120, 40), (160, 50), (200, 60))
MAX_TABS = 3
_NAMES = {" ": "space", "@": "at", "(": "left_parenthesis", "-": "minus", "\n": "ctrl+j"}
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SWALLOWED = re.compile(rf"[^\]\s…▏▌│┃]{MARK}")
_HOLD_S = 5.0
"""How long a draft may be on its way from one tab to another."""


_FREE_TURNS = 200
"""Rounds of the event loop before what waits for something else is given time."""


def _waits(pump: MessagePump) -> bool:
    """Whether it has done everything and stands before its empty queue."""
    queue: Queue[Any] = pump._message_queue
    waiters: Collection[asyncio.Future[bool]] = queue.ready_event._waiters
    return queue.empty() and any(not waiter.done() for waiter in waiters)


class Broken(AssertionError):
    """Something did not hold; says where."""

    number = 0
    """The example in which."""


Connect = Callable[[], Awaitable[Workspace]]
Build = Callable[[Connect], HermesApp]


def usual(connect: Connect) -> HermesApp:
    """The program as it is."""
    return HermesApp(connect, grace_s=0.0)


def whole_draft(pane: ChatPane) -> str:
    """What would be sent: chips stand for their texts."""
    return pane.composer.whole_draft


@dataclass
class Chaos:
    """The running program, what is drawn for it, and what its drafts have to be."""

    app: HermesApp
    pilot: Pilot[ExitState]
    workspace: FakeWorkspace
    chance: random.Random = field(default_factory=random.Random)
    drafts: dict[ChatPane, str] = field(default_factory=dict)
    closing: set[ChatPane] = field(default_factory=set)
    is_quiet: bool = False
    """Whether everything that happened has been taken in."""

    async def example(self, seed: int, number: int) -> None:
        """Play one burst on what is there.

        Raises:
            Broken: Something did not hold.
        """
        done: list[str] = []
        steps = random.Random(f"{seed}:{number}").randrange(5, 9)
        try:
            with self.app.batch_update():  # painting is nearly all of the cost
                if self.app.is_modal_open:
                    done.append(self._press("escape"))
                for step in range(steps):
                    self.chance = random.Random(f"{seed}:{number}:{step}")
                    done.append(await self._step())
                await self._settle()
            await self._paint()
            self._check_screen()
            await self._check_drafts()
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            broken = Broken(f"seed {seed}, example {number}: {said}\n" + "\n".join(done))
            broken.number = number
            raise broken from error

    # --- what happens --------------------------------------------------------------------

    async def _step(self) -> str:
        acts: dict[Callable[[], Awaitable[str]], int] = {
            self._events: 8,
            self._key: 5,
            self._resize: 1,
            self._answer: 3,
            self._type: 3,
            self._send: 1,
            self._tab: 1,
        }
        act = self.chance.choices(tuple(acts), tuple(acts.values()))[0]
        return await act()

    async def _events(self) -> str:
        shown = [pane.state.session_id for pane in self.app.open_panes()]
        sessions = [self.workspace.sessions[name] for name in shown if name]
        session = self.chance.choice(sessions)
        said = [random_event(self.chance) for _ in range(self.chance.randrange(1, 8))]
        session.say(*said)
        self.is_quiet = False
        return f"say {[short(event) for event in said]}"

    async def _key(self) -> str:
        (keys,) = self.chance.choices((ANYWHERE, PANES, OPENERS), (80, 15, 5))
        return self._press(self.chance.choice(keys))

    def _press(self, key: str) -> str:
        self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        self.is_quiet = False
        return f"press {key}"

    async def _resize(self) -> str:
        size = Size(*self.chance.choice(SIZES))
        driver = self.app._driver
        assert isinstance(driver, HeadlessDriver), "tests run without a terminal"
        driver._size = size
        self.app.post_message(events.Resize(size, size))
        self.is_quiet = False
        return f"resize {size.width}x{size.height}"

    async def _answer(self) -> str:
        """Use what has the keyboard: a modal, a question, a pane."""
        if not self.app.is_modal_open and not self.app.chat.card and self.app.shown_pane == "chat":
            return "nothing to answer"
        await self._settle()
        shown, card = self.app.screen, self.app.chat.card
        if isinstance(shown, ApprovalScreen):
            keys: Sequence[str] = IN_REQUESTS
        elif self.app.is_modal_open:
            keys = IN_MODALS
        elif card is not None and card.has_focus_within:
            keys = IN_QUESTIONS
        elif (pane := self.app.side_pane()) is not None and pane.has_focus_within:
            # Elsewhere Enter chooses something to write.
            keys = IN_PANES if self.app.shown_pane == "sessions" else IN_PANES[:-1]
        else:
            return "nothing to answer"
        key = self.chance.choice(keys)
        done = f"{self._press(key)} on {type(shown).__name__}"
        if isinstance(shown, ApprovalScreen) and self.chance.random() < 0.3:
            done += f", {self._press(key)} again"
        # The toolkit looks for what a key is bound to where the focus is by then.
        await self._settle()
        return done

    async def _type(self) -> str:
        await self._go_to_field()
        pane = self.app.chat
        if not self._has_keyboard(pane):
            return "nowhere to type"
        self._note_inherited(pane)
        chance = self.chance
        if chance.random() < 0.4:
            text = hostile_text(chance, 12).replace("/", "-")
            self.app.post_message(events.Paste(text))
            text = clean_draft(text)
        else:
            text = "".join(chance.choices(TYPED, k=chance.randrange(1, 4)))
            for char in text:
                shown = char if char.isprintable() else None
                self.app.post_message(events.Key(_NAMES.get(char, char), shown))
        await self._settle(anew=True)
        before, now = self.drafts.get(pane, ""), whole_draft(pane)
        if now != before + text and not self._has_keyboard(pane):
            # What asks for the person took the keyboard and the rest of the keys.
            text = now.removeprefix(before) if (before + text).startswith(now) else text
        self.drafts[pane] = before + text
        pane.composer.close_menu()
        return f"type {text!r}"

    def _note_inherited(self, pane: ChatPane) -> None:
        """A new tab may have the draft of the one in whose place it opens."""
        given = whole_draft(pane)
        if pane not in self.drafts and given:
            giver = next((one for one, text in self.drafts.items() if text == given), None)
            if giver is not None:
                self.drafts[pane] = self.drafts.pop(giver)

    async def _send(self) -> str:
        await self._go_to_field()
        pane = self.app.chat
        draft = self.drafts.get(pane, "")
        if not self._has_keyboard(pane) or not draft.strip() or pane.composer.area.menu_is_open:
            return "nothing to send"
        self._press("enter")
        await self._settle()
        if (not self.app.is_modal_open and pane.card is None) or not pane.composer.draft:
            self.drafts[pane] = ""
        return f"send {draft!r}"

    async def _tab(self) -> str:
        """Open or close a tab, or let a turn end."""
        await self._settle()
        for session in self.workspace.sessions.values():
            session.say(TurnFinished(turn_id="t1", outcome="completed", reason="text_response"))
        await self._settle(anew=True)
        if self.app.is_modal_open:
            return "end turns"
        if self.chance.random() < 0.6 and len(self.app.open_panes()) < MAX_TABS:
            return self._press("ctrl+n")
        self.closing.add(self.app.chat)
        return self._press("ctrl+f4")

    async def _go_to_field(self) -> None:
        await self._settle()
        if not self.app.is_modal_open and self.app.chat.card is None:
            if self.app.shown_pane != "chat":
                self.app.show_pane("chat")
            if self.app.focused is not self.app.chat.composer.area:
                self.app.chat.composer.focus_field()
                await self._settle(anew=True)
            area = self.app.chat.composer.area
            area.move_cursor(area.document.end)

    def _has_keyboard(self, pane: ChatPane) -> bool:
        return self.app.chat is pane and self.app.focused is pane.composer.area

    async def _settle(self, *, anew: bool = False) -> None:
        """Let everything be taken in that was said and pressed."""
        if self.is_quiet and not anew:
            return
        await until(lambda: all(one.is_heard for one in self.workspace.sessions.values()))
        for pane in self.app.open_panes():
            pane.tell()
        await self._take_in()
        if self.app.failure is not None:
            raise self.app.failure
        if not self.app.is_running or self.app._exit:
            raise Broken("the program ended")
        self.is_quiet = True

    async def _take_in(self) -> None:
        """Wait until everybody waits for a message; to send each one costs half of the time."""
        calm = turns = 0
        while calm < 2:
            await asyncio.sleep(0 if turns < _FREE_TURNS else 0.001)
            turns += 1
            calm = 0 if self._is_busy() else calm + 1

    def _is_busy(self) -> bool:
        nodes = (self.app, *self.app.screen.walk_children(with_self=True))
        return any(node._running and not _waits(node) for node in nodes)

    async def _paint(self) -> None:
        for _ in range(2):
            self.app.screen._on_timer_update()
            await self._take_in()

    # --- what must hold ------------------------------------------------------------------

    def _check_screen(self) -> None:
        for strip in self.app.screen._compositor.render_strips():
            row = strip.text
            if found := _CONTROLS.search(row):
                raise Broken(f"{found[0]!r} is on the screen: {row!r}")
            if _SWALLOWED.search(row):
                raise Broken(f"foreign markup was read: {row!r}")
            for style in (segment.style for segment in strip):
                if style is not None and "app.quit" in str(style.meta):
                    raise Broken(f"foreign markup became an action: {row!r}")

    async def _check_drafts(self) -> None:
        try:
            await until(self._drafts_hold, timeout_s=_HOLD_S)
        except TimeoutError:
            expected = {pane.id: text for pane, text in self.drafts.items() if text}
            found = {pane.id: text for pane in self.app.open_panes() if (text := whole_draft(pane))}
            raise Broken(f"the drafts should be {expected} and are {found}") from None
        self.drafts = {pane: whole_draft(pane) for pane in self.app.open_panes()}
        self.closing &= set(self.drafts)

    def _drafts_hold(self) -> bool:
        found = {pane: whole_draft(pane) for pane in self.app.open_panes()}
        kept = {
            pane: text
            for pane, text in self.drafts.items()
            if text and (pane in found or pane not in self.closing)
        }
        if all(pane in found for pane in kept):
            return kept == {pane: text for pane, text in found.items() if text}
        # A tab in which nothing was said gives its draft to the one opened in its place.
        return Counter(kept.values()) == Counter(text for text in found.values() if text)


@asynccontextmanager
async def chaos(
    home: Home, build: Build = usual, *, shows_behind: bool = True
) -> AsyncIterator[Chaos]:
    """Run the program for as many examples as wanted.

    Args:
        home: Of the program.
        build: Makes it.
        shows_behind: Whether what is behind a modal is drawn, which is slow.
    """
    workspace = FakeWorkspace(home)
    workspace.installed = [SkillInfo(name="triage", category=f"w[red]{MARK}", description="why")]
    workspace.add_session("old", title=f"w[b]{MARK}[/b] notes", events=turns.work_so_far())

    async def connect() -> Workspace:
        return workspace

    app = build(connect)
    if not shows_behind:
        app.stylesheet.add_source("ModalScreen { background: black; }")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        yield Chaos(app, pilot, workspace)


async def play(home: Home, *, seed: int, first: int, count: int, build: Build = usual) -> None:
    """Play so many examples, and those before the first one in its chapter.

    Raises:
        Broken: One did not hold.
    """
    last = first + count
    for start in range(first - first % CHAPTER, last, CHAPTER):
        place = Home(home.root / f"from-{start}")
        place.create()
        async with chaos(place, build, shows_behind=start % (4 * CHAPTER) == 0) as running:
            for number in range(start, min(start + CHAPTER, last)):
                await running.example(seed, number)
