"""What only the messages wire does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hermes_core.messages import Message, ToolCall
from hermes_core.providers.base import StreamPart, ThinkingBlock, ToolCallDelta
from hermes_core.providers.clients import open_model
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.messages_request import EMPTY_TEXT, request_body
from hermes_core.providers.wires.messages_stream import MessagesStream, decode_event
from tests.core.providers.reach import KEY, TOOL, USER, ask, collect, resolution
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer


def _reach(
    model: str = "claude-sonnet-4-5",
    *,
    provider: str = "anthropic",
    url: str = "https://api.anthropic.com",
    window_tokens: int = 200_000,
) -> Resolution:
    return resolution(
        url,
        provider=provider,
        api_mode="anthropic_messages",
        model=model,
        window_tokens=window_tokens,
    )


NATIVE = _reach()
ADAPTIVE = {"thinking": {"type": "adaptive", "display": "summarized"}}
SIGNED = {"type": "thinking", "thinking": "hm", "signature": "s"}


def _call(call_id: str, arguments: str = "{}") -> ToolCall:
    return ToolCall(id=call_id, name="read_file", arguments=arguments)


def _turns(*messages: Message, reached: Resolution = NATIVE) -> list[dict[str, Any]]:
    sent = request_body(ask(reached, *messages), reached, {})["messages"]
    for turn in sent:
        for block in turn["content"]:
            block.pop("cache_control", None)
    return list(sent)


@pytest.mark.ac("ac-7-1")
def test_neighbours_of_one_role_become_one_turn() -> None:
    turns = _turns(
        USER,
        Message(role="user", content="and you?"),
        Message(role="assistant", tool_calls=(_call("a"), _call("b"))),
        Message(role="tool", content="1", tool_call_id="a"),
        Message(role="tool", content="2", tool_call_id="b"),
        Message(role="user", content="go on"),
    )
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    kinds = [block["type"] for block in turns[2]["content"]]
    assert kinds == ["tool_result", "tool_result", "text"]


@pytest.mark.ac("ac-7-1")
async def test_the_service_accepts_empty_texts_and_odd_ids(model_server: ModelServer) -> None:
    model_server.add(say("ok"))
    reached = _reach(url=model_server.url)
    model = open_model(reached)
    history = (
        Message(role="user", content="  "),
        Message(role="assistant", content="", tool_calls=(_call("call:1|x", '{"a": 1}'),)),
        Message(role="tool", content="", tool_call_id="call:1|x"),
        Message(role="assistant", content=""),
        USER,
    )
    await collect(model, ask(reached, *history, tools=(TOOL,)))
    await model.aclose()
    turns = model_server.request.json["messages"]
    assert turns[0]["content"][0]["text"] == EMPTY_TEXT
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "call_1_x"
    assert turns[1]["content"][0]["input"] == {"a": 1}


def test_signed_thinking_stays_on_the_latest_answer_alone() -> None:
    first = Message(role="assistant", content="one", reasoning_details=[SIGNED])
    second = Message(
        role="assistant",
        content="two",
        reasoning_details=[SIGNED, {"type": "thinking", "thinking": "unsigned"}],
    )
    turns = _turns(USER, first, USER, second)
    assert turns[1]["content"] == [{"type": "text", "text": "one"}]
    assert turns[3]["content"] == [SIGNED, {"type": "text", "text": "two"}]


def test_signatures_are_not_sent_to_other_hosts() -> None:
    reached = _reach("MiniMax-M2.7", provider="minimax", url="https://api.minimax.io/anthropic")
    message = Message(role="assistant", content="one", reasoning_details=[SIGNED])
    assert _turns(USER, message, reached=reached)[1]["content"] == [{"type": "text", "text": "one"}]


@pytest.mark.ac("ac-13-1")
def test_at_most_four_markers_and_none_on_thinking() -> None:
    history: list[Message] = []
    for number in range(5):
        history += [USER, Message(role="assistant", content=f"a{number}")]
    history.append(Message(role="assistant", reasoning_details=[SIGNED], tool_calls=(_call("a"),)))
    history.append(Message(role="tool", content="1", tool_call_id="a"))
    body = request_body(ask(NATIVE, *history, ephemeral_system="Now."), NATIVE, {})
    assert str(body).count("cache_control") == 4
    assert "cache_control" in body["system"][0]
    assert body["system"][1] == {"type": "text", "text": "Now."}
    assert SIGNED in body["messages"][-2]["content"]


@pytest.mark.ac("ac-13-1")
def test_a_longer_life_of_the_cache_is_written_out() -> None:
    reached = msgspec.structs.replace(NATIVE, cache_ttl="1h")
    body = request_body(ask(reached), reached, {})
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("claude-opus-4-6", "xhigh", ADAPTIVE),
        ("claude-opus-4-7", "xhigh", ADAPTIVE),
        ("claude-sonnet-5", "low", ADAPTIVE),
        ("claude-fable-5-1-20260901", "low", ADAPTIVE),
        (
            "claude-sonnet-4-5",
            "high",
            {"thinking": {"type": "enabled", "budget_tokens": 16_000}},
        ),
        ("claude-haiku-4-5", "high", {}),
        ("claude-sonnet-4-5", "none", {}),
        ("claude-sonnet-4-5", "", {}),
        ("claude-3-5-sonnet-latest", "high", {}),
    ],
)
def test_effort_becomes_thinking_as_the_model_knows_it(
    model: str, effort: str, expected: dict[str, Any]
) -> None:
    reached = _reach(model)
    body = request_body(ask(reached, reasoning_effort=effort, temperature=0.3), reached, {})
    assert {key: body[key] for key in body if key == "thinking"} == expected
    assert "temperature" not in body
    if effort == "xhigh":
        known = "max" if model == "claude-opus-4-6" else "xhigh"
        assert body["output_config"] == {"effort": known}


async def test_a_temperature_goes_only_where_the_field_still_is(model_server: ModelServer) -> None:
    for model in ("claude-sonnet-4-5", "MiniMax-M2.7"):
        model_server.add(say("ok"))
        reached = _reach(model, provider="custom", url=model_server.url)
        opened = open_model(reached)
        await collect(opened, ask(reached, temperature=0.3))
        await opened.aclose()
        assert ("temperature" in model_server.request.json) is ("claude" not in model)


def test_the_cap_leaves_room_behind_the_thinking_budget() -> None:
    body = request_body(ask(NATIVE, reasoning_effort="high", max_output_tokens=500), NATIVE, {})
    assert body["max_tokens"] == 20_096


@pytest.mark.parametrize(
    ("model", "window", "asked", "sent"),
    [
        ("claude-sonnet-4-5", 200_000, None, 64_000),
        ("claude-sonnet-4-5", 200_000, 9, 9),
        ("unknown-model", 200_000, None, 128_000),
        ("claude-sonnet-4-5", 8_000, None, 7_999),
    ],
)
def test_a_cap_is_always_sent_and_fits_the_window(
    model: str, window: int, asked: int | None, sent: int
) -> None:
    reached = _reach(model, window_tokens=window)
    body = request_body(ask(reached, max_output_tokens=asked), reached, {})
    assert body["max_tokens"] == sent


@pytest.mark.parametrize(
    ("provider", "header"),
    [("custom", "x-api-key"), ("minimax", "authorization"), ("anthropic", "authorization")],
)
async def test_the_key_travels_in_the_header_the_host_wants(
    model_server: ModelServer, provider: str, header: str
) -> None:
    model_server.add(say("ok"))
    reached = _reach(provider=provider, url=model_server.url)
    model = open_model(reached)
    await collect(model, ask(reached))
    await model.aclose()
    headers = model_server.request.headers
    carrying = [name for name, value in headers.items() if KEY in value]
    assert carrying == [header]
    assert ("anthropic-beta" in headers) is (provider == "anthropic")


async def test_variables_of_the_anthropic_client_do_not_leak_to_other_hosts(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-foreign")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-foreign")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Own: foreign\nX-Api-Key: foreign")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    model_server.add(say("ok"))
    reached = _reach(provider="custom", url=model_server.url)
    model = open_model(reached)
    await collect(model, ask(reached))
    await model.aclose()
    assert model_server.request.key == KEY
    assert "foreign" not in str(dict(model_server.request.headers))


# --- streams -------------------------------------------------------------------------


def _parts(*events: dict[str, Any]) -> list[StreamPart]:
    stream = MessagesStream()
    return [part for one in events for part in stream.feed(decode_event(msgspec.json.encode(one)))]


def test_sealed_thinking_is_kept_for_replay() -> None:
    sealed = {"type": "redacted_thinking", "data": "opaque"}
    parts = _parts(
        {"type": "content_block_start", "index": 0, "content_block": sealed},
        {"type": "content_block_stop", "index": 0},
    )
    assert parts == [ThinkingBlock(sealed)]


def test_a_call_whose_input_comes_at_once_is_complete() -> None:
    block = {"type": "tool_use", "id": "a", "name": "t", "input": {"k": 1}}
    parts = _parts({"type": "content_block_start", "index": 3, "content_block": block})
    assert parts[1] == ToolCallDelta(0, '{"k":1}')


def test_unknown_events_and_blocks_are_passed_over() -> None:
    assert (
        _parts(
            {"type": "something_new", "payload": {}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "new_block"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta"}},
        )
        == []
    )
