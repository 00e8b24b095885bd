"""The event log made from messages: what it says, and that it always closes what it opens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.events import (
    MAX_STORED_BYTES,
    CoreEvent,
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    ReasoningFinished,
    SessionOpened,
    StepFinished,
    StepStarted,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    decode_event,
    encode_event,
)
from hermes_core.messages import Attachment, Message, Runtime, ToolCall
from hermes_core.storage.projection import events_from_messages

RUNTIME = Runtime(model="m", provider="p")

CONVERSATION = [
    Message(role="user", content="read it", message_id="u1", timestamp=1.0),
    Message(
        role="assistant",
        content="Looking.",
        message_id="a1",
        reasoning="first think",
        timestamp=2.0,
        tool_calls=(
            ToolCall(id="c1", name="read_file", arguments='{"path": "a.txt", "n": 3}'),
            ToolCall(id="c2", name="terminal", arguments='{"command": "false"}'),
            ToolCall(id="c3", name="terminal", arguments="{broken"),
        ),
    ),
    Message(role="tool", content="text", message_id="t1", tool_call_id="c1", timestamp=3.0),
    Message(
        role="tool", content='{"exit_code": 1}', message_id="t2", tool_call_id="c2", timestamp=4.0
    ),
    Message(role="assistant", content="Done.", message_id="a2", timestamp=5.0),
    Message(role="user", content="thanks", message_id="u2", timestamp=6.0),
]


def project(messages: list[Message]) -> list[CoreEvent]:
    return events_from_messages(messages, session_id="s", runtime=RUNTIME)


@pytest.mark.ac("projection-order")
def test_a_conversation_is_told_in_order() -> None:
    assert [type(event) for event in project(CONVERSATION)] == [
        SessionOpened,
        *(InputAccepted, TurnStarted, InputState, MessageStarted, MessageFinished),
        *(StepStarted, ReasoningFinished, MessageStarted, MessageFinished),
        *(ToolStarted, ToolFinished, ToolStarted, ToolFinished, ToolStarted, ToolSkipped),
        *(StepFinished, StepStarted, MessageStarted, MessageFinished, StepFinished, TurnFinished),
        *(InputAccepted, TurnStarted, InputState, MessageStarted, MessageFinished, TurnFinished),
    ]


def test_the_facts_of_the_messages_are_in_the_events() -> None:
    events = project(CONVERSATION)
    read, failed = (event for event in events if isinstance(event, ToolFinished))
    assert (read.ok, read.result_preview, read.result_ref, read.ts) == (True, "text", "t1", 3.0)
    assert (failed.ok, failed.result_ref) == (False, "t2")
    started = next(event for event in events if isinstance(event, ToolStarted))
    assert (started.args, started.preview) == ({"path": "a.txt", "n": 3}, "a.txt")
    (lost,) = (event for event in events if isinstance(event, ToolSkipped))
    assert (lost.call_id, lost.cause) == ("c3", "lost")
    first, second = (event for event in events if isinstance(event, TurnFinished))
    assert (first.outcome, first.final_message_id, first.steps, first.tool_calls) == (
        *("completed", "a2", 2, 3),
    )
    assert (second.outcome, second.final_message_id) == ("interrupted", None)
    finals = [e.message_id for e in events if isinstance(e, MessageFinished) and e.final]
    assert finals == ["a2"]


def test_an_interrupted_answer_stays_marked() -> None:
    message = Message(role="assistant", content="half", message_id="a", finish_reason="interrupted")
    (finished,) = (e for e in project([message]) if isinstance(e, MessageFinished))
    assert (finished.state, finished.reason) == ("truncated", "interrupted")


def test_long_bodies_are_cut_and_referred_to() -> None:
    call = ToolCall(id="c", name="write_file", arguments='{"content": "' + "é" * 90_000 + '"}')
    messages = [
        Message(role="user", content="漢" * 50_000, message_id="u"),
        Message(
            role="assistant",
            content="\x01" * 50_000,
            reasoning="界" * 9000,
            message_id="a",
            tool_calls=(call,),
        ),
        Message(role="tool", content="\\" * 90_000, tool_call_id="c", message_id="t"),
    ]
    events = project(messages)
    assert max(len(encode_event(event)) for event in events) <= MAX_STORED_BYTES
    said = [event for event in events if isinstance(event, MessageFinished)]
    assert [event.text_ref for event in said] == ["u", "a"]
    assert all(event.text for event in said)


TEXTS = st.text(max_size=40) | st.sampled_from(["", "漢" * 9000, '"' * 9000, '{"error": "x"}'])
JSON_TEXTS = st.sampled_from(
    [
        *("{}", "", "[1]", "{broken", '{"path": 5}'),
        '{"a": {"b": ["' + "x" * 20_000 + '"]}}',
        '{"many": [' + ",".join(["123456789"] * 3000) + "]}",
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    messages = []
    for number in range(draw(st.integers(0, 8))):
        role: Any = draw(st.sampled_from(["user", "assistant", "tool", "system"]))
        calls: tuple[ToolCall, ...] = ()
        if role == "assistant":
            count = draw(st.integers(0, 2))
            calls = tuple(
                ToolCall(id=f"c{number}-{index}", name="t", arguments=draw(JSON_TEXTS))
                for index in range(count)
            )
        messages.append(
            Message(
                role=role,
                content=draw(TEXTS),
                message_id=f"m{number}",
                tool_calls=calls,
                tool_call_id=f"c{draw(st.integers(0, 8))}-0" if role == "tool" else None,
                reasoning=draw(st.none() | TEXTS),
                attachments=(Attachment(path="/x" * 50),) * draw(st.integers(0, 30)),
            )
        )
    return messages


@settings(max_examples=150, deadline=None)
@given(histories())
def test_any_history_gives_a_dense_closed_and_small_log(messages: list[Message]) -> None:
    events = project(messages)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], SessionOpened)
    for event in events:
        data = encode_event(event)
        assert len(data) <= MAX_STORED_BYTES
        assert decode_event(data) == event
    turns = [e.turn_id for e in events if isinstance(e, TurnStarted)]
    assert turns == [e.turn_id for e in events if isinstance(e, TurnFinished)]
    calls = [e.call_id for e in events if isinstance(e, ToolStarted)]
    assert calls == [e.call_id for e in events if isinstance(e, ToolFinished | ToolSkipped)]
    assert sum(isinstance(e, InputAccepted) for e in events) == sum(
        message.role == "user" for message in messages
    )


def test_messages_written_for_the_model_alone_are_not_projected() -> None:
    call = ToolCall(id="c1", name="terminal")
    history = [
        Message(role="user", content="run it", message_id="m1"),
        Message(role="assistant", tool_calls=(call,), message_id="m2"),
        Message(role="tool", content='{"output": "whole"}', message_id="m3", tool_call_id="c1"),
        Message(role="tool", content="cut", message_id="short_m3", tool_call_id="c1"),
        Message(role="user", content="[Summary]", message_id="summary_1"),
        Message(role="assistant", content="done", message_id="m4"),
    ]
    events = events_from_messages(history, session_id="s1", runtime=RUNTIME)
    assert [e.text for e in events if isinstance(e, MessageFinished)] == ["run it", "done"]
    (finished,) = [e for e in events if isinstance(e, ToolFinished)]
    assert finished.result_preview == '{"output": "whole"}'
