"""A turn from the message to the answer, tools included."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from hermes_core.commands import Submit
from hermes_core.errors import ProviderError
from hermes_core.events import (
    MessageDelta,
    MessageFinished,
    ReasoningDelta,
    ReasoningFinished,
    StepStarted,
    ToolAnnounced,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_core.providers.base import StreamPart
from hermes_core.tools.base import ToolContext
from tests.core.agent.rig import FakeTool, TextArgs, rig
from tests.fakes.scripted_provider import ScriptedProvider, calls, text
from tests.support import until


async def test_answer_streams_and_is_stored_once(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("Hello ", "there."))) as r:
        finish = await r.turn("hi")
        assert finish.outcome == "completed"
        answer = [e for e in r.of(MessageFinished) if e.role == "assistant"]
        assert [(e.text, e.state, e.final) for e in answer] == [("Hello there.", "complete", True)]
        shown = "".join(e.text for e in r.of(MessageDelta))
        assert shown == "Hello there."
        stored = await r.messages()
        assert [(m.role, m.content) for m in stored] == [
            ("user", "hi"),
            ("assistant", "Hello there."),
        ]
        r.provider.assert_done()


async def test_tool_round_feeds_results_back_in_call_order(home: Home) -> None:
    provider = ScriptedProvider(
        calls(("echo", {"text": "a"}), ("echo", {"text": "b"})), text("done")
    )
    async with rig(home, provider) as r:
        finish = await r.turn()
        assert (finish.outcome, finish.steps, finish.tool_calls) == ("completed", 2, 2)
        results = [m for m in provider.request.messages if m.role == "tool"]
        assert [json.loads(m.content) for m in results] == [{"text": "a"}, {"text": "b"}]
        started, ended = r.of(ToolStarted), r.of(ToolFinished)
        assert sorted(e.call_id for e in started) == sorted(e.call_id for e in ended)


@pytest.mark.ac("ac-3-1")
async def test_step_budget_ends_with_one_request_without_tools(home: Home) -> None:
    rounds = [calls(("echo", {"text": str(n)})) for n in range(3)]
    provider = ScriptedProvider(*rounds, text("that is what I did"))
    async with rig(home, provider, max_steps=3) as r:
        finish = await r.turn()
        assert [bool(request.tools) for request in provider.requests] == [True, True, True, False]
        assert (finish.outcome, finish.reason) == ("partial", "max_iterations_reached(3/3)")
        assert (await r.messages())[-1].content == "that is what I did"


@pytest.mark.ac("ac-3-1")
async def test_summary_at_the_step_limit_is_asked_for_twice_and_its_failure_said(
    home: Home,
) -> None:
    down = ProviderError("Nobody is there.", reason="auth", retryable=False)
    one = calls(("echo", {"text": "1"}))
    async with rig(home, ScriptedProvider(one, down, text("so far")), max_steps=1) as r:
        assert (await r.turn()).outcome == "partial"
        assert (await r.messages())[-1].content == "so far"
    provider = ScriptedProvider(one, down, down)
    async with rig(home, provider, max_steps=1, session_id="20261122_101500_0000000b") as r:
        finish = await r.turn()
        assert finish.reason == "max_iterations_reached(1/1)"
        assert finish.error is not None
        assert "limit of 1 steps" in finish.error
        assert "Nobody is there." in finish.error


@pytest.mark.ac("turn-end-logged")
async def test_every_end_is_logged_and_one_behind_a_tool_as_a_warning(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hermes_core.agent.turns.turn")
    refused = ProviderError("no", reason="auth", retryable=False)
    provider = ScriptedProvider(text("fine"), calls(("echo", {"text": "1"})), refused)
    async with rig(home, provider) as r:
        await r.turn()
        assert "text_response(finish_reason=stop)" in caplog.text
        assert [one.levelname for one in caplog.records] == ["INFO"]
        await r.turn()
    assert [one.levelname for one in caplog.records][-2:] == ["INFO", "WARNING"]
    assert "stopped behind a tool: request_failed:auth" in caplog.text


@pytest.mark.ac("ac-3-2")
async def test_model_is_told_nothing_of_the_budget_before_its_end(home: Home) -> None:
    provider = ScriptedProvider(
        calls(("echo", {"text": "x"})), calls(("echo", {"text": "y"})), text("end")
    )
    async with rig(home, provider, max_steps=2) as r:
        await r.turn()
        for request in provider.requests[:-1]:
            words = request.system + " ".join(m.content for m in request.messages)
            assert "step" not in words.lower()
            assert "budget" not in words.lower()


@pytest.mark.ac("ac-6-3")
async def test_tool_that_raises_gives_an_error_result_and_the_turn_goes_on(home: Home) -> None:
    def broken(args: object, ctx: object) -> object:
        raise ValueError("no luck")

    provider = ScriptedProvider(calls(("broken", {})), text("so be it"))
    async with rig(home, provider, tools=[FakeTool("broken", broken)]) as r:
        finish = await r.turn()
        assert finish.outcome == "completed"
        assert "no luck" in provider.request.messages[-1].content
        assert not r.of(ToolFinished)[0].ok


@pytest.mark.ac("ac-11-3")
async def test_prompt_bytes_are_the_same_in_all_steps_and_turns(home: Home) -> None:
    provider = ScriptedProvider(calls(("echo", {"text": "x"})), text("one"), text("two"))
    async with rig(home, provider) as r:
        await r.turn("first")
        await r.turn("second")
        assert len({request.system for request in provider.requests}) == 1


async def test_every_turn_opens_and_closes_once(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("a"), text("b"))) as r:
        await r.turn()
        await r.turn()
        assert len(r.of(TurnStarted)) == len(r.finishes) == 2
        assert [e.seq for e in r.events if e.stored] == list(
            range(1, 1 + len([e for e in r.events if e.stored]))
        )
        assert {e.n for e in r.of(StepStarted)} == {1}


async def test_conversation_beyond_the_window_is_refused_with_the_way_out(home: Home) -> None:
    async with rig(home, ScriptedProvider(), estimate=lambda request: 127_000) as r:
        finish = await r.turn()
        assert (finish.outcome, finish.reason) == ("failed", "context_full")
        assert "/new" in (finish.hint or "")


@pytest.mark.ac("ac-8-1")
@pytest.mark.parametrize(
    "reply",
    [
        text("The answer.", thinking="Let me see."),
        text("<think>Let me see.</think>The answer."),
        text("<thi", "nk>Let me", " see.</th", "ink>The ", "answer."),
        text("<thinking>Let me see.</thinking>\n\nThe answer."),
        text("<thought>Let me see.</thought>The answer."),
        text("<reasoning>Let me see.</reasoning>The answer."),
        text("<REASONING_SCRATCHPAD>Let me see.</REASONING_SCRATCHPAD>The answer."),
    ],
)
async def test_thinking_is_shown_once_and_never_part_of_the_answer(
    home: Home, reply: list[StreamPart]
) -> None:
    async with rig(home, ScriptedProvider(reply)) as r:
        await r.turn()
        assert [e.text for e in r.of(ReasoningFinished)] == ["Let me see."]
        assert "".join(e.text for e in r.of(ReasoningDelta)).strip() == "Let me see."
        answer = r.of(MessageFinished)[-1]
        assert answer.text.strip() == "The answer."
        assert "see" not in "".join(e.text for e in r.of(MessageDelta))
        stored = (await r.messages())[-1]
        assert (stored.content.strip(), stored.reasoning) == ("The answer.", "Let me see.")


async def test_finished_calls_of_a_batch_are_told_before_the_slow_ones_end(home: Home) -> None:
    release = asyncio.Event()

    async def work(args: TextArgs, ctx: ToolContext) -> str:
        if args.text == "slow":
            await release.wait()
        return args.text

    for parallel in ("never", "safe"):
        release.clear()
        provider = ScriptedProvider(
            calls(("work", {"text": "quick"}), ("work", {"text": "slow"})), text("done")
        )
        tools = [FakeTool("work", work, parallel=parallel)]
        async with rig(home, provider, tools=tools, session_id=f"session-{parallel}") as r:
            await r.send(Submit(text="go"))
            await until(partial(r.of, ToolFinished))
            assert [e.call_id for e in r.of(ToolFinished)] == ["call_0"]
            release.set()
            await r.session.wait_idle()
            await r.settle()
            assert [e.call_id for e in r.of(ToolFinished)] == ["call_0", "call_1"]


async def test_repeated_call_ids_of_a_server_are_told_apart_from_the_first_word(
    home: Home,
) -> None:
    provider = ScriptedProvider(
        calls(("echo", {"text": "a"})), calls(("echo", {"text": "b"})), text("done")
    )
    async with rig(home, provider) as r:
        await r.turn()
        announced = [e.call_id for e in r.of(ToolAnnounced)]
        assert announced == [e.call_id for e in r.of(ToolStarted)] == ["call_0", "call_0_2"]
        results = [m.tool_call_id for m in await r.messages() if m.role == "tool"]
        assert results == announced
