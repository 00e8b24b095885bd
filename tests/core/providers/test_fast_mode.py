"""Answers that come sooner: who is asked for them, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_core.messages import Runtime
from hermes_core.providers.clients import open_model
from hermes_core.providers.facts.fast_mode import has_fast_mode
from tests.core.providers.reach import ask, collect, resolution
from tests.fakes.model_server.request import Recorded
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

NATIVE = ("anthropic", "anthropic_messages")


async def _sent(
    server: ModelServer, provider: str, api_mode: str, model: str, tier: str
) -> Recorded:
    server.add(say("ok"))
    url = server.url if api_mode == "anthropic_messages" else server.base_url
    reached = resolution(url, provider=provider, api_mode=api_mode, model=model)
    opened = open_model(reached)
    try:
        await collect(opened, ask(reached, service_tier=tier))
    finally:
        await opened.aclose()
    return server.request


@pytest.mark.ac("fast-mode")
@pytest.mark.parametrize(
    ("provider", "api_mode", "model", "tier", "fields"),
    [
        ("openai", "codex_responses", "gpt-5.4-mini", "fast", {"service_tier": "priority"}),
        ("openai", "chat_completions", "gpt-4.1", "fast", {"service_tier": "priority"}),
        ("openai", "codex_responses", "gpt-5", "normal", {}),
        ("openai", "codex_responses", "gpt-5", "", {}),
        ("openai", "codex_responses", "gpt-5-nano", "fast", {}),
        ("custom", "chat_completions", "gpt-5", "fast", {}),
        (*NATIVE, "claude-opus-4-6", "fast", {"speed": "fast"}),
        (*NATIVE, "claude-opus-4-6", "normal", {}),
        (*NATIVE, "claude-sonnet-4-5", "fast", {}),
        ("custom", "anthropic_messages", "claude-opus-4-6", "fast", {}),
    ],
)
async def test_speed_is_asked_for_where_the_service_sells_it_and_nowhere_else(
    model_server: ModelServer,
    provider: str,
    api_mode: str,
    model: str,
    tier: str,
    fields: dict[str, Any],
) -> None:
    body = (await _sent(model_server, provider, api_mode, model, tier)).json
    assert {name: body[name] for name in ("service_tier", "speed") if name in body} == fields


@pytest.mark.ac("fast-mode")
async def test_the_beta_of_speed_travels_beside_the_others(model_server: ModelServer) -> None:
    usual = (await _sent(model_server, *NATIVE, "claude-opus-4-6", "")).headers["anthropic-beta"]
    fast = (await _sent(model_server, *NATIVE, "claude-opus-4-6", "fast")).headers["anthropic-beta"]
    assert "fast-mode" not in usual
    assert fast == f"{usual},fast-mode-2026-02-01"


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-4o-2024-08-06", True),
        ("openai", "gpt-4o-audio-preview", False),
        ("openrouter", "openai/o3", True),
        ("openrouter", "anthropic/claude-opus-4.6", False),
        ("anthropic", "claude-opus-4-8", False),
        ("custom:lab", "gpt-5", False),
        ("", "", False),
    ],
)
def test_which_models_have_a_fast_mode(provider: str, model: str, expected: bool) -> None:
    assert has_fast_mode(Runtime(model=model, provider=provider)) is expected
