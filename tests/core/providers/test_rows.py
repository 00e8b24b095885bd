"""Every provider of the catalogue against the scripted server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.providers.clients import open_model
from hermes_core.providers.records import Record, records
from hermes_core.providers.resolve import Resolution, resolve
from tests.core.providers.reach import TOOL, ask, collect, said
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

ROWS = [one for one in records().values() if one.key_env]
PATHS = {
    "chat_completions": "/v1/chat/completions",
    "anthropic_messages": "/v1/messages",
    "codex_responses": "/v1/responses",
}
ALL_KEYS = {name: f"key-of-{name}" for one in ROWS for name in (*one.key_env, *one.other_key_env)}
EVERY_FIELD = ("reasoning", "reasoning_content", "reasoning_details", "provider", "cache_control")


def _models(record: Record) -> list[tuple[str, str]]:
    """A model for each wire of the provider."""
    plain = (record.default_model or "some-model", record.api_mode)
    special = [(f"{one.prefix}x", one.api_mode) for one in record.model_modes]
    return [plain, *special]


CASES = [(record, model, mode) for record in ROWS for model, mode in _models(record)]


def _reach(server: ModelServer, record: Record, model: str) -> Resolution:
    if record.base_url_env:
        settings, moved = Settings(), {record.base_url_env: server.base_url}
    else:
        moved = {}
        settings = Settings.model_validate(
            {"model": {"provider": record.id, "base_url": server.base_url}}
        )
    return resolve(settings, Secrets(ALL_KEYS | moved, {}), provider=record.id, model=model)


@pytest.mark.ac("ac-2")
@pytest.mark.parametrize(
    ("record", "model", "mode"), CASES, ids=[f"{one.id}-{model}" for one, model, _ in CASES]
)
async def test_a_request_arrives_in_its_wire_with_its_own_key_alone(
    model_server: ModelServer, record: Record, model: str, mode: str
) -> None:
    model_server.extra_fields.update(EVERY_FIELD)
    model_server.add(say("hello"))
    reached = _reach(model_server, record, model)
    opened = open_model(reached)
    request = ask(reached, tools=(TOOL,), reasoning_effort="low", session_id="s1")
    assert said(await collect(opened, request)) == "hello"
    await opened.aclose()
    sent = model_server.request
    assert sent.path == PATHS[mode]
    assert sent.key == ALL_KEYS[record.key_env[0]]
    everything = repr(dict(sent.headers)) + sent.raw.decode()
    others = {value for name, value in ALL_KEYS.items() if name != record.key_env[0]}
    assert not [value for value in others if f"{value}'" in everything]
    assert sent.json["model"] == reached.runtime.model


@pytest.mark.ac("provider-quirks")
@pytest.mark.parametrize(
    ("provider", "model", "header", "value"),
    [
        ("openrouter", "", "x-openrouter-title", "hermes-tui"),
        ("openrouter", "", "x-anthropic-beta", "fine-grained-tool-streaming-2025-05-14"),
        ("xai", "grok-4", "x-grok-conv-id", "s1"),
        ("minimax", "", "authorization", "Bearer key-of-MINIMAX_API_KEY"),
        ("opencode-go", "minimax-m2", "x-api-key", "key-of-OPENCODE_GO_API_KEY"),
    ],
)
async def test_each_host_gets_the_headers_it_wants(
    model_server: ModelServer, provider: str, model: str, header: str, value: str
) -> None:
    model_server.extra_fields.update(EVERY_FIELD)
    model_server.add(say("ok"))
    record = records()[provider]
    reached = _reach(model_server, record, model or record.default_model)
    opened = open_model(reached)
    await collect(opened, ask(reached, session_id="s1"))
    await opened.aclose()
    assert model_server.request.headers[header] == value


@pytest.mark.ac("ac-9")
@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4.5", "openai/gpt-5.2"])
async def test_routing_wishes_are_in_the_body(model_server: ModelServer, model: str) -> None:
    model_server.extra_fields.update(EVERY_FIELD)
    model_server.add(say("ok"))
    reached = _reach(model_server, records()["openrouter"], model)
    wishes: dict[str, Any] = {"provider": {"sort": "price"}}
    opened = open_model(msgspec.structs.replace(reached, extra_body=wishes))
    await collect(opened, ask(reached))
    await opened.aclose()
    assert model_server.request.json["provider"] == {"sort": "price"}


@pytest.mark.parametrize("record", ROWS, ids=lambda one: one.id)
def test_a_record_names_an_https_address_and_its_variables(record: Record) -> None:
    assert record.base_url.startswith("https://")
    for name in (*record.key_env, *filter(None, [record.base_url_env])):
        assert name == name.upper()


@pytest.mark.ac("ac-2")
async def test_the_key_of_openai_reaches_openai_alone() -> None:
    openai, router, own = [await ModelServer().start() for _ in range(3)]
    openai.add(say("hello"))
    places = {
        "OPENAI_BASE_URL": openai.base_url,
        "OPENROUTER_BASE_URL": router.base_url,
        "OPENAI_API_KEY": "sk-openai",
    }
    settings = Settings.model_validate({"providers": {"relay": {"base_url": own.base_url}}})
    reached = resolve(settings, Secrets(places, {}))
    opened = open_model(reached)
    assert said(await collect(opened, ask(reached))) == "hello"
    await opened.aclose()
    assert [one.connections for one in (openai, router, own)] == [1, 0, 0]
    for one in (openai, router, own):
        await one.aclose()
        one.assert_done()


@pytest.mark.ac("provider-page")
def test_the_page_about_providers_names_every_one_with_its_variables() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "providers.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    table = {cells[1].strip(" `"): "|".join(cells) for cells in rows if len(cells) == 8}
    for record in ROWS:
        line = table[record.id]
        for word in (
            *record.key_env,
            *record.other_key_env,
            *record.aliases,
            *filter(None, [record.base_url_env]),
        ):
            assert f"`{word}`" in line, (record.id, word)
    assert set(table) == {one.id for one in ROWS}
