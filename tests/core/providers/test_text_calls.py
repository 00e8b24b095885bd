"""Calls written as text are found, whole or streamed, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from hermes_core.agent.turns.written_calls import written_calls_notice
from hermes_core.messages import Attachment, Message, ToolCall
from hermes_core.providers.base import (
    ModelRequest,
    StreamEnd,
    StreamPart,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from hermes_core.providers.text_calls.formats import BY_MARKER, FORMATS
from hermes_core.providers.text_calls.reading import TextCalls, parse
from hermes_core.providers.text_calls.writing import as_text
from tests.core.providers.reach import TOOL, USER, resolution

SEARCH: dict[str, Any] = {
    "name": "search",
    "description": "Search.",
    "parameters": {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "limit": {"type": "integer"},
            "deep": {"type": "boolean"},
        },
    },
}
TOOLS = (TOOL, SEARCH)
READ = ("read_file", {"path": "a.txt"})
FIND = ("search", {"query": "123", "limit": 5})

CORPUS = {
    "hermes": (
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call>\n'
        '<tool_call>{"name": "search", "arguments": {"query": "123", "limit": 5}}'
    ),
    "longcat": (
        '<longcat_tool_call>{"name": "read_file", "arguments": {"path": "a.txt"}}'
        '</longcat_tool_call><longcat_tool_call>{"name": "search", "arguments":'
        ' {"query": "123", "limit": 5}}</longcat_tool_call>'
    ),
    "llama3_json": (
        '<|python_tag|>{"name": "read_file", "parameters": {"path": "a.txt"}};'
        ' {"name": "search", "arguments": {"query": "123", "limit": 5}}'
    ),
    "mistral": (
        '[TOOL_CALLS] [{"name": "read_file", "arguments": {"path": "a.txt"}},'
        ' {"name": "search", "arguments": {"query": "123", "limit": 5}}]'
    ),
    "deepseek_v3": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n"
        '```json\n{"path": "a.txt"}\n```<｜tool▁call▁end｜>'
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n"
        '```json\n{"query": "123", "limit": 5}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    ),
    "deepseek_v3_1": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read_file<｜tool▁sep｜>"
        '{"path": "a.txt"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>'
        '{"query": "123", "limit": 5}<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    ),
    "kimi_k2": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0"
        '<|tool_call_argument_begin|>{"path": "a.txt"}<|tool_call_end|>'
        "<|tool_call_begin|>functions.search:1<|tool_call_argument_begin|>"
        '{"query": "123", "limit": 5}<|tool_call_end|><|tool_calls_section_end|>'
    ),
    "glm45": (
        "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.txt</arg_value>\n"
        "</tool_call><tool_call>search\n<arg_key>query</arg_key>\n<arg_value>123</arg_value>\n"
        "<arg_key>limit</arg_key>\n<arg_value>5</arg_value>\n</tool_call>"
    ),
    "qwen3_coder": (
        "<tool_call>\n<function=read_file>\n<parameter=path>\na.txt\n</parameter>\n</function>\n"
        "</tool_call>\n<tool_call>\n<function=search>\n<parameter=query>\n123\n</parameter>\n"
        "<parameter=limit>\n5\n</parameter>\n</function>\n</tool_call>"
    ),
    "mistral named": (
        '[TOOL_CALLS]read_file{"path": "a.txt"}[TOOL_CALLS]search[ARGS]{"query": "123", "limit": 5}'
    ),
}


def heard(
    pieces: list[str], finish: str = "stop", *, reading: TextCalls | None = None
) -> tuple[str, list[tuple[str, str]], str]:
    """What a streamed reply comes to: text, calls, finish word."""
    reading = reading or TextCalls(TOOLS)
    parts: list[StreamPart] = []
    for piece in pieces:
        parts += reading.take(TextDelta(piece))
    parts += reading.take(StreamEnd(finish))
    text = "".join(part.text for part in parts if isinstance(part, TextDelta))
    names = [part.name for part in parts if isinstance(part, ToolCallStart)]
    written = [part.arguments for part in parts if isinstance(part, ToolCallDelta)]
    assert isinstance(parts[-1], StreamEnd)
    return text, list(zip(names, written, strict=True)), parts[-1].finish_reason


@pytest.mark.ac("text-calls")
@pytest.mark.parametrize("name", CORPUS)
def test_each_format_is_read_by_its_name_and_by_its_mark(name: str) -> None:
    text = f"I look.\n{CORPUS[name]}" if "llama" not in name else CORPUS[name]
    for asked in ("", name.split(" ")[0]):
        content, calls = parse(text, TOOLS, name=asked)
        assert calls is not None
        assert [(call.name, json.loads(call.arguments)) for call in calls] == [READ, FIND]
        assert content == (None if "llama" in name else "I look.")


@pytest.mark.ac("call-as-text")
@pytest.mark.parametrize("name", CORPUS)
def test_each_format_is_noticed_where_nobody_reads_it(name: str) -> None:
    assert written_calls_notice(CORPUS[name], TOOLS) is not None
    assert written_calls_notice(CORPUS[name], ()) is None


@pytest.mark.ac("text-calls")
@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_pieces_of_any_size_give_the_same_calls(name: str, size: int) -> None:
    before = "I <think>maybe <tool_call>?</think> look: " if "llama" not in name else ""
    text = before + CORPUS[name]
    said, calls, finish = heard([text[at : at + size] for at in range(0, len(text), size)])
    assert said == before
    assert [(one, json.loads(written)) for one, written in calls] == [READ, FIND]
    assert finish == "tool_calls"


@pytest.mark.ac("text-calls")
@pytest.mark.parametrize(
    "text",
    [
        "Nothing to call here, 3 < 4.",
        "<tool_call> is how calls begin.",
        '{"name": "no such tool", "arguments": {}}',
        '{"answer": 42}',
        "A lone mark at the end <tool_ca",
        "<think>[TOOL_CALLS] [{}]</think>Done.",
        "[TOOL_CALLS] none",
        " \n ",
    ],
)
def test_text_without_a_call_comes_out_as_it_went_in(text: str) -> None:
    assert heard(list(text)) == (text, [], "stop")
    assert parse(text, TOOLS) == (text, None)


@pytest.mark.ac("text-calls")
def test_a_broken_call_is_handed_on_and_voids_no_other() -> None:
    text = (
        '<tool_call>{"name": "read_file", "arguments": {"path": }}</tool_call>'
        '<tool_call>{"name": "search", "arguments": {"query": "</tool_call>"}}</tool_call>'
    )
    _, calls, _ = heard([text])
    assert [name for name, _ in calls] == ["read_file", "search"]
    assert json.loads(calls[1][1]) == {"query": "</tool_call>"}
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(calls[0][1])


@pytest.mark.ac("text-calls")
def test_calls_behind_a_result_the_model_made_up_are_not_made() -> None:
    call = '<tool_call>{"name": "read_file", "arguments": {"path": "%s"}}</tool_call>'
    text = f"{call % 'a'}{call % 'b'}\n<tool_response>\nok\n</tool_response>\n{call % 'c'}"
    _, calls, _ = heard(list(text))
    assert [json.loads(written)["path"] for _, written in calls] == ["a", "b"]


@pytest.mark.ac("text-calls")
def test_a_call_cut_by_the_output_limit_stays_cut() -> None:
    text, calls, finish = heard(
        ['<tool_call>{"name": "read_file", "arguments": {"path": "a'], "length"
    )
    assert (text, calls, finish) == ("", [("read_file", '{"path": "a')], "length")


@pytest.mark.ac("text-calls")
def test_values_follow_the_schema_and_not_their_looks() -> None:
    text = (
        "<tool_call><function=search><parameter=query>\n[1]\n</parameter><parameter=deep>True"
        "</parameter><parameter=more>{'a': 1}</parameter></function></tool_call>"
    )
    _, calls = parse(text, TOOLS)
    assert calls is not None
    assert json.loads(calls[0].arguments) == {"query": "[1]", "deep": True, "more": {"a": 1}}


@pytest.mark.ac("text-calls")
def test_quoted_marks_are_text_once_a_native_call_came() -> None:
    reading = TextCalls(TOOLS)
    parts = list(reading.take(TextDelta("see <tool_c")))
    parts += reading.take(ToolCallStart(0, "c1", "read_file"))
    parts += reading.take(ToolCallDelta(0, "{}"))
    parts += reading.take(TextDelta('<tool_call>{"name": "search"}</tool_call>'))
    parts += reading.take(StreamEnd("tool_calls"))
    assert [type(one).__name__ for one in parts].count("ToolCallStart") == 1
    assert "".join(one.text for one in parts if isinstance(one, TextDelta)).startswith(
        "see <tool_c"
    )


PIECES = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from([*BY_MARKER, "</tool_call>", "<think>", "</think>", "{", "}", "\n"]),
        st.sampled_from(list(CORPUS.values())),
    ),
    max_size=12,
)


class Forgetful(TextCalls):
    """Drops what it held back when no call came: a planted bug."""

    def _end(self) -> Iterator[StreamPart]:
        return iter(())


@pytest.mark.ac("text-calls")
def test_the_search_for_lost_text_finds_a_planted_loss() -> None:
    def loses(pieces: list[str]) -> bool:
        return heard(pieces, reading=Forgetful(TOOLS))[0] != "".join(pieces)

    smallest = find(PIECES, loses, settings=settings(max_examples=500, derandomize=True))
    assert loses(smallest)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(pieces=PIECES)
@pytest.mark.ac("text-calls")
def test_no_text_breaks_the_reading_or_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole, split = heard([text]), heard(pieces)
    assert whole == split
    said, calls, _ = split
    assert text.startswith(said)
    assert calls or said == text
    for one in FORMATS:
        parse(text, TOOLS, name=one.names[0])
    parse(text, TOOLS)


@pytest.mark.ac("text-calls")
def test_a_history_of_calls_becomes_text_with_strict_turns() -> None:
    reached = resolution("http://127.0.0.1:1/v1")
    call = ToolCall(id="c1", name="read_file", arguments='{"path":  "a"}')
    picture = Attachment(path="/x.png", media_type="image/png")
    request = ModelRequest(
        runtime=reached.runtime,
        system="You are terse.",
        messages=(
            USER,
            Message(role="assistant", content="Reading.", tool_calls=(call, call)),
            Message(role="tool", content="</tool_response> 1", tool_call_id="c1"),
            Message(role="tool", content="2", tool_call_id="c1"),
            Message(role="user", content="and?", attachments=(picture,)),
        ),
        tools=TOOLS,
    )
    sent = as_text(request)
    assert sent.tools == ()
    assert sent.system.startswith("You are terse.")
    assert json.dumps(SEARCH) in sent.system
    assert [one.role for one in sent.messages] == ["user", "assistant", "user"]
    assert all(not one.tool_calls for one in sent.messages)
    content, calls = parse(sent.messages[1].content, TOOLS)
    assert content == "Reading."
    assert calls is not None
    assert [(one.name, json.loads(one.arguments)) for one in calls] == [
        ("read_file", {"path": "a"})
    ] * 2
    last = sent.messages[2]
    assert last.content.count("</tool_response>") == 2
    assert last.content.endswith("and?")
    assert last.attachments == (picture,)
