"""What the engine makes of bad output of a model: one script a row."""

from __future__ import annotations

import json

import pytest

from hermes_core.errors import ProviderError
from hermes_core.events import MessageDelta, MessageFinished, Notice, ToolSkipped, ToolStarted
from hermes_core.messages import Runtime
from hermes_core.paths import Home
from hermes_core.providers.base import TextDelta
from tests.core.agent.rig import FakeTool, rig
from tests.fakes.scripted_provider import Part, ScriptedProvider, calls, finish, text

pytestmark = pytest.mark.ac("ac-10-1")


def assistant(events: list[MessageFinished]) -> list[tuple[str, str]]:
    return [(e.state, e.text) for e in events if e.role == "assistant"]


async def test_text_stopped_by_length_is_continued_into_one_answer(home: Home) -> None:
    provider = ScriptedProvider(
        text("One, ", reason="length"), text("two, ", reason="length"), text("three.")
    )
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        assert assistant(r.of(MessageFinished)) == [("complete", "One, two, three.")]
        assert (await r.messages())[-1].content == "One, two, three."
        assert [m.role for m in provider.request.messages] == ["user", "assistant", "user"]


async def test_text_still_truncated_after_three_continuations_is_partial(home: Home) -> None:
    provider = ScriptedProvider(*[text("more ", reason="length") for _ in range(4)])
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "partial"
        assert done.error == "Response remained truncated after 3 continuation attempts"
        assert (await r.messages())[-1].content == "more " * 4


async def test_thinking_that_used_the_whole_limit_is_explained(home: Home) -> None:
    provider = ScriptedProvider(text(thinking="hm " * 50, reason="length"))
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "partial"
        assert "/reasoning low" in assistant(r.of(MessageFinished))[-1][1]


async def test_call_cut_by_length_is_asked_again_once_and_never_executed(home: Home) -> None:
    cut = calls(("echo", '{"text": "hal'), reason="length")
    provider = ScriptedProvider(cut, cut)
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.error == "Response truncated due to output length limit"
        assert not r.of(ToolStarted)
        assert provider.requests[0].messages == provider.requests[1].messages


async def test_arguments_that_just_stop_count_as_truncation(home: Home) -> None:
    provider = ScriptedProvider(calls(("echo", '{"text": "hal')), text("better"))
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        assert not r.of(ToolStarted)


async def test_broken_json_is_asked_again_twice_then_explained_to_the_model(home: Home) -> None:
    bad = calls(("echo", '{"text": oops}'), say="Let me look.")
    provider = ScriptedProvider(bad, bad, bad, text("I give up"))
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        results = [m.content for m in provider.request.messages if m.role == "tool"]
        assert len(results) == 1
        assert "use {} for no parameters" in results[0]
        assert [s for s, _ in assistant(r.of(MessageFinished))] == [
            "discarded",
            "discarded",
            "complete",
            "complete",
        ]


@pytest.mark.parametrize(
    "written",
    ['{"text": "x",}', '{"text": "x"}{"text": "x"}', '"{\\"text\\": \\"x\\"}"', '[{"text": "x"}]'],
)
async def test_lossless_damage_is_mended_without_asking_again(home: Home, written: str) -> None:
    provider = ScriptedProvider(calls(("echo", written)), text("fine"))
    async with rig(home, provider) as r:
        await r.turn()
        assert len(provider.requests) == 2
        assert json.loads(provider.request.messages[-1].content) == {"text": "x"}


async def test_unclosed_scratchpad_is_asked_again_twice_then_partial(home: Home) -> None:
    open_pad = text("<REASONING_SCRATCHPAD>first I")
    provider = ScriptedProvider(open_pad, open_pad, open_pad)
    async with rig(home, provider) as r:
        done = await r.turn()
        assert (done.outcome, done.reason) == ("partial", "incomplete_scratchpad")
        assert not assistant(r.of(MessageFinished))


async def test_empty_reply_after_housekeeping_keeps_the_earlier_answer(home: Home) -> None:
    note = FakeTool("memory", lambda args, ctx: "ok")
    provider = ScriptedProvider(calls(("memory", {}), say="The answer is 4."), text(""))
    async with rig(home, provider, tools=[note]) as r:
        done = await r.turn()
        assert (done.outcome, done.reason) == ("completed", "fallback_prior_turn_content")
        first = next(e for e in r.of(MessageFinished) if e.role == "assistant")
        assert done.final_message_id == first.message_id


async def test_thinking_without_text_is_fed_back_twice(home: Home) -> None:
    provider = ScriptedProvider(text(thinking="so"), text(thinking="so"), text("Here."))
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        assert "so" in provider.requests[1].messages[-2].content
        assert [m.role for m in await r.messages()] == ["user", "assistant"]


@pytest.mark.ac("call-as-text")
async def test_a_call_written_as_text_is_told_with_the_way_to_run_it(home: Home) -> None:
    written = '<tool_call>{"name": "echo", "arguments": {"text": "a"}}</tool_call>'
    foreign = '<tool_call>{"name": "other", "arguments": {}}</tool_call> is how it looks.'
    async with rig(home, ScriptedProvider(text(written), text(foreign), text("Done."))) as r:
        for _ in range(3):
            assert (await r.turn()).outcome == "completed"
        (notice,) = [e for e in r.of(Notice) if e.code == "call_as_text"]
        assert "a call of echo" in notice.text
        assert "--jinja" in notice.text
        assert "model.tool_calls" in notice.text
        assert notice.turn_id == r.finishes[0].turn_id


