"""A disk that is full or locked never ends a conversation, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hermes_core.agent.stream.journal import Journal
from hermes_core.commands import Submit, Undo
from hermes_core.errors import StoreError, StoreUnavailable
from hermes_core.events import CoreEvent, Notice, SessionRewound, ToolStarted, TurnFinished
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.database import Database
from hermes_core.storage.owner import holds
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.search import Search
from hermes_core.storage.store import Store
from tests.core.agent.rig import SESSION, rig
from tests.core.agent.screen_model import ScreenModel
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, calls, text
from tests.support import until


class FailingRecords:
    """A store whose disk is full until a test makes room."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.problem: Exception | None = StoreUnavailable("the disk is full")
        self.tries = 0

    async def commit(self, session_id: str, **parts: Any) -> None:
        self.tries += 1
        if self.problem is not None:
            raise self.problem
        await self.store.commit(session_id, **parts)

    async def events(
        self, session_id: str, *, after_seq: int = 0, limit: int | None = None
    ) -> list[CoreEvent]:
        return await self.store.events(session_id, after_seq=after_seq, limit=limit)


@asynccontextmanager
async def failing(
    home: Home, *, retry_s: float = 0.02
) -> AsyncIterator[tuple[Journal, FailingRecords]]:
    store = await Store.open(home)
    await store.create_session(SessionRecord(id=SESSION, source="cli"))
    records = FailingRecords(store)
    journal = Journal(SESSION, records, clock=FakeClock(), retry_s=retry_s)
    try:
        yield journal, records
    finally:
        await journal.aclose()
        await store.aclose()


def notice(text: str) -> Notice:
    return Notice(level="info", code="test", text=text)


@pytest.mark.ac("store-failure")
async def test_listeners_hear_everything_and_are_warned_once_while_nothing_is_saved(
    home: Home,
) -> None:
    async with failing(home, retry_s=60) as (journal, records):
        heard: list[CoreEvent] = []

        async def read() -> None:
            async for event in journal.hub.subscribe():
                heard.append(event)

        reader = asyncio.create_task(read())
        for number in range(5):
            journal.emit(notice(str(number)))
            await journal.flush()
        await until(lambda: len(heard) == 6)
        assert [e.seq for e in heard] == list(range(1, 7))
        codes = [e.code for e in heard if isinstance(e, Notice)]
        assert codes.count("store_unavailable") == 1
        assert records.tries == 1, "a store that failed is left alone for a while"
        late = [event async for event in _first(journal, 6)]
        assert [e.seq for e in late] == list(range(1, 7))
        records.problem = None
    await reader
    assert records.tries == 2


async def _first(journal: Journal, count: int) -> AsyncIterator[CoreEvent]:
    async for event in journal.hub.subscribe():
        yield event
        count -= 1
        if not count:
            return


@pytest.mark.ac("store-failure")
async def test_what_could_not_be_saved_is_saved_later_in_order_without_anybody_asking(
    home: Home,
) -> None:
    async with failing(home) as (journal, records):
        journal.emit(notice("one"))
        journal.record(Message(role="user", content="hello", message_id="m1"))
        await journal.flush()
        records.problem = None
        saved: list[CoreEvent] = []
        async with asyncio.timeout(60):
            while len(saved) < 2:
                saved = await records.store.events(SESSION)
        assert [e.seq for e in saved] == [1, 2]
        assert [m.content for m in await records.store.messages(SESSION)] == ["hello"]


async def test_error_nobody_expected_from_the_store_does_not_silence_the_session(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async with failing(home) as (journal, records):
        records.problem = sqlite3.IntegrityError("constraint")
        journal.emit(notice("one"))
        async with asyncio.timeout(60):
            await journal.flush()
        records.problem = None
    assert "the store broke" in caplog.text


async def test_number_of_an_event_whose_own_write_failed_is_not_left_out(home: Home) -> None:
    async def refuse(event: CoreEvent) -> None:
        raise StoreUnavailable("locked")

    async with failing(home) as (journal, records):
        records.problem = None
        journal.emit(notice("before"))
        with pytest.raises(StoreError, match="locked"):
            await journal.write(SessionRewound(from_message_id="m", cause="undo"), refuse)
        journal.emit(notice("after"))
        await journal.flush()
        saved = await records.store.events(SESSION)
        assert [(e.seq, type(e).__name__) for e in saved] == [
            (1, "Notice"), (2, "Notice"), (3, "Notice"),
        ]  # fmt: skip


async def test_nothing_hangs_when_something_is_said_after_the_end(home: Home) -> None:
    async with failing(home) as (journal, records):
        records.problem = None
    journal.emit(notice("too late"))
    async with asyncio.timeout(60):
        await journal.flush()
    with pytest.raises(StoreError):
        await journal.write(notice("too late"), lambda event: asyncio.sleep(0))


async def impatient(home: Home) -> Store:
    """A store that waits 50 ms for a lock where the real one waits for seconds."""
    await (await Store.open(home)).aclose()
    database = Database(home.database, busy_timeout_ms=50)
    search = Search(home, database)
    await search.open()
    return Store(home, database, search, clock=time.time, judge=holds)


@pytest.mark.ac("store-failure")
async def test_turn_goes_on_while_another_program_locks_the_database(home: Home) -> None:
    provider = ScriptedProvider(calls(("echo", {"text": "a"})), text("done"))
    store = await impatient(home)
    async with rig(home, provider, store=store) as r:
        lock = sqlite3.connect(home.database, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            await r.send(Submit(text="hello"))
            await until(lambda: r.of(TurnFinished), timeout_s=25)
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        assert r.finishes[0].outcome == "completed"
        assert len(r.of(ToolStarted)) == 1
        assert [e.code for e in r.of(Notice)] == ["store_unavailable"]
    await store.aclose()
    again = await Store.open(home)
    stored = await again.events(SESSION)
    assert [m.role for m in await again.messages(SESSION)] == [
        "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    await again.aclose()
    assert ScreenModel().take_all(stored).shown() == ScreenModel().take_all(r.events).shown()


async def test_undo_that_cannot_be_saved_says_so_and_changes_nothing(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("one"), text("two"))) as r:
        await r.turn("a")
        await r.store.delete_session(SESSION)
        reply = await r.send(Undo())
        assert not reply.ok
        assert len(r.session.conversation.messages) == 2
