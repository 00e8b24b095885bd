"""What the engine does about a request that fails, seen at a model server on a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import openai  # noqa: F401  imported by the first request else, and that counts as silence
import pytest

from hermes_core.agent.turns.model_call import TOO_LONG
from hermes_core.agent.turns.silence import StallLimits
from hermes_core.commands import Interrupt, Submit
from hermes_core.errors import ProviderError
from hermes_core.events import (
    MessageDelta,
    MessageFinished,
    RequestFailed,
    RequestStalled,
    RequestStarted,
    RequestWaiting,
    ToolFinished,
)
from hermes_core.paths import Home
from tests.core.agent.host_rig import host_rig, opened, options
from tests.core.agent.rig import rig
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import Call, Reply, fail, say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.scripted_provider import ScriptedProvider, text
from tests.support import until

ERROR_ROWS = [
    # (status, what the service says, reason, requests seen, outcome)
    (401, "Incorrect API key provided", "auth", 1, "failed"),
    (402, "Insufficient credits", "billing", 1, "failed"),
    (404, "The model `x` does not exist", "model_not_found", 1, "failed"),
    (400, "Unknown parameter: 'foo'", "format_error", 1, "failed"),
    (400, "This model's maximum context length is 8192 tokens", "context_overflow", 1, "failed"),
    (413, "Request Entity Too Large", "payload_too_large", 1, "failed"),
    (429, "Extra usage is required for long context", "long_context_tier", 1, "failed"),
    (408, "Request timeout", "timeout", 2, "completed"),
    (429, "Rate limit reached", "rate_limit", 2, "completed"),
    (500, "The server had an error", "server_error", 2, "completed"),
    (502, "Bad gateway", "server_error", 2, "completed"),
    (503, "Overloaded", "overloaded", 2, "completed"),
    (529, "Overloaded", "overloaded", 2, "completed"),
]


def problem(status: int, message: str, **rest: Any) -> Reply:
    """An error as the chat service words it."""
    return fail(status, {"error": {"message": message, "type": "error", "code": None}}, **rest)


@pytest.mark.ac("ac-9-1")
@pytest.mark.parametrize(("status", "message", "reason", "requests", "outcome"), ERROR_ROWS)
async def test_each_kind_of_failure_leads_to_its_action(
    home: Home,
    model_server: ModelServer,
    status: int,
    message: str,
    reason: str,
    requests: int,
    outcome: str,
) -> None:
    model_server.add(problem(status, message))
    if requests == 2:
        model_server.add(say("better now"))
    async with host_rig(home, model_server) as r:
        finish = await r.turn("hello")
        assert finish.outcome == outcome
        assert [e.reason for e in r.of(RequestFailed)] == [reason]
        action = r.of(RequestFailed)[0].next_action
        last = "compress" if reason in TOO_LONG else "stop"
        assert action == ("retry" if requests == 2 else last)
        assert len(model_server.requests) == requests
        assert len({request.raw for request in model_server.requests}) == 1
        if outcome == "failed":
            assert finish.error
            assert finish.hint


@pytest.mark.ac("ac-9-1")
async def test_three_attempts_are_made_and_then_the_turn_says_what_failed(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(*(problem(503, "Overloaded") for _ in range(3)))
    async with host_rig(home, model_server) as r:
        finish = await r.turn("hello")
        assert finish.reason == "request_failed:overloaded"
        assert [e.attempt for e in r.of(RequestStarted)] == [1, 2, 3]
        assert r.clock.slept_at_least(2.0 + 4.0)


CUT = Reply(text=["never"], cut_after=0)
"""The connection is gone before anything was said."""


@pytest.mark.ac("request-reconnect")
async def test_after_three_lost_connections_one_more_is_tried_over_a_new_client(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(CUT, CUT, CUT, say("there you are"))
    async with host_rig(home, model_server) as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert [e.attempt for e in r.of(RequestStarted)] == [1, 2, 3, 4]
        waits = [(e.attempt, e.max_attempts, e.seconds) for e in r.of(RequestWaiting)]
        assert waits[-3:] == [(3, 4, 3.0), (3, 4, 2.0), (3, 4, 1.0)]
        assert {e.next_action for e in r.of(RequestFailed)} == {"retry"}


@pytest.mark.ac("request-reconnect")
async def test_there_is_one_such_attempt_and_then_the_chain_goes_on(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(CUT, CUT, CUT, CUT)
    async with host_rig(home, model_server) as r:
        finish = await r.turn("hello")
        assert finish.reason == "request_failed:cut_stream"
        assert [e.next_action for e in r.of(RequestFailed)] == ["retry", "retry", "retry", "stop"]
    model_server.assert_done()


@pytest.mark.ac("request-reconnect")
async def test_how_often_a_lost_connection_is_made_again_is_a_setting(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(CUT, CUT)
    async with host_rig(home, model_server, HERMES_STREAM_RETRIES="0") as r:
        assert (await r.turn("hello")).reason == "request_failed:cut_stream"
    model_server.assert_done()


@pytest.mark.ac("ac-4-1")
async def test_silence_has_its_own_limit_for_each_model_of_a_named_provider(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(Reply(text=["late"], gates={0: never}), say("here"))
    entry = {
        "base_url": model_server.base_url,
        "stale_timeout_seconds": 300,
        "models": {"slow": {"stale_timeout_seconds": 0.5}},
    }
    overrides = {"model.provider": "here", "model.default": "slow", "providers": {"here": entry}}
    wanted = msgspec.structs.replace(options(home, model_server.base_url), overrides=overrides)
    async with opened(wanted) as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert [e.idle_seconds for e in r.of(RequestStalled)] == [0.5]


@pytest.mark.ac("wire-adapts")
async def test_a_reply_that_comes_whole_has_its_own_limit_of_silence(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(
        problem(400, "Streaming is not supported."),
        say("one"),
        Reply(text=["late"], before=never),
        say("two"),
    )
    async with host_rig(home, model_server, HERMES_API_CALL_STALE_TIMEOUT="0.5") as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert r.of(RequestFailed) == []
        assert (await r.turn("and?")).outcome == "completed"
        assert [e.idle_seconds for e in r.of(RequestStalled)] == [0.5]
        assert r.of(MessageFinished)[-1].text == "two"


@pytest.mark.ac("request-reconnect")
async def test_a_gateway_is_not_asked_once_more(home: Home, model_server: ModelServer) -> None:
    model_server.add(CUT, CUT, CUT)
    wanted = options(home, model_server.base_url)
    keys = {"OPENROUTER_API_KEY": "sk-or-key", "OPENROUTER_BASE_URL": model_server.base_url}
    wanted = msgspec.structs.replace(
        wanted,
        environ={**wanted.environ, **keys},
        overrides={"model.provider": "openrouter", "model.default": "some/model"},
    )
    async with opened(wanted) as r:
        assert (await r.turn("hello")).reason == "request_failed:cut_stream"
    model_server.assert_done()


@pytest.mark.ac("ac-9-2")
async def test_retry_after_is_honoured_with_a_countdown(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(problem(429, "slow down", headers={"retry-after": "5"}), say("thanks"))
    async with host_rig(home, model_server) as r:
        assert (await r.turn("hello")).outcome == "completed"
        waits = [e.seconds for e in r.of(RequestWaiting)]
        assert waits == [5.0, 4.0, 3.0, 2.0, 1.0]
        assert {e.reason for e in r.of(RequestWaiting)} == {"rate_limit"}


async def test_wait_for_the_next_attempt_ends_with_an_interrupt(home: Home) -> None:
    busy = ProviderError("busy", reason="rate_limit", retryable=True, retry_after_s=100.0)
    clock = FakeClock(patience_s=0.5)  # the first second of the countdown never passes
    async with rig(home, ScriptedProvider(busy), clock=clock) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(RequestWaiting))
        await r.send(Interrupt())
        await until(lambda: r.finishes)
        assert r.finishes[0].outcome == "interrupted"


@pytest.mark.ac("ac-4-1")
async def test_silent_stream_is_noticed_and_asked_again(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(Reply(text=["late"], comments=3, gates={0: never}), say("here"))
    async with host_rig(home, model_server, HERMES_STREAM_STALE_TIMEOUT="0.5") as r:
        assert (await r.turn("hello")).outcome == "completed"
        stalled = r.of(RequestStalled)
        assert [(e.idle_seconds, e.action) for e in stalled] == [(0.5, "retry")]
        assert [e.reason for e in r.of(RequestFailed)] == ["timeout"]
        assert len(model_server.requests) == 2


async def test_stream_that_falls_silent_after_text_is_continued_once(home: Home) -> None:
    never = asyncio.Event()
    half = [*text("Half an ")[:1], never]
    provider = ScriptedProvider(half, text("answer."))
    async with rig(home, provider, stall=StallLimits(0.05, 0.05, 0.05)) as r:
        assert (await r.turn()).outcome == "completed"
        said = [(e.state, e.text) for e in r.of(MessageFinished) if e.role == "assistant"]
        assert said == [("truncated", "Half an "), ("complete", "answer.")]


def test_limit_of_silence_grows_with_the_request_and_can_be_off() -> None:
    limits = StallLimits()
    assert [limits.for_tokens(n) for n in (10, 60_000, 200_000)] == [180.0, 240.0, 300.0]
    assert StallLimits(silent_s=0).for_tokens(200_000) == 0.0
    assert StallLimits(20, 20, 20).for_tokens(200_000) == 20


@pytest.mark.ac("ac-4-3")
async def test_two_calls_on_one_index_are_both_executed(
    home: Home, model_server: ModelServer
) -> None:
    wanted = [
        Call(name="terminal", arguments={"command": f"echo {word} >> ran.txt"}, id=f"call_{word}")
        for word in ("one", "two")
    ]
    model_server.add(Reply(calls=wanted, index_zero=True), say("done"))
    async with host_rig(home, model_server) as r:
        assert (await r.turn("both")).outcome == "completed"
        assert [e.call_id for e in r.of(ToolFinished)] == ["call_one", "call_two"]
        assert (r.cwd / "ran.txt").read_text() == "one\ntwo\n"


async def test_continuation_that_fails_for_good_leaves_the_text_closed_and_kept(
    home: Home,
) -> None:
    refused = ProviderError("no", reason="auth", retryable=False)
    provider = ScriptedProvider(text("The beginning", reason="length"), refused)
    async with rig(home, provider) as r:
        finish = await r.turn()
        assert finish.reason == "request_failed:auth"
        said = [(e.state, e.text) for e in r.of(MessageFinished) if e.role == "assistant"]
        assert said == [("truncated", "The beginning")]
        assert [m.content for m in await r.messages()] == ["hello", "The beginning"]


async def test_continuation_that_has_to_wait_goes_on_in_the_same_message(home: Home) -> None:
    busy = ProviderError("busy", reason="rate_limit", retryable=True)
    provider = ScriptedProvider(text("One, ", reason="length"), busy, text("two."))
    async with rig(home, provider) as r:
        assert (await r.turn()).outcome == "completed"
        said = [(e.state, e.text) for e in r.of(MessageFinished) if e.role == "assistant"]
        assert said == [("complete", "One, two.")]


async def test_interrupt_while_an_answer_is_continued_closes_it_once_with_all_shown(
    home: Home,
) -> None:
    never = asyncio.Event()
    provider = ScriptedProvider(text("One, ", reason="length"), [*text("two")[:1], never])
    async with rig(home, provider) as r:
        await r.send(Submit(text="count"))
        await until(lambda: "two" in str(r.of(MessageDelta)))
        await r.send(Interrupt())
        await until(lambda: r.finishes)
        said = [(e.state, e.text) for e in r.of(MessageFinished) if e.role == "assistant"]
        assert said == [("truncated", "One, two")]
        assert (await r.messages())[-1].content == "One, two"
