"""What an owner that is gone left open is closed, once, with what is known about it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec import structs

from hermes_core.agent.sessions import recovery
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    BackgroundStarted,
    CoreEvent,
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    QuestionAnswered,
    QuestionAsked,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import Message, TodoItem, ToolCall
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store

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
    closing = recovery.closing_events(recovery.remains_of(OPEN).open)
    kinds = {type(event) for event in closing}
    assert kinds == {ApprovalResolved, QuestionAnswered, ToolSkipped, MessageFinished, TurnFinished}
    assert {e.call_id for e in closing if isinstance(e, ToolSkipped)} == {"a", "b"}
    assert all(event.turn_id == "t" for event in closing)
    assert isinstance(closing[-1], TurnFinished)
    assert recovery.closing_events(recovery.remains_of([*OPEN, *closing]).open) == []


def test_session_that_ended_well_needs_no_closing() -> None:
    assert recovery.closing_events(recovery.Remains().open) == []


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
    found = recovery.missing_results(history, recovery.remains_of(events), timestamp=1.0)
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
    assert recovery.missing_results(history, recovery.Remains(), timestamp=1.0) == []


async def test_what_a_long_log_left_is_found_in_its_oldest_page_too(home: Home) -> None:
    plan = (TodoItem(id="1", content="from long ago"),)
    events: list[CoreEvent] = [
        BackgroundStarted(task_id="p1", kind="process", label="npm run dev"),
        TodoChanged(items=plan),
        InputAccepted(input_id="w", mode="queue", text="still waits"),
        InputState(input_id="w", state="edited", text="changed, and still waits"),
    ]
    for number in range(600):
        events += [
            InputAccepted(input_id=f"i{number}", mode="start", text="x"),
            ToolStarted(call_id=f"c{number}", name="x"),
            ToolFinished(call_id=f"c{number}", name="x", ok=True),
            InputState(input_id=f"i{number}", state="delivered"),
        ]
    events.append(ToolStarted(call_id="open", name="x"))
    stamped = [
        structs.replace(event, seq=seq, session_id="s") for seq, event in enumerate(events, 1)
    ]
    store = await Store.open(home)
    try:
        await store.create_session(SessionRecord(id="s"))
        await store.commit("s", events=stamped)
        remains = await recovery.read_remains(store, "s", last_seq=len(stamped))
    finally:
        await store.aclose()

    assert list(remains.open.background) == ["p1"]
    assert list(remains.open.tools) == ["open"]
    assert [item.text for item in remains.waiting.values()] == ["changed, and still waits"]
    assert remains.todos == plan
