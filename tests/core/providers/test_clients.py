"""Clients are kept, and cost nothing before they are used."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys

import msgspec
import pytest

from hermes_core.errors import ConfigError
from hermes_core.providers.clients import Models, open_model
from tests.core.providers.reach import ask, collect, resolution, said
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer


async def test_the_same_endpoint_keeps_its_client_whatever_the_model() -> None:
    models = Models()
    first = models.get(resolution("http://127.0.0.1:1/v1"))
    assert models.get(resolution("http://127.0.0.1:1/v1", model="other")) is first
    assert models.get(resolution("http://127.0.0.1:2/v1")) is not first
    assert models.get(resolution("http://127.0.0.1:1/v1", key="sk-another-key")) is not first
    await models.aclose()


async def test_one_client_serves_many_requests_at_once(model_server: ModelServer) -> None:
    model_server.add(*(say("ok") for _ in range(8)))
    reached = resolution(model_server.base_url)
    model = open_model(reached)
    replies = await asyncio.gather(*(collect(model, ask(reached)) for _ in range(8)))
    await model.aclose()
    assert {said(parts) for parts in replies} == {"ok"}


def test_a_wire_without_a_client_is_named() -> None:
    reached = resolution("http://127.0.0.1:1/v1")
    runtime = msgspec.structs.replace(reached.runtime, api_mode="demo")
    with pytest.raises(ConfigError, match="demo"):
        open_model(dataclasses.replace(reached, runtime=runtime))


@pytest.mark.ac("sdk-on-first-use")
def test_no_sdk_is_imported_before_a_request() -> None:
    code = (
        "import sys, hermes_core.providers.clients, hermes_core.providers.resolve;"
        "print([name for name in ('openai', 'anthropic', 'httpx2', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
