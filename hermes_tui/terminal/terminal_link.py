"""What the terminal around the screen is told: its title, the bell; and what it tells us."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from hermes_tui.session_state import SessionState
from hermes_tui.terminal.desktop_notice import PROGRESS_OFF, PROGRESS_ON
from hermes_widgets.fitting import clean

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_TITLE_CHARS = 60


def title_of(shown: SessionState, others: list[SessionState]) -> str:
    """Return the window's title: `? title` waits for the person, `● title` works.

    A conversation that waits somewhere else is told by its mark too.
    """
    needs = shown.needs_person or any(state.needs_person for state in others)
    mark = "? " if needs else "● " if shown.is_busy else ""
    name = shown.title or (shown.shown_title if shown.has_content else "")
    name = clean(name)[:_TITLE_CHARS]
    return f"{mark}{name} · hermes" if name else f"{mark}hermes"


class TerminalLink:
    """Tells the terminal what changed, each thing once.

    Args:
        host: The program.
        write: Sends a control sequence.
        ring: Rings the bell.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        write: Callable[[str], None] | None = None,
        ring: Callable[[], None] | None = None,
    ) -> None:
        self._host = host
        self.write = write or host.write_to_terminal
        """Sends a control sequence."""
        self.ring = ring or host.bell
        """Rings the bell."""
        self._title = ""
        self._shows_progress = False
        self._turns: dict[str, int] = {}
        self._asked: set[str] = set()
        self._is_leaving = False

    def review(self) -> None:
        """Look at the conversations again: title, progress, and whether to ring."""
        host = self._host
        shown = host.chat.state
        states = [pane.state for pane in host.open_panes()]
        title = title_of(shown, states)
        if title != self._title:
            self._title = title
            self.write(f"\x1b]0;{title}\x07")
        is_wanted = host.chosen.shows_progress
        self._show_progress(is_wanted and any(state.is_busy for state in states))
        calls = [self._calls(state) for state in states]
        if any(calls):
            self.ring()

    def end(self) -> None:
        """Take back what would stay in the window after the program."""
        self._show_progress(False)

    def _show_progress(self, is_on: bool) -> None:
        if is_on != self._shows_progress:
            self._shows_progress = is_on
            self.write(PROGRESS_ON if is_on else PROGRESS_OFF)

    def _calls(self, state: SessionState) -> bool:
        """Whether something of a conversation is worth a bell since the last look."""
        if not state.is_whole:
            return False
        before = self._turns.get(state.session_id)
        self._turns[state.session_id] = state.turns
        is_over = before is not None and state.turns > before and not state.is_busy
        open_now = {*state.approvals, *state.questions}
        is_asking = bool(open_now - self._asked) and not self._host.app_focus
        self._asked |= open_now
        return is_asking or (is_over and self._host.chosen.rings)

    def catch_signals(self) -> None:
        """Leave in order when the system or a closed window asks for it."""
        if self._host.is_headless:
            return
        # Back from a pause the terminal shows what the shell wrote meanwhile.
        self._host.app_resume_signal.subscribe(self._host, lambda _: self._host.viewing.redraw())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave)

    def _leave(self) -> None:
        if self._is_leaving:
            return  # a closed window is told twice
        self._is_leaving = True
        if self._host.open_panes():
            self._host.run_latest(self._host.leaving.break_off, "signal")
        else:
            self._host.exit()  # nothing is open yet
