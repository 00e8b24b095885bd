"""Events about what is said and thought."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from hermes_core.events import (
    MessageDelta,
    MessageFinished,
    MessageStarted,
    ReasoningDelta,
    ReasoningFinished,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState

MessageEvent: TypeAlias = (
    MessageStarted | MessageDelta | MessageFinished | ReasoningDelta | ReasoningFinished
)


def apply(event: MessageEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note the event; draw it if there is a view."""
    match event:
        case MessageStarted():
            if event.role == "assistant":
                state.word = "writing"
                if view is not None:
                    view.begin_reply(event.message_id)
        case MessageDelta():
            state.word = "writing"
            if view is not None:
                view.append_reply(event.message_id, event.text)
        case MessageFinished():
            if event.role == "user":
                _user_message(event, state, view)
            else:
                _reply(event, state, view)
        case ReasoningDelta():
            state.word = "thinking"
            if view is not None:
                view.append_reasoning(event.message_id, event.text)
        case ReasoningFinished():
            if view is not None:
                view.finish_reasoning(event.message_id, event.text, event.seconds)
        case _:
            assert_never(event)


def _user_message(
    event: MessageFinished, state: SessionState, view: ConversationView | None
) -> None:
    known = state.delivered.pop(event.message_id, None)
    state.user_messages += 1
    state.last_user_text = event.text
    state.last_user_id = event.message_id
    state.asked[event.message_id] = " ".join(event.text[:200].split())
    if view is not None:
        attachments = len(known.attachments) if known else 0
        view.add_user(event.message_id, event.text, attachments=attachments)


def _reply(event: MessageFinished, state: SessionState, view: ConversationView | None) -> None:
    if event.state != "discarded" and event.text:
        state.last_reply = event.text
        state.replies += 1
    if view is not None:
        view.finish_reply(event.message_id, state=event.state, text=event.text, reason=event.reason)
