"""The API on a loopback socket of this process, a scripted model behind the agent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_core.servers.api.application import ApiParts, build_application
from hermes_core.servers.api.chat_completions import ChatOptions
from hermes_core.servers.api.server import ApiServer
from tests.fakes.model_server.server import ModelServer

MODEL = "scripted-model"


class Api:
    """A running server and its host."""

    def __init__(self, host: Host, server: ApiServer) -> None:
        self.host = host
        self.server = server
        self.url = server.url
        self.root = server.url.removesuffix("/v1")
        self._serving = asyncio.create_task(server.serve())
        self._clients = AsyncExitStack()

    async def client(self, key: str = "none", **options: Any) -> AsyncOpenAI:
        """The official client, without retries of its own unless asked for."""
        made = AsyncOpenAI(
            base_url=self.url, api_key=key, **{"max_retries": 0, "timeout": 60, **options}
        )
        return await self._clients.enter_async_context(made)

    async def http(self) -> httpx2.AsyncClient:
        """A plain client."""
        made = httpx2.AsyncClient(base_url=self.root, timeout=60)
        return await self._clients.enter_async_context(made)

    async def aclose(self) -> None:
        """Stop both."""
        await self._clients.aclose()
        self.server.stop()
        await self._serving
        await self.host.aclose()


StartApi = Callable[..., Awaitable[Api]]


@pytest.fixture
async def start_api(home: Home, model_server: ModelServer) -> AsyncIterator[StartApi]:
    """Start servers on this home; all are stopped in the end."""
    running: list[Api] = []

    async def start(
        *, chat: ChatOptions | None = None, has_model: bool = True, **settings: Any
    ) -> Api:
        config: dict[str, Any] = {"api_server": settings}
        if has_model:
            config["model"] = {
                "provider": "custom",
                "base_url": model_server.base_url,
                "default": MODEL,
                "api_key": "sk-scripted-key",
            }
        home.config_file.write_text(json.dumps(config))
        host = await Host.open(
            HostOptions(
                home=home,
                cwd=Path.cwd(),
                source="api_server",
                platform="api_server",
                interactive=False,
                client="api",
            )
        )
        api_settings = host.loaded.settings.api_server
        parts = ApiParts(
            sessions=host, store=host.store, settings=api_settings, chat=chat or ChatOptions()
        )
        server = ApiServer(build_application(parts), drain_s=0.2)
        await server.bind("127.0.0.1", 0, key=api_settings.key)
        running.append(Api(host, server))
        return running[-1]

    yield start
    for api in running:
        await api.aclose()


@pytest.fixture
async def api(start_api: StartApi) -> Api:
    """A server without a key."""
    return await start_api()


@pytest.fixture
def notes() -> None:
    """A file in the working folder that says forty-two."""
    Path("notes.txt").write_text("forty-two\n", "utf-8")
