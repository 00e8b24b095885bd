"""One event in, the right handler called. A new event stops the type check here."""

from __future__ import annotations

from typing import assert_never

from msgspec import UNSET

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    ApprovalRequested,
    ApprovalResolved,
    BackgroundFinished,
    BackgroundStarted,
    CheckpointCreated,
    CheckpointRestored,
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    CoreEvent,
    CredentialRotated,
    Heartbeat,
    InputAccepted,
    InputState,
    MemoryChanged,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    Notice,
    QuestionAnswered,
    QuestionAsked,
    ReasoningDelta,
    ReasoningFinished,
    RequestExtended,
    RequestFailed,
    RequestFinished,
    RequestStalled,
    RequestStarted,
    RequestWaiting,
    SessionClosed,
    SessionOpened,
    SessionRewound,
    SessionRuntimeChanged,
    SessionTitled,
    SkillChanged,
    StepFinished,
    StepStarted,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_tui.handlers import (
    agent_events,
    asking_events,
    beside_events,
    message_events,
    session_events,
    tool_events,
    turn_events,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState


def apply(event: CoreEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note an event and draw it.

    Words of child agents stay out of the conversation: their parent reports them.

    Args:
        event: What the core said.
        state: Updated in place.
        view: Where it is drawn; None for the part of the past that is not shown.
    """
    if event.seq is not UNSET and isinstance(event.seq, int):
        state.last_seq = event.seq
    if view is not None:
        view.event_at = event.ts
    match event:
        case (
            SessionOpened()
            | SessionClosed()
            | SessionTitled()
            | SessionRuntimeChanged()
            | SessionRewound()
        ):
            session_events.apply(event, state, view)
        case (
            MessageStarted()
            | MessageDelta()
            | MessageFinished()
            | ReasoningDelta()
            | ReasoningFinished()
        ):
            if not event.agent:
                message_events.apply(event, state, view)
        case ToolAnnounced() | ToolStarted() | ToolOutput() | ToolFinished() | ToolSkipped():
            if event.agent:
                agent_events.apply_call(event, state, view)
            else:
                tool_events.apply(event, state, view)
        case (
            ApprovalRequested()
            | ApprovalResolved()
            | QuestionAsked()
            | QuestionAnswered()
            | RequestExtended()
        ):
            asking_events.apply(event, state, view)
        case InputAccepted() | InputState() | TurnStarted() | TurnFinished():
            if not event.agent:
                turn_events.apply(event, state, view)
        case _:
            _apply_rest(event, state, view)


def _apply_rest(
    event: (
        turn_events.RequestEvent
        | beside_events.WorkEvent
        | beside_events.RemarkEvent
        | AgentSpawned
        | AgentFinished
    ),
    state: SessionState,
    view: ConversationView | None,
) -> None:
    match event:
        case (
            StepStarted()
            | StepFinished()
            | RequestStarted()
            | RequestWaiting()
            | RequestStalled()
            | RequestFailed()
            | RequestFinished()
            | CredentialRotated()
        ):
            turn_events.apply_request(event, state, None if event.agent else view)
        case (
            TodoChanged()
            | ContextGauge()
            | BackgroundStarted()
            | BackgroundFinished()
            | Heartbeat()
        ):
            beside_events.apply(event, state, view)
        case AgentSpawned() | AgentFinished():
            agent_events.apply(event, state, view)
        case (
            CompactionStarted()
            | CompactionFinished()
            | CompactionFailed()
            | CheckpointCreated()
            | CheckpointRestored()
            | MemoryChanged()
            | SkillChanged()
            | Notice()
        ):
            beside_events.apply_remark(event, state, view)
        case _:
            assert_never(event)
