"""Several keys and a chain of models behind a conversation, over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

import msgspec
import openai  # noqa: F401  imported by the first request else, and that counts as silence
import pytest

from hermes_core.commands import SetRuntime
from hermes_core.events import (
    CredentialRotated,
    MessageFinished,
    RequestFailed,
    SessionRuntimeChanged,
)
from hermes_core.host import HostOptions
from hermes_core.paths import Home
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from tests.core.agent.host_rig import HostRig, opened, options
from tests.fakes.model_server.script import Reply, call, fail, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

BUSY = fail(429, {"error": {"message": "slow down", "type": "rate_limit_error"}})
REFUSED = fail(401, {"error": {"message": "bad key", "type": "invalid_api_key"}})
UNPAID = fail(402, {"error": {"message": "no credit", "type": "insufficient_quota"}})
DOWN = fail(503, {"error": {"message": "overloaded", "type": "server_error"}})


def keyed(home: Home, server: ModelServer, *keys: str, **more: Any) -> HostOptions:
    """A named endpoint of one's own with several keys."""
    pools = KeyPools(AuthFile(home.auth_file), {})
    for key in keys:
        pools.add("custom:here", key, label=key[-1])
    overrides = {
        "model.provider": "here",
        "model.default": "scripted-model",
        "providers": {"here": {"base_url": server.base_url}},
        **more,
    }
    return msgspec.structs.replace(options(home, server.base_url), overrides=overrides)


def behind(server: ModelServer, *, model: str = "spare", env: str = "") -> dict[str, Any]:
    """An entry of the chain on another server."""
    entry = {"provider": "custom", "model": model, "base_url": server.base_url}
    return {**entry, "key_env": env} if env else entry


def keys_seen(server: ModelServer) -> list[str]:
    """The last sign of each key that reached the server."""
    return [request.headers.get("authorization", "")[-1:] for request in server.requests]


def reply_of(rig: HostRig) -> str:
    texts = [e.text for e in rig.of(MessageFinished) if e.role == "assistant"]
    return texts[-1] if texts else ""


