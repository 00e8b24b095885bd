"""What a one-shot run prints, for made-up events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hermes_core.agent.reply import ReplyText
from hermes_core.events import (
    CoreEvent,
    MessageDelta,
    MessageFinished,
    Notice,
    RequestWaiting,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.messages import Usage
from hermes_tui.oneshot.printers import (
    JsonPrinter,
    QuietPrinter,
    StreamJsonPrinter,
    TextPrinter,
    outcome,
    refusal,
)
from hermes_tui.oneshot.run import exit_code


class Streams:
    """Keeps what goes to the two standard streams."""

    def __init__(self) -> None:
        self.out = ""
        self.err = ""

    def write_out(self, text: str) -> None:
        """Standard output."""
        self.out += text

    def write_err(self, text: str) -> None:
        """Standard error."""
        self.err += text


@pytest.fixture
def streams() -> Streams:
    """Two empty streams."""
    return Streams()


def turn_with_a_tool() -> list[CoreEvent]:
    """Text, a tool, text, the end."""
    return [
        MessageDelta(message_id="m1", text="I "),
        MessageDelta(message_id="m1", text="look."),
        MessageFinished(message_id="m1", role="assistant", text="I look."),
        ToolStarted(call_id="c1", name="read_file", preview="a.txt", args={"path": "a.txt"}),
        ToolFinished(call_id="c1", name="read_file", ok=True, summary="1 line", duration_s=1.25),
        MessageDelta(message_id="m2", text="It says\n\nalpha."),
        MessageFinished(message_id="m2", role="assistant", text="It says\n\nalpha."),
        TurnFinished(outcome="completed", reason="x", final_message_id="m2", duration_s=2.0),
    ]


def result_of(events: list[CoreEvent], **changes: Any) -> dict[str, Any]:
    """The result object of a turn."""
    reply = ReplyText()
    for event in events:
        reply.take(event)
    return {**outcome("s1", reply, exit_code=0), **changes}


def test_text_stands_apart_from_tools_by_one_empty_line(streams: Streams) -> None:
    printer = TextPrinter(streams.write_out, streams.write_err)
    events = turn_with_a_tool()
    for event in events:
        printer.event(event)
    printer.result(result_of(events))

    assert streams.out == (
        "I look.\n\n  ✓ read_file     a.txt  1 line  1.2s\n\nIt says\n\nalpha.\n\n"
        "Resume with: hermes --resume s1\n"
    )
    assert streams.err == ""


def test_a_reply_without_deltas_is_printed_at_the_end(streams: Streams) -> None:
    printer = TextPrinter(streams.write_out, streams.write_err)
    printer.result(result_of([], final_response="Whole."))
    assert streams.out == "Whole.\n\nResume with: hermes --resume s1\n"


def test_an_escape_cut_in_two_deltas_does_not_reach_the_terminal(streams: Streams) -> None:
    printer = TextPrinter(streams.write_out, streams.write_err)
    for piece in ("a\x1b", "[3", "1mb\x1b]0;ti", "tle\x07c\r", "\x9b2Jd"):
        printer.event(MessageDelta(message_id="m1", text=piece))
    assert streams.out == "abcd"


def test_quiet_prints_nothing_for_no_reply(streams: Streams) -> None:
    QuietPrinter(streams.write_out, streams.write_err).result(result_of([]))
    assert (streams.out, streams.err) == ("", "")


def test_a_refusal_leaves_out_the_words_for_the_model(streams: Streams) -> None:
    printer = QuietPrinter(streams.write_out, streams.write_err)
    text = "BLOCKED: deletes a, and nobody is present to agree. Do not retry this."
    printer.event(ToolSkipped(call_id="c1", name="terminal", cause="blocked", message=text))
    assert streams.err == "Refused terminal: deletes a, and nobody is present to agree\n"
    assert refusal("BLOCKED: bad. Nothing unlocks this; do not retry it in any form.") == (
        "bad. Nothing unlocks this"
    )


def test_each_attempt_is_told_once_and_notices_only_when_they_matter(streams: Streams) -> None:
    printer = QuietPrinter(streams.write_out, streams.write_err)
    for _ in range(3):
        printer.event(
            RequestWaiting(reason="rate_limit", seconds=4.0, until=9.0, attempt=1, max_attempts=3)
        )
    printer.event(Notice(level="info", code="x", text="nothing much"))
    printer.event(Notice(level="warn", code="x", text="mind \x1b[31mthis"))
    assert streams.err == ("The model limits the rate of requests; attempt 2 in 4 s.\nmind this\n")


def test_json_lines_parse_whatever_the_text_holds(streams: Streams) -> None:
    printer = StreamJsonPrinter(streams.write_out, streams.write_err, session_id="s1")
    text = 'line\nbreak "quoted" \x1b[31m 日本 \u2028'
    printer.start("m", "p", ["terminal"])
    printer.start("m", "p", ["terminal"])
    printer.event(MessageDelta(message_id="m1", text=text))
    printer.result(result_of([]))
    pieces = [json.loads(line) for line in streams.out.split("\n")[:-1]]
    assert [piece["type"] for piece in pieces] == ["init", "text", "result"]
    assert pieces[1]["text"] == text


def test_json_is_the_result_alone(streams: Streams) -> None:
    printer = JsonPrinter(streams.write_out, streams.write_err)
    events = turn_with_a_tool()
    for event in events:
        printer.event(event)
    printer.result(result_of(events))
    assert json.loads(streams.out)["final_response"] == "It says\n\nalpha."
    assert streams.out.count("\n") == 1


@pytest.mark.parametrize(
    ("finish", "code"),
    [
        (TurnFinished(outcome="completed", reason="x"), 0),
        (TurnFinished(outcome="partial", reason="x"), 1),
        (TurnFinished(outcome="interrupted", reason="x"), 130),
        (TurnFinished(outcome="failed", reason="request_failed:auth"), 1),
        (TurnFinished(outcome="failed", reason="request_failed:connection"), 4),
        (TurnFinished(outcome="failed", reason="request_failed:rate_limit"), 4),
        (None, 1),
    ],
)
def test_the_exit_code_follows_how_the_turn_ended(finish: TurnFinished | None, code: int) -> None:
    reply = ReplyText()
    if finish is not None:
        reply.take(finish)
    assert exit_code(reply) == code


def test_tokens_add_up_in_the_result() -> None:
    usage = Usage(input_tokens=30, output_tokens=8, cache_read_tokens=10, requests=2)
    result = result_of([TurnFinished(outcome="completed", reason="x", usage=usage)])
    assert result["tokens"]["total"] == 48
    assert result["api_calls"] == 2
