"""The official client against the API: whole answers, streams, tools, failures."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from hermes_core.servers.api.chat_completions import ChatOptions
from tests.fakes.model_server.script import Call, Reply, Tokens, call, fail, say
from tests.fakes.model_server.server import ModelServer
from tests.servers.conftest import Api, StartApi

GOLDEN = Path(__file__).parent / "golden"


def asks(text: str, **rest: Any) -> dict[str, Any]:
    return {"model": "agent", "messages": [{"role": "user", "content": text}], **rest}


@pytest.mark.ac("api-whole")
async def test_official_client_gets_a_whole_answer(api: Api, model_server: ModelServer) -> None:
    model_server.add(say("Hello there.", usage=Tokens(prompt=50, output=7, cached=30)))
    client = await api.client()
    raw = await client.chat.completions.with_raw_response.create(**asks("Hi", temperature=0.3))
    answer = raw.parse()
    assert answer.choices[0].message.content == "Hello there."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "agent"
    assert answer.id.startswith("chatcmpl-")
    assert len(answer.id) == len("chatcmpl-") + 29
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (50, 7)
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 30
    assert raw.headers["x-hermes-session-id"].startswith("api-")
    listed = await api.host.store.list_sessions()
    assert [entry.source for entry in listed] == ["api_server"]


@pytest.mark.ac("api-stream")
async def test_plain_loop_over_a_stream_sees_text_and_usage(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(Reply(text=["One ", "two ", "three."]))
    client = await api.client()
    stream = await client.chat.completions.create(**asks("Count", stream=True))
    chunks = [chunk async for chunk in stream]
    assert all(chunk.choices is not None for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "One two three."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 48


async def test_text_is_streamed_before_the_answer_is_complete(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(Reply(text=["early ", "late"], gates={2: "rest"}))
    client = await api.client()
    stream = await client.chat.completions.create(**asks("Go", stream=True))
    seen = ""
    async for chunk in stream:
        seen += chunk.choices[0].delta.content or ""
        if seen == "early ":
            model_server.gate("rest").set()
    assert seen == "early late"


async def test_usage_comes_in_a_chunk_of_its_own_when_asked_for(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(say("Hi."))
    client = await api.client()
    asked = asks("Hi", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in await client.chat.completions.create(**asked)]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-2].usage is None


@pytest.mark.ac("api-stream-helper")
async def test_stream_helper_of_the_client_accepts_tool_progress(
    api: Api, model_server: ModelServer, notes: None
) -> None:
    model_server.add(call("read_file", {"path": "notes.txt"}), say("It says forty-two."))
    client = await api.client()
    async with client.chat.completions.stream(**asks("Read notes.txt")) as stream:
        async for _ in stream:
            pass
        answer = await stream.get_final_completion()
    assert answer.choices[0].message.content == "It says forty-two."


@pytest.mark.ac("api-tool-progress")
async def test_tools_show_as_legal_chunks_and_never_in_the_text(
    api: Api, model_server: ModelServer, notes: None
) -> None:
    model_server.add(
        Reply(
            text=["Let me look."], calls=[Call(name="read_file", arguments={"path": "notes.txt"})]
        ),
        say("It says forty-two."),
    )
    client = await api.client()
    chunks = [c async for c in await client.chat.completions.create(**asks("Read", stream=True))]
    shown = [chunk.to_dict() for chunk in chunks if not chunk.choices]
    assert [(one["tool"], one["status"]) for one in shown] == [
        ("read_file", "started"),
        ("read_file", "completed"),
    ]
    assert shown[0]["label"] == "notes.txt"
    assert shown[0]["tool_call_id"] == shown[1]["tool_call_id"]
    assert {one["id"] for one in shown} == {chunks[0].id}
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "Let me look.\n\nIt says forty-two."
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.prompt_tokens == 80


async def test_request_can_switch_tool_progress_off(api: Api, model_server: ModelServer) -> None:
    model_server.add(call("read_file", {"path": "missing"}), say("Not there."))
    client = await api.client()
    stream = await client.chat.completions.create(
        **asks("Read", stream=True), extra_headers={"X-Hermes-Tool-Progress": "off"}
    )
    assert all([chunk.choices async for chunk in stream])


async def test_whole_answer_after_tools_is_the_final_text(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(
        Reply(text=["Let me look."], calls=[Call(name="read_file", arguments={"path": "x"})]),
        say("It is not there."),
    )
    client = await api.client()
    answer = await client.chat.completions.create(**asks("Read x"))
    assert answer.choices[0].message.content == "It is not there."


@pytest.mark.ac("api-system-text")
async def test_system_text_of_the_client_is_sent_and_not_stored(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(say("Arr."))
    client = await api.client()
    await client.chat.completions.create(
        model="agent",
        messages=[
            {"role": "system", "content": "Talk like a pirate."},
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        ],
    )
    sent = json.dumps(model_server.request.json)
    assert "Talk like a pirate.\\nBe brief." in sent
    listed = await api.host.store.list_sessions()
    record = await api.host.store.session(listed[0].id)
    assert "pirate" not in (record.system_prompt or "")
    stored = await api.host.store.messages(record.id)
    assert [(message.role, message.content) for message in stored] == [
        ("user", "Hi"),
        ("assistant", "Arr."),
    ]


@pytest.mark.ac("api-failure")
async def test_failed_turn_is_an_error_the_client_does_not_retry(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(fail(401, {"error": {"message": "bad key", "code": "invalid_api_key"}}))
    client = await api.client(max_retries=2)
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(**asks("Hi"))
    assert caught.value.code == "agent_failed"
    assert len(model_server.requests) == 1


async def test_stream_of_a_failed_turn_raises_in_the_client(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(fail(401, {"error": {"message": "bad key", "code": "invalid_api_key"}}))
    client = await api.client()
    stream = await client.chat.completions.create(**asks("Hi", stream=True))
    with pytest.raises(openai.APIError, match="key"):
        async for _ in stream:
            pass


@pytest.mark.ac("api-partial")
@pytest.mark.parametrize("stream", [True, False])
async def test_answer_that_breaks_off_is_not_called_complete(
    api: Api, model_server: ModelServer, *, stream: bool
) -> None:
    model_server.add(*(Reply(text=["Half ", "of it"], cut_after=3) for _ in range(2)))
    http = await api.http()
    answer = await http.post("/v1/chat/completions", json=asks("Tell", stream=stream))
    assert answer.status_code == 200
    assert '"finish_reason":"length"' in answer.text
    assert '"finish_reason":"stop"' not in answer.text
    assert "Half " in answer.text


@pytest.mark.ac("api-no-model")
@pytest.mark.parametrize("stream", [True, False])
async def test_without_a_model_every_request_is_answered_503(
    start_api: StartApi, *, stream: bool
) -> None:
    api = await start_api(has_model=False)
    client = await api.client(max_retries=2)
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(**asks("Hi", stream=stream))
    assert caught.value.status_code == 503
    assert caught.value.code == "no_model_configured"


@pytest.mark.ac("api-keep-alive")
async def test_silence_is_broken_by_comments(
    start_api: StartApi, model_server: ModelServer
) -> None:
    api = await start_api(chat=ChatOptions(keep_alive_s=0.05))
    model_server.add(Reply(text=["Done."], before="go"))
    http = await api.http()
    lines: list[str] = []
    async with http.stream(
        "POST", "/v1/chat/completions", json=asks("Wait", stream=True)
    ) as answer:
        async for line in answer.aiter_lines():
            lines.append(line)
            if lines.count(": keepalive") == 2:
                model_server.gate("go").set()
    assert lines[-2] == "data: [DONE]"
    assert any("Done." in line for line in lines)


@pytest.mark.ac("api-16-clients")
async def test_sixteen_clients_are_answered_at_once(api: Api, model_server: ModelServer) -> None:
    gate = asyncio.Event()
    model_server.add(*(Reply(text=["ok"], before=gate) for _ in range(16)))
    client = await api.client()
    asked = [
        asyncio.create_task(client.chat.completions.create(**asks("the same"))) for _ in range(16)
    ]
    async with asyncio.timeout(60):
        while len(model_server.requests) < 16:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)
    gate.set()
    answers = await asyncio.gather(*asked)
    assert [answer.choices[0].message.content for answer in answers] == ["ok"] * 16
    assert len(await api.host.store.list_sessions()) == 16


async def test_more_requests_than_fit_are_told_to_come_back(
    start_api: StartApi, model_server: ModelServer
) -> None:
    api = await start_api(chat=ChatOptions(max_in_flight=1))
    model_server.add(Reply(text=["first"], before="go"))
    client = await api.client()
    first = asyncio.create_task(client.chat.completions.create(**asks("one")))
    async with asyncio.timeout(60):
        while not model_server.requests:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(**asks("two"))
    assert caught.value.response.headers["retry-after"] == "1"
    model_server.gate("go").set()
    assert (await first).choices[0].message.content == "first"


@pytest.mark.ac("api-direct")
@pytest.mark.parametrize("stream", [True, False])
async def test_direct_model_answers_without_tools_and_leaves_no_session(
    api: Api, model_server: ModelServer, *, stream: bool
) -> None:
    model_server.add(Reply(text=["A ", "title"], usage=Tokens(prompt=9, output=2)))
    http = await api.http()
    asked = {**asks("Name this chat", stream=stream), "model": "hermes-agent-direct"}
    answer = await http.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 200
    assert '"finish_reason":"stop"' in answer.text
    assert '"total_tokens":11' in answer.text
    assert ('"content":"title"' if stream else '"content":"A title"') in answer.text
    assert "x-hermes-session-id" not in answer.headers
    sent = model_server.request.json
    assert "tools" not in sent
    assert sent["messages"][-1] == {"role": "user", "content": "Name this chat"}
    assert await api.host.store.list_sessions() == []


async def test_direct_model_that_fails_is_a_failure(api: Api, model_server: ModelServer) -> None:
    model_server.add(fail(401, {"error": {"message": "bad key", "code": "invalid_api_key"}}))
    client = await api.client()
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(**{**asks("Hi"), "model": "hermes-agent-direct"})


@pytest.mark.ac("api-golden")
async def test_wire_of_a_scripted_turn_is_as_kept(
    api: Api, model_server: ModelServer, notes: None
) -> None:
    model_server.add(
        Reply(text=["I look."], calls=[Call(name="read_file", arguments={"path": "notes.txt"})]),
        say("It says forty-two."),
    )
    http = await api.http()
    asked = asks("Read notes.txt", stream=True, stream_options={"include_usage": True})
    answer = await http.post("/v1/chat/completions", json=asked)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    first = json.loads(answer.text.partition("\n")[0].removeprefix("data: "))
    wire = answer.text.replace(first["id"], "chatcmpl-ID").replace(
        f'"created":{first["created"]}', '"created":0'
    )
    assert wire == (GOLDEN / "chat_stream.txt").read_text("utf-8")
