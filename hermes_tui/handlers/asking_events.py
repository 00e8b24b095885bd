"""Events that need the person, and their end."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec.structs import replace

from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    QuestionAnswered,
    QuestionAsked,
    RequestExtended,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState

AskingEvent: TypeAlias = (
    ApprovalRequested | ApprovalResolved | QuestionAsked | QuestionAnswered | RequestExtended
)

_KEPT_DECISIONS = 50


def apply(event: AskingEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note the event; mark the tool that waits if there is a view."""
    match event:
        case ApprovalRequested():
            state.approvals[event.request_id] = event
            _mark(event.call_id, state, view, is_waiting=True)
        case ApprovalResolved():
            request = state.approvals.pop(event.request_id, None)
            if request is not None:
                state.decisions = [*state.decisions, (request, event)][-_KEPT_DECISIONS:]
                _mark(request.call_id, state, view, is_waiting=False)
        case QuestionAsked():
            state.questions[event.request_id] = event
            _mark(event.call_id, state, view, is_waiting=True)
        case QuestionAnswered():
            state.answered_last = event
            question = state.questions.pop(event.request_id, None)
            if question is not None:
                _mark(question.call_id, state, view, is_waiting=False)
        case RequestExtended(request_id=request_id, expires_at=expires_at):
            if request_id in state.approvals:
                state.approvals[request_id] = replace(
                    state.approvals[request_id], expires_at=expires_at
                )
            elif request_id in state.questions:
                state.questions[request_id] = replace(
                    state.questions[request_id], expires_at=expires_at
                )
        case _:
            assert_never(event)


def _mark(
    call_id: str | None, state: SessionState, view: ConversationView | None, *, is_waiting: bool
) -> None:
    entry = state.tools.get(call_id or "")
    if entry is None:
        return
    if is_waiting or entry.phase == "waiting":
        entry.phase = "waiting" if is_waiting else "running"
    if view is not None:
        view.tool_waiting(entry.call_id, is_waiting)
