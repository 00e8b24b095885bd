"""The in-process model of the engine's tests keeps its own promises."""

from __future__ import annotations

import asyncio

import pytest

from hermes_core.errors import ProviderError
from hermes_core.messages import Message, Runtime
from hermes_core.providers.base import Model, ModelRequest, StreamPart, TextDelta, ToolCallStart
from tests.fakes.scripted_provider import ScriptedProvider, UnexpectedRequest, calls, finish, text

REQUEST = ModelRequest(
    runtime=Runtime(model="m", provider="scripted"),
    system="",
    messages=(Message(role="user", content="hi"),),
)


async def _play(model: Model) -> list[StreamPart]:
    return [part async for part in model.stream(REQUEST)]


async def test_steps_are_played_in_order_and_requests_are_recorded() -> None:
    provider = ScriptedProvider(calls(("todo", {"a": 1})), text("done"))
    assert ToolCallStart(0, "call_0", "todo") in await _play(provider)
    assert TextDelta("done") in await _play(provider)
    assert provider.requests == [REQUEST, REQUEST]
    provider.assert_done()


async def test_a_surplus_request_fails_even_if_its_error_was_swallowed() -> None:
    provider = ScriptedProvider()
    with pytest.raises(UnexpectedRequest):
        await _play(provider)
    with pytest.raises(AssertionError, match="1 requests more"):
        provider.assert_done()


async def test_a_step_left_over_fails() -> None:
    with pytest.raises(AssertionError, match="1 steps"):
        ScriptedProvider(text("never")).assert_done()


async def test_an_error_is_raised_where_it_stands_in_the_step() -> None:
    provider = ScriptedProvider([TextDelta("half"), ProviderError("cut", reason="cut_stream")])
    stream = provider.stream(REQUEST)
    assert await anext(stream) == TextDelta("half")
    with pytest.raises(ProviderError) as caught:
        await anext(stream)
    assert caught.value.reason == "cut_stream"
    provider.assert_done()


async def test_an_event_holds_the_stream_until_the_test_sets_it() -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider([gate, *finish()])
    playing = asyncio.create_task(_play(provider))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not playing.done()
    gate.set()
    assert len(await playing) == 2


async def test_cancelling_the_reader_counts_as_an_abort() -> None:
    provider = ScriptedProvider([TextDelta("a"), asyncio.Event(), *finish()])
    playing = asyncio.create_task(_play(provider))
    while not provider.requests:  # noqa: ASYNC110  the request is a plain list entry
        await asyncio.sleep(0)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert provider.aborted == 1
