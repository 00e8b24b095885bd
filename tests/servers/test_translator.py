"""Every event of the core has a place in the stream, if only silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.events import (
    CoreEvent,
    MessageDelta,
    MessageFinished,
    ToolStarted,
    TurnFinished,
    decode_event,
)
from hermes_core.servers.api.translator import ChunkTranslator, Frame, ending_of

EVENTS = Path(__file__).parents[1] / "core" / "golden" / "events.jsonl"


def translator(*, tool_progress: bool = True) -> ChunkTranslator:
    frame = Frame("chatcmpl-1", 0, "agent")
    return ChunkTranslator(frame, tool_progress=tool_progress, include_usage=False)


def delta(message_id: str, text: str) -> MessageDelta:
    return MessageDelta(message_id=message_id, text=text)


def finished(message_id: str, text: str, state: str = "complete") -> CoreEvent:
    return MessageFinished(
        message_id=message_id,
        role="assistant",
        text=text,
        state=state,  # type: ignore[arg-type]  # one of its words, as text
    )


@pytest.mark.parametrize("line", EVENTS.read_text("utf-8").splitlines())
def test_events_become_at_most_one_chunk(line: str) -> None:
    chunk = translator().chunk(decode_event(line))
    assert chunk is None or chunk.id == "chatcmpl-1"


def test_message_without_deltas_is_sent_when_it_is_finished() -> None:
    chunks = translator()
    chunks.chunk(finished("m1", "All at once."))
    assert chunks.text == "All at once."


def test_text_sent_as_deltas_is_not_sent_again() -> None:
    chunks = translator()
    for event in (delta("m1", "One"), finished("m1", "One"), delta("m2", "Two")):
        chunks.chunk(event)
    assert chunks.text == "OneTwo"


def test_tools_part_what_is_said_around_them_into_paragraphs() -> None:
    chunks = translator(tool_progress=False)
    tool = ToolStarted(call_id="c", name="read_file")
    for event in (tool, delta("m1", "One"), tool, delta("m2", "Two"), delta("m2", " more")):
        chunks.chunk(event)
    assert chunks.text == "One\n\nTwo more"


def test_discarded_message_adds_nothing() -> None:
    chunks = translator()
    assert chunks.chunk(finished("m1", "never mind", "discarded")) is None


def test_tools_with_hidden_names_are_not_shown() -> None:
    assert translator().chunk(ToolStarted(call_id="c", name="_internal")) is None


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("completed", "stop"), ("partial", "length"), ("failed", "error"), ("interrupted", "error")],
)
def test_outcomes_are_told_honestly(outcome: str, expected: str) -> None:
    finish = TurnFinished(
        outcome=outcome,  # type: ignore[arg-type]  # one of its words, as text
        reason="r",
        error="It broke.",
    )
    ending = ending_of(finish)
    assert ending.finish_reason == expected
    assert (ending.error is not None) == (expected == "error")


def test_session_that_goes_away_is_a_failure() -> None:
    chunks = translator().closing(None)
    assert chunks[-1].choices[0].finish_reason == "error"
