"""What listeners of a session are promised: order, completeness, nobody waits for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from hermes_core.agent.stream.hub import MAX_QUEUED, Hub
from hermes_core.agent.stream.journal import Journal
from hermes_core.commands import Submit
from hermes_core.errors import ProviderError
from hermes_core.events import (
    ContextGauge,
    CoreEvent,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    Notice,
    ToolOutput,
    TurnFinished,
)
from hermes_core.paths import Home
from hermes_core.providers.base import TextDelta
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_core.tools.base import ToolContext
from tests.core.agent.rig import FakeTool, Rig, TextArgs, rig
from tests.core.agent.screen_model import ScreenModel
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, calls, finish, text
from tests.support import until

SESSION = "20261122_101500_00000001"


@asynccontextmanager
async def journal_on(home: Home) -> AsyncIterator[Journal]:
    store = await Store.open(home)
    await store.create_session(SessionRecord(id=SESSION, source="cli"))
    journal = Journal(SESSION, store, clock=FakeClock())
    try:
        yield journal
    finally:
        await journal.aclose()
        await store.aclose()


class Listener:
    """Reads a subscription and keeps what came; can be told to stand still."""

    def __init__(self, hub: Hub, from_seq: int = 0) -> None:
        self.events: list[CoreEvent] = []
        self.go = asyncio.Event()
        self.go.set()
        self._subscription = hub.subscribe(from_seq)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self._subscription:
            await self.go.wait()
            self.events.append(event)

    @property
    def seqs(self) -> list[int]:
        return [e.seq for e in self.events if isinstance(e.seq, int)]


async def test_who_listens_later_is_told_how_full_the_window_is(home: Home) -> None:
    async with journal_on(home) as journal:
        journal.emit(ContextGauge(used=10, window=100, threshold=50))
        journal.emit(Notice(level="info", code="n", text="stored"))
        journal.emit(ContextGauge(used=20, window=100, threshold=50))
        await journal.flush()

        late = Listener(journal.hub)

        await until(lambda: len(late.events) == 2)
        assert isinstance(late.events[0], Notice)
        assert isinstance(gauge := late.events[1], ContextGauge)
        assert gauge.used == 20


async def test_stalled_listener_blocks_nobody_and_loses_no_stored_event(home: Home) -> None:
    async with journal_on(home) as journal:
        stalled, quick = Listener(journal.hub), Listener(journal.hub)
        journal.emit(MessageStarted(message_id="m", role="assistant"))
        await journal.flush()
        await until(lambda: stalled.seqs == quick.seqs == [1])
        stalled.go.clear()
        count = MAX_QUEUED + 500
        for number in range(count):
            journal.emit(Notice(level="info", code="n", text=str(number)))
            journal.emit(MessageDelta(message_id="m", text=f"{number} "))
        async with asyncio.timeout(60):
            await journal.flush()
        await until(lambda: len(quick.seqs) == count + 1)
        assert len(stalled.seqs) == 1
        journal.emit(MessageFinished(message_id="m", role="assistant", text="x", text_ref="m"))
        stalled.go.set()
        await until(lambda: len(stalled.seqs) == count + 2)
        assert stalled.seqs == list(range(1, count + 3))
    await asyncio.gather(stalled.task, quick.task)


async def test_listener_cut_back_in_the_middle_of_a_message_gets_all_its_text(home: Home) -> None:
    async with journal_on(home) as journal:
        stalled = Listener(journal.hub)
        journal.emit(MessageStarted(message_id="m", role="assistant"))
        await until(lambda: stalled.seqs == [1])
        stalled.go.clear()
        for number in range(MAX_QUEUED + 10):
            journal.emit(MessageDelta(message_id="m", text=f"{number} "))
            journal.emit(Notice(level="info", code="n", text=""))
        await journal.flush()
        stalled.go.set()
        await until(lambda: len(stalled.seqs) == MAX_QUEUED + 11)
        journal.emit(MessageDelta(message_id="m", text="end"))
        await until(lambda: any("end" in str(e) for e in stalled.events))
        whole = "".join(e.text for e in stalled.events if isinstance(e, MessageDelta))
        assert whole == "".join(f"{n} " for n in range(MAX_QUEUED + 10)) + "end"
    await stalled.task


async def test_deltas_reach_every_listener_whole_and_merged(home: Home) -> None:
    async with journal_on(home) as journal:
        listener = Listener(journal.hub)
        journal.emit(MessageStarted(message_id="m", role="assistant"))
        for number in range(3_000):
            journal.emit(MessageDelta(message_id="m", text=f"{number},"))
        journal.emit(MessageFinished(message_id="m", role="assistant", text="x", text_ref="m"))
        await until(lambda: len(listener.seqs) == 2)
        deltas = [e.text for e in listener.events if isinstance(e, MessageDelta)]
        assert "".join(deltas) == "".join(f"{n}," for n in range(3_000))
        assert len(deltas) < 10
    await listener.task


async def test_late_listener_of_a_talkative_tool_gets_its_tail(home: Home) -> None:
    async with journal_on(home) as journal:
        for number in range(40):
            journal.emit(ToolOutput(call_id="c", chunk=f"{number:05d}" * 1_000))
        await journal.flush()
        listener = Listener(journal.hub)
        await until(lambda: listener.events)
        tail = "".join(e.chunk for e in listener.events if isinstance(e, ToolOutput))
        assert tail.endswith("00039")
        assert 64 * 1024 <= len(tail) <= 3 * 64 * 1024
    await listener.task


# --- the same screen from every point ----------------------------------------------------


def rich_turn() -> ScriptedProvider:
    """Thinking, text before a call, two calls, a retry, a continuation, a cut, an answer."""
    return ScriptedProvider(
        ProviderError("busy", reason="overloaded", retryable=True),
        [
            *calls(("echo", {"text": "a"}), ("talk", {"text": "b"}), say="Let me look. ")[:-2],
            *finish("tool_calls"),
        ],
        text("It says ", "so ", thinking="Well. Let me think about it.", reason="length"),
        text("and ", "goes on", reason="length"),
        [TextDelta(" until"), ProviderError("cut", reason="cut_stream", retryable=True)],
        text("the end."),
    )


async def played(home: Home, attach_at: Sequence[int] = ()) -> tuple[Rig, list[list[CoreEvent]]]:
    """Run the turn; further listeners attach when the first one has so many events."""
    late: list[tuple[asyncio.Task[None], list[CoreEvent]]] = []

    async def talk(args: TextArgs, ctx: ToolContext) -> str:
        ctx.output("stdout", "line\n")
        return args.text

    async with rig(home, rich_turn(), tools=[_Echo(), FakeTool("talk", talk)]) as r:
        waiting = sorted(attach_at)

        def attach() -> None:
            seen: list[CoreEvent] = []

            async def read() -> None:
                async for event in r.session.events():
                    seen.append(event)

            late.append((asyncio.create_task(read()), seen))

        async def watch() -> None:
            async for _ in r.session.events():
                while waiting and len(r.events) >= waiting[0]:
                    waiting.pop(0)
                    attach()

        watcher = asyncio.create_task(watch())
        await r.turn("go")
        while waiting:
            waiting.pop()
            attach()
    await asyncio.gather(watcher, *(task for task, _ in late))
    return r, [seen for _, seen in late]


class _Echo(FakeTool):
    def __init__(self) -> None:
        super().__init__("echo", lambda args, ctx: args.text, parallel="safe")


@pytest.mark.ac("ac-20-1")
async def test_replay_shows_the_same_final_screen_as_having_watched(home: Home) -> None:
    r, _ = await played(home)
    live = ScreenModel().take_all(r.events)
    assert live.problems == []
    assert live.left_open() == []
    stored = [e for e in r.events if isinstance(e.seq, int)]
    replayed = ScreenModel().take_all(stored)
    assert replayed.problems == []
    assert replayed.shown() == live.shown()
    kinds = [row.kind for row in live.rows]
    assert kinds.index("assistant") < kinds.index("tool")
    assert sum(isinstance(e, TurnFinished) for e in r.events) == 1


@pytest.mark.ac("ac-20-1")
async def test_reading_on_after_any_event_gives_the_same_final_screen(home: Home) -> None:
    r, _ = await played(home)
    live = ScreenModel().take_all(r.events)
    for cut in range(len(r.events) + 1):
        seen = r.events[:cut]
        last = max((e.seq for e in seen if isinstance(e.seq, int)), default=0)
        again = ScreenModel().take_all(seen)
        again.take_all(e for e in r.events if isinstance(e.seq, int) and e.seq > last)
        assert again.shown() == live.shown(), f"cut after {cut} events"


@pytest.mark.ac("ac-20-1")
async def test_attaching_at_any_moment_of_a_turn_ends_on_the_same_screen(home: Home) -> None:
    r, late = await played(home, attach_at=range(1, 60, 2))
    live = ScreenModel().take_all(r.events)
    assert len(late) == 30
    for number, seen in enumerate(late):
        model = ScreenModel().take_all(seen)
        assert model.problems == [], number
        assert model.shown() == live.shown(), number


async def test_attaching_in_the_middle_of_a_text_gives_one_delta_with_all_so_far(
    home: Home,
) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([TextDelta("Once "), TextDelta("upon "), hold, *text("a time.")])
    async with rig(home, provider) as r:
        await r.send(Submit(text="tell"))
        await until(lambda: "upon" in str(r.of(MessageDelta)))
        late: list[CoreEvent] = []

        async def read() -> None:
            async for event in r.session.events():
                late.append(event)

        task = asyncio.create_task(read())
        await until(lambda: any(isinstance(e, MessageDelta) for e in late))
        assert [e.text for e in late if isinstance(e, MessageDelta)] == ["Once upon "]
        hold.set()
        await r.session.wait_idle()
    await task
    assert "".join(e.text for e in late if isinstance(e, MessageDelta)) == "Once upon a time."
