"""Requests wait for a person who looks elsewhere, where `approvals.timeout_unfocused` is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.timer import Timer

from hermes_core.commands import Extend

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_LATEST = 2 / 3
"""Part of the time that is left after which a request is extended."""
_LEAST_S = 0.5


class Patience:
    """Extends what is open again and again, so that a program that died extends nothing.

    Args:
        host: The program.
    """

    def __init__(self, host: HermesApp) -> None:
        self._host = host
        self._timer: Timer | None = None
        self._due_at = 0.0
        """When the timer ends, in seconds since the epoch."""

    @property
    def is_resting(self) -> bool:
        """Whether nothing is going to be extended."""
        return self._timer is None

    def review(self) -> None:
        """Look again: something was asked, or the person came or went."""
        ends_at = self._earliest_end()
        if self._host.app_focus or self._host.chosen.times_out_unfocused or ends_at is None:
            was_away = self._timer is not None
            self._stop()
            if was_away and self._host.app_focus:
                self._extend()  # who comes back has the whole time
            return
        now = self._host.clocks.wall()
        pause = max((ends_at - now) * _LATEST, _LEAST_S)
        # Never later than it was: what streams elsewhere would put it off again and again.
        if self._timer is None or now + pause < self._due_at:
            self._stop()
            self._due_at = now + pause
            self._timer = self._host.set_timer(pause, self._extend_and_go_on)

    def _earliest_end(self) -> float | None:
        states = [pane.state for pane in self._host.open_panes()]
        ends = [asked.expires_at for state in states for asked in state.approvals.values()]
        ends += [asked.expires_at for state in states for asked in state.questions.values()]
        return min((end for end in ends if end is not None), default=None)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _extend_and_go_on(self) -> None:
        self._stop()
        self._extend()
        self.review()

    def _extend(self) -> None:
        self._host.run_latest(self._send, "patience")

    async def _send(self) -> None:
        for pane in self._host.open_panes():
            for request_id in (*pane.state.approvals, *pane.state.questions):
                await pane.send(Extend(request_id=request_id, client="screen"))
