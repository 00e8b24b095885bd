"""Events about inputs, turns, steps and requests."""

from __future__ import annotations

from itertools import groupby
from typing import TypeAlias, assert_never

from hermes_core.events import (
    CredentialRotated,
    InputAccepted,
    InputState,
    Notice,
    RequestFailed,
    RequestFinished,
    RequestStalled,
    RequestStarted,
    RequestWaiting,
    StepFinished,
    StepStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import PastTurn, SessionState
from hermes_widgets.blocks.card_action import CardAction

TurnEvent: TypeAlias = InputAccepted | InputState | TurnStarted | TurnFinished
RequestEvent: TypeAlias = (
    StepStarted
    | StepFinished
    | RequestStarted
    | RequestWaiting
    | RequestStalled
    | RequestFailed
    | RequestFinished
    | CredentialRotated
)

_KEPT_FAILURES = 10
_KEPT_TURNS = 20


def apply(event: TurnEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note an input or a turn; draw it if there is a view."""
    match event:
        case InputAccepted():
            state.inputs[event.input_id] = event
            if event.mode in ("queue", "interrupt"):
                state.queued[event.input_id] = event.text
        case InputState():
            _input_state(event, state)
        case TurnStarted():
            state.turn_id = event.turn_id or "turn"
            ago = state.clocks.wall() - event.ts if event.ts else 0.0
            state.turn_started = state.clocks.steady() - max(0.0, ago)
            state.word = "thinking"
            state.tools.clear()
            state.failures.clear()
        case TurnFinished():
            _turn_finished(event, state, view)
        case _:
            assert_never(event)


def apply_request(event: RequestEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note what goes on between us and the provider."""
    match event:
        case RequestStarted(purpose="turn"):
            state.is_offline = False
            state.word = "thinking"
        case RequestWaiting():
            what = "" if event.reason == "connection" else f"{_reason(event.reason)}, "
            state.word = f"{what}next try in {max(0, round(event.seconds))}s"
        case RequestStalled():
            state.word = f"silent for {round(event.idle_seconds)}s"
        case RequestFailed(purpose="turn"):
            state.is_offline = event.reason == "connection"
            status = f" ({event.status})" if event.status else ""
            line = f"{_reason(event.reason)}{status}: {event.message}"
            state.failures = [*state.failures, line][-_KEPT_FAILURES:]
            if event.next_action == "fallback" and view is not None:
                view.notice(Notice(level="warn", code=event.reason, text=event.message))
        case CredentialRotated():
            if view is not None:
                text = f"{event.provider}: now using the key “{event.label}” ({event.cause})"
                view.notice(Notice(level="info", code="credential_rotated", text=text))
        case RequestStarted() | RequestFailed():
            pass  # a side job; what comes of it has events of its own
        case StepStarted() | StepFinished() | RequestFinished():
            pass  # the tool lines and the gauge already tell it
        case _:
            assert_never(event)


def _reason(reason: str) -> str:
    return reason.replace("_", " ")


def _input_state(event: InputState, state: SessionState) -> None:
    if event.state in ("queued", "held"):
        known = state.inputs.get(event.input_id)
        first = known.text if known else (event.text or "")
        # Told again for a new order: it goes behind those told before it.
        state.queued[event.input_id] = state.queued.pop(event.input_id, first)
        state.is_held = event.state == "held"
    elif event.state == "edited":
        if event.text is not None and event.input_id in state.queued:
            state.queued[event.input_id] = event.text
    else:
        state.queued.pop(event.input_id, None)
        known = state.inputs.pop(event.input_id, None)
        if known and event.state == "delivered" and event.message_id:
            state.delivered[event.message_id] = known


def _turn_finished(event: TurnFinished, state: SessionState, view: ConversationView | None) -> None:
    state.turn_id = None
    state.turn_started = None
    state.outcome = event.outcome
    state.word = ""
    state.turns += 1
    state.usage = state.usage + event.usage
    if event.cost_usd is not None:
        state.cost_usd += event.cost_usd
        state.has_cost = True
    state.approvals.clear()
    state.questions.clear()
    past = PastTurn(state.last_user_text.split("\n")[0][:80], tuple(state.tools.values()))
    state.past = [*state.past, past][-_KEPT_TURNS:]
    if view is None:
        return
    view.finish_turn(event)
    if event.outcome == "failed":
        title = event.error or f"The turn failed ({_reason(event.reason)})"
        view.error(
            title,
            hint=event.hint or "",
            details="\n".join([*_counted(state.failures), f"reason: {event.reason}"]),
            actions=(
                CardAction("r", "retry", "retry"),
                CardAction("m", "other model", "model"),
                CardAction("v", "details", "details"),
            ),
        )


def _counted(lines: list[str]) -> list[str]:
    """Return the lines, equal ones that follow each other as one with their number."""
    found = []
    for line, same in groupby(lines):
        count = len(list(same))
        found.append(f"{count} × {line}" if count > 1 else line)
    return found
