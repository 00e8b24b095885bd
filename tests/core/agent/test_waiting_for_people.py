"""Time a tool spends waiting for a person is not the tool's time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hermes_core.commands import Answer, Extend, Submit
from hermes_core.events import QuestionAnswered, QuestionAsked, RequestExtended, ToolFinished
from hermes_core.paths import Home
from tests.core.agent.rig import FakeTool, rig
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, calls, text
from tests.support import until


async def test_duration_leaves_out_the_wait_for_an_answer(home: Home) -> None:
    async def ask(args: Any, ctx: Any) -> str:
        await ctx.questions.ask("Which one?", choices=("a", "b"))
        return "thanks"

    provider = ScriptedProvider(calls(("ask", {})), text("done"))
    async with rig(home, provider, tools=[FakeTool("ask", ask, interactive=True)]) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(QuestionAsked))
        question = r.of(QuestionAsked)[0]
        r.clock.now += 300
        answer = Answer(request_id=question.request_id, value="a", shown_hash=question.shown_hash)
        assert (await r.send(answer)).ok
        await until(lambda: r.finishes)
        assert r.of(ToolFinished)[0].duration_s < 1


class HandClock(FakeClock):
    """Time that passes when the test says so."""

    async def sleep(self, seconds: float) -> None:
        ends_at = self.now + seconds
        while self.now < ends_at:  # noqa: ASYNC110  the test moves the time without an event
            await asyncio.sleep(0)


@pytest.mark.ac("request-extended")
async def test_an_extended_request_has_its_whole_time_again_and_then_ends(home: Home) -> None:
    async def ask(args: Any, ctx: Any) -> str:
        return str(await ctx.questions.ask("Which one?", choices=("a", "b")))

    provider = ScriptedProvider(calls(("ask", {})), text("done"))
    tools = [FakeTool("ask", ask, interactive=True)]
    async with rig(home, provider, tools=tools, clock=HandClock()) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(QuestionAsked))
        question = r.of(QuestionAsked)[0]
        assert question.expires_at is not None
        whole = question.expires_at - r.clock.now

        r.clock.now += whole - 1
        assert (await r.send(Extend(request_id=question.request_id))).ok
        await until(lambda: r.of(RequestExtended))
        assert r.of(RequestExtended)[0].expires_at == pytest.approx(r.clock.now + whole)
        r.clock.now += whole - 1
        await asyncio.sleep(0.01)
        assert not r.of(QuestionAnswered)

        r.clock.now += 2
        await until(lambda: r.of(QuestionAnswered))
        late = await r.send(Extend(request_id=question.request_id))
        assert (late.ok, late.code) == (False, "already_resolved")
        await until(lambda: r.finishes)
