"""Whose turn it is to be asked: requests of all open conversations, one at a time.

A request never opens over fresh typing: until the person has been quiet for a while
only a strip above the composer tells of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.widget import Widget

from hermes_core.commands import Answer
from hermes_core.events import ApprovalRequested, Notice
from hermes_tui.keys import key_of
from hermes_tui.panes.row_texts import decision_word
from hermes_widgets.later import later

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane
    from hermes_tui.screens.approval import ApprovalScreen, Decided


class Pending(Struct, frozen=True):
    """A request and the conversation that asks."""

    pane: ChatPane
    request: ApprovalRequested


class Asking:
    """Opens and closes the approval modal.

    Args:
        host: The program.
        grace_s: How long a fresh modal ignores keys.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        grace_s: float = 0.3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._grace_s = grace_s
        self._clock = clock
        self._typed_at = float("-inf")
        self._screen: ApprovalScreen | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._asked: set[str] = set()

    def typed(self) -> None:
        """The person typed just now."""
        self._typed_at = self._clock()

    def pending(self) -> list[Pending]:
        """Requests in order, those of the shown conversation first."""
        panes = sorted(self._host.open_panes(), key=lambda pane: pane is not self._host.chat)
        return [
            Pending(pane, request)
            for pane in panes
            for request in pane.state.approvals.values()
            if request.request_id not in self._asked
        ]

    def review(self) -> None:
        """Look again: close what is answered, open the next, show or hide the strip."""
        self._close_answered()
        self._extend_shown()
        waiting = self.pending()
        if self._screen is None and waiting:
            rest = self._host.chosen.typing_grace_s - (self._clock() - self._typed_at)
            if rest <= 0 and not self._host.is_modal_open and not self._waits_for_password():
                self._open(waiting[0], len(waiting))
            elif rest > 0:
                self._review_in(rest)
        hidden = self.pending() if self._screen is None else []
        count = len(hidden)
        key = key_of("pane.approvals", self._host.keymap.keys_of)
        words = [f"{count} request{'s' if count != 1 else ''}", *([key] if key else [])]
        text = " · ".join(words) if count else ""
        self._host.chat.show_ask_strip(text)

    def review_questions(self, pane: ChatPane) -> None:
        """Show the questions of the shown conversation, never over fresh typing.

        Passwords come before requests for a yes, other questions after them.
        """
        state = pane.state
        hidden = ("sudo", "secret")
        due = [
            question
            for question in state.questions.values()
            if question.kind in hidden or not state.approvals
        ]
        if not due:
            return
        rest = self._host.chosen.typing_grace_s - (self._clock() - self._typed_at)
        if rest > 0 and pane.card is None:
            self._review_in(rest)
        else:
            self._host.run_latest(
                partial(pane.ask, due, grace_s=self._grace_s), f"questions {pane.id}"
            )

    def _waits_for_password(self) -> bool:
        questions = self._host.chat.state.questions.values()
        return any(question.kind in ("sudo", "secret") for question in questions)

    def ask_now(self, request_id: str) -> None:
        """Open a request at once, since the person wants to see it."""
        for pending in self.pending():
            if pending.request.request_id == request_id and self._screen is None:
                self._open(pending, 1)

    def ask_first(self) -> bool:
        """Open the first request at once; returns whether there was one."""
        waiting = self.pending()
        if waiting and self._screen is None:
            self._open(waiting[0], len(waiting))
        return bool(waiting)

    def _review_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = later(self._host, seconds + 0.01, self._review_again)

    def _review_again(self) -> None:
        self._timer = None
        self.review()
        self.review_questions(self._host.chat)

    def _close_answered(self) -> None:
        shown = self._screen
        if shown is None:
            return
        request_id = shown.request.request_id
        if not any(request_id in pane.state.approvals for pane in self._host.open_panes()):
            self._screen = None
            self._tell_who(request_id)
            while self._host.screen is not shown and self._host.is_modal_open:
                self._host.pop_screen()
            if self._host.screen is shown:
                shown.dismiss(None)

    def _extend_shown(self) -> None:
        """Let the shown request count down to when it ends now."""
        shown = self._screen
        if shown is None:
            return
        for pane in self._host.open_panes():
            request = pane.state.approvals.get(shown.request.request_id)
            if request is not None:
                shown.card.extend(request.expires_at)

    def _tell_who(self, request_id: str) -> None:
        """Say in its conversation who answered a request while it was shown here."""
        for pane in self._host.open_panes():
            for request, answer in pane.state.decisions:
                if request.request_id == request_id and answer.by:
                    text = f"{decision_word(answer.decision).capitalize()} by {answer.by}"
                    pane.transcript.notice(Notice(level="info", code="local", text=text))

    def _open(self, pending: Pending, total: int) -> None:
        # measured: 15 ms, which the first paint can do without
        from hermes_tui.screens.approval import ApprovalScreen
        from hermes_widgets.diff_page import DiffPage

        pane, request = pending.pane, pending.request
        payload: Widget | None = None
        if request.diff is not None:
            payload = DiffPage((request.diff,))
        self._screen = ApprovalScreen(
            request,
            place=f"1 of {total}" if total > 1 else "",
            asked_by=_asking(request, "" if pane is self._host.chat else pane.state.shown_title),
            payload=payload,
            grace_s=self._grace_s,
        )

        def decided(result: Decided | None) -> None:
            self._screen = None
            if result is not None:
                self._asked.add(request.request_id)
                self._host.run_worker(self._answer(pane, request, result))
            self._host.call_after_refresh(self.review)

        self._host.push_screen(self._screen, decided)

    async def _answer(self, pane: ChatPane, request: ApprovalRequested, result: Decided) -> None:
        reply = await pane.send(
            Answer(
                request_id=request.request_id,
                decision=result.decision,
                reason=result.reason,
                shown_hash=request.shown_hash,
            )
        )
        self._asked.discard(request.request_id)
        if not reply.ok:
            self._host.tell_error(reply.text or "The answer was not taken")
            self.review()

    def forget(self, request_ids: Iterable[str]) -> None:
        """Requests of a closed conversation need no answer."""
        self._asked.difference_update(request_ids)


def _asking(request: ApprovalRequested, title: str) -> str:
    """Who asks, if it is not the shown conversation's own agent."""
    return " in ".join(part for part in (request.asked_by, title) if part)
