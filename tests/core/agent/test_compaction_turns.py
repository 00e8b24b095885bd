"""Long conversations in a session: when they are shortened, and what goes on after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hermes_core.commands import Compact, Interrupt, Retry, Submit, Undo
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.errors import ProviderError
from hermes_core.events import (
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    MessageFinished,
    Notice,
    RequestFailed,
    StepStarted,
    TurnFinished,
)
from hermes_core.messages import Message, Runtime, is_summary
from hermes_core.paths import Home
from hermes_core.providers.base import ModelRequest, StreamPart
from hermes_core.providers.facts.tokens import estimate_request
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.core.agent.compaction_rig import exchange
from tests.core.agent.rig import SESSION, rig
from tests.fakes.scripted_provider import ScriptedProvider, calls, text, usage
from tests.support import until

ON = CompressionSettings()
SMALL = Runtime(model="scripted", provider="custom", window_tokens=16_000)
TOO_LONG = ProviderError("prompt is too long", reason="context_overflow", status=400)


async def stored(home: Home, messages: Sequence[Message]) -> Store:
    """A store that holds an earlier conversation."""
    store = await Store.open(home)
    await store.create_session(SessionRecord(id=SESSION, source="cli", system_prompt="first"))
    begun = Notice(seq=1, session_id=SESSION, level="info", code="test", text="begun")
    await store.commit(SESSION, messages=messages, events=[begun])
    return store


def purposes(provider: ScriptedProvider) -> list[str]:
    return [request.purpose for request in provider.requests]


def spoken(request: ModelRequest) -> str:
    return "\n".join(m.content for m in request.messages)


@pytest.mark.ac("compaction-triggers")
async def test_turn_in_a_conversation_beyond_the_threshold_begins_with_a_summary(
    home: Home,
) -> None:
    store = await stored(home, exchange(60, chars=1_200))
    provider = ScriptedProvider(text("Notes on all that."), text("Here you are."))
    async with rig(
        home, provider, store=store, compression=ON, runtime=SMALL, estimate=estimate_request
    ) as r:
        finish = await r.turn("and now?")
        assert finish.outcome == "completed"
        assert purposes(provider) == ["compression", "turn"]
        (started,) = r.of(CompactionStarted)
        assert started.cause == "window"
        asked = provider.requests[1]
        assert "Notes on all that." in spoken(asked)
        assert asked.messages[-1].role == "user"
        assert asked.messages[-1].content.endswith("and now?")
        assert asked.system == "You are a test, told again."
        assert [m.message_id for m in await r.messages()] == [
            m.message_id for m in r.session.conversation.messages
        ]
    await store.aclose()


@pytest.mark.ac("compaction-triggers")
async def test_size_the_provider_reports_starts_it_after_the_tools(home: Home) -> None:
    store = await stored(home, exchange(60))
    near = usage(70_000, 10)
    provider = ScriptedProvider(
        calls(("echo", {"text": "x"}), used=near), text("Notes."), text("done")
    )
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        finish = await r.turn("go")
        assert finish.outcome == "completed"
        assert purposes(provider) == ["turn", "compression", "turn"]
        (started,) = r.of(CompactionStarted)
        assert started.cause == "threshold"
        assert started.step == 2
        asked = provider.requests[2]
        assert [m.role for m in asked.messages[-3:]] == ["user", "assistant", "tool"]
    await store.aclose()


@pytest.mark.ac("compaction-triggers")
async def test_refusal_of_the_provider_is_mended_and_the_request_sent_again(home: Home) -> None:
    store = await stored(home, exchange(80, chars=800))
    provider = ScriptedProvider(TOO_LONG, text("Notes."), text("done"))
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        finish = await r.turn("go on")
        assert finish.outcome == "completed"
        assert purposes(provider) == ["turn", "compression", "turn"]
        first, last = provider.requests[0], provider.requests[2]
        assert estimate_request(last) <= estimate_request(first) // 2
        assert last.messages[-1].content.endswith("go on")
        assert [e.next_action for e in r.of(RequestFailed)] == ["compress"]
        assert r.of(CompactionStarted)[0].cause == "provider"
        assert r.of(StepStarted)[-1].n == 1
    await store.aclose()


async def test_window_the_provider_names_is_believed(home: Home) -> None:
    store = await stored(home, exchange(80, chars=800))
    named = ProviderError(
        "maximum context length is 12000 tokens",
        reason="context_overflow",
        status=400,
        window_tokens=12_000,
    )
    provider = ScriptedProvider(named, text("Notes."), text("done"))
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        await r.turn("go on")
        assert r.session.conversation.runtime.window_tokens == 12_000
        assert r.of(ContextGauge)[-1].window == 12_000
    await store.aclose()


async def test_reply_length_the_provider_cannot_give_is_lowered_for_one_request(
    home: Home,
) -> None:
    capped = ProviderError(
        "max_tokens too large", reason="context_overflow", status=400, output_cap_tokens=1_064
    )
    provider = ScriptedProvider(capped, calls(("echo", {"text": "x"})), text("done"))
    async with rig(home, provider, compression=ON, estimate=estimate_request) as r:
        assert (await r.turn("hi")).outcome == "completed"
        assert [one.max_output_tokens for one in provider.requests] == [None, 1_000, None]
        assert r.of(CompactionStarted) == []


async def test_fourth_time_in_one_turn_is_refused_with_the_way_out(home: Home) -> None:
    store = await stored(home, exchange(200, chars=3_000))
    provider = ScriptedProvider(
        TOO_LONG, text("One."), TOO_LONG, text("Two."), TOO_LONG, text("Three."), TOO_LONG
    )
    big = Runtime(model="scripted", provider="custom", window_tokens=1_000_000)
    async with rig(
        home, provider, store=store, compression=ON, runtime=big, estimate=estimate_request
    ) as r:
        finish = await r.turn("go on")
        assert (finish.outcome, finish.reason) == ("failed", "context_full")
        assert "/new" in (finish.hint or "")
        assert len(r.of(CompactionFinished)) == 3
        assert r.session.conversation.messages[-1].content == "go on"
    provider.assert_done()
    await store.aclose()


async def test_switched_off_it_refuses_a_full_window_and_names_the_setting(home: Home) -> None:
    store = await stored(home, exchange(60, chars=1_200))
    off = CompressionSettings(enabled=False)
    async with rig(
        home,
        ScriptedProvider(),
        store=store,
        compression=off,
        runtime=SMALL,
        estimate=estimate_request,
    ) as r:
        finish = await r.turn("and now?")
        assert finish.reason == "context_full"
        assert "compression.enabled" in (finish.hint or "")
        assert "/new" in (finish.hint or "")
        reply = await r.send(Compact())
        assert (reply.ok, reply.code) == (False, "disabled")
    await store.aclose()


@pytest.mark.ac("ac-12-4")
async def test_after_task_a_the_running_task_b_goes_on(home: Home) -> None:
    store = await stored(home, [*exchange(40)])
    near = usage(70_000, 10)
    provider = ScriptedProvider(
        text("Task A is done: the table is renamed."),
        calls(("echo", {"text": "step one of B"}), used=near),
        text("## Progress\n### Done\nTask A\n### In Progress\nTask B"),
        calls(("echo", {"text": "step two of B"}), ids=("b2",)),
        text("Task B is done."),
    )
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        await r.turn("Do task A: rename the table")
        finish = await r.turn("Do task B: write the report")
        assert finish.outcome == "completed"
        summary_request, next_step = provider.requests[2], provider.requests[3]
        assert summary_request.purpose == "compression"
        said = spoken(next_step)
        assert said.rindex("Do task B: write the report") > said.rindex("In Progress")
        users = [m.content for m in next_step.messages if m.role == "user"]
        assert "Do task B: write the report" in users[-1]
        assert next_step.messages[-1].role == "tool"
        assert "step one of B" in next_step.messages[-1].content
    provider.assert_done()
    await store.aclose()


async def test_long_turn_pins_its_request_behind_the_summary(home: Home) -> None:
    steps = [
        calls(("echo", {"text": f"part {n}", "count": 400}), ids=(f"c{n}",)) for n in range(40)
    ]
    window = Runtime(model="scripted", provider="custom", window_tokens=24_000)

    def answer(request: ModelRequest) -> Sequence[StreamPart]:
        if request.purpose == "compression":
            return text("Parts so far are done.")
        assert any("do all parts" in m.content for m in request.messages if m.role == "user")
        assert estimate_request(request) < window.window_tokens
        return steps.pop(0) if steps else text("all done")

    provider = ScriptedProvider(*([answer] * 60))
    async with rig(
        home,
        provider,
        compression=ON,
        runtime=window,
        estimate=estimate_request,
        max_steps=60,
    ) as r:
        finish = await r.turn("do all parts")
        assert finish.outcome == "completed"
        assert 1 <= len(r.of(CompactionFinished)) <= 3
        messages = await r.messages()
        at = next(i for i, m in enumerate(messages) if is_summary(m))
        assert messages[at + 1].content == "do all parts"


@pytest.mark.ac("compaction-by-hand")
async def test_compact_summarises_now_with_the_focus_and_says_what_became_of_it(
    home: Home,
) -> None:
    store = await stored(home, exchange(100))
    provider = ScriptedProvider(text("Notes on the schema."), text("sure"))
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        assert (await r.send(Compact(focus="database schema"))).ok
        assert r.session.is_busy
        await r.session.wait_idle()
        await r.settle()
        assert "database schema" in spoken(provider.requests[0])
        (finished,) = r.of(CompactionFinished)
        assert (finished.messages_before, finished.messages_after) == (100, 23)
        assert r.of(TurnFinished) == []
        await r.turn("thanks")
        assert "Notes on the schema." in spoken(provider.requests[1])
    await store.aclose()


@pytest.mark.ac("compaction-by-hand")
async def test_compact_is_refused_while_a_turn_runs_and_when_there_is_nothing(home: Home) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([*text("so far")[:1], hold, *text("!")])
    async with rig(home, provider, compression=ON, estimate=estimate_request) as r:
        assert (await r.send(Compact())).code == "nothing"
        await r.send(Submit(text="hello"))
        await until(lambda: provider.requests)
        assert (await r.send(Compact())).code == "busy"
        hold.set()
        await r.session.wait_idle()


@pytest.mark.ac("compaction-by-hand")
async def test_compact_with_nothing_to_leave_out_says_no_changes(home: Home) -> None:
    store = await stored(home, exchange(4))
    async with rig(
        home, ScriptedProvider(), store=store, compression=ON, estimate=estimate_request
    ) as r:
        assert (await r.send(Compact())).ok
        await r.session.wait_idle()
        await r.settle()
        assert "No changes" in r.of(Notice)[-1].text
        assert r.of(CompactionStarted) == []
    await store.aclose()


async def test_message_sent_while_summarising_waits_and_is_answered_after_it(home: Home) -> None:
    store = await stored(home, exchange(60))
    hold = asyncio.Event()
    provider = ScriptedProvider([hold, *text("Notes.")], text("yes"))
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        await r.send(Compact())
        await until(lambda: provider.requests)
        await r.send(Submit(text="still there?"))
        assert purposes(provider) == ["compression"]
        hold.set()
        await r.session.wait_idle()
        await r.settle()
        assert purposes(provider) == ["compression", "turn"]
        assert provider.requests[1].messages[-1].content == "still there?"
        kinds = [type(e) for e in r.events if isinstance(e, CompactionFinished | TurnFinished)]
        assert kinds == [CompactionFinished, TurnFinished]
    await store.aclose()


async def test_interrupt_ends_summarising_by_hand_and_changes_nothing(home: Home) -> None:
    store = await stored(home, exchange(60))
    provider = ScriptedProvider([asyncio.Event()])
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        await r.send(Compact())
        await until(lambda: provider.requests)
        assert (await r.send(Interrupt())).ok
        await r.session.wait_idle()
        await r.settle()
        assert len(await r.messages()) == 60
        assert "Interrupted" in r.of(CompactionFailed)[0].error
    await store.aclose()


async def test_interrupt_while_a_turn_summarises_ends_the_turn_as_interrupted(home: Home) -> None:
    store = await stored(home, exchange(60, chars=1_200))
    provider = ScriptedProvider([asyncio.Event()])
    async with rig(
        home, provider, store=store, compression=ON, runtime=SMALL, estimate=estimate_request
    ) as r:
        await r.send(Submit(text="and now?"))
        await until(lambda: provider.requests)
        await r.send(Interrupt())
        await r.session.wait_idle()
        await r.settle()
        assert r.finishes[-1].outcome == "interrupted"
        assert len(await r.messages()) == 61
    await store.aclose()


async def test_undo_takes_the_last_exchange_back_but_not_what_was_summarised(home: Home) -> None:
    store = await stored(home, exchange(60))
    provider = ScriptedProvider(text("Notes."), *(text("ok") for _ in range(2)))
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        await r.send(Compact())
        await r.session.wait_idle()
        await r.turn("one more")
        undone = await r.send(Undo())
        assert undone.data["text"] == "one more"
        for _ in range(10):
            assert (await r.send(Undo())).ok
        refused = await r.send(Undo())
        assert (refused.ok, refused.code) == (False, "nothing")
        assert "summarised" in refused.text
        assert not (await r.send(Retry())).ok
        left = r.session.conversation.messages
        assert [m.message_id for m in left] == [m.message_id for m in await r.messages()]
        assert is_summary(left[-1])
    await store.aclose()


async def test_resumed_session_goes_on_from_the_summary(home: Home) -> None:
    store = await stored(home, exchange(60))
    async with rig(
        home,
        ScriptedProvider(text("Notes for later.")),
        store=store,
        compression=ON,
        estimate=estimate_request,
    ) as r:
        await r.send(Compact())
        await r.session.wait_idle()
    provider = ScriptedProvider(text("back"))
    async with rig(home, provider, store=store, estimate=estimate_request, listen=False) as r:
        await r.send(Submit(text="where were we?"))
        await r.session.wait_idle()
        asked = provider.request
        assert "Notes for later." in spoken(asked)
        assert "words30 " not in spoken(asked)
        assert len(asked.messages) < 26
    await store.aclose()


async def test_turn_usage_leaves_the_summary_out_and_the_session_counts_it(home: Home) -> None:
    store = await stored(home, exchange(60, chars=1_200))
    provider = ScriptedProvider(
        text("Notes.", used=usage(9_000, 300)), text("done", used=usage(400, 20))
    )
    async with rig(
        home, provider, store=store, compression=ON, runtime=SMALL, estimate=estimate_request
    ) as r:
        finish = await r.turn("and now?")
        assert (finish.usage.prompt_tokens, finish.usage.requests) == (400, 1)
        record = await store.session(SESSION)
        assert (record.input_tokens, record.output_tokens) == (9_400, 320)
    await store.aclose()


async def test_growth_by_little_after_a_summary_starts_no_other_one(home: Home) -> None:
    """Twenty messages may keep the request above the threshold; that must not loop."""
    messages = exchange(60, chars=9_000)
    store = await stored(home, messages)
    provider = ScriptedProvider(
        text("Notes."),
        *(calls(("echo", {"text": "x"}), ids=(f"c{n}",)) for n in range(4)),
        text("done"),
    )
    wide = Runtime(model="scripted", provider="custom", window_tokens=128_000)
    async with rig(
        home, provider, store=store, compression=ON, runtime=wide, estimate=estimate_request
    ) as r:
        finish = await r.turn("go")
        assert finish.outcome == "completed"
        assert purposes(provider) == ["compression", *["turn"] * 5]
    await store.aclose()


async def test_answer_to_be_continued_survives_a_summary_in_between(home: Home) -> None:
    store = await stored(home, exchange(60))
    provider = ScriptedProvider(
        text("The first half", reason="length", used=usage(70_000, 10)),
        text("Notes."),
        text(" and the second."),
    )
    async with rig(home, provider, store=store, compression=ON, estimate=estimate_request) as r:
        finish = await r.turn("tell me")
        assert finish.outcome == "completed"
        said = [e.text for e in r.of(MessageFinished) if e.role == "assistant"]
        assert said == ["The first half and the second."]
        assert purposes(provider) == ["turn", "compression", "turn"]
    await store.aclose()
