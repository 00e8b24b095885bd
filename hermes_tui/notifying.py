"""Telling the person who looks elsewhere: a turn is over, or an answer is needed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import asdict
from textual.timer import Timer

from hermes_tui.session_state import SessionState
from hermes_tui.terminal.desktop_notice import notice_sequence
from hermes_widgets.fitting import clean, fit

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_LOG = logging.getLogger(__name__)
_APART_S = 1.0
"""At most one notice in so many seconds; the newest waits, those before it are dropped."""
_CONTENT_CELLS = 200
_COMMAND_S = 10.0
Kind = Literal["finished", "failed", "approval", "question"]
_WORDS: dict[Kind, str] = {
    "finished": "finished",
    "failed": "stopped with an error",
    "approval": "needs your decision",
    "question": "has a question",
}


class DesktopNotice(Struct, frozen=True, kw_only=True):
    """What is told."""

    kind: Kind
    session_id: str
    title: str
    """Of the conversation; never what was said in it, unless that was chosen."""
    content: str = ""
    """Begin of the reply, or what is asked; empty unless `tui.notify_content` is on."""

    @property
    def body(self) -> str:
        """The line that is shown."""
        line = f"{self.title} {_WORDS[self.kind]}"
        return f"{line}: {self.content}" if self.content else line


class CommandFailed(Exception):
    """The person's own command could not tell."""


async def run_command(command: str, data: bytes) -> None:
    """Run the command of `tui.notify_command`, without a shell.

    Args:
        command: Words as a shell would part them.
        data: JSON, for its standard input.

    Raises:
        CommandFailed: It could not be started, failed, or took more than ten seconds.
    """
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(str(error)) from error
    try:
        async with asyncio.timeout(_COMMAND_S):
            await process.communicate(data)
    except TimeoutError:
        raise CommandFailed(f"it took more than {_COMMAND_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CommandFailed(f"it ended with {process.returncode}")


class Notifying:
    """Looks at the conversations and tells what happened since the last look.

    Args:
        host: The program.
        write: Sends a control sequence.
        run: Runs the person's own command.
        environ: Tells which terminal this is.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        write: Callable[[str], None] | None = None,
        run: Callable[[str, bytes], Awaitable[None]] = run_command,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._host = host
        self._write = write or host.write_to_terminal
        self._run = run
        self._environ = os.environ if environ is None else environ
        self._began: dict[str, float] = {}
        self._asked: set[str] = set()
        self._told_at = float("-inf")
        self._waiting: DesktopNotice | None = None
        self._timer: Timer | None = None
        self._has_complained = False

    def review(self) -> None:
        """Look at every open conversation again."""
        for pane in self._host.open_panes():
            notice = self._news_of(pane.state)
            if notice is not None:
                self._offer(notice)

    def _news_of(self, state: SessionState) -> DesktopNotice | None:
        """What happened in a conversation since the last look, if it is worth telling."""
        approvals = [item for key, item in state.approvals.items() if key not in self._asked]
        questions = [item for key, item in state.questions.items() if key not in self._asked]
        self._asked |= {*state.approvals, *state.questions}
        if approvals:
            return self._notice(state, "approval", approvals[0].subject)
        if questions:
            return self._notice(state, "question", questions[0].question)
        if state.turn_started is not None:
            self._began[state.session_id] = state.turn_started
            return None
        began = self._began.pop(state.session_id, None)
        if began is None:
            return None
        if state.clocks.steady() - began < self._host.chosen.notify_after:
            return None
        if state.outcome == "interrupted":
            return None  # by the person, who knows
        kind: Kind = "failed" if state.outcome == "failed" else "finished"
        return self._notice(state, kind, state.last_reply)

    def _notice(self, state: SessionState, kind: Kind, content: str) -> DesktopNotice:
        if not self._host.chosen.notify_content:
            content = ""
        return DesktopNotice(
            kind=kind,
            session_id=state.session_id,
            # The first words of an untitled conversation are what was said in it.
            title=clean(state.title) or "A conversation",
            content=fit(clean(content), _CONTENT_CELLS),
        )

    def _offer(self, notice: DesktopNotice) -> None:
        if not self._is_wanted():
            return
        left = self._told_at + _APART_S - self._host.clocks.steady()
        if left <= 0:
            self._tell(notice)
            return
        self._waiting = notice
        if self._timer is None:
            self._timer = self._host.set_timer(left, self._tell_waiting)

    def _is_wanted(self) -> bool:
        wanted = self._host.chosen.notify
        return wanted == "always" or (wanted == "unfocused" and not self._host.app_focus)

    def _tell_waiting(self) -> None:
        notice, self._waiting, self._timer = self._waiting, None, None
        if notice is not None and self._is_wanted():
            self._tell(notice)

    def _tell(self, notice: DesktopNotice) -> None:
        self._told_at = self._host.clocks.steady()
        command = self._host.chosen.notify_command
        if command:
            self._host.run_worker(self._command(command, notice), group="notify")
            return
        sequence = notice_sequence("hermes", notice.body, self._environ)
        if sequence:
            self._write(sequence)

    async def _command(self, command: str, notice: DesktopNotice) -> None:
        data = json.dumps({**asdict(notice), "text": notice.body}, ensure_ascii=False)
        try:
            await self._run(command, data.encode())
        except CommandFailed as error:
            _LOG.warning("notify_command failed: %s", error)
            if not self._has_complained:
                self._has_complained = True
                self._host.tell_error(f"tui.notify_command did not work: {error}")
