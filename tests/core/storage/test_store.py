"""Sessions, messages, events, sums: what is written is what is read."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from decimal import Decimal
from types import SimpleNamespace

import pytest

from hermes_core.errors import SessionNotFound, StoreError, StoreReadOnly, StoreUnavailable
from hermes_core.events import Heartbeat, Notice, SessionRewound
from hermes_core.messages import Attachment, Message, ToolCall, Usage
from hermes_core.paths import Home
from hermes_core.storage.database import Database, unavailable
from hermes_core.storage.filesystem import network_filesystem
from hermes_core.storage.migration import copies, migrate
from hermes_core.storage.records import SessionRecord, Shortening
from hermes_core.storage.schema import MIGRATIONS
from hermes_core.storage.store import Store

FULL = Message(
    role="assistant",
    content="Done — 完成",
    message_id="m-full",
    tool_calls=(
        ToolCall(id="c1", name="read_file", arguments='{"path": "a"}', extra_content={"sig": "x"}),
    ),
    finish_reason="tool_calls",
    reasoning="because",
    reasoning_details=[{"type": "thinking", "signature": "zz"}],
    codex_reasoning_items=[{"id": "rs_1"}],
    timestamp=12.5,
    token_count=7,
)


def text(message_id: str, content: str = "hi", role: str = "user") -> Message:
    return Message(role=role, content=content, message_id=message_id)  # type: ignore[arg-type]


def notice(seq: int, session_id: str = "s1") -> Notice:
    return Notice(seq=seq, session_id=session_id, level="info", code="x", text="t", ts=1.0)


async def test_every_field_of_a_message_survives(store: Store) -> None:
    question = Message(
        role="user",
        content="look",
        message_id="m-user",
        attachments=(Attachment(path="/a.png", media_type="image/png"),),
        timestamp=12.0,
    )
    result = Message(
        role="tool",
        content="{}",
        message_id="m-tool",
        tool_call_id="c1",
        tool_name="read_file",
        timestamp=13.0,
    )
    await store.commit("s1", messages=[question, FULL, result])
    assert await store.messages("s1") == [question, FULL, result]
    assert await store.message("s1", "m-full") == FULL
    assert await store.message("s1", "nope") is None


async def test_a_step_is_kept_whole_or_not_at_all(store: Store) -> None:
    await store.commit("s1", messages=[text("a")], events=[notice(1)])
    with pytest.raises(StoreError, match="another process"):
        await store.commit("s1", messages=[text("b")], events=[notice(1)])
    with pytest.raises(StoreError, match="already"):
        await store.commit("s1", messages=[text("c"), text("a")], events=[notice(2)])
    with pytest.raises(ValueError, match="not an event to store"):
        await store.commit("s1", messages=[text("d")], events=[Heartbeat(state="x", seq=2)])
    assert [message.message_id for message in await store.messages("s1")] == ["a"]
    assert await store.events("s1") == [notice(1)]
    assert (await store.session("s1")).message_count == 1


async def test_events_are_read_from_any_point(store: Store) -> None:
    await store.commit("s1", events=[notice(1), notice(2)])
    await store.commit("s1", events=[notice(3)])
    assert await store.last_seq("s1") == 3
    assert await store.events("s1", after_seq=1) == [notice(2), notice(3)]
    assert await store.events("s1", after_seq=1, limit=1) == [notice(2)]


async def test_usage_and_cost_add_up_and_unknown_cost_changes_nothing(store: Store) -> None:
    usage = Usage(input_tokens=5, output_tokens=2, cache_read_tokens=3, requests=1)
    await store.commit("s1", usage=usage, cost_usd=Decimal("0.5"), cost_status="estimated")
    await store.commit("s1", usage=usage)
    record = await store.session("s1")
    assert (record.input_tokens, record.output_tokens, record.cache_read_tokens) == (10, 4, 6)
    assert (record.api_calls, record.estimated_cost_usd, record.cost_status) == (
        2,
        0.5,
        "estimated",
    )


async def test_a_patch_sets_columns_and_refuses_names_that_are_none(store: Store) -> None:
    await store.commit("s1", patch={"model": "n", "model_config": {"temperature": 1}})
    record = await store.session("s1")
    assert (record.model, record.model_config) == ("n", {"temperature": 1})
    with pytest.raises(ValueError, match="not patchable: title"):
        await store.commit("s1", patch={"title": "x"})


async def test_creating_a_session_again_leaves_it_as_it_is(store: Store) -> None:
    await store.commit("s1", messages=[text("a", "first\n  words " + "x" * 80)])
    await store.create_session(SessionRecord(id="s1", model="other"))
    record = await store.session("s1")
    assert (record.model, record.message_count) == ("m", 1)
    assert record.preview.startswith("first words xxx")
    assert len(record.preview) == 60


async def test_an_unknown_session_is_named(store: Store) -> None:
    with pytest.raises(SessionNotFound, match="'nope'"):
        await store.session("nope")
    with pytest.raises(SessionNotFound):
        await store.commit("nope", messages=[text("a")])


async def test_broken_json_is_left_out_with_a_warning(
    store: Store, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await store.commit("s1", messages=[FULL])
    with sqlite3.connect(home.database) as raw:
        raw.execute("UPDATE messages SET tool_calls = '[{', reasoning_details = 'x'")
        raw.execute("UPDATE sessions SET model_config = '{'")
    raw.close()
    with caplog.at_level(logging.WARNING):
        (message,) = await store.messages("s1")
        record = await store.session("s1")
    assert message.tool_calls == ()
    assert message.reasoning_details is None
    assert message.content == FULL.content
    assert record.model_config is None
    assert len(caplog.records) == 3


async def test_pages_go_back_from_the_newest(store: Store) -> None:
    await store.commit("s1", messages=[text(f"m{number}") for number in range(5)])
    last = await store.messages_before("s1", limit=2)
    assert [message.message_id for message in last] == ["m3", "m4"]
    page = await store.messages_before("s1", before_message_id="m3", limit=2)
    assert [message.message_id for message in page] == ["m1", "m2"]


async def test_what_is_taken_back_is_gone_from_history_and_search(store: Store) -> None:
    await store.commit("s1", messages=[text("a", "keep"), text("b", "takenback"), text("c")])
    event = SessionRewound(seq=1, session_id="s1", from_message_id="b", cause="undo")
    assert await store.rewind("s1", from_message_id="b", events=[event]) == 2
    assert [message.message_id for message in await store.messages("s1")] == ["a"]
    assert len(await store.messages("s1", active_only=False)) == 1
    assert (await store.session("s1")).message_count == 1
    assert await store.search("takenback") == []
    assert await store.events("s1") == [event]


@pytest.mark.ac("store-compact-in-place")
async def test_compacting_twice_keeps_the_id_and_all_messages_for_people(store: Store) -> None:
    await store.commit("s1", messages=[text(f"m{n}", f"word{n}") for n in range(6)])
    await store.compact(
        "s1", Shortening(dropped=["m1", "m2"], summary=[text("sum1", "summary one")])
    )
    await store.commit("s1", messages=[text("m6")])
    epoch = await store.compact(
        "s1", Shortening(dropped=["sum1", "m3", "m4"], summary=[text("sum2", "summary two")])
    )
    assert epoch == 2
    active = [message.message_id for message in await store.messages("s1")]
    assert active == ["m0", "sum2", "m5", "m6"]
    shown = [message.message_id for message in await store.messages("s1", active_only=False)]
    assert shown == ["m0", "m1", "m2", "sum1", "m3", "m4", "sum2", "m5", "m6"]
    assert [hit.message_id for hit in await store.search("word1")] == ["m1"]


async def test_summary_stands_before_the_named_message_although_later_ones_leave(
    store: Store,
) -> None:
    await store.commit("s1", messages=[text(f"m{n}") for n in range(6)])
    await store.compact(
        "s1", Shortening(dropped=["m1", "m3", "m4"], summary=[text("sum1")], before="m2")
    )
    active = [message.message_id for message in await store.messages("s1")]
    assert active == ["m0", "sum1", "m2", "m5"]
    await store.compact(
        "s1", Shortening(dropped=["m0", "sum1"], summary=[text("sum2")], before="m2")
    )
    assert [m.message_id for m in await store.messages("s1")] == ["sum2", "m2", "m5"]


async def test_summary_before_the_very_first_message_comes_first(store: Store) -> None:
    await store.commit("s1", messages=[text(f"m{n}") for n in range(3)])
    await store.compact("s1", Shortening(dropped=["m1"], summary=[text("sum1")], before="m0"))
    assert [m.message_id for m in await store.messages("s1")] == ["sum1", "m0", "m2"]


async def test_people_see_what_was_summarised_and_not_the_summary(store: Store) -> None:
    await store.commit("s1", messages=[text(f"m{n}") for n in range(4)])
    await store.compact(
        "s1",
        Shortening(
            dropped=["m1", "m2"],
            summary=[text("summary_1", "told in short: rarestword")],
            before="m3",
            replaced=[("m2", text("short_m2"))],
        ),
    )
    active = [message.message_id for message in await store.messages("s1")]
    assert active == ["m0", "short_m2", "summary_1", "m3"]
    wanted = ["m0", "m1", "m2", "m3"]
    shown = await store.messages("s1", active_only=False)
    assert [message.message_id for message in shown] == wanted
    page = await store.messages_before("s1", limit=4)
    assert [message.message_id for message in page] == wanted
    assert await store.search("rarestword") == []
    exported = (await store.export("s1"))["messages"]
    assert [message["message_id"] for message in exported] == wanted
    assert (await store.session("s1")).message_count == 4
    assert await store.rewind("s1", from_message_id="m1") == 3
    assert (await store.session("s1")).message_count == 1


async def test_compaction_whose_event_is_refused_changes_nothing(store: Store) -> None:
    await store.commit("s1", messages=[text(f"m{n}") for n in range(4)])
    gap = Notice(seq=7, session_id="s1", level="info", code="n", text="out of order")
    with pytest.raises(StoreError):
        await store.compact("s1", Shortening(dropped=["m1"], summary=[text("sum1")]), events=[gap])
    assert [m.message_id for m in await store.messages("s1")] == ["m0", "m1", "m2", "m3"]
    assert (await store.session("s1")).epoch == 0


async def test_message_that_stands_for_a_longer_one_takes_its_place(store: Store) -> None:
    long = Message(role="tool", content="x" * 9_000, message_id="m1", tool_call_id="c1")
    short = Message(role="tool", content="x", message_id="short_m1", tool_call_id="c1")
    await store.commit("s1", messages=[text("m0"), long, text("m2")])
    await store.compact("s1", Shortening(dropped=["m1"], summary=[], replaced=[("m1", short)]))
    active = await store.messages("s1")
    assert [(m.message_id, m.content) for m in active[1:2]] == [("short_m1", "x")]
    assert [m.message_id for m in active] == ["m0", "short_m1", "m2"]
    assert "m1" in [m.message_id for m in await store.messages("s1", active_only=False)]


async def test_subagents_are_hidden_and_branches_are_shown(store: Store) -> None:
    await store.create_session(
        SessionRecord(id="b1", preview="said", kind="branch", parent_session_id="s1")
    )
    await store.create_session(SessionRecord(id="a1", kind="subagent", parent_session_id="s1"))
    await store.create_session(SessionRecord(id="t1", preview="said", source="tool"))
    assert {one.id for one in await store.list_sessions()} == {"b1"}
    assert {one.id for one in await store.list_sessions(include_tool=True)} == {"b1", "t1"}


async def test_the_latest_session_is_the_one_last_used(home: Home) -> None:
    now = 1000.0
    store = await Store.open(home, clock=lambda: now)
    for session_id in ("old", "new"):
        now += 1
        await store.create_session(SessionRecord(id=session_id, preview="said"))
    await store.create_session(
        SessionRecord(id="chat", preview="said", source="telegram", started_at=5000.0)
    )
    await store.create_session(SessionRecord(id="sub", kind="subagent", started_at=6000.0))
    assert await store.latest() == "new"
    now += 1
    await store.commit("old", messages=[text("a")])
    assert await store.latest() == "old"
    assert await store.latest(source=None) == "chat"
    assert await store.latest(source="slack") is None
    await store.aclose()


async def test_the_list_can_be_filtered_by_words(store: Store) -> None:
    await store.set_title("s1", "100% sure_thing")
    await store.create_session(SessionRecord(id="s2", preview="said", source="telegram"))
    assert [one.id for one in await store.list_sessions(text="sure_ 100%")] == ["s1"]
    assert [one.id for one in await store.list_sessions(text="TELE")] == ["s2"]
    assert await store.list_sessions(text="surexthing") == []


@pytest.mark.ac("store-newer-schema")
async def test_a_newer_file_is_shown_and_never_written(
    store: Store, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await store.commit("s1", messages=[text("a", "findme")])
    await store.aclose()
    with sqlite3.connect(home.database) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with caplog.at_level(logging.WARNING):
        newer = await Store.open(home)
    assert newer.read_only
    assert len(caplog.records) == 1
    assert len(await newer.messages("s1")) == 1
    assert [hit.message_id for hit in await newer.search("findme")] == ["a"]
    assert len(await newer.events("s1")) > 0
    with pytest.raises(StoreReadOnly):
        await newer.commit("s1", messages=[text("b")])
    await newer.aclose()


@pytest.mark.ac("store-migration-copy")
def test_a_migration_keeps_a_copy_of_the_file_before(home: Home) -> None:
    migrate(home.database, MIGRATIONS)
    assert copies(home.database) == []
    with sqlite3.connect(home.database) as raw:
        raw.execute(
            "INSERT INTO sessions (id, source, started_at, last_active) VALUES ('s', 'cli', 1, 1)"
        )
    raw.close()
    step = "ALTER TABLE sessions ADD COLUMN mood TEXT; UPDATE sessions SET mood = 'fine'"
    assert migrate(home.database, (*MIGRATIONS, step)) == len(MIGRATIONS)
    (copy,) = copies(home.database)
    assert copy.stat().st_mode & 0o777 == 0o600
    before, after = sqlite3.connect(copy), sqlite3.connect(home.database)
    assert after.execute("SELECT mood FROM sessions").fetchall() == [("fine",)]
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        before.execute("SELECT mood FROM sessions")
    assert before.execute("SELECT id FROM sessions").fetchall() == [("s",)]
    before.close()
    after.close()


def test_a_failing_migration_changes_nothing(home: Home) -> None:
    migrate(home.database, MIGRATIONS)
    steps = (*MIGRATIONS, "CREATE TABLE half (x); CREATE TABLE sessions (x)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(home.database, steps)
    raw = sqlite3.connect(home.database)
    assert raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None
    assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    raw.close()


async def test_the_files_belong_to_the_user_alone(store: Store, home: Home) -> None:
    await store.commit("s1", messages=[text("a")])
    for path in home.root.glob("*.db*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.ac("store-network-disk")
async def test_a_home_on_a_network_disk_is_refused(home: Home) -> None:
    table = [("/", "ext4"), (str(home.root.parent.resolve()), "nfs4")]
    with pytest.raises(StoreUnavailable, match="network disk \\(nfs4\\)"):
        await Store.open(home, mount_table=table)
    assert not home.database.exists()
    assert network_filesystem(home.root, [*table, (str(home.root.resolve()), "ext4")]) is None


async def test_a_file_that_is_no_database_is_refused_and_left_alone(home: Home) -> None:
    home.database.write_bytes(b"not a database, but long enough to have a header" * 30)
    before = home.database.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a database"):
        await Store.open(home)
    assert home.database.read_bytes() == before


async def test_a_home_that_cannot_be_made_is_said_plainly(home: Home) -> None:
    (home.root / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        await Store.open(Home(home.root / "file" / "home"))


async def test_a_locked_file_is_reported_and_the_next_write_works(home: Home) -> None:
    migrate(home.database)
    database = Database(home.database, busy_timeout_ms=10)
    blocker = sqlite3.connect(home.database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked by another process"):
        await database.write(lambda db: db.execute("DELETE FROM meta").rowcount)
    blocker.execute("ROLLBACK")
    assert await database.write(lambda db: db.execute("DELETE FROM meta").rowcount) == 1
    blocker.close()
    await database.aclose()


async def test_stats_count_every_source(store: Store) -> None:
    await store.create_session(SessionRecord(id="t", source="telegram"))
    await store.commit("t", messages=[text("a"), text("b")])
    stats = await store.stats()
    assert stats["sessions"] == 2
    assert stats["messages"] == 2
    assert stats["by_source"]["telegram"] == {"sessions": 1, "messages": 2}
    assert stats["database_bytes"] > 0


async def test_an_export_names_every_column(store: Store) -> None:
    await store.commit("s1", messages=[FULL])
    exported = await store.export("s1")
    assert set(SessionRecord.__struct_fields__) < set(exported)
    (message,) = exported["messages"]
    assert set(message) == set(Message.__struct_fields__)
    assert message["tool_calls"][0]["arguments"] == '{"path": "a"}'


async def test_a_step_handed_over_is_kept_although_its_task_is_cancelled(store: Store) -> None:
    task = asyncio.create_task(store.commit("s1", messages=[text("a")]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.commit("s1", messages=[text("b")])
    assert [message.message_id for message in await store.messages("s1")] == ["a", "b"]


async def test_every_id_is_listed_oldest_first(store: Store) -> None:
    await store.create_session(SessionRecord(id="first", source="tool", started_at=1.0))
    await store.create_session(SessionRecord(id="child", kind="subagent", started_at=2.0))
    assert await store.session_ids() == ["first", "child", "s1"]
    assert await store.session_ids(source="tool") == ["first"]


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.aclose()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.session("s1")
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.commit("s1", messages=[text("a")])


async def test_lone_surrogates_do_not_stop_a_step(store: Store) -> None:
    await store.commit("s1", messages=[text("a", "x\ud800y")])
    assert [message.content for message in await store.messages("s1")] == ["xy"]


async def test_damage_stops_further_writing(home: Home) -> None:
    migrate(home.database)
    database = Database(home.database)

    def broken(db: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    for work in (broken, lambda db: None):
        with pytest.raises(StoreUnavailable, match="damaged"):
            await database.write(work)
    await database.aclose()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL])
def test_a_full_disk_is_named(home: Home, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4_096))

    told = unavailable(error, home.database)

    assert str(told) == f"{home.database} cannot be used: disk I/O error"
    assert told.hint == f"The disk with {home.root} is full."
