"""A conversation that may cost only so much."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.budget import (
    GO_ON_UNCOUNTED,
    STOP,
    Budget,
    CostLimitReached,
    TokenLimitReached,
)
from hermes_core.agent.sessions.token_allowance import TokenAllowance
from hermes_core.commands import Answer, AskSide, Submit
from hermes_core.events import BackgroundFinished, QuestionAsked, TurnFinished
from hermes_core.host import HostOptions
from hermes_core.messages import Runtime, Usage
from hermes_core.paths import Home
from hermes_core.providers.facts.pricing import Cost
from tests.core.agent.host_rig import HostRig, opened, options
from tests.fakes.model_server.script import Reply, Tokens, call, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

RUNTIME = Runtime(model="m", provider="p")
HALF_A_DOLLAR = Tokens(prompt=0, output=50_000)
"""At the list price of the model below."""


def priced(
    home: Home, server: ModelServer, limit: float, *, interactive: bool = False
) -> HostOptions:
    """A host on a model with a list price, which ten dollars buy a million tokens of."""
    made = options(
        home,
        server.base_url,
        toolsets=("delegation", "terminal"),
        environ={"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_BASE_URL": server.base_url},
    )
    overrides = {
        "model.provider": "openai",
        "model.default": "gpt-5",
        "agent.max_cost_usd": limit,
    }
    return replace(made, overrides=overrides, interactive=interactive)


@pytest.mark.ac("cost-limit")
async def test_with_nobody_there_the_next_request_is_refused_in_words(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("dear", usage=HALF_A_DOLLAR))
    async with opened(priced(home, model_server, 0.5)) as r:
        assert (await r.turn("hello")).outcome == "completed"
        finish = await r.turn("more")
        assert (finish.outcome, finish.reason) == ("partial", "cost_limit")
        assert "has cost $0.50" in (finish.error or "")
        assert "the limit is $0.5" in (finish.error or "")
        assert "--max-cost" in (finish.hint or "")
        session_id = r.handle.session_id
    async with opened(priced(home, model_server, 0.5), session_id) as r:
        assert (await r.turn("and now?")).reason == "cost_limit"
    assert len(model_server.requests) == 1


@pytest.mark.ac("cost-limit")
async def test_a_model_without_a_price_cannot_be_kept_inside_a_limit(
    home: Home, model_server: ModelServer
) -> None:
    made = options(home, model_server.base_url)
    overrides = {**made.overrides, "agent.max_cost_usd": 5.0}
    async with opened(replace(made, overrides=overrides, interactive=False)) as r:
        finish = await r.turn("hello")
        assert finish.reason == "cost_limit"
        assert "The price of scripted-model (custom) is not known" in (finish.error or "")
    assert model_server.requests == []


async def _answer(r: HostRig, wanted: str) -> str:
    """Answer the question that is open with the choice that begins like this."""
    seen = {e.request_id for e in r.of(QuestionAsked)[:-1]}
    await until(lambda: r.of(QuestionAsked) and r.of(QuestionAsked)[-1].request_id not in seen)
    question = r.of(QuestionAsked)[-1]
    choice = next(one for one in question.choices if one.startswith(wanted))
    reply = await r.send(
        Answer(request_id=question.request_id, value=choice, shown_hash=question.shown_hash)
    )
    assert reply.ok, reply
    return str(question.question)


@pytest.mark.ac("cost-limit")
async def test_a_person_is_asked_before_it_goes_past_the_limit(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("dear", usage=HALF_A_DOLLAR), say("more", usage=HALF_A_DOLLAR))
    async with opened(priced(home, model_server, 0.5, interactive=True)) as r:
        await r.turn("hello")
        await r.send(Submit(text="go on"))
        assert "has cost $0.50" in await _answer(r, "Go on up to $1.0")
        await until(lambda: len(r.of(TurnFinished)) == 2)
        assert r.of(TurnFinished)[-1].outcome == "completed"
        assert r.host.cost_limit(r.handle.session_id) == Decimal("1.0")
        await r.send(Submit(text="and on"))
        await until(lambda: len(r.of(QuestionAsked)) == 2)
        await _answer(r, STOP)
        await until(lambda: len(r.of(TurnFinished)) == 3)
        assert r.of(TurnFinished)[-1].reason == "cost_limit"
        # A question on the side is not worth asking the person about.
        await r.send(AskSide(question="why?"))
        await until(lambda: r.of(BackgroundFinished))
        assert "the limit is $1.0" in r.of(BackgroundFinished)[-1].summary


@pytest.mark.ac("cost-limit")
async def test_what_child_agents_cost_counts_too(home: Home, model_server: ModelServer) -> None:
    model_server.add(
        call("delegate_task", {"goal": "count the stars"}),
        Reply(text=["many"], usage=HALF_A_DOLLAR),
    )
    async with opened(priced(home, model_server, 0.4)) as r:
        finish = await r.turn("hello")
        assert (finish.outcome, finish.reason) == ("partial", "cost_limit")
        assert "has cost $0.50" in (finish.error or "")
    assert len(model_server.requests) == 2


def budget(limit: str, answers: list[str | None], **more: Any) -> Budget:
    """A budget where a prompt token costs a cent and the person answers in this order."""

    async def ask(question: str, choices: tuple[str, ...], cancel: TurnCancel) -> str | None:
        await asyncio.sleep(0)
        return answers.pop(0)

    def price(usage: Usage, runtime: Runtime) -> Cost:
        known = runtime.model == "m"
        return Cost(amount_usd=Decimal(usage.prompt_tokens) / 100 if known else None)

    return Budget(Decimal(limit), price=price, ask=ask, **more)


@pytest.mark.ac("cost-limit")
async def test_sums_are_exact_and_the_prompt_of_the_next_request_counts() -> None:
    one = budget("0.3", [])
    for _ in range(3):
        await one.allow(RUNTIME, 1, TurnCancel())
        one.counted(Usage(), Cost(amount_usd=Decimal("0.1")))
    assert one.spent == Decimal("0.3")  # 0.1 * 3 is more than 0.3 in floating point
    assert one.refusal(RUNTIME, 1)
    assert budget("0.3", []).refusal(RUNTIME, 31)
    assert budget("0.3", []).refusal(RUNTIME, 30) is None


@pytest.mark.ac("cost-limit")
async def test_two_requests_at_once_ask_the_person_once() -> None:
    one = budget("0.1", ["Go on up to $0.3"], spent=Decimal("0.2"))
    await asyncio.gather(*(one.allow(RUNTIME, 5, TurnCancel()) for _ in range(2)))
    assert one.limit == Decimal("0.3")


@pytest.mark.ac("cost-limit")
async def test_an_unknown_cost_ends_the_limit_only_by_a_yes() -> None:
    refused = budget("1", [None])
    refused.counted(Usage(), Cost())
    with pytest.raises(CostLimitReached, match="a request so far is not known"):
        await refused.allow(RUNTIME, 1, TurnCancel())
    agreed = budget("1", [GO_ON_UNCOUNTED])
    await agreed.allow(Runtime(model="other", provider="p"), 1, TurnCancel())
    assert agreed.limit is None
    agreed.counted(Usage(), Cost())
    await agreed.allow(RUNTIME, 10_000, TurnCancel())


# --- tokens ------------------------------------------------------------------------------

TWO_THOUSAND = Tokens(prompt=1_900, output=100)


def counted(home: Home, server: ModelServer, limit: int, **more: Any) -> HostOptions:
    made = options(home, server.base_url, toolsets=("delegation",))
    overrides = {**made.overrides, "agent.max_total_tokens": limit}
    return replace(made, overrides=overrides, **{"interactive": False, **more})


@pytest.mark.ac("token-limit")
async def test_a_conversation_stops_before_it_uses_more_tokens_than_it_may(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(
        call("delegate_task", {"goal": "count the stars"}, usage=TWO_THOUSAND),
        say("many", usage=TWO_THOUSAND),
    )
    async with opened(counted(home, model_server, 4_000)) as r:
        finish = await r.turn("hello")
        assert (finish.outcome, finish.reason) == ("partial", "token_limit")
        assert "has used 4,000 tokens" in (finish.error or "")
        assert "--max-tokens" in (finish.hint or "")
        session_id = r.handle.session_id
    async with opened(counted(home, model_server, 4_000), session_id) as r:
        assert (await r.turn("and now?")).reason == "token_limit"
    assert len(model_server.requests) == 2


@pytest.mark.ac("token-limit")
async def test_a_person_is_asked_before_more_tokens_are_used(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("one", usage=TWO_THOUSAND), say("two", usage=TWO_THOUSAND))
    async with opened(counted(home, model_server, 2_000, interactive=True)) as r:
        await r.turn("hello")
        await r.send(Submit(text="go on"))
        assert "has used 2,000 tokens" in await _answer(r, "Go on up to 4,000 tokens")
        await until(lambda: len(r.of(TurnFinished)) == 2)
        assert r.of(TurnFinished)[-1].outcome == "completed"


@pytest.mark.ac("token-limit")
async def test_what_nobody_reports_counts_as_what_was_sent() -> None:
    one = budget("100", [None], tokens=TokenAllowance(100))
    await one.allow(RUNTIME, 60, TurnCancel())
    one.counted(Usage(), Cost(amount_usd=Decimal(0)))
    assert one.tokens.used == 60
    assert one.refusal(RUNTIME, 40) is None
    assert "the limit is 100" in str(one.refusal(RUNTIME, 41))
    with pytest.raises(TokenLimitReached):
        await one.allow(RUNTIME, 41, TurnCancel())
