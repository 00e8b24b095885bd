"""Stopping a turn and leaving the program, without losing work by one key too many."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hermes_core.commands import Interrupt, QueuePause
from hermes_core.errors import HermesError
from hermes_tui.ending.farewell import exit_state
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.session_state import SessionState

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

logger = logging.getLogger(__name__)

_TWICE_S = 1.0
_FORCE_S = 2.0
_END_S = 10.0
"""Longest that the core may take to end when the screen broke."""


class Leaving:
    """What Esc and Ctrl+C mean now.

    Args:
        host: The program.
        clock: Monotonic seconds.
    """

    def __init__(self, host: HermesApp, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._clock = clock
        self._escaped_at = float("-inf")
        self._stopped_at = float("-inf")
        self._began = clock()
        self._waits = False
        self.is_finishing = False
        """Whether the program is ending: nothing is opened or closed any more."""

    async def escape(self) -> None:
        """Back to the conversation; else stop the turn; with a draft only when pressed twice."""
        host = self._host
        if host.dismiss_errors():
            return
        if host.shown_pane != "chat":
            host.show_pane("chat")
            return
        if host.chat.composer.close_menu() or not host.chat.state.is_busy:
            host.chat.composer.focus_field()
            return
        now = self._clock()
        is_second = now - self._escaped_at <= _TWICE_S
        self._escaped_at = now
        if host.chat.composer.draft and not is_second:
            host.notify("esc again stops the turn; the draft stays", timeout=2)
            return
        if host.chat.state.queued and not host.chat.state.is_held:
            # What waits is held first, so that nothing of it begins when the turn is stopped.
            await host.command(QueuePause(client="screen"))
            host.notify("What waits is held · esc again stops the turn", timeout=2)
            return
        await host.interrupt()

    async def stop_or_leave(self) -> None:
        """Stop the turn; pressed again soon, leave. At rest: empty the field, else leave."""
        host = self._host
        now = self._clock()
        if now - self._stopped_at <= _FORCE_S and not host.chat.composer.draft:
            await self.finish()
            return
        if host.chat.state.is_busy:
            self._stopped_at = now
            await host.interrupt()
        elif host.chat.composer.draft:
            host.history.add(host.chat.composer.whole_draft)
            host.chat.composer.clear()
        else:
            await self.leave()

    async def leave(self) -> None:
        """Leave at once, or ask if something runs that would end with us."""
        running = [pane for pane in self._host.open_panes() if self._runs_here(pane)]
        wanted = self._host.chosen.confirm_exit
        if not running or wanted == "never":
            if wanted != "always" or await self._is_sure():
                await self.finish()
            return
        titles = [pane.state.shown_title for pane in running]
        answer = await self._host.push_screen_wait(_question_about(titles))
        if answer == "stop":
            for pane in running:
                await pane.send(Interrupt(scope="all", client="screen"))
            await self.finish()
        elif answer == "wait":
            self._waits = True
            self._host.notify("Leaving when it is done · ^c twice leaves now")

    @staticmethod
    def _runs(state: SessionState) -> bool:
        return state.is_busy or bool(state.background)

    def _runs_here(self, pane: ChatPane) -> bool:
        return self._runs(pane.state) and (pane.handle is None or pane.handle.is_owner)

    async def review(self) -> None:
        """Leave if that was asked for and everything is done."""
        if self._waits and not any(map(self._runs_here, self._host.open_panes())):
            await self.finish()

    async def _is_sure(self) -> bool:
        return await self._host.confirm("Leave?", "Every conversation is kept.", yes="Leave")

    async def break_off(self) -> None:
        """End at once because the system wants it; what is open is offered at the next start."""
        await self.finish(by_choice=False)

    async def finish(self, *, by_choice: bool = True) -> None:
        """Let go of everything and end the program; asked twice, it ends once."""
        if self.is_finishing:
            return
        self.is_finishing = True
        host = self._host
        goodbye = host.appearance.persona.branding.goodbye
        state = host.chat.state
        left = exit_state(
            state,
            self._clock() - self._began,
            goodbye=goodbye,
            goes_on=self._runs(state) and not self._runs_here(host.chat),
        )
        if host.is_ready:
            left = replace(left, text=await self._text_left(left.session_id))
            await host.keeper.end(by_choice=by_choice)
            await host.sessions.release_all()
            await host.workspace.close()
        host.exit(left)

    async def after_failure(self) -> None:
        """Let the core go when the screen broke: what runs is ended and kept."""
        host = self._host
        if self.is_finishing or not host.is_ready:
            return
        self.is_finishing = True
        try:
            async with asyncio.timeout(_END_S):
                await host.workspace.close()
        except (HermesError, TimeoutError) as error:
            logger.warning("not everything ended in order: %r", error)

    async def _text_left(self, session_id: str) -> str:
        """What of the conversation stays in the terminal, by `tui.leave_transcript`."""
        host = self._host
        wanted = host.chosen.leave_transcript
        if not session_id or wanted == "none":
            return ""
        if wanted == "last":
            return host.chat.state.last_reply
        from hermes_tui.plain.transcript import as_lines  # measured: 8 ms of the first paint

        try:
            return as_lines(await host.workspace.past_events(session_id))
        except HermesError as error:
            logger.warning("the conversation cannot be printed: %s", error)
            return host.chat.state.last_reply


def _question_about(titles: Sequence[str]) -> ConfirmScreen:
    """Ask what becomes of the conversations in which something runs."""
    *names, last = (f"“{title}”" for title in titles)
    names = [", ".join(names), last] if names else [last]
    it, is_done, has = ("them", "they are", "have") if len(names) > 1 else ("it", "it is", "has")
    return ConfirmScreen(
        "Something still runs",
        f"{' and '.join(names)} {has} not finished.",
        (
            ("wait", f"Wait until {is_done} done, then leave"),
            ("stop", f"Stop {it} and leave"),
            ("cancel", "Cancel, stay here"),
        ),
        safe="cancel",
    )
