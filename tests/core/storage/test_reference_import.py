"""Conversations of the older program: taken over once, never harmed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from hermes_core.errors import SessionNotFound, StoreUnavailable
from hermes_core.events import InputAccepted, SessionOpened, ToolFinished, TurnFinished
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.fakes.reference_home import ReferenceHome


@pytest.fixture
def reference(home: Home) -> ReferenceHome:
    """A version 6 home with a plain conversation, a chain of three, a branch, a subagent."""
    ref = ReferenceHome(home.reference_database)
    ref.add_session(
        "20250101_000000_aaaaaa",
        title="Plain",
        model="big-model",
        model_config='{"temperature": 0.5}',
        input_tokens=11,
        estimated_cost_usd=0.25,
        billing_provider="acme",
        message_count=3,
    )
    plain = "20250101_000000_aaaaaa"
    ref.add_message(plain, "user", "read the zebra file", timestamp=1001)
    ref.add_message(
        plain,
        "assistant",
        "",
        timestamp=1002,
        tool_calls=[("c1", "read_file", {"path": "zebra.txt"})],
        reasoning="need to look",
        reasoning_details='[{"type": "thinking", "signature": "s"}]',
    )
    ref.add_message(plain, "tool", "stripes", timestamp=1003, tool_call_id="c1")
    ref.add_message(plain, "assistant", "It has stripes.", timestamp=1004, finish_reason="stop")
    for number, (part, parent, end) in enumerate(
        [
            ("part1", None, "compression"),
            ("part2", "part1", "compression"),
            ("part3", "part2", None),
        ]
    ):
        ref.add_session(
            part,
            started_at=2000.0 + number * 100,
            parent_session_id=parent,
            ended_at=2090.0 + number * 100 if end else None,
            end_reason=end,
            title="Long" if number == 0 else f"Long #{number + 1}",
            input_tokens=10,
        )
        ref.add_message(part, "user", f"giraffe{number}", timestamp=2010.0 + number * 100)
        ref.add_message(part, "assistant", f"reply{number}", timestamp=2020.0 + number * 100)
    ref.add_session("child", started_at=1003, parent_session_id=plain)
    ref.add_session(
        "fork", source="api-server", started_at=1500, parent_session_id=plain, title="F"
    )
    return ref


@pytest.mark.ac("import-once")
async def test_importing_twice_brings_everything_once_and_changes_no_byte(
    store: Store, reference: ReferenceHome
) -> None:
    before = reference.checksum()
    report = await store.import_reference()
    assert report.ran
    assert (report.sessions, report.messages, report.aliases) == (4, 10, 2)
    assert report.problems == ()
    assert not (await store.import_reference()).ran
    again = await store.import_reference(again=True)
    assert (again.sessions, again.messages, again.skipped) == (0, 0, 4)
    assert reference.checksum() == before
    assert (await store.stats())["messages"] == 10


async def test_columns_and_messages_arrive_unchanged(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    record = await store.session("20250101_000000_aaaaaa")
    assert (record.title, record.model, record.input_tokens) == ("Plain", "big-model", 11)
    assert (record.estimated_cost_usd, record.billing_provider) == (0.25, "acme")
    assert record.model_config == {"temperature": 0.5}
    assert (record.started_at, record.last_active) == (1000.0, 1004.0)
    assert (record.message_count, record.tool_call_count) == (4, 1)
    assert record.preview == "read the zebra file"
    assert record.source_id == record.id
    user, call, result, answer = await store.messages(record.id)
    assert user.content == "read the zebra file"
    assert (call.tool_calls[0].name, call.tool_calls[0].arguments) == (
        "read_file",
        '{"path": "zebra.txt"}',
    )
    assert call.reasoning_details == [{"type": "thinking", "signature": "s"}]
    assert (result.tool_call_id, result.content) == ("c1", "stripes")
    assert (answer.finish_reason, answer.timestamp) == ("stop", 1004.0)


@pytest.mark.ac("import-chain")
async def test_a_chain_is_one_conversation_and_its_old_ids_open_it(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    for name in ("part1", "part2", "part3", "Long #3", "Long"):
        assert await store.resolve(name) == "part3"
    with pytest.raises(SessionNotFound):
        await store.session("part1")
    record = await store.session("part3")
    assert (record.kind, record.epoch, record.input_tokens) == ("root", 2, 30)
    assert record.started_at == 2000.0
    active = [message.content for message in await store.messages("part3")]
    assert active == ["giraffe2", "reply2"]
    shown = [message.content for message in await store.messages("part3", active_only=False)]
    assert shown == ["giraffe0", "reply0", "giraffe1", "reply1", "giraffe2", "reply2"]
    assert [hit.session_id for hit in await store.search("giraffe0")] == ["part3"]


async def test_branches_are_shown_and_subagents_hidden(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    assert {one.id for one in await store.list_sessions()} == {
        *("20250101_000000_aaaaaa", "part3", "fork")
    }
    fork, child = await store.session("fork"), await store.session("child")
    assert (fork.kind, fork.source) == ("branch", "api_server")
    assert (child.kind, child.parent_session_id) == ("subagent", "20250101_000000_aaaaaa")


async def test_events_of_an_imported_conversation_are_projected_once(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    events = await store.events("20250101_000000_aaaaaa")
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], SessionOpened)
    assert events[0].runtime.model == "big-model"
    assert sum(isinstance(event, InputAccepted) for event in events) == 1
    assert sum(isinstance(event, ToolFinished) for event in events) == 1
    assert isinstance(events[-1], TurnFinished)
    assert await store.events("20250101_000000_aaaaaa") == events
    assert await store.last_seq("20250101_000000_aaaaaa") == len(events)


@pytest.mark.ac("import-deleted-stays-deleted")
async def test_a_deleted_conversation_is_not_brought_back(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    await store.delete_session("part3")
    reference.add_session("part4", started_at=2300, parent_session_id="part3")
    reference.execute(
        "UPDATE sessions SET end_reason = 'compression', ended_at = 2290 WHERE id = 'part3'"
    )
    report = await store.import_reference(again=True)
    assert report.sessions == 0
    for name in ("part1", "part3", "part4"):
        with pytest.raises(SessionNotFound):
            await store.resolve(name)


async def test_new_messages_and_conversations_come_with_the_next_import(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    before = len(await store.events("part3"))
    reference.add_message("part3", "user", "okapi", timestamp=2500)
    reference.add_session("late", started_at=3000)
    report = await store.import_reference(again=True)
    assert (report.sessions, report.messages) == (1, 1)
    assert [message.content for message in await store.messages("part3")][-1] == "okapi"
    assert len(await store.events("part3")) > before


async def test_a_conversation_continued_here_is_left_alone(
    store: Store, reference: ReferenceHome
) -> None:
    await store.import_reference()
    await store.commit("part3", messages=[Message(role="user", content="ours")])
    reference.add_message("part3", "user", "theirs", timestamp=2500)
    report = await store.import_reference(again=True)
    assert report.messages == 0
    assert [message.content for message in await store.messages("part3")][-1] == "ours"


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
async def test_every_version_is_read(store: Store, home: Home, version: int) -> None:
    ref = ReferenceHome(home.reference_database, version=version)
    ref.add_session("old1")
    ref.add_message("old1", "user", "hello", timestamp=1.0)
    report = await store.import_reference()
    assert (report.sessions, report.messages) == (1, 1)
    assert [message.content for message in await store.messages("old1")] == ["hello"]


async def test_broken_rows_do_not_stop_the_others(store: Store, home: Home) -> None:
    ref = ReferenceHome(home.reference_database)
    ref.add_session("bad", model_config="{broken")
    ref.add_message("bad", "assistant", None, tool_calls=[])
    ref.execute("UPDATE messages SET tool_calls = '[{', reasoning_details = 'x'")
    ref.add_session("orphan", parent_session_id=None, title="\u200b")
    ref.add_session("loop-a", parent_session_id=None, end_reason="compression")
    ref.execute("UPDATE sessions SET parent_session_id = 'loop-a' WHERE id = 'loop-a'")
    report = await store.import_reference()
    assert report.sessions == 3
    assert (await store.session("bad")).model_config is None
    assert [message.content for message in await store.messages("bad")] == [""]
    assert (await store.session("orphan")).title is None


async def test_titles_taken_here_get_the_next_number(store: Store, home: Home) -> None:
    await store.set_title("s1", "Plan")
    ref = ReferenceHome(home.reference_database)
    ref.add_session("old1", title="Plan")
    await store.import_reference()
    assert (await store.session("old1")).title == "Plan #2"


async def test_an_id_that_exists_here_is_not_mixed_up(store: Store, home: Home) -> None:
    await store.create_session(SessionRecord(id="old1"))
    await store.commit("old1", messages=[Message(role="user", content="ours")])
    ref = ReferenceHome(home.reference_database)
    ref.add_session("old1")
    ref.add_message("old1", "user", "theirs")
    report = await store.import_reference()
    assert len(report.problems) == 1
    assert [message.content for message in await store.messages("old1")] == ["ours"]


async def test_the_log_of_a_running_older_program_is_read_along(store: Store, home: Home) -> None:
    ref = ReferenceHome(home.reference_database)
    writer = sqlite3.connect(ref.path)
    writer.execute("INSERT INTO sessions (id, source, started_at) VALUES ('live', 'cli', 1.0)")
    writer.commit()
    report = await store.import_reference()
    writer.close()
    assert report.sessions == 1


async def test_what_a_crash_left_in_the_log_is_read_and_the_file_stays_as_it_is(
    store: Store, home: Home, tmp_path: Path
) -> None:
    ref = ReferenceHome(tmp_path / "state.db")
    writer = sqlite3.connect(ref.path)
    writer.execute("INSERT INTO sessions (id, source, started_at) VALUES ('late', 'cli', 1.0)")
    writer.commit()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"state.db{suffix}", home.root / f"state.db{suffix}")
    writer.close()
    before = [(home.root / name).read_bytes() for name in ("state.db", "state.db-wal")]
    assert (await store.import_reference()).sessions == 1
    after = [(home.root / name).read_bytes() for name in ("state.db", "state.db-wal")]
    assert after == before


async def test_without_the_older_program_nothing_happens(store: Store, home: Home) -> None:
    assert not (await store.import_reference()).ran
    home.reference_database.write_bytes(b"garbage" * 200)
    with pytest.raises(StoreUnavailable):
        await store.import_reference()
