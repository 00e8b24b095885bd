"""What every wire does alike, over real sockets against the scripted server.

The wire without a network takes part with a process whose library speaks for the same
server; what only makes sense over HTTP is asked of the other three.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hermes_core.errors import ProviderError
from hermes_core.messages import Attachment, Message, ToolCall, Usage
from hermes_core.providers.base import (
    ModelRequest,
    ReplayItem,
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingBlock,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.clients import WireModel, open_model
from hermes_core.providers.resolve import Resolution
from tests.core.providers.reach import (
    KEY,
    TOOL,
    USER,
    ask,
    collect,
    file_resolution,
    resolution,
    said,
    thought,
)
from tests.fakes.model_file import LLAMA_FAKE, write_model_file
from tests.fakes.model_server.script import Call, Reply, Tokens, fail, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

WIRES = ("chat_completions", "anthropic_messages", "codex_responses")
"""Over HTTP."""


@dataclass
class Wire:
    """One wire with the server behind it."""

    mode: str
    server: ModelServer
    reached: Resolution
    model: WireModel

    async def play(self, *messages: Message, **fields: object) -> list[StreamPart]:
        """Send one request to its end."""
        return await collect(self.model, self.ask(*messages, **fields))

    def ask(self, *messages: Message, **fields: object) -> ModelRequest:
        """A request for this wire's model."""
        return ask(self.reached, *messages, **fields)

    async def fails(self, *messages: Message) -> ProviderError:
        """Send one request that must fail."""
        with pytest.raises(ProviderError) as caught:
            await self.play(*messages)
        return caught.value

    def error_body(self, message: str, kind: str) -> dict[str, object]:
        """An error in the words of this wire."""
        if self.mode == "anthropic_messages":
            return {"type": "error", "error": {"type": kind, "message": message}}
        if self.mode == "codex_responses":
            code = {"overloaded_error": "server_is_overloaded"}.get(kind, kind)
            return {"error": {"message": message, "type": kind, "code": code, "param": None}}
        return {"error": {"message": message, "type": kind, "code": None, "param": None}}


def _reach(server: ModelServer, mode: str) -> Resolution:
    """Reach the server over one of the wires."""
    if mode == "anthropic_messages":
        return resolution(
            server.url, provider="anthropic", api_mode=mode, model="claude-sonnet-4-5"
        )
    model = "gpt-5" if mode == "codex_responses" else "scripted-model"
    return resolution(server.base_url, api_mode=mode, model=model)


@pytest.fixture(params=WIRES)
async def http_wire(
    request: pytest.FixtureRequest, model_server: ModelServer
) -> AsyncIterator[Wire]:
    reached = _reach(model_server, request.param)
    model = open_model(reached)
    yield Wire(request.param, model_server, reached, model)
    await model.aclose()


@pytest.fixture(params=[*WIRES, "local"])
async def wire(
    request: pytest.FixtureRequest,
    model_server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Wire]:
    if request.param == "local":
        monkeypatch.setenv("PYTHONPATH", str(LLAMA_FAKE))
        file = write_model_file(tmp_path / "model.gguf", address=model_server.base_url)
        model_server.extra_fields.add("return_progress")
        reached = file_resolution(file)
    else:
        reached = _reach(model_server, request.param)
    model = open_model(reached)
    yield Wire(request.param, model_server, reached, model)
    await model.aclose()


@pytest.mark.ac("wire-text")
async def test_text_arrives_in_order_with_usage_and_finish_mark(wire: Wire) -> None:
    wire.server.add(say("Guten Tag, 世界 👋", pieces=5))
    parts = await wire.play()
    assert said(parts) == "Guten Tag, 世界 👋"
    assert isinstance(parts[-2], UsageReport)
    assert parts[-1] == StreamEnd("stop")


@pytest.mark.ac("wire-text")
@pytest.mark.parametrize("packet_bytes", [1, 7, 4096])
async def test_packet_borders_do_not_matter(http_wire: Wire, packet_bytes: int) -> None:
    http_wire.server.add(say("über allen Gipfeln ist Ruh", pieces=6, packet_bytes=packet_bytes))
    assert said(await http_wire.play()) == "über allen Gipfeln ist Ruh"


