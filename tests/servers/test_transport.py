"""Who may ask, from where, how much, and how refusals look."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from hermes_core.config.safety_settings import ApiServerSettings
from hermes_core.errors import ConfigError
from hermes_core.servers.api.application import model_name
from hermes_core.servers.api.binding import PLACEHOLDERS, check_binding, is_network
from hermes_core.servers.api.chat_completions import ChatOptions
from hermes_core.servers.api.chat_request import parse
from hermes_core.servers.api.gate import is_local_name
from hermes_core.servers.api.wire import ApiError, json_bytes
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.servers.conftest import Api, StartApi

KEY = "a-key-of-some-length"
HELLO = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.ac("api-auth")
async def test_wrong_or_missing_key_is_refused_except_for_health(start_api: StartApi) -> None:
    api = await start_api(key=KEY)
    client = await api.client("wrong")
    with pytest.raises(openai.AuthenticationError) as caught:
        await client.models.list()
    assert caught.value.code == "invalid_api_key"
    http = await api.http()
    for headers in ({}, {"Authorization": KEY}, {"Authorization": f"Basic {KEY}"}):
        assert (await http.get("/v1/models", headers=headers)).status_code == 401
    for path in ("/health", "/v1/health"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.ac("api-models")
async def test_models_list_names_the_agent(start_api: StartApi) -> None:
    api = await start_api(key=KEY, model_name="my-agent")
    client = await api.client(KEY)
    listed = await client.models.list()
    assert [model.id for model in listed.data] == ["my-agent", "my-agent-direct"]
    assert await client.models.retrieve("my-agent") == listed.data[0]
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("another")


def test_model_is_named_by_setting_then_profile_then_default() -> None:
    plain = ApiServerSettings()
    assert model_name(ApiServerSettings(model_name="x"), "work") == "x"
    assert model_name(plain, "work") == "work"
    assert model_name(plain, "default") == model_name(plain, "") == "hermes-agent"


@pytest.mark.ac("api-cors")
async def test_pages_of_other_sites_are_refused_with_an_empty_body(api: Api) -> None:
    http = await api.http()
    for method in ("GET", "POST", "OPTIONS"):
        answer = await http.request(method, "/health", headers={"Origin": "https://evil.example"})
        assert (answer.status_code, answer.content) == (403, b"")
    assert (await http.options("/health")).status_code == 403


@pytest.mark.ac("api-cors")
async def test_allowed_site_gets_the_headers_on_streams_too(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.add(say("Hi."))
    site = "https://chat.example"
    api = await start_api(cors_origins=[site])
    http = await api.http()
    asked = await http.options("/v1/chat/completions", headers={"Origin": site})
    assert asked.status_code == 200
    assert "X-Hermes-Session-Id" in asked.headers["access-control-allow-headers"]
    answer = await http.post(
        "/v1/chat/completions", json={**HELLO, "stream": True}, headers={"Origin": site}
    )
    assert answer.headers["access-control-allow-origin"] == site
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["access-control-expose-headers"] == "X-Hermes-Session-Id"


async def test_names_bent_to_this_machine_are_refused_while_there_is_no_key(
    start_api: StartApi,
) -> None:
    open_api = await start_api()
    http = await open_api.http()
    answer = await http.get("/v1/models", headers={"Host": "evil.example:8642"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "invalid_host")
    closed = await (await start_api(key=KEY)).http()
    headers = {"Host": "agent.example", "Authorization": f"Bearer {KEY}"}
    assert (await closed.get("/v1/models", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost:8642", True),
        ("127.0.0.1", True),
        ("127.9.9.9:80", True),
        ("[::1]:8642", True),
        ("[::ffff:127.0.0.1]:1", True),
        ("LocalHost", True),
        ("", False),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("[2001:db8::1]:80", False),
    ],
)
def test_local_names_are_told_from_others(host: str, *, is_local: bool) -> None:
    assert is_local_name(host) is is_local


@pytest.mark.ac("api-limits")
async def test_bodies_beyond_the_limit_are_refused_chunked_ones_too(start_api: StartApi) -> None:
    api = await start_api(chat=ChatOptions(max_body_bytes=1_000))
    http = await api.http()

    async def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 100

    for content in (b"x" * 2_000, pieces()):
        answer = await http.post("/v1/chat/completions", content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Invalid JSON"),
        (b"[]", "JSON object"),
        (b"{}", "Missing or invalid 'messages' field"),
        (b'{"messages": []}', "Missing or invalid 'messages' field"),
        (b'{"messages": ["hi"]}', r"messages\[0\] must be an object"),
        (b'{"messages": [{"role": "user", "content": " "}]}', "No user message found"),
        (b'{"messages": [{"role": "tool", "content": "x"}]}', "No user message found"),
        (b'{"messages": [{"role": "user", "content": 7}]}', "string or a list of parts"),
        (b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "only text"),
        (b'{"messages": [{"role": "user", "content": ' + b"[" * 11 + b"]" * 11 + b"}]}", "deep"),
    ],
)
def test_requests_that_make_no_sense_are_refused_in_words(body: bytes, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        parse(body)
    assert caught.value.status == 400


def test_parts_are_joined_and_too_much_of_them_is_an_error_not_a_cut() -> None:
    def content(value: Any) -> bytes:
        return json_bytes({"messages": [{"role": "user", "content": value}], "n": 3, "tools": [1]})

    parts = [{"type": "text", "text": "a"}, [{"type": "input_text", "text": "b"}], "c"]
    assert parse(content(parts)).text == "a\nb\nc"
    assert parse(content("x" * 100_000)).text == "x" * 100_000
    for value in (["x"] * 1_001, ["x" * 65_537]):
        with pytest.raises(ApiError, match="over") as caught:
            parse(content(value))
        assert caught.value.body.code == "content_too_long"


async def test_unknown_routes_and_methods_are_json_with_common_headers(api: Api) -> None:
    http = await api.http()
    missing = await http.get("/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    wrong = await http.get("/v1/chat/completions")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert set(wrong.json()["error"]) == {"message", "type", "param", "code"}
    assert wrong.headers["x-content-type-options"] == "nosniff"
    assert wrong.headers["referrer-policy"] == "no-referrer"


@pytest.mark.ac("api-bind-guard")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "no-such-host.invalid"])
def test_network_addresses_need_a_real_key(host: str) -> None:
    for key in ("", "short", *sorted(PLACEHOLDERS)):
        with pytest.raises(ConfigError) as caught:
            check_binding(host, key)
        assert "API_SERVER_KEY" in caught.value.hint
    check_binding(host, KEY)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost"])
def test_loopback_addresses_need_no_key(host: str) -> None:
    assert not is_network(host)
    check_binding(host, "")


async def test_port_in_use_is_named_with_its_setting(api: Api) -> None:
    port = int(api.root.rpartition(":")[2])
    with pytest.raises(ConfigError) as caught:
        await api.server.bind("127.0.0.1", port, key="")
    assert "API_SERVER_PORT" in caught.value.hint
