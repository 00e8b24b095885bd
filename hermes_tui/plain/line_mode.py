"""The line mode itself: reads lines, decides what they mean, and when to leave."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import deque

from hermes_core.commands import Interrupt, RunCommand
from hermes_tui.composing.input_file import append_history, holds_secret
from hermes_tui.composing.typed_command import NO_COMMAND, SIGN, typed_command
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.ending.farewell import exit_state
from hermes_tui.launch_state import ExitState
from hermes_tui.plain.asker import Asker, Question
from hermes_tui.plain.conversation import Conversation
from hermes_tui.plain.line_door import CLIENT, LineDoor
from hermes_tui.plain.page import Page
from hermes_tui.plain.typed_lines import TypedLines
from hermes_tui.session_state import Clocks
from hermes_tui.slash.command import (
    SlashCommand,
    Unknown,
    find,
    parse,
    unknown_words,
)
from hermes_tui.slash.door import SubmitMode
from hermes_tui.slash.skills import usable, use_skill

logger = logging.getLogger(__name__)

_FORCE_S = 2.0
_AT_ONCE = ("/stop", "/steer")
"""What a pipe says about the turn that runs; everything else of it waits for its turn."""
_LEAVE_WORDS = frozenset({"exit", "quit", ":q"})
_RUNNING = Question(
    text="Something still runs.",
    choices=(
        ("wait", "Wait until it is done, then leave"),
        ("stop", "Stop it and leave"),
        ("cancel", "Cancel, stay here"),
    ),
)
_SETUP = Question(
    text="No model is set up yet.",
    choices=(
        ("setup", "Set one up now"),
        ("demo", "Go on with the demo: a small built-in script, not an AI"),
    ),
)


class LineMode:
    """One run in lines.

    Args:
        workspace: The core; closed at the end.
        page: Where lines are printed.
        lines: Where they are typed.
        clocks: Where the time comes from.
        grace_s: How long a fresh question takes no answer, in seconds.
    """

    def __init__(
        self,
        workspace: Workspace,
        page: Page,
        lines: TypedLines,
        *,
        clocks: Clocks | None = None,
        grace_s: float = 0.3,
    ) -> None:
        self._workspace = workspace
        self._page = page
        self._lines = lines
        self._clocks = clocks or Clocks()
        self._asker = Asker(page, lines, grace_s=grace_s, clock=self._clocks.steady)
        self.door = LineDoor(workspace, page, self._asker, clocks=self._clocks, on_leave=self.leave)
        self._sending = asyncio.Lock()
        self._later: deque[str] = deque()
        """Lines of a pipe that wait for what the lines before them began."""
        self._stopped_at = float("-inf")
        self._opened = asyncio.Event()
        self._has_input = True
        self._waits = False
        self._is_over = False
        self._has_failed = False
        self.wants_setup = False
        """Whether the person left to set a model up."""

    @property
    def _conversation(self) -> Conversation:
        return self.door.conversation

    async def run(self, session_id: str | None, *, offers_setup: bool = False) -> ExitState:
        """Talk until the person leaves or the input ends and everything is answered."""
        began = self._clocks.steady()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.interrupt)
        loop.add_signal_handler(signal.SIGCONT, self._back)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.finish)
        self._greet()
        reader = asyncio.create_task(self._read())
        reader.add_done_callback(self._reading_ended)
        self.door.begin(self._open(session_id, offers_setup=offers_setup))
        changed = self._conversation.changed
        try:
            while not self._is_over:
                await changed.wait()
                changed.clear()
                if self._conversation.failure is not None:
                    raise self._conversation.failure
                self._settle()
        finally:
            reader.cancel()
            self._page.end_line()
            goes_on = self._conversation.state.is_busy and not self._conversation.is_ours
            await self._close()
        if self._has_failed:
            return ExitState(reason="failed")
        return exit_state(self._conversation.state, self._clocks.steady() - began, goes_on=goes_on)

    async def _close(self) -> None:
        conversation = self._conversation
        if conversation.state.is_busy and conversation.is_ours:
            await conversation.send(Interrupt(scope="all", client=CLIENT))
        await conversation.release()
        await self._workspace.close()

    def _greet(self) -> None:
        info = self._workspace.start_info()
        place = f", folder {info.cwd}" if info.cwd else ""
        self._page.say(f"hermes in line mode: {info.model} via {info.provider}{place}")
        for line in (info.demo, *(f"Warning: {warning}" for warning in info.warnings)):
            if line:
                self._page.say(line)
        self._page.say("Enter sends a line; /help lists commands; Ctrl+C stops, Ctrl+D leaves.")

    async def _open(self, session_id: str | None, *, offers_setup: bool) -> None:
        if offers_setup:
            answer = await self._asker.ask(_SETUP)
            if answer is not None and answer.value == "setup":
                self.wants_setup = True
                self.finish()
                return
        await self.door.refresh_lists()
        await self.door.show(session_id)
        if self._conversation.handle is None:
            self._has_failed = True
            self.finish()
        self._opened.set()

    def _settle(self) -> None:
        """Go on where something had to wait: kept lines, leaving, the prompt."""
        if self._asker.is_open:
            return
        kept, self._asker.kept = self._asker.kept, []
        for line in kept:
            self._do(line, is_shown=False)
        if not self._conversation.is_idle or self.door.is_working:
            return
        if self._later:
            self._page.prompt()
            self._page.typed(self._later[0], is_echoed=False)
            self._do(self._later.popleft(), is_shown=True)
            self._conversation.changed.set()
            return
        has_background = bool(self._conversation.state.background)
        if not self._has_input or (self._waits and not has_background):
            self.finish()
        else:
            self._page.prompt()

    # --- what is typed ---------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            text = await self._lines.next()
            if not self._asker.is_open:
                await self._opened.wait()
            if text is not None:
                self.take(text)
            elif self._lines.is_terminal:
                self._page.broken()
                self.door.begin(self.leave())
            else:
                self._has_input = False
                self._asker.nobody_answers()
                self._conversation.changed.set()
                return

    def _reading_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._conversation.failed_with(task.exception())

    def take(self, text: str) -> None:
        """Do what a typed line means: an answer, a command, a message."""
        asker = self._asker
        if not (self._lines.is_terminal or asker.is_open or text.startswith(_AT_ONCE)):
            if not self._waits:  # nothing counts behind the line that leaves
                self._later.append(text)
            self._conversation.changed.set()
            return
        is_echoed = self._lines.is_terminal and not asker.is_hidden
        is_shown = self._page.typed("" if asker.is_hidden else text, is_echoed=is_echoed)
        if asker.is_open and (asker.is_hidden or parse(text.strip()) is None):
            asker.take(text)
        else:
            self._do(text, is_shown=is_shown and self._conversation.is_idle)
        self._conversation.changed.set()

    def _do(self, text: str, *, is_shown: bool) -> None:
        words = text.strip()
        if not words:
            return
        self.door.begin(self._remember(words))
        command = parse(words)
        # What a pipe brings is perhaps nobody's own text: there it is a message.
        typed = typed_command(words) if self._lines.is_terminal else ""
        if words.casefold() in _LEAVE_WORDS:
            self.door.begin(self.leave())
        elif words == SIGN and self._lines.is_terminal:
            self.door.tell(NO_COMMAND)
        elif typed:
            if is_shown:
                self._conversation.transcript.echoed.append(words)
            self.door.begin(self._run_typed(typed))
        elif command is None:
            if is_shown:
                self._conversation.transcript.echoed.append(words)
            self.door.begin(self._submit(words))
        else:
            self._run_slash(words, *command)

    def _run_slash(self, text: str, name: str, argument: str) -> None:
        found = find(name, self.door.commands(), usable(self.door.skills))
        if isinstance(found, SlashCommand):
            self.door.begin(self._run_command(found, argument))
        elif isinstance(found, Unknown):
            words, hint = unknown_words(found)
            self.door.tell_error(words, hint=hint)
            self._asker.remind()
        else:
            self.door.begin(self._use_skill(found, text))

    async def _run_command(self, command: SlashCommand, argument: str) -> None:
        await self.door.run(command, argument)
        self._asker.remind()

    async def _use_skill(self, name: str, text: str) -> None:
        async with self._sending:
            await use_skill(self.door, name, text)

    async def _submit(self, text: str) -> None:
        async with self._sending:  # in the order in which they were typed
            # A person redirects the running turn; the lines of a script wait for theirs.
            mode: SubmitMode = "default" if self._lines.is_terminal else "queue"
            await self.door.submit(text, mode=mode)

    async def _run_typed(self, command: str) -> None:
        async with self._sending:
            await self.door.command(RunCommand(text=command))

    async def _remember(self, text: str) -> None:
        if holds_secret(text):
            return
        try:
            await asyncio.to_thread(append_history, self._workspace.home.input_history, text)
        except OSError as error:
            logger.warning("input history not written: %s", error)

    # --- stopping and leaving --------------------------------------------------------

    def interrupt(self) -> None:
        """Ctrl+C: the safe answer to a question, else stop the turn, else leave when twice."""
        now = self._clocks.steady()
        self._page.broken()
        if self._asker.is_open:
            self._asker.leave()
            self._page.end_line()
        elif now - self._stopped_at <= _FORCE_S:
            self.finish()
        else:
            self._stopped_at = now
            if self._conversation.state.is_busy:
                self.door.begin(self._stop())
            else:
                self._page.say("Ctrl+C again leaves.")
        self._conversation.changed.set()

    def _back(self) -> None:
        """Back from a pause: the shell wrote meanwhile, so the prompt is wanted again."""
        self._page.end_line()
        self._conversation.changed.set()

    async def _stop(self) -> None:
        await self.door.command(Interrupt(client=CLIENT))

    async def leave(self) -> None:
        """Leave at once, or ask if something runs."""
        state = self._conversation.state
        wanted = str(self._workspace.setting("tui.confirm_exit"))
        runs = state.is_busy or bool(state.background) or not self._conversation.is_idle
        runs = runs and self._conversation.is_ours
        if not self._lines.is_terminal:
            self._later.clear()
            self._waits = True  # what was sent is answered first
            return
        if runs and wanted != "never":
            answer = await self._asker.ask(_RUNNING)
            if answer is None or answer.value == "cancel":
                return
            if answer.value == "wait":
                self._waits = True
                self._page.say("Leaving when it is done; Ctrl+C twice leaves now.")
                return
        elif wanted == "always" and not await self.door.confirm(
            "Leave?", "The conversation is kept.", yes="Leave"
        ):
            return
        self.finish()

    def finish(self) -> None:
        """End the run."""
        self._is_over = True
        self._conversation.changed.set()