@pytest.mark.ac("prov-7-1")
async def test_a_busy_key_is_asked_twice_then_the_next_one_and_after_a_restart_too(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(BUSY, BUSY, say("from b"), say("again from b"))
    async with opened(keyed(home, model_server, "sk-key-a", "sk-key-b")) as r:
        assert (await r.turn("hello")).outcome == "completed"
        (rotated,) = r.of(CredentialRotated)
        assert (rotated.label, rotated.cause) == ("b", "rate_limit")
        assert "sk-key" not in str(r.events)
        session = r.handle.session_id
    wanted = msgspec.structs.replace(keyed(home, model_server), overrides={
        "model.provider": "here", "model.default": "scripted-model",
        "providers": {"here": {"base_url": model_server.base_url}},
    })  # fmt: skip
    async with opened(wanted, session) as r:
        await r.turn("and now?")
    assert keys_seen(model_server) == ["a", "a", "b", "b"]


@pytest.mark.ac("key-dead")
@pytest.mark.parametrize("refusal", [REFUSED, UNPAID], ids=["401", "402"])
async def test_a_dead_key_is_left_at_once_for_the_next_one(
    home: Home, model_server: ModelServer, refusal: Any
) -> None:
    model_server.add(dataclasses.replace(refusal), say("it works"))
    async with opened(keyed(home, model_server, "sk-key-a", "sk-key-b")) as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert reply_of(r) == "it works"
    assert keys_seen(model_server) == ["a", "b"]


@pytest.mark.ac("prov-7-4")
@pytest.mark.ac("ac-9-3")
@pytest.mark.parametrize(("refusal", "times"), [(REFUSED, 1), (BUSY, 2)], ids=["401", "429"])
async def test_ten_refused_keys_are_all_tried_before_the_other_model(
    home: Home, model_server: ModelServer, refusal: Reply, times: int
) -> None:
    model_server.add(*(dataclasses.replace(refusal) for _ in range(10 * times)))
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    keys = [f"sk-key-{n}" for n in range(10)]
    try:
        wanted = keyed(home, model_server, *keys, fallback_providers=[behind(spare)])
        async with opened(wanted) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "the spare one"
    finally:
        await spare.aclose()
    # A busy key is asked once more before the next one.
    assert keys_seen(model_server) == [sign for sign in "0123456789" for _ in range(times)]
    spare.assert_done()


@pytest.mark.ac("prov-7-4")
async def test_with_all_keys_refused_the_error_says_until_when_they_rest(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(REFUSED), dataclasses.replace(REFUSED), say("mended"))
    async with opened(keyed(home, model_server, "sk-key-a", "sk-key-b")) as r:
        finish = await r.turn("hello")
        assert finish.outcome == "failed"
        assert "All 2 keys rest until" in (finish.hint or "")
        # Nobody else can be asked, so the person's next message is not refused.
        assert (await r.turn("and now?")).outcome == "completed"


@pytest.mark.ac("prov-8-1")
async def test_a_model_that_is_down_is_replaced_for_one_turn(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(*(dataclasses.replace(DOWN) for _ in range(3)), say("back again"))
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        async with opened(wanted) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "the spare one"
            assert r.of(RequestFailed)[-1].next_action == "fallback"
            assert (await r.turn("and now?")).outcome == "completed"
            assert reply_of(r) == "back again"
            changes = [(e.cause, e.runtime.model) for e in r.of(SessionRuntimeChanged)]
            assert changes == [("fallback", "spare"), ("restore", "scripted-model")]
            record = await r.host.store.session(r.handle.session_id)
            assert record.model == "scripted-model"
    finally:
        await spare.aclose()
    spare.assert_done()
    assert keys_seen(model_server)[-1] == "a"


@pytest.mark.ac("ac-10-1")
@pytest.mark.ac("prov-8-1")
async def test_a_model_that_says_nothing_is_replaced_too(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(*(say("") for _ in range(4)))
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        async with opened(wanted) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "the spare one"
            assert [e.cause for e in r.of(SessionRuntimeChanged)] == ["fallback"]
    finally:
        await spare.aclose()
    spare.assert_done()


@pytest.mark.ac("prov-8-2")
async def test_an_entry_of_the_chain_gets_its_own_key_and_no_other(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(REFUSED))
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    chain = [behind(spare, env="SPARE_KEY")]
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=chain)
        environ = {**wanted.environ, "SPARE_KEY": "sk-key-spare", "OPENAI_API_KEY": "sk-other-1"}
        async with opened(msgspec.structs.replace(wanted, environ=environ)) as r:
            await r.turn("hello")
    finally:
        await spare.aclose()
    (request,) = spare.requests
    assert request.headers["authorization"] == "Bearer sk-key-spare"
    assert json.loads(request.raw)["model"] == "spare"


@pytest.mark.ac("prov-8-3")
async def test_unusable_and_failing_entries_are_passed_over(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(REFUSED))
    broken, spare = await ModelServer().start(), await ModelServer().start()
    broken.add(dataclasses.replace(UNPAID))
    spare.add(say("the third one"))
    chain = [{"provider": "no-such", "model": "x"}, behind(broken), behind(spare, model="third")]
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=chain)
        async with opened(wanted) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "the third one"
    finally:
        await broken.aclose()
        await spare.aclose()


@pytest.mark.ac("fallback-rests")
async def test_a_model_whose_keys_rest_is_not_asked_first(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(UNPAID))
    spare = await ModelServer().start()
    spare.add(say("one"), say("two"), say("three"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        async with opened(wanted) as r:
            await r.turn("hello")
            await r.turn("again")
            session = r.handle.session_id
        wanted = msgspec.structs.replace(keyed(home, model_server), overrides=wanted.overrides)
        async with opened(wanted, session) as r:
            await r.turn("and in a new process")
    finally:
        await spare.aclose()
    assert len(model_server.requests) == 1
    spare.assert_done()


@pytest.mark.ac("fallback-rests")
async def test_choosing_a_model_begins_with_that_model(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(REFUSED), say("chosen"))
    spare = await ModelServer().start()
    spare.add(say("spare"))
    try:
        wanted = keyed(
            home, model_server, "sk-key-a", "sk-key-b", fallback_providers=[behind(spare)]
        )
        wanted.overrides["credential_pool_strategies"] = {}  # type: ignore[index]  # a dict here
        async with opened(wanted) as r:
            await r.turn("hello")
            assert (await r.send(SetRuntime(model="scripted-model", provider="here"))).ok
            assert reply_of(r) == "chosen"
    finally:
        await spare.aclose()


async def test_a_rate_limit_with_nobody_else_is_waited_out(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(dataclasses.replace(BUSY), dataclasses.replace(BUSY), say("at last"))
    async with opened(keyed(home, model_server, "sk-key-a")) as r:
        assert (await r.turn("hello")).outcome == "completed"
        assert reply_of(r) == "at last"
        assert not r.of(CredentialRotated)


@pytest.mark.ac("reset-time")
async def test_a_limit_that_ends_in_hours_is_not_waited_for(
    home: Home, model_server: ModelServer
) -> None:
    told = {"message": "limit reached", "type": "usage_limit_reached", "resets_in_seconds": 7200}
    model_server.add(fail(429, {"error": told}), say("from b"))
    async with opened(keyed(home, model_server, "sk-key-a", "sk-key-b")) as r:
        assert (await r.turn("hello")).outcome == "completed"
        (rotated,) = r.of(CredentialRotated)
        assert rotated.cooldown_until == pytest.approx(r.clock.now + 7200, abs=60)
        assert not r.clock.slept_at_least(60)
    assert keys_seen(model_server) == ["a", "b"]


@pytest.mark.ac("reset-time")
async def test_with_one_key_the_other_model_answers_without_a_wait(
    home: Home, model_server: ModelServer
) -> None:
    busy = fail(429, {"error": {"message": "limit reached"}}, headers={"retry-after": "7200"})
    model_server.add(busy)
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        async with opened(wanted) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert not r.clock.slept_at_least(60)
    finally:
        await spare.aclose()
    spare.assert_done()


@pytest.mark.ac("fallback-stall")
async def test_a_model_that_is_silent_twice_is_replaced(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(
        Reply(text=["late"], comments=1, gates={0: never}),
        Reply(text=["late"], comments=1, gates={0: never}),
    )
    spare = await ModelServer().start()
    spare.add(say("the spare one"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        environ = {**wanted.environ, "HERMES_STREAM_STALE_TIMEOUT": "0.5"}
        async with opened(msgspec.structs.replace(wanted, environ=environ)) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "the spare one"
            assert [e.next_action for e in r.of(RequestFailed)] == ["retry", "fallback"]
    finally:
        await spare.aclose()
    assert len(model_server.requests) == 2


@pytest.mark.ac("fallback-stall")
async def test_silence_in_the_middle_of_an_answer_counts_too(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(
        Reply(text=["late"], comments=1, gates={0: never}),
        Reply(text=["Half an ", "answer"], gates={2: never}),
    )
    spare = await ModelServer().start()
    spare.add(say("answer from the spare one"))
    try:
        wanted = keyed(home, model_server, "sk-key-a", fallback_providers=[behind(spare)])
        environ = {**wanted.environ, "HERMES_STREAM_STALE_TIMEOUT": "0.5"}
        async with opened(msgspec.structs.replace(wanted, environ=environ)) as r:
            assert (await r.turn("hello")).outcome == "completed"
            assert reply_of(r) == "answer from the spare one"
    finally:
        await spare.aclose()
    assert len(model_server.requests) == 2


@pytest.mark.ac("key-leases")
async def test_children_at_work_at_once_ask_with_different_keys(
    home: Home, model_server: ModelServer
) -> None:
    goals = ("look left", "look right", "look up")
    gate = asyncio.Event()
    model_server.add(
        call("delegate_task", {"tasks": [{"goal": goal} for goal in goals]}),
        *(Reply(text=["done"], gates={0: gate}, to=goal) for goal in goals),
        say("all done"),
        call("delegate_task", {"tasks": [{"goal": "look down"}]}),
        say("done"),
        say("all done"),
    )
    wanted = keyed(home, model_server, "sk-key-a", "sk-key-b", "sk-key-c")
    async with opened(msgspec.structs.replace(wanted, toolsets=("delegation",))) as r:
        turn = asyncio.create_task(r.turn("go"))
        await until(lambda: len(model_server.requests) == 4)
        assert sorted(keys_seen(model_server)[1:]) == ["a", "b", "c"]
        gate.set()
        assert (await turn).outcome == "completed"
        # Each key is free again, so the next child takes the first.
        assert (await r.turn("again")).outcome == "completed"
        assert keys_seen(model_server)[5:] == ["a", "a", "a"]
