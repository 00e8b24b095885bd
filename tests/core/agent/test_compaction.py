"""Shortening a conversation in the store: what is kept, told and written down."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path

import pytest

from hermes_core.agent.compaction.local_summary import MAX_CHARS
from hermes_core.agent.compaction.summary_text import summary_body
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.errors import Cancelled, ProviderError, StoreUnavailable
from hermes_core.events import (
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    Notice,
    RequestFailed,
    RequestFinished,
    RequestStarted,
)
from hermes_core.messages import Runtime, TodoItem, is_summary
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from tests.core.agent.compaction_rig import (
    SESSION,
    ask,
    compaction_rig,
    exchange,
    route,
    say,
)
from tests.fakes.scripted_provider import ScriptedProvider, text, usage
from tests.support import until

BUSY = ProviderError("529: overloaded", reason="overloaded", status=529, retryable=True)


@pytest.mark.ac("ac-12-1")
async def test_hundred_messages_become_opening_summary_and_the_last_twenty(home: Home) -> None:
    messages = exchange(101)
    provider = ScriptedProvider(text("Goal: ", "mend the parser."))
    async with compaction_rig(home, messages, provider) as rig:
        assert await rig.shorten()
        after = rig.talk.messages
        assert after == await rig.stored()
        assert after[-20:] == messages[-20:]
        (summary,) = [m for m in after if is_summary(m)]
        assert summary_body(summary) == "Goal: mend the parser."
        assert after[-1].content == messages[-1].content
    provider.assert_done()


@pytest.mark.ac("ac-12-5")
async def test_id_stays_and_messages_before_the_cut_are_found_by_search(home: Home) -> None:
    async with compaction_rig(home, exchange(101), ScriptedProvider(text("Notes."))) as rig:
        await rig.shorten()
        store = rig.store.store
        assert "words30" not in " ".join(m.content for m in rig.talk.messages)
        hits = await store.search("words30")
        assert [(hit.session_id, hit.message_id) for hit in hits] == [(SESSION, "m30")]
        shown = await store.messages(SESSION, active_only=False)
        assert {f"m{n}" for n in range(101)} <= {m.message_id for m in shown}
        assert (await store.session(SESSION)).epoch == 1


@pytest.mark.ac("ac-12-2")
async def test_endpoint_busy_forever_leaves_a_local_summary_and_a_warning(home: Home) -> None:
    messages = [ask(0), say(1), ask(2, "Rename the table users to people"), *exchange(36)[3:]]
    provider = ScriptedProvider(BUSY, BUSY, BUSY)
    async with compaction_rig(home, messages, provider) as rig:
        assert await rig.shorten()
        summary = next(m for m in rig.talk.messages if is_summary(m))
        assert "Rename the table users to people" in summary.content
        assert len(summary_body(summary)) <= MAX_CHARS
        (finished,) = await rig.events(CompactionFinished)
        assert finished.degraded
        (notice,) = await rig.events(Notice)
        assert (notice.level, notice.code) == ("warn", "summary_local")
        assert "529" in notice.text
        failed = await rig.events(RequestFailed)
        assert [one.purpose for one in failed] == ["compression"] * 3
    provider.assert_done()


async def test_second_attempt_that_works_needs_no_local_summary(home: Home) -> None:
    provider = ScriptedProvider(BUSY, text("Notes."))
    async with compaction_rig(home, exchange(60), provider) as rig:
        await rig.shorten()
        (finished,) = await rig.events(CompactionFinished)
        assert not finished.degraded
        assert await rig.events(Notice) == []


async def test_model_named_for_summaries_is_asked_first_then_the_main_one(home: Home) -> None:
    named = ScriptedProvider(ProviderError("no such key", reason="auth", status=401))
    main = ScriptedProvider(text("Notes of the main model."))
    small = Runtime(model="small", provider="helper", window_tokens=32_000)
    ways = [route(named, small, is_named=True), route(main)]
    async with compaction_rig(home, exchange(60), routes=ways) as rig:
        await rig.shorten()
        assert "Notes of the main model." in rig.talk.messages[2].content
        notices = await rig.events(Notice)
        assert [one.code for one in notices] == ["auxiliary_failed"]
        assert "small via helper" in notices[0].text
    named.assert_done()
    main.assert_done()


async def test_material_too_long_for_the_model_is_halved(home: Home) -> None:
    too_long = ProviderError("too long", reason="context_overflow", status=400)
    provider = ScriptedProvider(too_long, text("Notes."))
    async with compaction_rig(home, exchange(200, chars=3_000), provider) as rig:
        await rig.shorten()
    first, second = (len(r.messages[0].content) for r in provider.requests)
    assert second < first * 0.6


async def test_failure_keeps_the_history_where_the_settings_want_that(home: Home) -> None:
    messages = exchange(60)
    settings = CompressionSettings(abort_on_summary_failure=True)
    provider = ScriptedProvider(BUSY, BUSY, BUSY)
    async with compaction_rig(home, messages, provider, settings=settings) as rig:
        assert not await rig.shorten()
        assert [m.message_id for m in rig.talk.messages] == [m.message_id for m in messages]
        assert len(await rig.stored()) == 60
        (failed,) = await rig.events(CompactionFailed)
        assert "529" in failed.error
        assert failed.fallback == ""
        assert await rig.events(CompactionFinished) == []


async def test_summary_is_counted_and_tagged_with_its_purpose(home: Home) -> None:
    provider = ScriptedProvider(text("Notes.", used=usage(900, 80)))
    async with compaction_rig(home, exchange(60), provider) as rig:
        await rig.shorten()
        kinds = (RequestStarted, RequestFinished)
        assert [one.purpose for one in await rig.events(*kinds)] == ["compression"] * 2
        record = await rig.store.store.session(SESSION)
        assert (record.input_tokens, record.output_tokens) == (900, 80)
    assert provider.request.purpose == "compression"
    assert provider.request.tools == ()
    assert provider.request.session_id == SESSION


@pytest.mark.ac("ac-12-3")
async def test_focus_reaches_the_request_for_the_summary(home: Home) -> None:
    provider = ScriptedProvider(text("Notes."))
    async with compaction_rig(home, exchange(60), provider) as rig:
        await rig.shorten(focus="database schema")
    assert "database schema" in provider.request.messages[0].content


async def test_unfinished_plan_stands_behind_the_summary(home: Home) -> None:
    async with compaction_rig(home, exchange(60), ScriptedProvider(text("Notes."))) as rig:
        rig.talk.todos = (TodoItem(id="1", content="write the migration"),)
        await rig.shorten()
        summary = next(m for m in await rig.stored() if is_summary(m))
        assert "write the migration" in summary.content


async def test_prompt_is_rebuilt_and_stored_and_the_read_memory_cleared(home: Home) -> None:
    async with compaction_rig(home, exchange(60), ScriptedProvider(text("Notes."))) as rig:
        await rig.shorten()
        assert rig.talk.system == "prompt, built anew"
        assert (await rig.store.store.session(SESSION)).system_prompt == "prompt, built anew"
        assert rig.done == 1


async def test_second_summary_updates_the_first_and_says_that_details_fade(home: Home) -> None:
    provider = ScriptedProvider(text("First notes."), text("Second notes."))
    async with compaction_rig(home, exchange(60), provider) as rig:
        await rig.shorten()
        more = [(ask, say)[n % 2](n) for n in range(60, 100)]
        rig.talk.messages.extend(more)
        rig.journal.record(*more)
        await rig.shorten()
        assert [m for m in rig.talk.messages if is_summary(m)] == [rig.talk.messages[2]]
        assert rig.talk.messages == await rig.stored()
        assert [one.code for one in await rig.events(Notice)] == ["summarised_often"]
    assert "First notes." in provider.requests[1].messages[0].content


async def test_events_tell_cause_and_sizes(home: Home) -> None:
    async with compaction_rig(home, exchange(61), ScriptedProvider(text("Notes."))) as rig:
        await rig.shorten()
        (started,) = await rig.events(CompactionStarted)
        (finished,) = await rig.events(CompactionFinished)
        assert (started.cause, started.messages_before) == ("manual", 61)
        assert finished.messages_before == 61
        assert finished.messages_after == len(rig.talk.messages) == 23
        assert 0 < finished.tokens_after < finished.tokens_before
        assert finished.summary_ref == rig.talk.messages[2].message_id


async def test_nothing_to_leave_out_changes_and_says_nothing(home: Home) -> None:
    async with compaction_rig(home, exchange(4), ScriptedProvider()) as rig:
        assert not await rig.shorten()
        assert await rig.events(CompactionStarted) == []


async def test_interrupt_while_summarising_leaves_the_history_alone(home: Home) -> None:
    never = asyncio.Event()
    provider = ScriptedProvider([never])
    async with compaction_rig(home, exchange(60), provider) as rig:
        work = asyncio.create_task(rig.shorten())
        await until(lambda: provider.requests)
        rig.cancel.set()
        with pytest.raises(Cancelled):
            await work
        assert len(rig.talk.messages) == len(await rig.stored()) == 60
        (failed,) = await rig.events(CompactionFailed)
        assert "Interrupted" in failed.error
    assert provider.aborted == 1


async def test_change_that_cannot_be_saved_is_used_and_saved_with_the_next(home: Home) -> None:
    provider = ScriptedProvider(text("First notes."), text("Second notes."))
    async with compaction_rig(home, exchange(60), provider) as rig:
        rig.store.problem = StoreUnavailable("the disk is full")
        assert await rig.shorten()
        assert len(rig.talk.messages) == 23
        assert len(await rig.stored()) == 60
        (failed,) = await rig.events(CompactionFailed)
        assert failed.fallback
        rig.store.problem = None
        more = [(ask, say)[n % 2](n) for n in range(60, 100)]
        rig.talk.messages.extend(more)
        rig.journal.record(*more)
        assert await rig.shorten()
        assert rig.talk.messages == await rig.stored()


KILLED = """
    import asyncio, sys
    from pathlib import Path
    from hermes_core.paths import Home
    from hermes_core.providers.base import ModelRequest
    from tests.core.agent.compaction_rig import compaction_rig, exchange
    from tests.fakes.scripted_provider import ScriptedProvider, text

    class Telling(ScriptedProvider):
        async def stream(self, request):
            print("asked", flush=True)
            if sys.argv[2] == "during":
                await asyncio.Event().wait()
            async for part in super().stream(request):
                yield part

    async def main():
        async with compaction_rig(Home(Path(sys.argv[1])), exchange(60),
                                  Telling(text("Notes."))) as rig:
            await rig.shorten()
            print("done", flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


@pytest.mark.ac("compaction-killed")
@pytest.mark.parametrize(
    ("moment", "word", "left"), [("during", "asked", 60), ("after", "done", 23)]
)
async def test_killed_program_leaves_the_history_before_or_after_never_half(
    home: Home, moment: str, word: str, left: int
) -> None:
    program = [sys.executable, "-c", textwrap.dedent(KILLED), str(home.root), moment]
    repository = Path(__file__).parents[3]
    child = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, cwd=repository
    )
    assert child.stdout is not None
    assert (await child.stdout.readuntil(f"{word}\n".encode())).endswith(b"\n")
    child.kill()
    await child.wait()
    store = await Store.open(home)
    messages = await store.messages(SESSION)
    assert len(messages) == left
    assert sum(is_summary(m) for m in messages) == (left == 23)
    epoch = (await store.session(SESSION)).epoch
    finished = [e for e in await store.events(SESSION) if isinstance(e, CompactionFinished)]
    assert (epoch, len(finished)) == ((1, 1) if left == 23 else (0, 0))
    await store.aclose()
