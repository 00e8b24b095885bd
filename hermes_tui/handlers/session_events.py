"""Events about the conversation itself."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

from hermes_core.events import (
    Notice,
    SessionClosed,
    SessionOpened,
    SessionRewound,
    SessionRuntimeChanged,
    SessionTitled,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState

SessionEvent: TypeAlias = (
    SessionOpened | SessionClosed | SessionTitled | SessionRuntimeChanged | SessionRewound
)


def apply(event: SessionEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note the event; draw it if there is a view."""
    match event:
        case SessionOpened():
            state.runtime = event.runtime
            state.window_tokens = event.runtime.window_tokens
            state.cwd = event.cwd
            state.is_closed = False
        case SessionClosed():
            state.is_closed = True
        case SessionTitled():
            state.title = event.title
        case SessionRuntimeChanged():
            _runtime_changed(event, state, view)
        case SessionRewound():
            state.tools.clear()
            if view is not None:
                view.rewind(event.from_message_id)
        case _:
            assert_never(event)


def _runtime_changed(
    event: SessionRuntimeChanged, state: SessionState, view: ConversationView | None
) -> None:
    state.runtime = event.runtime
    state.window_tokens = event.runtime.window_tokens
    if view is None:
        return
    words = {
        "user": "Answers now come from {model}",
        "fallback": "Switched to {model}, since the model before it failed",
        "restore": "Back on {model}",
        "routing": "{model} answers this one",
    }
    text = words[event.cause].format(model=event.runtime.model)
    level: Literal["info", "warn"] = "warn" if event.cause == "fallback" else "info"
    view.notice(Notice(level=level, code="runtime_changed", text=text))
