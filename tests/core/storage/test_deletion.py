"""Deleting a conversation leaves nothing of it; processes killed lose nothing of theirs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hermes_core.errors import SessionNotFound
from hermes_core.events import Notice
from hermes_core.messages import Attachment, Message, ToolCall
from hermes_core.paths import Home
from hermes_core.storage.migration import copy_name
from hermes_core.storage.owner import current_owner
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store

CANARY = "canaryqzx"


def files_with_canary(home: Home) -> list[str]:
    return [
        path.name
        for path in home.root.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]


@pytest.mark.ac("request-dump")
@pytest.mark.ac("delete-leaves-nothing")
async def test_no_file_of_ours_holds_a_deleted_conversation(store: Store, home: Home) -> None:
    pasted = home.root / "images" / "a.png"
    own = home.root.parent / "own.txt"
    dump = home.request_dumps / "request_dump_s1_20261128T101500000000Z.json"
    for path in (dump, pasted, own, home.spills / "s1" / "c1.txt", copy_name(home.database, 2)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
    call = ToolCall(id="c", name="terminal", arguments=f'{{"command": "echo {CANARY}"}}')
    files = (Attachment(path=str(pasted)), Attachment(path=str(own)))
    await store.commit(
        "s1",
        messages=[
            Message(role="user", content=f"say {CANARY} 中文", attachments=files),
            Message(role="assistant", tool_calls=(call,)),
            Message(role="tool", content=CANARY, tool_call_id="c"),
        ],
        events=[
            Notice(seq=1, session_id="s1", level="info", code="x", text=CANARY),
        ],
        patch={"system_prompt": CANARY},
    )
    await store.set_title("s1", CANARY)
    await store.open_question("q", "s1", CANARY.encode())
    await store.create_session(
        SessionRecord(id="sub", kind="subagent", parent_session_id="s1", system_prompt=CANARY)
    )
    await store.create_session(SessionRecord(id="branch", kind="branch", parent_session_id="s1"))
    for number in range(20):
        await store.commit("branch", messages=[Message(role="user", content=f"other {number}")])
    assert len(await store.search(CANARY)) == 3
    assert len(files_with_canary(home)) >= 4

    await store.delete_session("s1")

    assert files_with_canary(home) == []
    assert own.read_text() == CANARY
    assert await store.search(CANARY) == []
    assert len(await store.search("other")) == 20
    assert (await store.session("branch")).parent_session_id is None
    for gone in ("s1", "sub"):
        with pytest.raises(SessionNotFound):
            await store.session(gone)
    with pytest.raises(SessionNotFound):
        await store.delete_session("s1")


async def test_what_lies_outside_the_store_is_told_of_each_deletion(store: Store) -> None:
    told: list[str] = []

    async def forget(session_id: str) -> None:
        told.append(session_id)

    store.on_delete(forget)
    await store.create_session(SessionRecord(id="sub", kind="subagent", parent_session_id="s1"))
    await store.delete_session("s1")
    assert told == ["s1", "sub"]


async def test_a_deletion_cut_short_is_finished_at_the_next_start(store: Store, home: Home) -> None:
    await store.commit("s1", messages=[Message(role="user", content=CANARY)])
    assert len(await store.search(CANARY)) == 1
    await store.aclose()
    raw = sqlite3.connect(home.database)
    raw.execute("PRAGMA secure_delete = ON")
    raw.execute("DELETE FROM messages")
    raw.execute("DELETE FROM sessions")
    raw.execute("INSERT INTO meta VALUES ('index_purge_due', '1')")
    raw.commit()
    raw.close()
    assert files_with_canary(home) == ["search.db"]
    again = await Store.open(home)
    await again.aclose()
    assert files_with_canary(home) == []


async def test_pruning_takes_old_ended_conversations_only(home: Home) -> None:
    day = 86_400.0
    store = await Store.open(home, clock=lambda: 100 * day)
    for name, started, ended, source in (
        ("old", 1.0, 2.0, "cli"),
        ("old-chat", 1.0, 2.0, "telegram"),
        ("open", 1.0, None, "cli"),
        ("young", 50 * day, 51 * day, "cli"),
    ):
        await store.create_session(
            SessionRecord(
                id=name, preview="said", started_at=started, ended_at=ended, source=source
            )
        )
    owner = current_owner("/nowhere")
    await store.take_lease("open", owner, now=100 * day)
    assert await store.prune(older_than_days=90, source="cli") == 1
    assert await store.prunable(older_than_days=90) == ["old-chat"]
    assert {one.id for one in await store.list_sessions()} == {"old-chat", "open", "young"}
    await store.release_lease("open", owner)  # as after a kill: no end is written down
    assert await store.prunable(older_than_days=90, source="cli") == ["open"]
    await store.aclose()


async def test_old_event_logs_are_dropped_and_projected_again(home: Home) -> None:
    now = 1000.0
    store = await Store.open(home, clock=lambda: now)
    await store.create_session(SessionRecord(id="s1"))
    await store.commit(
        "s1",
        messages=[Message(role="user", content="hello", message_id="a")],
        events=[Notice(seq=1, session_id="s1", level="info", code="x", text="t")],
        patch={"ended_at": 1000.0},
    )
    now += 40 * 86_400
    assert await store.drop_old_events(days=90) == 0
    assert await store.drop_old_events(days=30) == 1
    events = await store.events("s1")
    assert events[0].seq == 1
    assert any(getattr(event, "text", "") == "hello" for event in events)
    await store.aclose()


WRITER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from hermes_core.events import Notice
    from hermes_core.messages import Message
    from hermes_core.paths import Home
    from hermes_core.storage.records import SessionRecord
    from hermes_core.storage.store import Store

    async def main(root, name, count):
        store = await Store.open(Home(pathlib.Path(root)))
        await store.create_session(SessionRecord(id=name))
        for number in range(1, count + 1):
            event = Notice(seq=number, session_id=name, level="info", code="n", text="x")
            message = Message(role="user", content=f"{name} row {number}", message_id=str(number))
            await store.commit(name, messages=[message], events=[event])
            print(number, flush=True)
        await store.aclose()

    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    """
)


def start_writer(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.ac("kill-9-keeps-steps")
async def test_a_killed_process_leaves_every_acknowledged_step_once(
    store: Store, home: Home
) -> None:
    writer = start_writer(home.root, "victim", 100_000)
    assert writer.stdout is not None
    acknowledged = 0
    while acknowledged < 40:
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()
    ids = [message.message_id for message in await store.messages("victim")]
    seqs = [event.seq for event in await store.events("victim")]
    # One more may be there: committed, and killed before it could say so.
    assert len(ids) in (acknowledged, acknowledged + 1)
    assert ids == [str(number) for number in range(1, len(ids) + 1)]
    assert seqs == list(range(1, len(ids) + 1))
    assert (await store.session("victim")).message_count == len(ids)


@pytest.mark.ac("four-writers")
async def test_four_processes_lose_no_row(store: Store, home: Home) -> None:
    names = [f"writer-{number}" for number in range(4)]
    writers = [start_writer(home.root, name, 100) for name in names]
    outputs = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert all(output.split()[-1] == "100" for output in outputs)
    for name in names:
        contents = [message.content for message in await store.messages(name)]
        assert contents == [f"{name} row {number}" for number in range(1, 101)]
        assert await store.last_seq(name) == 100
    assert len(await store.search("row", limit=500)) == 400
