"""What an owner that is gone left open is closed, once, with what is known about it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hermes_core.agent.sessions import recovery
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    MessageFinished,
    MessageStarted,
    QuestionAnswered,
    QuestionAsked,
    ToolAnnounced,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import Message, ToolCall

OPEN: list[CoreEvent] = [
    TurnStarted(turn_id="t"),
    MessageStarted(message_id="m", role="assistant"),
    ToolAnnounced(call_id="a", name="x"),
    ToolAnnounced(call_id="b", name="x"),
    ToolStarted(call_id="a", name="x"),
    ApprovalRequested(request_id="r"),
    QuestionAsked(request_id="q", kind="text", question="?"),
]


@pytest.mark.ac("ac-2-1")
def test_everything_open_is_closed_and_nothing_is_after_that() -> None:
    closing = recovery.closing_events(recovery.left_open(OPEN))
    kinds = {type(event) for event in closing}
    assert kinds == {ApprovalResolved, QuestionAnswered, ToolSkipped, MessageFinished, TurnFinished}
    assert {e.call_id for e in closing if isinstance(e, ToolSkipped)} == {"a", "b"}
    assert all(event.turn_id == "t" for event in closing)
    assert isinstance(closing[-1], TurnFinished)
    assert recovery.closing_events(recovery.left_open([*OPEN, *closing])) == []


def test_session_that_ended_well_needs_no_closing() -> None:
    assert recovery.closing_events(recovery.left_open([])) == []


def test_each_call_without_a_result_is_told_what_is_known_of_it() -> None:
    asked = tuple(ToolCall(id=one, name="x") for one in ("done", "ran", "ended", "waited"))
    history = [
        Message(role="user", content="go"),
        Message(role="assistant", message_id="m", tool_calls=asked),
        Message(role="tool", tool_call_id="done", content="{}"),
    ]
    events: list[CoreEvent] = [
        *(ToolStarted(call_id=one, name="x") for one in ("done", "ran", "ended")),
        *(ToolFinished(call_id=one, name="x", ok=True) for one in ("done", "ended")),
    ]
    found = recovery.missing_results(history, events, timestamp=1.0)
    assert [(m.tool_call_id, m.content) for m in found] == [
        ("ran", recovery.OUTCOME_UNKNOWN),
        ("ended", recovery.RESULT_LOST),
        ("waited", recovery.NEVER_STARTED),
    ]
    assert len({m.message_id for m in found}) == 3


@pytest.mark.parametrize(
    "history",
    [
        [],
        [Message(role="user", content="hi")],
        [Message(role="user", content="hi"), Message(role="assistant", content="ho")],
    ],
)
def test_history_whose_calls_are_answered_gets_nothing(history: Sequence[Message]) -> None:
    assert recovery.missing_results(history, [], timestamp=1.0) == []
