"""What only the Responses wire does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.errors import ProviderError
from hermes_core.messages import Attachment, Message, ToolCall
from hermes_core.providers.base import (
    ReplayItem,
    StreamEnd,
    StreamPart,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
)
from hermes_core.providers.clients import open_model
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.images import load_images
from hermes_core.providers.wires.responses_request import request_body
from hermes_core.providers.wires.responses_stream import ResponsesStream
from hermes_core.providers.wires.sse import ServerEvent
from hermes_core.providers.wires.wire import ErrorEvent
from tests.core.providers.reach import TOOL, USER, ask, collect, resolution, said, thought
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer

HOST = "127.0.0.1"
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed:1"}


def _reach(
    url: str = "http://127.0.0.1:1/v1", *, model: str = "gpt-5", provider: str = "custom"
) -> Resolution:
    return resolution(url, provider=provider, api_mode="codex_responses", model=model)


def _body(*messages: Message, reached: Resolution | None = None, **fields: Any) -> dict[str, Any]:
    found = reached or _reach()
    return request_body(ask(found, *messages, **fields), found, {})


def _own(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [item | {"origin": HOST} for item in items]


async def _exchange(server: ModelServer, *messages: Message, **fields: Any) -> list[StreamPart]:
    reached = _reach(server.base_url, model=fields.pop("model", "gpt-5"))
    model = open_model(reached)
    try:
        return await collect(model, ask(reached, *messages, **fields))
    finally:
        await model.aclose()


# --- what is sent --------------------------------------------------------------------


@pytest.mark.ac("responses-request")
async def test_a_whole_request_is_accepted_and_not_kept(model_server: ModelServer) -> None:
    model_server.add(say("ok"))
    await _exchange(
        model_server, tools=(TOOL,), reasoning_effort="high", session_id="s1", temperature=0.5
    )
    sent = model_server.request.json
    assert (sent["store"], sent["instructions"]) == (False, "You are terse.")
    assert sent["input"] == [{"role": "user", "content": "hi"}]
    assert sent["reasoning"] == {"summary": "auto", "effort": "high"}
    assert sent["include"] == ["reasoning.encrypted_content"]
    assert (sent["prompt_cache_key"], sent["parallel_tool_calls"]) == ("s1", True)
    assert sent["tools"][0]["strict"] is False


@pytest.mark.ac("responses-request")
async def test_a_model_that_does_not_think_is_not_asked_to(model_server: ModelServer) -> None:
    model_server.add(say("ok"))
    await _exchange(model_server, model="gpt-4.1", reasoning_effort="high", temperature=0.5)
    sent = model_server.request.json
    assert "reasoning" not in sent
    assert "include" not in sent
    assert sent["temperature"] == 0.5


@pytest.mark.ac("responses-request")
@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("gpt-5", "", None),
        ("gpt-5", "minimal", "low"),
        ("gpt-5", "none", "low"),
        ("gpt-5.1", "none", "none"),
        ("gpt-5-2025-08-07", "none", "low"),
        ("gpt-5", "xhigh", "high"),
        ("openai/gpt-5.4-mini", "xhigh", "xhigh"),
        ("gpt-5.1-codex-max", "xhigh", "xhigh"),
        ("o3", "medium", "medium"),
    ],
)
def test_an_effort_is_one_the_generation_knows(model: str, asked: str, sent: str | None) -> None:
    body = _body(reached=_reach(model=model), reasoning_effort=asked)
    assert body["reasoning"].get("effort") == sent


def test_a_limit_below_the_least_is_raised() -> None:
    assert _body(max_output_tokens=4)["max_output_tokens"] == 16
    assert "max_output_tokens" not in _body()
    # What stands behind a ChatGPT plan refuses the field.
    plan = resolution("https://chatgpt.com/backend-api/codex", provider="openai-codex")
    assert "max_output_tokens" not in request_body(ask(plan, max_output_tokens=400), plan, {})


@pytest.mark.ac("responses-images")
async def test_pictures_go_in_as_data(model_server: ModelServer, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"png")
    files = (
        Attachment(path=str(picture), media_type="image/png"),
        Attachment(path=str(tmp_path / "gone.png"), media_type="image/png"),
    )
    message = Message(role="user", content="look", attachments=files)
    model_server.add(say("a cat"))
    await _exchange(model_server, message)
    images = await load_images((message,))
    (sent,) = model_server.request.json["input"]
    assert [block["type"] for block in sent["content"]] == [
        "input_text",
        "input_image",
        "input_text",
    ]
    assert sent["content"][1]["image_url"] == f"data:image/png;base64,{images[str(picture)]}"
    assert "gone.png" in sent["content"][2]["text"]


def test_a_call_and_its_result_keep_one_id_within_the_limit() -> None:
    long_id = "toolu_" + "x" * 80
    call = ToolCall(id=long_id, name="read_file", arguments='{"path": "x"}')
    sent = _body(
        USER,
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content="text", tool_call_id=long_id),
    )["input"]
    assert sent[1]["call_id"] == sent[2]["call_id"]
    assert len(sent[1]["call_id"]) == 64
    assert sent[1]["arguments"] == '{"path":"x"}'


@pytest.mark.ac("responses-replay")
def test_items_go_back_in_the_order_they_came() -> None:
    items = _own(
        SEALED,
        {"type": "message", "phase": "commentary"},
        SEALED | {"id": "rs_2"},
        {"type": "function_call"},
    )
    reply = Message(
        role="assistant",
        content="Reading.",
        tool_calls=(ToolCall(id="c1", name="read_file"), ToolCall(id="c2", name="read_file")),
        codex_reasoning_items=items,
    )
    sent = _body(USER, reply)["input"]
    assert [one.get("id") or one.get("call_id") or one["content"] for one in sent] == [
        "hi",
        "rs_1",
        "Reading.",
        "rs_2",
        "c1",
        "c2",
    ]
    assert sent[2]["phase"] == "commentary"
    assert "origin" not in sent[1]


@pytest.mark.ac("responses-replay")
def test_sealed_thinking_goes_back_to_its_own_service_alone() -> None:
    foreign = [SEALED | {"origin": "api.openai.com"}, SEALED]
    reply = Message(role="assistant", content="Yes.", codex_reasoning_items=foreign)
    assert _body(USER, reply)["input"][1:] == [{"role": "assistant", "content": "Yes."}]


@pytest.mark.ac("responses-replay")
async def test_thinking_that_led_to_nothing_is_followed_by_an_empty_answer(
    model_server: ModelServer,
) -> None:
    model_server.add(Reply(reasoning=["hm"], signature="sealed:1"), say("done"))
    parts = await _exchange(model_server)
    items = [part.item for part in parts if isinstance(part, ReplayItem)]
    reply = Message(role="assistant", codex_reasoning_items=items)
    await _exchange(model_server, USER, reply, Message(role="user", content="go on"))
    sent = model_server.request.json["input"]
    assert sent[1]["encrypted_content"] == "sealed:1"
    assert sent[2] == {"role": "assistant", "content": ""}


# --- what comes ----------------------------------------------------------------------


def _parts(*events: dict[str, Any]) -> list[StreamPart]:
    stream = ResponsesStream(HOST)
    packets = [ServerEvent(one["type"], msgspec.json.encode(one)) for one in events]
    found = [part for one in packets for part in stream.take(one)]
    assert stream.is_finished
    return [*found, *stream.finish()]


COMPLETED: dict[str, Any] = {"type": "response.completed", "response": {"output": []}}


@pytest.mark.ac("responses-rebuilt")
@pytest.mark.parametrize("listed", ["empty", "only"])
async def test_a_reply_is_whole_whichever_events_carry_its_items(
    model_server: ModelServer, listed: str
) -> None:
    model_server.add(
        Reply(
            reasoning=["Let me think."],
            text=["Reading."],
            calls=[Call(name="read_file", arguments={"path": "a"}, id="c1")],
            phase="commentary",
            output_list=listed,  # type: ignore[arg-type]  # one of its words
        )
    )
    parts = await _exchange(model_server, tools=(TOOL,))
    assert (thought(parts), said(parts)) == ("Let me think.", "Reading.")
    assert ToolCallStart(0, "c1", "read_file") in parts
    written = "".join(part.arguments for part in parts if isinstance(part, ToolCallDelta))
    assert written == '{"path": "a"}'
    kinds = [part.item["type"] for part in parts if isinstance(part, ReplayItem)]
    assert kinds == ["reasoning", "message", "function_call"]
    assert parts[-1] == StreamEnd("tool_calls")


def test_two_messages_and_two_thoughts_are_kept_apart() -> None:
    def item(index: int, kind: str, text: str) -> dict[str, Any]:
        field = "summary" if kind == "reasoning" else "content"
        return {
            "type": "response.output_item.done",
            "output_index": index,
            "item": {"type": kind, "id": f"i{index}", field: [{"type": "x", "text": text}]},
        }

    first = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    delta = {"type": "response.reasoning_summary_text.delta", "output_index": 0}
    parts = _parts(
        first,
        delta | {"delta": "one"},
        first,
        delta | {"delta": "two"},
        item(1, "message", "A"),
        item(2, "message", "B"),
        COMPLETED,
    )
    assert thought(parts) == "one\n\ntwo"
    assert said(parts) == "A\n\nB"


def test_a_thought_told_twice_is_shown_once() -> None:
    parts = _parts(
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "I think."},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Thought."},
        COMPLETED,
    )
    assert [part for part in parts if isinstance(part, ThinkingDelta)] == [
        ThinkingDelta("I think.")
    ]


def test_a_reply_without_thinking_leaves_nothing_to_replay() -> None:
    done = {
        "type": "response.output_item.done",
        "item": {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
    }
    assert not [part for part in _parts(done, COMPLETED) if isinstance(part, ReplayItem)]


@pytest.mark.parametrize(
    ("reason", "word"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("odd", "odd")],
)
def test_an_incomplete_reply_says_why(reason: str, word: str) -> None:
    response = {"output": [], "incomplete_details": {"reason": reason}}
    parts = _parts({"type": "response.incomplete", "response": response})
    assert parts[-1] == StreamEnd(word)


def test_the_closing_mark_of_compatible_servers_is_not_an_event() -> None:
    stream = ResponsesStream(HOST)
    assert list(stream.take(ServerEvent("", b"[DONE]"))) == []
    assert not stream.is_finished


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "no"},
        {"type": "response.failed", "response": {"error": {"code": "server_error"}}},
        {"type": "response.failed", "response": {}},
    ],
)
def test_both_kinds_of_error_events_are_errors(event: dict[str, Any]) -> None:
    with pytest.raises(ErrorEvent):
        _parts(event)


async def test_a_failed_response_is_classified(model_server: ModelServer) -> None:
    error = {"code": "rate_limit_exceeded", "message": "Slow down, try again in 3s"}
    failed = {"type": "response.failed", "response": {"status": "failed", "error": error}}
    model_server.add(say("abc", pieces=3, error_after=(3, failed)))
    with pytest.raises(ProviderError) as caught:
        await _exchange(model_server)
    assert (caught.value.reason, caught.value.retry_after_s) == ("rate_limit", 3.0)
