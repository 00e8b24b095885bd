"""A session that breaks while it answers: the client is told, never left waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import httpx2

from hermes_core.commands import CoreCommand, Reply
from hermes_core.config.safety_settings import ApiServerSettings
from hermes_core.errors import StoreUnavailable
from hermes_core.events import CoreEvent
from hermes_core.paths import Home
from hermes_core.ports import SessionHandle
from hermes_core.providers.base import Model
from hermes_core.providers.resolve import Resolution
from hermes_core.servers.api.application import ApiParts, build_application
from hermes_core.storage.store import Store


class FakeBrokenSession:
    """Takes a message; its events cannot be read."""

    session_id = "broken"

    async def send(self, command: CoreCommand) -> Reply:
        return Reply(ok=True, data={"input_id": "i1"})

    async def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        raise StoreUnavailable("The disk is gone.")
        yield  # an async generator

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        return []

    async def release(self) -> None:
        return None


class FakeSessions:
    """Opens nothing but broken sessions."""

    def resolve(self) -> Resolution:
        raise AssertionError("only direct answers resolve")

    def model(self, resolution: Resolution) -> Model:
        raise AssertionError("only direct answers need a model")

    async def open_session(
        self, session_id: str | None = None, *, source: str = ""
    ) -> SessionHandle:
        return cast(SessionHandle, FakeBrokenSession())


async def ask(home: Home, *, stream: bool) -> httpx2.Response:
    store = await Store.open(home)
    parts = ApiParts(sessions=FakeSessions(), store=store, settings=ApiServerSettings())
    transport = httpx2.ASGITransport(app=build_application(parts).app)
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": stream}
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.post("/v1/chat/completions", json=body)
    finally:
        await store.aclose()


async def test_stream_that_breaks_ends_with_an_error_and_done(home: Home) -> None:
    answer = await ask(home, stream=True)
    assert '"finish_reason":"error"' in answer.text
    assert '"code":"agent_failed"' in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_whole_answer_that_breaks_is_an_error_status(home: Home) -> None:
    answer = await ask(home, stream=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
