"""One conversation in the rows around it: status, tab, hint, footer."""

from __future__ import annotations

from hermes_tui.actions.action import Action
from hermes_tui.actions.every_action import every_action, find_action
from hermes_tui.composing.typed_command import typed_command
from hermes_tui.core_link.workspace import StartInfo
from hermes_tui.keys import KeysOf, default_keys, first_key
from hermes_tui.model_label import model_label
from hermes_tui.session_state import SessionState
from hermes_widgets.composing.hint_row import ComposerHint
from hermes_widgets.footer_keys import KeyLabel
from hermes_widgets.status_bar import Phase, Status
from hermes_widgets.tab_row import Tab, TabState


def status_of(
    state: SessionState, info: StartInfo | None, *, is_ready: bool, has_failed: bool = False
) -> Status:
    """What the status row says."""
    runtime = state.runtime
    model = runtime.model if runtime else (info.model if info else "")
    phase: Phase = "ready"
    word, hint = "", ""
    waiting = len(state.approvals) + len(state.questions)
    if has_failed:
        phase, word = "offline", "not started · ⏎ tries again"
    elif not is_ready:
        phase, word = "starting", "starting"
    elif state.is_closed:
        phase, word = "offline", "closed"
    elif waiting:
        phase = "waiting"
        word = f"{waiting} request{'s' if waiting > 1 else ''}"
    elif state.is_busy:
        phase, word, hint = "busy", state.word or "working", "esc stops"
        if state.is_offline:
            word = f"offline, {word}"
    return Status(
        phase=phase,
        word=word,
        since=state.turn_started,
        hint=hint,
        model=model_label(model),
        used_tokens=state.used_tokens,
        window_tokens=state.window_tokens or (info.window_tokens if info else 0),
        cost_usd=state.cost_usd if state.has_cost else None,
    )


def tab_of(key: str, state: SessionState) -> Tab:
    """A conversation's tab."""
    look: TabState = "waiting" if state.needs_person else "working" if state.is_busy else "idle"
    return Tab(key=key, title=state.shown_title, state=look)


def hint_of(
    state: SessionState, info: StartInfo | None, *, busy_mode: str, draft: str = ""
) -> ComposerHint:
    """The row under the composer."""
    mode = "yolo" if state.approval_mode == "off" else state.approval_mode
    if state.rewriting:
        text = "⏎ resends from there on · empty the field to leave it as it was"
        return ComposerHint(mode=mode, text=text)
    if state.requeueing:
        text = "⏎ changes the waiting message · empty the field to leave it as it was"
        return ComposerHint(mode=mode, text=text)
    if typed_command(draft):
        waits = "the turn has to end first" if state.is_busy else "⏎ runs it in the shell"
        return ComposerHint(mode=mode, text=waits, right="the agent sees it too")
    if state.is_busy:
        does = {"queue": "⏎ waits for the turn", "interrupt": "⏎ interrupts and sends"}.get(
            busy_mode, "⏎ sends now (steers)"
        )
        text = does if busy_mode == "queue" else f"{does} · /queue to wait"
        return ComposerHint(mode=mode, text=text)
    model = state.runtime.model if state.runtime else (info.model if info else "")
    return ComposerHint(mode=mode, text=model_label(model), right="⏎ send   ⇧⏎ newline")


def footer_of(pane_id: str, keys_of: KeysOf = default_keys) -> list[KeyLabel]:
    """The keys for the shown pane; actions without a key are left out."""
    shown = [action for action in every_action() if action.footer and keys_of(action)]
    own = [_entry(action, keys_of) for action in shown if action.pane == pane_id]
    general = [_entry(action, keys_of) for action in shown if not action.pane]
    palette = [entry for entry in general if entry.act == "app.palette"]
    if own:
        back = find_action("pane.chat")
        return [*own, *([_entry(back, keys_of)] if back is not None else []), *palette]
    rest = [entry for entry in general if entry.act != "app.palette"]
    return [*palette, *sorted(rest, key=lambda entry: not entry.key.startswith("^"))]


def _entry(action: Action, keys_of: KeysOf) -> KeyLabel:
    return KeyLabel(first_key(action, keys_of), action.footer or "conversation", action.id)
