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
from hermes_tui.model_label import model_label
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
            _rewound(event.from_message_id, state)
            if view is not None:
                view.rewind(event.from_message_id)
        case _:
            assert_never(event)


def _rewound(from_message_id: str, state: SessionState) -> None:
    """Forget what was taken back. A reply's id is not known here and takes nothing along."""
    state.tools.clear()
    ids = list(state.asked)
    if from_message_id not in state.asked:
        return
    at = ids.index(from_message_id)
    for gone in ids[at:]:
        del state.asked[gone]
    state.snapshots = [shot for shot in state.snapshots if shot.after in state.asked]
    state.last_user_id = ids[at - 1] if at else ""
    state.last_user_text = state.asked.get(state.last_user_id, "")


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
    text = words[event.cause].format(model=model_label(event.runtime.model))
    level: Literal["info", "warn"] = "warn" if event.cause == "fallback" else "info"
    view.notice(Notice(level=level, code="runtime_changed", text=text))