def refusing(message: str) -> Reply:
    """What a service says to a field it does not take."""
    error = {"message": message, "type": "invalid_request_error", "code": None, "param": None}
    return fail(400, {"error": error})


@pytest.mark.ac("wire-adapts")
@pytest.mark.parametrize(
    "message",
    [
        "Your organization must be verified to stream this model.",
        "Streaming is not supported for this model.",
        "This model does not support streaming.",
    ],
)
@pytest.mark.parametrize("mode", ["chat_completions", "codex_responses"])
async def test_a_service_that_does_not_stream_is_asked_for_whole_replies(
    model_server: ModelServer, mode: str, message: str
) -> None:
    reached = _reach(model_server, mode)
    model = open_model(reached)
    calls = [Call(name="read_file", arguments={"path": p}, id=f"call_{p}") for p in ("a", "b")]
    model_server.add(
        refusing(message),
        Reply(text=["Reading."], reasoning=["hm"], calls=calls, usage=Tokens(prompt=9, output=4)),
        say("Done."),
    )
    parts = await collect(model, ask(reached, tools=(TOOL,)))
    assert said(parts) == "Reading."
    starts = [(part.id, part.name) for part in parts if isinstance(part, ToolCallStart)]
    assert starts == [("call_a", "read_file"), ("call_b", "read_file")]
    (used,) = [part.usage for part in parts if isinstance(part, UsageReport)]
    assert (used.prompt_tokens, used.output_tokens) == (9, 4)
    assert parts[-1] == StreamEnd("tool_calls")
    assert not model.streams
    assert said(await collect(model, ask(reached))) == "Done."
    await model.aclose()
    asked = [request.json["stream"] for request in model_server.requests]
    assert asked == [True, False, False]


@pytest.mark.ac("wire-adapts")
@pytest.mark.parametrize(
    ("message", "gone", "come"),
    [
        ("Unsupported parameter: use 'max_completion_tokens' instead of 'max_tokens'.", "max_tokens", "max_completion_tokens"),
        ("Unknown parameter: 'stream_options'.", "stream_options", "stream"),
        ("body.stream_options: Extra inputs are not permitted", "stream_options", "stream"),
    ],
)  # fmt: skip
async def test_a_field_that_is_refused_is_asked_for_in_the_other_way_once(
    model_server: ModelServer, message: str, gone: str, come: str
) -> None:
    model_server.add(refusing(message), say("ok"), say("again"), refusing(message))
    reached = _reach(model_server, "chat_completions")
    model = open_model(reached)
    asked = ask(reached, max_output_tokens=9)
    assert said(await collect(model, asked)) == "ok"
    assert said(await collect(model, asked)) == "again"
    with pytest.raises(ProviderError, match=gone):
        await collect(model, asked)  # refused again: there is nothing else to try
    await model.aclose()
    first, *later = [request.json for request in model_server.requests]
    assert gone in first
    assert all(gone not in body and come in body for body in later)


@pytest.mark.ac("wire-adapts")
@pytest.mark.parametrize(
    "message",
    [
        "max_completion_tokens is too large: 99. At most 16 are supported.",
        "stream is corrupt",
        "Unknown parameter: 'foo'.",
    ],
)
async def test_other_refusals_are_passed_on_at_once(
    model_server: ModelServer, message: str
) -> None:
    model_server.add(refusing(message))
    reached = resolution(
        model_server.base_url, provider="openai", api_mode="chat_completions", model="gpt-4o"
    )
    model = open_model(reached)
    with pytest.raises(ProviderError):
        await collect(model, ask(reached))
    await model.aclose()


