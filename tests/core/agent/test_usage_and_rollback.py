"""What requests cost and where that is kept; going back to a checkpoint in part."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest

from hermes_core.commands import AskSide, Rollback
from hermes_core.events import (
    BackgroundFinished,
    CheckpointRestored,
    RequestFinished,
    SessionRewound,
)
from hermes_core.messages import Runtime, Usage
from hermes_core.paths import Home
from hermes_core.providers.base import StreamEnd, StreamPart, TextDelta, UsageReport
from hermes_core.providers.facts.pricing import Cost, cost_of, total_cost
from tests.core.agent.host_rig import opened, options
from tests.core.agent.rig import FakeRollbacks, Rig, rig
from tests.fakes.model_server.script import Tokens, call, say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.scripted_provider import ScriptedProvider, text
from tests.support import until

USED = Usage(input_tokens=100, output_tokens=20, requests=1)


def _counted(word: str) -> list[StreamPart]:
    return [TextDelta(text=word), UsageReport(usage=USED), StreamEnd(finish_reason="stop")]


def _price(usage: Usage, runtime: Runtime) -> Cost:
    return Cost(amount_usd=Decimal(usage.input_tokens) / 1000, status="estimated")


@pytest.mark.ac("cost-kept")
async def test_the_cost_of_a_turn_is_told_and_kept_with_the_conversation(home: Home) -> None:
    async with rig(home, ScriptedProvider(_counted("one"), _counted("two")), price=_price) as r:
        finish = await r.turn("hi")
        await r.turn("again")

        assert finish.cost_usd == pytest.approx(0.1)
        assert finish.cost_status == "estimated"
        [first, _] = r.of(RequestFinished)
        assert first.cost_usd == pytest.approx(0.1)
        assert first.model == r.session.conversation.runtime.model
        record = await r.store.session(r.session.session_id)
        assert record.estimated_cost_usd == pytest.approx(0.2)
        assert (record.cost_status, record.api_calls) == ("estimated", 2)
        uses = await r.store.request_uses(session_id=r.session.session_id)
        assert [use.usage.total_tokens for use in uses] == [120, 120]
        assert sum(use.cost_usd or 0 for use in uses) == pytest.approx(0.2)


@pytest.mark.ac("cost-unknown")
async def test_a_reply_without_a_token_count_has_no_cost(home: Home) -> None:
    uncounted: list[StreamPart] = [TextDelta(text="two"), StreamEnd(finish_reason="stop")]
    async with rig(home, ScriptedProvider(_counted("one"), uncounted), price=_price) as r:
        await r.turn("hi")
        finish = await r.turn("again")

        assert (finish.cost_usd, finish.cost_status) == (None, "unknown")
        assert (await r.store.session(r.session.session_id)).cost_status == "unknown"


@pytest.mark.ac("ac-14-2")
async def test_the_totals_are_the_sum_of_all_requests_over_restarts(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(
        call("terminal", {"command": "true"}, usage=Tokens(prompt=100, output=7, cached=40)),
        say("one", usage=Tokens(prompt=130, output=5, cached=90, reasoning=2)),
        say("two", usage=Tokens(prompt=150, output=11)),
        say("on the side", usage=Tokens(prompt=170, output=13)),
    )
    session_id, told = None, Usage()
    for words in ("first", "second"):
        async with opened(options(home, model_server.base_url), session_id) as r:
            session_id = r.handle.session_id
            await r.turn(words)
            if words == "second":
                await r.send(AskSide(question="what?"))
                await until(partial(r.of, BackgroundFinished))
            record = await r.host.store.session(session_id)
            told = sum((e.usage for e in r.of(RequestFinished)), Usage())
    buckets = ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")
    kept = [getattr(record, name) for name in buckets]
    assert kept == [getattr(told, name) for name in buckets] == [420, 36, 130, 2]
    assert record.api_calls == told.requests == 4


def test_the_demo_model_costs_nothing_and_a_sum_with_an_unknown_part_is_unknown() -> None:
    demo = cost_of(USED, Runtime(model="demo", provider="demo"))
    assert (demo.amount_usd, demo.status) == (Decimal(0), "included")
    paid = Cost(amount_usd=Decimal("0.5"), status="estimated")
    assert total_cost([demo, paid]) == paid
    assert total_cost([paid, Cost()]) == Cost()
    assert total_cost([]) == Cost()


async def test_what_no_event_tells_of_counts_when_the_conversation_began(home: Home) -> None:
    async with rig(home, ScriptedProvider(_counted("one")), price=_price) as r:
        await r.turn("hi")
        session_id = r.session.session_id
        await r.session._journal.flush()
        await r.store.commit(session_id, usage=USED, cost_usd=0.4, cost_status="estimated")

        uses = await r.store.request_uses(session_id=session_id)

        assert sorted(use.usage.requests for use in uses) == [1, 1]
        assert sorted(round(use.cost_usd or 0, 3) for use in uses) == [0.1, 0.4]
        assert await r.store.request_uses(source="telegram") == []


def _rollbacks(r: Rig) -> FakeRollbacks:
    found = r.session._parts.rollbacks
    assert isinstance(found, FakeRollbacks)
    return found


@pytest.mark.ac("rollback-scopes")
async def test_a_rollback_takes_back_the_turn_the_checkpoint_was_taken_in(home: Home) -> None:
    provider = ScriptedProvider(text("a"), text("b"), text("c"))
    async with rig(home, provider) as r:
        for word in ("one", "two", "three"):
            await r.turn(word)
        turns = [finish.turn_id for finish in r.finishes]
        _rollbacks(r).turns["c2"] = turns[1] or ""

        reply = await r.session.send(Rollback(checkpoint_id="c2"))

        assert (reply.ok, reply.data["rewound"]) == (True, True)
        assert [m.content for m in await r.messages()] == ["one", "a"]
        assert _rollbacks(r).restored == [("c2", None)]


@pytest.mark.ac("rollback-scopes")
async def test_files_and_conversation_can_go_back_alone(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("a"), text("b"))) as r:
        await r.turn("one")
        await r.turn("two")
        _rollbacks(r).turns["c"] = r.finishes[1].turn_id or ""

        await r.session.send(Rollback(checkpoint_id="c", scope="files"))
        assert len(await r.messages()) == 4
        assert r.of(SessionRewound) == []

        reply = await r.session.send(Rollback(checkpoint_id="c", scope="conversation"))
        await r.settle()
        assert reply.ok
        assert [m.content for m in await r.messages()] == ["one", "a"]
        assert len(r.of(CheckpointRestored)) == 1

        again = await r.session.send(Rollback(checkpoint_id="c", scope="conversation"))
        assert (again.ok, again.code) == (False, "nothing")
