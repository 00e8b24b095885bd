"""Random use of the whole program: events, keys, pastes, window sizes, drawn from a seed.

What must hold, whatever comes: nothing raises; no control character, escape code or
markup of ours is ever on the screen; foreign markup is shown as it came; the draft is
what was typed until it is sent. Everything that is drawn follows from the seed, so a
failure is found again by its number.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.pilot import Pilot

from hermes_core.events import (
    ApprovalFinding,
    ApprovalRequested,
    ApprovalResolved,
    BackgroundStarted,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    CoreEvent,
    Heartbeat,
    InputAccepted,
    InputState,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    Notice,
    QuestionAnswered,
    QuestionAsked,
    ReasoningDelta,
    ReasoningFinished,
    RequestFailed,
    RequestWaiting,
    SessionTitled,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import TodoItem
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import SkillInfo, Workspace
from hermes_tui.launch_state import ExitState
from hermes_tui.panes.chat import ChatPane
from hermes_tui.screens.approval import ApprovalScreen
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeWorkspace
from tests.support import until

MARK = "QXQ"
"""Stands inside foreign markup: it must never be shown without the bracket before it."""
SCRAPS = (
    "word ", "two words ", "**bold** ", "`code` ", "\n", "\n\n", "```py\nx = 1\n", "\n```\n", "- item\n",
    "> quote\n", "| a | b |\n|--|--|\n| 1 | 2 |\n", "日本語 ", "👩‍💻", "עברית ", "[/]", "[bold", "]",
    f"[red]{MARK}[/red] ", f"[$h-warn]{MARK}[/] ", f"[@click=app.quit]{MARK}[/] ", "[link=x]",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "\u202e", "\x00", "\x07", "\r", "\t", "\ud800",
    "a" * 90, "{braces} $dollar %s ", "# head\n", "http://a.example/b?c=[d] ",
)  # fmt: skip
SAFE_KEYS = (
    "f1", "f2", "f6", "shift+f6", "f11", "alt+1", "alt+2", "alt+3", "alt+4", "alt+5", "ctrl+p",
    "ctrl+o", "ctrl+f", "ctrl+k", "ctrl+l", "ctrl+r", "ctrl+s", "pageup", "pagedown", "shift+up",
    "shift+down", "ctrl+home", "ctrl+end", "alt+up", "alt+down", "escape", "ctrl+pagedown",
    "ctrl+pageup", "ctrl+n", "ctrl+y", "shift+tab",
)  # fmt: skip
"""Pressed anywhere; none of them may change or send a draft."""
MODAL_KEYS = ("up", "down", "tab", "shift+tab", "escape", "pagedown", "x", "ö", "backspace", "left")
CARD_KEYS = (*MODAL_KEYS, "o", "s", "d", "v", "1", "4", "enter")
TYPED = ("hello ", "see ", "@", "(", "ü", "界", "1", "-", " ")
SIZES = ((20, 6), (38, 12), (59, 15), (60, 16), (80, 24), (99, 29), (120, 40), (160, 50), (200, 60))
MAX_TABS = 4
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SWALLOWED = re.compile(rf"[^\]\s▏▌│┃]\s*{MARK}")


class Broken(AssertionError):
    """Something did not hold; says where."""


Connect = Callable[[], Awaitable[Workspace]]
Build = Callable[[Connect], HermesApp]


def usual(connect: Connect) -> HermesApp:
    """The program as it is."""
    return HermesApp(connect, grace_s=0.0)


@dataclass
class Chaos:
    """The running program and what is drawn for it."""

    app: HermesApp
    pilot: Pilot[ExitState]
    workspace: FakeWorkspace
    chance: random.Random
    number: int = 0

    # --- what happens --------------------------------------------------------------------

    async def example(self, number: int, seed: int) -> None:
        """Play one conversation from its number.

        Raises:
            Broken: Something did not hold.
        """
        self.number = number
        self.chance = random.Random(f"{seed}:{number}")
        await self._fresh_conversation()
        pane, draft, done = self.app.chat, "", list[str]()
        try:
            for step in range(self.chance.randrange(8, 16)):
                act = self.chance.choice((self._events, self._events, self._key, self._resize))
                if step in (0, 5) and not self.app.is_modal_open and self._is_typing(pane):
                    draft += await self._type(pane, done)
                done.append(await act())
                await self._settle()
                self._check_screen()
                if pane.composer.draft != draft:
                    raise Broken(f"the draft was {draft!r} and is {pane.composer.draft!r}")
        except Exception as error:
            raise Broken(f"seed {seed}, example {number}: {error}\n" + "\n".join(done)) from error

    async def _fresh_conversation(self) -> None:
        while self.app.is_modal_open:
            self.app.pop_screen()
            await self._settle()
        self.app.show_pane("chat")
        for session in self.workspace.sessions.values():
            session.say(TurnFinished(turn_id="t1", outcome="completed", reason="text_response"))
        await self.app.open_new()
        for pane in self.app.open_panes()[: -1 if len(self.app.open_panes()) > 1 else None]:
            await self.app.close_pane(pane)
        await until(lambda: self.app.chat.state.runtime is not None)
        await self._settle()

    def _is_typing(self, pane: ChatPane) -> bool:
        return self.app.chat is pane and self.app.shown_pane == "chat" and pane.card is None

    async def _type(self, pane: ChatPane, done: list[str]) -> str:
        pane.composer.focus_field()
        text = "".join(self.chance.choices(TYPED, k=self.chance.randrange(1, 4)))
        before = pane.composer.draft
        if self.chance.random() < 0.5:
            self.app.post_message(events.Paste(text))
        else:
            for char in text:
                key = {" ": "space", "@": "at", "(": "left_parenthesis", "-": "minus"}
                self.app.post_message(events.Key(key.get(char, char), char))
        await until(
            lambda: (
                len(pane.composer.draft) >= len(before) + len(text)
                or self.app.is_modal_open
                or not self._is_typing(pane)
            )
        )
        await self._settle()
        pane.composer.close_menu()
        done.append(f"type {text!r}")
        # A request that opened meanwhile took the rest.
        typed = pane.composer.draft.removeprefix(before)
        if not pane.composer.draft.startswith(before) or not text.startswith(typed):
            raise Broken(f"typed {text!r} behind {before!r}, got {pane.composer.draft!r}")
        return typed

    async def _events(self) -> str:
        sessions = [
            self.workspace.sessions[state.session_id]
            for state in self.app.open_states().values()
            if state.session_id in self.workspace.sessions
        ]
        if not sessions:
            return "no session"
        session = self.chance.choice(sessions)
        said = [self._event() for _ in range(self.chance.randrange(1, 8))]
        session.say(*said)
        return f"say {[_short(event) for event in said]}"

    async def _key(self) -> str:
        screen = self.app.screen
        if isinstance(screen, ApprovalScreen):
            keys: Sequence[str] = CARD_KEYS
        elif self.app.is_modal_open:
            keys = MODAL_KEYS
        elif len(self.app.open_panes()) >= MAX_TABS:
            keys = tuple(key for key in SAFE_KEYS if key != "ctrl+n")
        else:
            keys = SAFE_KEYS
        key = self.chance.choice(keys)
        self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        return f"press {key} on {type(screen).__name__}"

    async def _resize(self) -> str:
        size = Size(*self.chance.choice(SIZES))
        driver = self.app._driver
        assert isinstance(driver, HeadlessDriver), "tests run without a terminal"
        driver._size = size
        self.app.post_message(events.Resize(size, size))
        return f"resize {size.width}x{size.height}"

    async def _settle(self) -> None:
        for _ in range(2):
            await self.pilot._wait_for_screen()
            await asyncio.sleep(0)
        error = self.app.failure
        if error is not None:
            raise error

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

    # --- what is said --------------------------------------------------------------------

    def _text(self, most: int = 8) -> str:
        return "".join(self.chance.choices(SCRAPS, k=self.chance.randrange(1, most)))

    def _event(self) -> CoreEvent:
        chance = self.chance
        text, small = self._text(), self._text(3)
        message, call = f"m{chance.randrange(3)}", f"c{chance.randrange(4)}"
        request = f"r{chance.randrange(3)}"
        made: Sequence[Callable[[], CoreEvent]] = (
            lambda: TurnStarted(turn_id="t1", input_ids=()),
            lambda: MessageStarted(message_id=message, role="assistant"),
            lambda: MessageDelta(message_id=message, text=text),
            lambda: MessageDelta(message_id=message, text=text),
            lambda: MessageFinished(message_id=message, role="assistant", text=text, final=True),
            lambda: MessageFinished(message_id=f"u{message}", role="user", text=text),
            lambda: ReasoningDelta(message_id=message, text=text),
            lambda: ReasoningFinished(message_id=message, text=text),
            lambda: ToolAnnounced(call_id=call, name=small),
            lambda: ToolStarted(call_id=call, name="terminal", args={"command": text}, preview=text),
            lambda: ToolStarted(call_id=call, name=small, args={small: text}, preview=small),
            lambda: ToolOutput(call_id=call, stream="stdout", chunk=text),
            lambda: ToolFinished(
                call_id=call,
                name="terminal",
                ok=chance.random() < 0.7,
                duration_s=1.0,
                result_preview=text,
                diffs=(turns.DIFF,) if chance.random() < 0.3 else (),
            ),
            lambda: ToolSkipped(call_id=call, name=small, cause="interrupt", message=small),
            lambda: self._approval(request, text),
            lambda: ApprovalResolved(request_id=request, decision="deny", by=small),
            lambda: QuestionAsked(
                request_id=f"q{request}",
                kind=chance.choice(("choice", "text", "secret")),
                question=text,
                choices=(small, "other") if chance.random() < 0.6 else (),
            ),
            lambda: QuestionAnswered(request_id=f"q{request}", answer=small, by=small),
            lambda: InputAccepted(input_id=call, mode="queue", text=text),
            lambda: InputState(input_id=call, state=chance.choice(("delivered", "cancelled"))),
            lambda: TodoChanged(items=(TodoItem(id="1", content=text, status="in_progress"),)),
            lambda: SessionTitled(title=small),
            lambda: ContextGauge(used=chance.randrange(200_000), window=200_000, threshold=150_000),
            lambda: CompactionStarted(cause="threshold", messages_before=9),
            lambda: CompactionFinished(messages_before=9, messages_after=2),
            lambda: BackgroundStarted(task_id=call, kind="process"),
            lambda: RequestWaiting(
                reason=small, seconds=3.0, until=9e9, attempt=1, max_attempts=3
            ),
            lambda: RequestFailed(reason=small, message=text, hint=small),
            lambda: Heartbeat(state="working"),
            lambda: Notice(level=chance.choice(("info", "warn", "error")), code="x", text=text),
            lambda: TurnFinished(
                turn_id="t1",
                outcome=chance.choice(("completed", "failed", "interrupted")),
                reason="text_response",
            ),
        )  # fmt: skip
        return chance.choice(made)()

    def _approval(self, request: str, text: str) -> ApprovalRequested:
        return ApprovalRequested(
            request_id=request,
            subject=text,
            findings=(ApprovalFinding(key="rule", explanation=self._text(4)),),
            options=("once", "session", "always", "deny"),
            shown_hash=f"hash-{request}",
            diff=turns.DIFF if self.chance.random() < 0.3 else None,
        )


def _short(event: CoreEvent) -> str:
    """An event with what is not as usual in it, for the report of a failure."""
    fields = {
        field.name: getattr(event, field.name)
        for field in msgspec.structs.fields(event)
        if getattr(event, field.name) not in (field.default, msgspec.UNSET, ())
    }
    fields.pop("ts", None)
    return f"{type(event).__name__}({', '.join(f'{k}={v!r}' for k, v in fields.items())})"


@asynccontextmanager
async def chaos(home: Home, build: Build = usual) -> AsyncIterator[Chaos]:
    """Run the program for as many examples as wanted."""
    workspace = FakeWorkspace(home)
    workspace.installed = [SkillInfo(name="triage", category=f"[red]{MARK}", description="why")]
    workspace.add_session("old", title=f"[b]{MARK}[/b] notes", events=turns.work_so_far())

    async def connect() -> Workspace:
        return workspace

    app = build(connect)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        yield Chaos(app, pilot, workspace, random.Random(0))


async def play(home: Home, *, seed: int, first: int, count: int, build: Build = usual) -> None:
    """Play so many examples in one program.

    Raises:
        Broken: One did not hold.
    """
    async with chaos(home, build) as running:
        for number in range(first, first + count):
            await running.example(number, seed)