@pytest.mark.ac("wire-adapts")
async def test_a_page_in_place_of_a_whole_reply_is_no_reply(model_server: ModelServer) -> None:
    page = Reply(body="<html><title>Sign in</title></html>", headers={"content-type": "text/html"})
    model_server.add(refusing("Streaming is not supported."), page)
    reached = _reach(model_server, "chat_completions")
    model = open_model(reached)
    with pytest.raises(ProviderError, match="Sign in") as caught:
        await collect(model, ask(reached))
    await model.aclose()
    assert caught.value.reason == "malformed"


@pytest.mark.ac("output-cap")
async def test_the_longest_reply_that_is_set_reaches_every_wire(wire: Wire) -> None:
    field = "max_output_tokens" if wire.mode == "codex_responses" else "max_tokens"
    model = open_model(msgspec.structs.replace(wire.reached, max_output_tokens=700))
    assert (await model.as_sent(wire.ask())).body[field] == 700
    assert (await model.as_sent(wire.ask(max_output_tokens=300))).body[field] == 300
    await model.aclose()


@pytest.mark.ac("wire-key")
async def test_the_request_carries_its_key_and_no_retry(http_wire: Wire) -> None:
    http_wire.server.add(say("ok"))
    await http_wire.play()
    assert http_wire.server.request.key == KEY
    assert http_wire.server.request.headers["x-stainless-retry-count"] == "0"


@pytest.mark.ac("wire-reasoning")
async def test_reasoning_is_a_channel_of_its_own_and_is_replayed(wire: Wire) -> None:
    wire.server.extra_fields.add("reasoning_content")
    wire.server.add(
        Reply(reasoning=["Let me ", "think."], calls=[Call(name="read_file", id="c1")]),
        say("done"),
    )
    parts = await wire.play(tools=(TOOL,))
    assert thought(parts) == "Let me think."
    assert said(parts) == ""
    assistant = Message(
        role="assistant",
        reasoning=thought(parts),
        reasoning_details=[part.item for part in parts if isinstance(part, ThinkingBlock)] or None,
        codex_reasoning_items=[part.item for part in parts if isinstance(part, ReplayItem)] or None,
        tool_calls=(ToolCall(id="c1", name="read_file"),),
    )
    await wire.play(
        USER, assistant, Message(role="tool", content="58 lines", tool_call_id="c1"), tools=(TOOL,)
    )
    sent = _history(wire)
    if wire.mode == "anthropic_messages":
        first = sent[1]["content"][0]
        assert (first["type"], first["thinking"]) == ("thinking", "Let me think.")
    elif wire.mode == "codex_responses":
        assert [one.get("type") for one in sent] == [
            None,
            "reasoning",
            "function_call",
            "function_call_output",
        ]
        assert sent[1]["encrypted_content"] == "sealed:13"
    else:
        assert sent[2]["reasoning_content"] == "Let me think."


@pytest.mark.ac("wire-images")
async def test_a_picture_goes_in_and_a_lost_one_is_named(http_wire: Wire, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"not really a picture")
    files = (
        Attachment(path=str(picture), media_type="image/png"),
        Attachment(path=str(tmp_path / "gone.png"), media_type="image/png"),
    )
    http_wire.server.add(say("A cat."))
    await http_wire.play(Message(role="user", content="look", attachments=files))
    sent = repr(_history(http_wire))
    assert base64.b64encode(b"not really a picture").decode() in sent
    assert "picture gone.png is not available" in sent
    assert "look" in sent


@pytest.mark.ac("wire-text")
async def test_an_endpoint_with_one_model_needs_no_name(http_wire: Wire) -> None:
    http_wire.server.add(say("ok"))
    runtime = msgspec.structs.replace(http_wire.reached.runtime, model="")
    await http_wire.play(runtime=runtime)
    assert http_wire.server.request.json["model"] == "scripted-model"