@pytest.mark.ac("ac-10-2")
async def test_nothing_at_all_is_asked_three_more_times_then_said_plainly(home: Home) -> None:
    provider = ScriptedProvider(*[text("") for _ in range(4)])
    async with rig(home, provider) as r:
        done = await r.turn()
        assert (done.outcome, done.error) == ("partial", "The model returned no answer.")
        assert "/retry" in (done.hint or "")
        assert "(empty)" not in "".join(e.text for e in r.of(MessageDelta))


async def test_unknown_tool_is_explained_and_three_in_a_row_end_the_turn(home: Home) -> None:
    provider = ScriptedProvider(*[calls(("conjure", {"text": str(n)})) for n in range(3)])
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.error == "Model generated invalid tool call: conjure"
        assert "Available tools: echo" in provider.request.messages[-1].content


async def test_valid_sibling_of_an_unknown_tool_is_skipped_with_a_word(home: Home) -> None:
    provider = ScriptedProvider(calls(("conjure", {}), ("echo", {"text": "x"})), text("ok"))
    async with rig(home, provider) as r:
        await r.turn()
        assert not r.of(ToolStarted)
        assert "Retry" in provider.request.messages[-1].content


async def test_the_same_call_twice_runs_once(home: Home) -> None:
    provider = ScriptedProvider(calls(("echo", {"text": "x"}), ("echo", {"text": "x"})), text("ok"))
    async with rig(home, provider) as r:
        await r.turn()
        assert len(r.of(ToolStarted)) == 1
        assert [e.cause for e in r.of(ToolSkipped)] == ["duplicate"]


async def test_repaired_name_reaches_only_tools_without_effects(home: Home) -> None:
    danger = FakeTool("erase", lambda args, ctx: "gone")
    danger.has_effects = True  # type: ignore[misc]
    provider = ScriptedProvider(calls(("ecko", {"text": "x"})), calls(("erasee", {})), text("ok"))
    from tests.core.agent.rig import Echo

    async with rig(home, provider, tools=[Echo(), danger]) as r:
        await r.turn()
        assert [e.name for e in r.of(ToolStarted)] == []


@pytest.mark.ac("ac-4-2")
async def test_cut_stream_is_shown_once_flagged_and_continued_once(home: Home) -> None:
    provider = ScriptedProvider(
        [TextDelta("Half an ans"), ProviderError("cut", reason="cut_stream", retryable=True)],
        text("wer."),
    )
    async with rig(home, provider) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        assert assistant(r.of(MessageFinished)) == [
            ("truncated", "Half an ans"),
            ("complete", "wer."),
        ]
        assert "".join(e.text for e in r.of(MessageDelta)) == "Half an answer."
        assert len(provider.requests) == 2


async def test_second_cut_ends_the_turn_as_partial(home: Home) -> None:
    broken: list[Part] = [TextDelta("a"), ProviderError("cut", reason="cut_stream", retryable=True)]
    provider = ScriptedProvider(broken, broken)
    async with rig(home, provider) as r:
        done = await r.turn()
        assert (done.outcome, done.reason) == ("partial", "partial_stream_recovery")


async def test_inline_thinking_is_shown_apart_from_the_answer(home: Home) -> None:
    provider = ScriptedProvider(
        [TextDelta("<thi"), TextDelta("nk>secret</think>"), TextDelta("Open."), *finish()]
    )
    async with rig(home, provider) as r:
        await r.turn()
        assert assistant(r.of(MessageFinished)) == [("complete", "Open.")]
        assert (await r.messages())[-1].reasoning == "secret"


async def test_announced_work_is_nudged_into_tools_twice_on_responses_endpoints(
    home: Home,
) -> None:
    responses = Runtime(model="m", provider="openai", api_mode="codex_responses")
    provider = ScriptedProvider(
        text("I'll look at the repository first."),
        text("Okay, let me check the files."),
        text("I will read them now."),
    )
    async with rig(home, provider, runtime=responses) as r:
        done = await r.turn()
        assert done.outcome == "completed"
        assert len(provider.requests) == 3
        assert "Do it now" in provider.requests[1].messages[-1].content
        assert [m.role for m in await r.messages()] == ["user", *["assistant"] * 3]


@pytest.mark.parametrize("api_mode", ["chat_completions", "codex_responses"])
async def test_an_answer_is_not_taken_for_an_announcement(home: Home, api_mode: str) -> None:
    runtime = Runtime(model="m", provider="openai", api_mode=api_mode)
    provider = ScriptedProvider(text("The tests fail because of a typo. Shall I look further?"))
    async with rig(home, provider, runtime=runtime) as r:
        assert (await r.turn()).outcome == "completed"


async def test_announcements_of_other_endpoints_are_answers(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("I'll look at the repository."))) as r:
        assert (await r.turn()).outcome == "completed"
