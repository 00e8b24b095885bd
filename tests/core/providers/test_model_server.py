"""The scripted server refuses what the services refuse and fails dishonest tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.fakes.model_server.script import Call, Reply, fail, from_json, say
from tests.fakes.model_server.server import ModelServer

USER = {"role": "user", "content": "hi"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "t", "arguments": "{}"}}],
}
VERSION = {"anthropic-version": "2023-06-01"}


async def _post(
    server: ModelServer, path: str, body: Mapping[str, Any], headers: Mapping[str, str] = VERSION
) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.post(f"{server.url}{path}", json=dict(body), headers=dict(headers))


def _events(response: httpx2.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


async def test_a_chat_stream_has_role_text_finish_usage_and_done(model_server: ModelServer) -> None:
    model_server.add(say("Hello you", pieces=2))
    body = {
        "model": "m",
        "messages": [USER],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    response = await _post(model_server, "/v1/chat/completions", body)
    first, *middle, last = _events(response)
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert [one["choices"][0]["delta"].get("content") for one in middle] == ["Hello", " you", None]
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 40
    assert response.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": [USER], "reasoning": {}}, "Unrecognized request argument"),
        ({"messages": []}, "too short"),
        ({"messages": [{"role": "robot", "content": ""}]}, "Invalid value: 'robot'"),
        ({"messages": [USER | {"reasoning": "x"}]}, "Unknown parameter"),
        ({"messages": [USER, CALL]}, "must be followed by tool messages"),
        ({"messages": [USER, CALL, USER]}, "must be followed by tool messages"),
        ({"messages": [{"role": "tool", "content": "", "tool_call_id": "b"}]}, "preceeding"),
        ({"messages": [USER], "stream_options": {}}, "only allowed when 'stream'"),
        ({"messages": [USER], "tools": []}, "too short - 'tools'"),
    ],
)
async def test_the_chat_wire_refuses_what_the_service_refuses(
    body: dict[str, Any], words: str
) -> None:
    server = await ModelServer(expect_refusals=True).start()
    response = await _post(server, "/v1/chat/completions", {"model": "m"} | body)
    await server.aclose()
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}]}
THOUGHT = {"type": "thinking", "thinking": "x", "signature": "forged"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": [USER]}, "max_tokens: Field required"),
        ({"max_tokens": 9, "messages": [USER], "tool": 1}, "Extra inputs"),
        ({"max_tokens": 9, "messages": [USER, USER]}, "roles must alternate"),
        ({"max_tokens": 9, "messages": [USER, USE, USER]}, "without `tool_result`"),
        ({"max_tokens": 9, "messages": [{"role": "assistant", "content": "a"}]}, "first message"),
        ({"max_tokens": 9, "messages": [{"role": "user", "content": ""}]}, "non-empty"),
        (
            {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": [THOUGHT]}]},
            "Invalid `signature`",
        ),
        (
            {
                "max_tokens": 9,
                "messages": [USER],
                "thinking": {"type": "enabled", "budget_tokens": 2000},
            },
            "must be greater than",
        ),
    ],
)
async def test_the_messages_wire_refuses_what_the_service_refuses(
    body: dict[str, Any], words: str
) -> None:
    server = await ModelServer(expect_refusals=True).start()
    response = await _post(server, "/v1/messages", {"model": "m"} | body)
    await server.aclose()
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


async def test_the_responses_wire_streams_text_and_calls(model_server: ModelServer) -> None:
    model_server.add(Reply(text=["Hi"], calls=[Call(name="t", arguments={"a": 1}, id="c1")]))
    body = {"model": "m", "input": "hi", "stream": True}
    events = _events(await _post(model_server, "/v1/responses", body))
    names = [event["type"] for event in events]
    assert names[0] == "response.created"
    assert names[-1] == "response.completed"
    assert "response.output_text.delta" in names
    assert events[-1]["response"]["output"][1]["call_id"] == "c1"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


async def test_a_request_without_a_step_fails_the_test() -> None:
    server = await ModelServer().start()
    response = await _post(server, "/v1/chat/completions", {"model": "m", "messages": [USER]})
    await server.aclose()
    assert response.status_code == 400
    with pytest.raises(AssertionError, match="not expected"):
        server.assert_done()


async def test_steps_left_over_fail_the_test() -> None:
    with pytest.raises(AssertionError, match="never asked for"):
        ModelServer([say("unused")]).assert_done()


async def test_a_refused_request_fails_the_test_unless_it_was_expected() -> None:
    server = await ModelServer().start()
    await _post(server, "/v1/chat/completions", {"model": "m", "messages": []})
    await server.aclose()
    with pytest.raises(AssertionError, match="refused"):
        server.assert_done()


async def test_a_failed_check_of_a_request_fails_the_test() -> None:
    def check(request: object) -> None:
        raise AssertionError("wrong words")

    server = await ModelServer([say("ok", check=check)]).start()
    await _post(server, "/v1/chat/completions", {"model": "m", "messages": [USER]})
    await server.aclose()
    with pytest.raises(AssertionError, match="wrong words"):
        server.assert_done()


async def test_a_foreign_key_is_refused_in_the_words_of_each_service() -> None:
    server = await ModelServer(api_key="right").start()
    headers = VERSION | {"authorization": "Bearer wrong-key"}
    chat = await _post(server, "/v1/chat/completions", {"model": "m"}, headers)
    messages = await _post(server, "/v1/messages", {"model": "m"}, headers)
    await server.aclose()
    assert (chat.status_code, chat.json()["error"]["code"]) == (401, "invalid_api_key")
    assert messages.json()["error"]["type"] == "authentication_error"
    server.assert_done()


async def test_a_connection_is_dropped_after_the_stated_events(model_server: ModelServer) -> None:
    model_server.add(say("abcd", pieces=4, cut_after=3))
    body = {"model": "m", "messages": [USER], "stream": True}
    with pytest.raises(httpx2.RemoteProtocolError):
        await _post(model_server, "/v1/chat/completions", body)


async def test_errors_models_and_control_answer_as_written(model_server: ModelServer) -> None:
    model_server.add(fail(503, "<html><title>Busy</title></html>", {"retry-after": "7"}))
    body = {"model": "m", "messages": [USER]}
    response = await _post(model_server, "/v1/chat/completions", body)
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    async with httpx2.AsyncClient() as client:
        models = await client.get(f"{model_server.base_url}/models")
        state = await client.get(f"{model_server.url}/_script/state")
    assert models.json()["data"][0]["id"] == "scripted-model"
    assert state.json()["remaining"] == 0


def test_a_script_file_knows_every_field_and_refuses_others() -> None:
    steps = from_json(
        [{"tokens": 3}, {"text": "hi", "calls": [{"name": "t"}], "usage": {"prompt": 5}}]
    )
    assert len(steps[0].text) == 3
    assert steps[1].calls[0].name == "t"
    with pytest.raises(ValueError, match="txet"):
        from_json([{"txet": "hi"}])