@pytest.mark.ac("wire-tools")
async def test_several_calls_at_once_keep_their_arguments_apart(wire: Wire) -> None:
    wire.server.add(
        Reply(
            text=["Reading."],
            calls=[
                Call(name="read_file", arguments={"path": "a"}, id="c1", pieces=4),
                Call(name="read_file", arguments={"path": "b"}, id="c2", pieces=3),
            ],
        )
    )
    parts = await wire.play(tools=(TOOL,))
    starts = [part for part in parts if isinstance(part, ToolCallStart)]
    assert starts == [ToolCallStart(0, "c1", "read_file"), ToolCallStart(1, "c2", "read_file")]
    written = ["", ""]
    for part in parts:
        if isinstance(part, ToolCallDelta):
            written[part.index] += part.arguments
    assert written == ['{"path": "a"}', '{"path": "b"}']
    assert parts[-1] == StreamEnd("tool_calls")


@pytest.mark.ac("text-tools")
async def test_tools_can_be_told_and_calls_be_read_in_the_text(http_wire: Wire) -> None:
    reached = replace(http_wire.reached, tool_calls="text")
    written = '<tool_call>{"name": "read_file", "arguments": {"path": "a"}}</tool_call>'
    http_wire.server.add(say(f"Reading. {written}", pieces=7))
    model = open_model(reached)
    parts = await collect(model, ask(reached, tools=(TOOL,)))
    await model.aclose()
    assert said(parts) == "Reading. "
    assert [part.name for part in parts if isinstance(part, ToolCallStart)] == ["read_file"]
    assert parts[-1] == StreamEnd("tool_calls")
    assert "tools" not in http_wire.server.request.json
    assert "Read a file." in http_wire.server.request.raw.decode()


@pytest.mark.ac("wire-tools")
async def test_unfinished_arguments_are_passed_on_as_they_are(wire: Wire) -> None:
    wire.server.add(
        Reply(
            calls=[Call(name="read_file", arguments='{"path": "a')],
            finish="max_tokens" if wire.mode == "anthropic_messages" else "length",
        )
    )
    parts = await wire.play(tools=(TOOL,))
    assert "".join(p.arguments for p in parts if isinstance(p, ToolCallDelta)) == '{"path": "a'
    assert parts[-1] == StreamEnd("length")


@pytest.mark.ac("ac-14-1")
async def test_usage_comes_in_exact_buckets(wire: Wire) -> None:
    tokens = Tokens(prompt=1000, output=50, cached=600, written=100, reasoning=20)
    wire.server.add(say("ok", usage=tokens))
    parts = await wire.play()
    (report,) = [part for part in parts if isinstance(part, UsageReport)]
    assert report.usage == Usage(
        input_tokens=300,
        output_tokens=50,
        cache_read_tokens=600,
        cache_write_tokens=100,
        # The messages wire does not tell thinking from the rest of the output.
        reasoning_tokens=0 if wire.mode == "anthropic_messages" else 20,
        requests=1,
    )


@pytest.mark.ac("wire-errors")
async def test_a_rate_limit_says_how_long_to_wait_and_is_not_retried_here(http_wire: Wire) -> None:
    body = http_wire.error_body("Slow down", "rate_limit_error")
    http_wire.server.add(fail(429, body, {"retry-after": "5"}))
    error = await http_wire.fails()
    assert (error.reason, error.status, error.retryable) == ("rate_limit", 429, True)
    assert error.retry_after_s == 5.0
    assert "Slow down" in str(error)
    assert len(http_wire.server.requests) == 1


@pytest.mark.ac("wire-errors")
async def test_an_error_in_the_middle_of_a_stream_is_classified(wire: Wire) -> None:
    body = wire.error_body("Overloaded", "overloaded_error")
    wire.server.add(say("abc", pieces=3, error_after=(3, body)))
    error = await wire.fails()
    assert (error.reason, error.retryable) == ("overloaded", True)


@pytest.mark.ac("wire-cut")
async def test_a_dropped_connection_yields_what_came_and_then_fails(wire: Wire) -> None:
    opening = 4 if wire.mode == "codex_responses" else 3
    wire.server.add(say("one two ", pieces=2, cut_after=opening + 1))
    parts: list[StreamPart] = []

    async def read() -> None:
        async with aclosing(wire.model.stream(wire.ask())) as stream:
            async for part in stream:
                parts.append(part)

    with pytest.raises(ProviderError) as caught:
        await read()
    assert said(parts).startswith("one ")
    assert caught.value.reason == "cut_stream"


