"""What only the chat-completions wire does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.errors import ProviderError
from hermes_core.messages import Attachment, Message, ToolCall, Usage
from hermes_core.providers.base import (
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingBlock,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.clients import open_model
from hermes_core.providers.wires.chat_request import claude_headers, request_body
from hermes_core.providers.wires.chat_stream import ChatStream, decode_chunk
from hermes_core.providers.wires.images import load_images
from hermes_core.providers.wires.request_headers import request_headers
from tests.core.providers.reach import KEY, TOOL, USER, ask, collect, resolution, said, thought
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer

OPENROUTER = resolution(
    "https://openrouter.ai/api/v1", provider="openrouter", model="anthropic/claude-sonnet-4.5"
)
OPENAI = resolution("https://api.openai.com/v1", provider="openai", model="gpt-5")
CUSTOM = resolution("http://127.0.0.1:1/v1")
NOUS = resolution("https://inference-api.nousresearch.com/v1", provider="nous", model="x/y")
GATEWAY = resolution("https://ai-gateway.vercel.sh/v1", provider="ai-gateway", model="x/y")


def _parts(*chunks: dict[str, Any]) -> list[StreamPart]:
    stream = ChatStream()
    found = [part for one in chunks for part in stream.feed(decode_chunk(msgspec.json.encode(one)))]
    return [*found, *stream.finish()]


def _delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


def _call(**call: Any) -> dict[str, Any]:
    return _delta(tool_calls=[call])


@pytest.mark.ac("ac-4-3-calls")
async def test_two_calls_on_index_zero_are_two_calls(model_server: ModelServer) -> None:
    model_server.add(
        Reply(
            calls=[
                Call(name="read_file", arguments={"path": "a"}, id="x"),
                Call(name="read_file", arguments={"path": "b"}, id="y"),
            ],
            index_zero=True,
        )
    )
    reached = resolution(model_server.base_url)
    model = open_model(reached)
    parts = await collect(model, ask(reached, tools=(TOOL,)))
    await model.aclose()
    assert [part for part in parts if isinstance(part, ToolCallStart | ToolCallDelta)] == [
        ToolCallStart(0, "x", "read_file"),
        ToolCallDelta(0, '{"path": "a"}'),
        ToolCallStart(1, "y", "read_file"),
        ToolCallDelta(1, '{"path": "b"}'),
    ]


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    parts = _parts(
        _call(id="x", function={"name": "a", "arguments": "{}"}),
        _call(id="y", function={"name": "b", "arguments": {"k": 1}}),
    )
    assert parts[1:4:2] == [ToolCallDelta(0, "{}"), ToolCallDelta(1, '{"k":1}')]


def test_a_repeated_id_continues_its_call() -> None:
    parts = _parts(
        _call(index=0, id="x", function={"name": "a", "arguments": "{"}),
        _call(index=0, id="x", function={"arguments": "}"}),
    )
    assert parts[:3] == [ToolCallStart(0, "x", "a"), ToolCallDelta(0, "{"), ToolCallDelta(0, "}")]


def test_opaque_data_of_a_call_is_passed_on() -> None:
    signature = {"google": {"thought_signature": "s"}}
    parts = _parts(
        _call(index=0, id="x", function={"name": "a", "arguments": "{}"}, extra_content=signature)
    )
    assert parts[1] == ToolCallDelta(0, "{}", signature)


def test_a_thought_in_two_fields_counts_once() -> None:
    parts = _parts(_delta(reasoning="hm", reasoning_content="hm"))
    assert thought(parts) == "hm"


def test_pieces_of_an_opaque_item_are_joined_for_replay() -> None:
    piece = {"type": "reasoning.text", "index": 0}
    parts = _parts(
        _delta(reasoning="a", reasoning_details=[piece | {"text": "a"}]),
        _delta(reasoning="b", reasoning_details=[piece | {"text": "b", "signature": "s"}]),
        _delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 1, "data": "x"}]),
    )
    assert thought(parts) == "ab"
    assert [part.item for part in parts if isinstance(part, ThinkingBlock)] == [
        piece | {"text": "ab", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
    ]


def test_a_thought_only_in_opaque_items_is_shown() -> None:
    details = [{"type": "reasoning.summary", "summary": "so"}]
    assert _parts(_delta(reasoning_details=details))[0] == ThinkingDelta("so")


@pytest.mark.parametrize(
    "content", [[{"type": "text", "text": "hi"}], {"type": "text", "text": "hi"}, ["h", "i"]]
)
def test_content_in_blocks_is_flattened(content: Any) -> None:
    assert _parts(_delta(content=content))[0] == TextDelta("hi")


def test_chunks_of_odd_servers_are_endured() -> None:
    parts = _parts(
        {"choices": None},
        {"choices": [{"delta": None, "finish_reason": None}], "usage": None},
        {"choices": [{"delta": {"content": None, "tool_calls": None}}], "error": None},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "x_groq": {"id": 1}},
    )
    assert parts == [StreamEnd("stop")]


def test_usage_without_details_and_with_the_other_name_is_read() -> None:
    plain = _parts({"usage": {"prompt_tokens": 5, "completion_tokens": 2}})
    assert plain[0] == UsageReport(Usage(input_tokens=5, output_tokens=2, requests=1))
    other = {"completion_tokens": 2, "output_tokens_details": {"reasoning_tokens": 1}}
    (report, _) = _parts({"usage": other})
    assert isinstance(report, UsageReport)
    assert report.usage.reasoning_tokens == 1


def test_a_finish_of_stop_after_calls_is_a_tool_step() -> None:
    parts = _parts(
        _call(index=0, id="x", function={"name": "a", "arguments": "{}"}),
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    assert parts[-1] == StreamEnd("tool_calls")


# --- requests ------------------------------------------------------------------------


def test_internal_fields_never_reach_the_wire() -> None:
    message = Message(
        role="assistant",
        content=" done ",
        message_id="m1",
        finish_reason="stop",
        reasoning="secret thoughts",
        reasoning_details=[{"type": "thinking", "thinking": "x", "signature": "s"}],
        codex_reasoning_items=[{}],
        timestamp=1.0,
        token_count=3,
    )
    body = request_body(ask(OPENAI, USER, message), OPENAI, {})
    assert body["messages"][2] == {"role": "assistant", "content": "done"}


def test_arguments_are_written_compact_and_sorted() -> None:
    call = ToolCall(id="c", name="t", arguments='{"b": 1,  "a": [1, 2]}', extra_content={"g": 1})
    broken = ToolCall(id="d", name="t", arguments='{"b": ')
    message = Message(role="assistant", tool_calls=(call, broken))
    sent = request_body(ask(CUSTOM, USER, message), CUSTOM, {})["messages"][2]
    assert sent["content"] is None
    assert sent["tool_calls"][0]["function"]["arguments"] == '{"a":[1,2],"b":1}'
    assert sent["tool_calls"][0]["extra_content"] == {"g": 1}
    assert sent["tool_calls"][1]["function"]["arguments"] == '{"b": '


@pytest.mark.parametrize(("model", "role"), [("gpt-5", "developer"), ("gpt-4o", "system")])
def test_the_system_prompt_takes_the_role_of_the_model(model: str, role: str) -> None:
    reached = resolution("https://api.openai.com/v1", provider="openai", model=model)
    assert request_body(ask(reached), reached, {})["messages"][0]["role"] == role


def test_text_of_this_call_only_follows_the_frozen_prompt() -> None:
    body = request_body(ask(CUSTOM, ephemeral_system="Now."), CUSTOM, {})
    assert body["messages"][0]["content"] == "You are terse.\n\nNow."


@pytest.mark.ac("ac-13-2")
def test_claude_behind_an_aggregator_gets_markers_and_its_real_cap() -> None:
    history = [Message(role="user", content=f"m{number}") for number in range(6)]
    body = request_body(ask(OPENROUTER, *history, ephemeral_system="Now."), OPENROUTER, {})
    frozen, passing = body["messages"][0]["content"]
    assert frozen == {
        "type": "text",
        "text": "You are terse.",
        "cache_control": {"type": "ephemeral"},
    }
    assert passing == {"type": "text", "text": "Now."}
    assert str(body).count("cache_control") == 4
    assert body["max_tokens"] == 64_000
    assert "x-anthropic-beta" in claude_headers(ask(OPENROUTER), OPENROUTER)


@pytest.mark.parametrize(
    ("reached", "effort", "expected"),
    [
        (OPENROUTER, "high", {"reasoning": {"effort": "high"}}),
        (OPENROUTER, "none", {"reasoning": {"enabled": False}}),
        (OPENAI, "low", {"reasoning_effort": "low"}),
        (CUSTOM, "high", {}),
        (NOUS, "high", {"reasoning": {"effort": "high"}}),
        (NOUS, "none", {}),
        (GATEWAY, "none", {"reasoning": {"enabled": False}}),
        (OPENAI, "", {}),
    ],
)
def test_effort_is_asked_for_in_the_words_of_the_provider(
    reached: Any, effort: str, expected: dict[str, Any]
) -> None:
    body = request_body(ask(reached, reasoning_effort=effort), reached, {})
    assert {key: body[key] for key in body if key.startswith("reasoning")} == expected


@pytest.mark.parametrize(
    ("reached", "field"), [(OPENAI, "max_completion_tokens"), (CUSTOM, "max_tokens")]
)
def test_a_cap_is_sent_under_the_name_of_the_provider_only_if_asked(
    reached: Any, field: str
) -> None:
    assert field not in request_body(ask(reached), reached, {})
    assert request_body(ask(reached, max_output_tokens=9), reached, {})[field] == 9


def test_the_session_travels_in_a_header_where_the_provider_wants_it() -> None:
    xai = resolution("https://api.x.ai/v1", provider="xai")
    assert request_headers(ask(xai, session_id="s1"), xai) == {"x-grok-conv-id": "s1"}
    assert request_headers(ask(CUSTOM, session_id="s1"), CUSTOM) == {}


async def test_pictures_are_sent_inline_and_missing_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    message = Message(
        role="user",
        content="look",
        attachments=(
            Attachment(path=str(tmp_path / "a.png"), media_type="image/png"),
            Attachment(path=str(tmp_path / "gone.png"), media_type="image/png"),
            Attachment(path=str(tmp_path / "notes.txt"), media_type="text/plain"),
        ),
    )
    body = request_body(ask(CUSTOM, message), CUSTOM, await load_images([message]))
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        {"type": "text", "text": "[picture gone.png is not available]"},
    ]


def test_lone_surrogates_are_dropped_before_encoding() -> None:
    body = request_body(ask(CUSTOM, Message(role="user", content="a\ud800b")), CUSTOM, {})
    assert msgspec.json.encode(body["messages"][1]) == b'{"role":"user","content":"ab"}'


async def test_an_endpoint_with_one_model_needs_no_name() -> None:
    server = await ModelServer([say("ok")], models=["only-one"]).start()
    reached = resolution(server.base_url, model="")
    model = open_model(reached)
    assert said(await collect(model, ask(reached))) == "ok"
    assert server.request.json["model"] == "only-one"
    await model.aclose()
    await server.aclose()
    server.assert_done()


async def test_an_endpoint_with_several_models_wants_one_named() -> None:
    server = await ModelServer(models=["one", "two"]).start()
    reached = resolution(server.base_url, model="")
    model = open_model(reached)
    with pytest.raises(ProviderError, match="one, two") as caught:
        await collect(model, ask(reached))
    assert caught.value.reason == "model_not_found"
    await model.aclose()
    await server.aclose()


async def test_variables_of_the_openai_client_do_not_leak_to_other_hosts(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-foreign")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-foreign")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-foreign")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "authorization: Bearer foreign\nX-Own: foreign")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    model_server.add(say("ok"))
    reached = resolution(model_server.base_url)
    model = open_model(reached)
    await collect(model, ask(reached))
    await model.aclose()
    assert model_server.request.key == KEY
    assert "foreign" not in str(dict(model_server.request.headers))
