"""Time a tool spends waiting for a person is not the tool's time."""

from __future__ import annotations

from typing import Any

from hermes_core.commands import Answer, Submit
from hermes_core.events import QuestionAsked, ToolFinished
from hermes_core.paths import Home
from tests.core.agent.rig import FakeTool, rig
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