@pytest.mark.ac("wire-cut")
async def test_a_body_without_a_finish_mark_is_a_cut_stream(wire: Wire) -> None:
    wire.server.add(say("half", no_finish=True))
    assert (await wire.fails()).reason == "cut_stream"


@pytest.mark.ac("wire-cut")
async def test_a_chunk_that_cannot_be_read_is_a_cut_stream(http_wire: Wire) -> None:
    http_wire.server.add(say("abc", pieces=3, malformed_after=2))
    assert (await http_wire.fails()).reason == "cut_stream"


@pytest.mark.ac("wire-errors")
async def test_an_overflow_names_the_window(wire: Wire) -> None:
    words = "prompt is too long: 208310 tokens > 200000 maximum"
    wire.server.add(fail(400, wire.error_body(words, "invalid_request_error")))
    error = await wire.fails()
    assert (error.reason, error.window_tokens) == ("context_overflow", 200_000)
    assert not error.retryable


@pytest.mark.ac("wire-errors")
async def test_a_refusal_shows_its_words_and_ends_as_filtered(wire: Wire) -> None:
    wire.server.add(Reply(refusal="I will not."))
    parts = await wire.play()
    assert said(parts) == "I will not."
    assert parts[-1] == StreamEnd("content_filter")


@pytest.mark.ac("wire-errors")
async def test_a_reply_cut_by_its_length_says_so(wire: Wire) -> None:
    finish = "max_tokens" if wire.mode == "anthropic_messages" else "length"
    wire.server.add(say("a long", finish=finish))
    assert (await wire.play())[-1] == StreamEnd("length")


@pytest.mark.ac("wire-text")
async def test_an_empty_reply_is_just_its_end(wire: Wire) -> None:
    wire.server.add(Reply())
    parts = await wire.play()
    assert said(parts) == ""
    assert parts[-1] == StreamEnd("stop")


@pytest.mark.ac("wire-text")
async def test_comments_before_the_reply_are_not_text(wire: Wire) -> None:
    wire.server.add(say("ok", comments=3))
    assert said(await wire.play()) == "ok"


@pytest.mark.ac("wire-key")
@pytest.mark.parametrize("mode", WIRES)
async def test_a_wrong_key_names_its_variable_and_is_never_shown(mode: str) -> None:
    server = await ModelServer(api_key="sk-right").start()
    model = open_model(_reach(server, mode))
    with pytest.raises(ProviderError) as caught:
        await collect(model, ask(_reach(server, mode)))
    await model.aclose()
    await server.aclose()
    error = caught.value
    assert (error.reason, error.status, error.retryable) == ("auth", 401, False)
    assert "TEST_API_KEY" in error.hint
    assert KEY not in f"{error} {error.hint}"


@pytest.mark.ac("wire-errors")
@pytest.mark.parametrize("mode", WIRES)
async def test_a_refused_connection_asks_whether_the_server_runs(mode: str) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    provider = "anthropic" if mode == "anthropic_messages" else "custom"
    reached = resolution(url, provider=provider, api_mode=mode)
    model = open_model(reached)
    with pytest.raises(ProviderError) as caught:
        await collect(model, ask(reached))
    await model.aclose()
    assert (caught.value.reason, caught.value.retryable) == ("connection", True)
    assert caught.value.hint == f"Is the server running at {url}?"


@pytest.mark.ac("wire-abort")
async def test_closing_the_iterator_drops_the_request_but_not_the_client(wire: Wire) -> None:
    wire.server.add(say("abcdef", pieces=6, gates={5: asyncio.Event()}), say("again"))
    stream = wire.model.stream(wire.ask())
    async for part in stream:
        if isinstance(part, TextDelta):
            break
    async with asyncio.timeout(0.3):
        await stream.aclose()
    await until(lambda: wire.server.aborted == 1)
    assert said(await wire.play()) == "again"


@pytest.mark.ac("wire-abort")
@pytest.mark.parametrize("moment", ["before the headers", "between two events"])
async def test_cancelling_the_reader_drops_the_request_at_once(wire: Wire, moment: str) -> None:
    gate = asyncio.Event()
    if moment == "before the headers":
        wire.server.add(say("never", before=gate))
    else:
        wire.server.add(say("never", gates={2: gate}))
    reading = asyncio.create_task(wire.play())
    await until(lambda: wire.server.requests)
    reading.cancel()
    async with asyncio.timeout(0.3):
        with pytest.raises(asyncio.CancelledError):
            await reading
    await until(lambda: wire.server.aborted == 1)


@pytest.mark.ac("wire-connection")
async def test_requests_one_after_the_other_share_a_connection(http_wire: Wire) -> None:
    http_wire.server.add(say("one"), say("two"), say("three"))
    for _ in range(3):
        await http_wire.play()
    assert http_wire.server.connections == 1


@pytest.mark.ac("wire-timeout")
async def test_silence_between_packets_is_a_timeout(http_wire: Wire) -> None:
    reached = resolution(
        http_wire.reached.runtime.base_url,
        provider=http_wire.reached.record.id,
        api_mode=http_wire.mode,
        model=http_wire.reached.runtime.model,
        read_s=0.05,
    )
    http_wire.server.add(say("ab", pieces=2, gates={2: asyncio.Event()}))
    model = open_model(reached)
    with pytest.raises(ProviderError) as caught:
        await collect(model, ask(reached))
    await model.aclose()
    assert (caught.value.reason, caught.value.retryable) == ("timeout", True)


@pytest.mark.ac("wire-errors")
async def test_a_web_page_instead_of_a_stream_points_at_the_address(http_wire: Wire) -> None:
    page = "<html><head><title>Welcome to nginx!</title></head><body>…</body></html>"
    http_wire.server.add(Reply(body=page))
    error = await http_wire.fails()
    assert error.reason == "malformed"
    assert "Welcome to nginx!" in str(error)
    assert "<" not in str(error)
    assert "base_url" in error.hint


@pytest.mark.ac("wire-key")
async def test_a_redirect_is_not_followed_to_another_host(http_wire: Wire) -> None:
    other = await ModelServer().start()
    elsewhere = other.base_url
    http_wire.server.add(fail(307, "", {"location": elsewhere}))
    error = await http_wire.fails()
    await other.aclose()
    assert other.connections == 0
    assert (error.status, error.retryable) == (307, False)
    assert elsewhere in error.hint


@pytest.mark.ac("ac-7-2")
async def test_the_next_step_repeats_the_bytes_of_the_history(wire: Wire) -> None:
    wire.server.add(say("one"), say("two"))
    call = ToolCall(id="c1", name="read_file", arguments='{"path": "x",  "limit": 3}')
    history = (
        USER,
        Message(role="assistant", content=" Reading. ", tool_calls=(call,)),
        Message(role="tool", content="text", tool_call_id="c1"),
    )
    fixed = {"tools": (TOOL,)}
    await wire.play(*history, **fixed)
    await wire.play(
        *history,
        Message(role="assistant", content="done"),
        Message(role="user", content="more"),
        **fixed,
    )
    first, second = (one.json[_field(wire)] for one in wire.server.requests)
    assert _unmarked(second)[: len(first)] == _unmarked(first)


def _field(wire: Wire) -> str:
    return "input" if wire.mode == "codex_responses" else "messages"


def _history(wire: Wire) -> list[dict[str, Any]]:
    """The history as the newest request carries it."""
    return list(wire.server.request.json[_field(wire)])


def _unmarked(messages: list[dict[str, object]]) -> str | list[object]:
    """The messages without cache markers, which move on with each call."""

    def clean(node: object) -> object:
        if isinstance(node, list):
            return [clean(one) for one in node]
        if isinstance(node, dict):
            return {key: clean(one) for key, one in node.items() if key != "cache_control"}
        return node

    return [clean(one) for one in messages]
