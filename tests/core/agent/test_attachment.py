"""A handle that outlives the process which ran its conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from hermes_core.agent.sessions.session import Session
from hermes_core.agent.sharing.attachment import Attachment
from hermes_core.agent.sharing.owner_socket import Hello, Opening, OwnerSocket
from hermes_core.agent.sharing.remote import NotSent, RemoteSession
from hermes_core.commands import Reply, SetTitle
from hermes_core.errors import OwnerLost, StoreError
from hermes_core.events import SessionTitled
from hermes_core.paths import Home
from tests.core.agent.rig import SESSION, Rig, rig
from tests.fakes.scripted_provider import ScriptedProvider
from tests.support import until


def at(path: str, r: Rig, *, opening: Opening | None = None) -> RemoteSession:
    """The conversation as another process reaches it."""
    return RemoteSession(SESSION, path, r.store, "phone", opening=opening)


@asynccontextmanager
async def owner(r: Rig, folder: Path) -> AsyncIterator[OwnerSocket]:
    """A process that owns the conversation."""
    door = OwnerSocket({SESSION: r.session}.get)
    await door.start(folder)
    try:
        yield door
    finally:
        await door.aclose()


@asynccontextmanager
async def broken_owner(folder: Path, answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A process that takes one command, writes these bytes and is gone."""
    taken: list[bytes] = []
    path = str(folder / "broken.sock")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(msgspec.json.encode(Reply(ok=True)) + b"\n")
        taken.append(await reader.readline())
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield path, taken
    finally:
        server.close()


def following(first: RemoteSession, *later: str, r: Rig) -> tuple[Attachment, list[str]]:
    """A handle at a first owner, and the owners it was led to since."""
    came: list[str] = []
    paths = iter(later)

    async def reopen() -> Session | RemoteSession:
        came.append(next(paths))
        return at(came[-1], r)

    return Attachment(first, reopen), came


async def test_a_command_whose_owner_is_gone_is_given_to_the_next(
    home: Home, tmp_path: Path
) -> None:
    async with rig(home, ScriptedProvider()) as r, owner(r, tmp_path) as second:
        async with owner(r, tmp_path) as first:
            handle, came = following(at(first.path, r), second.path, r=r)
            assert (await handle.send(SetTitle(title="one"))).ok
            assert not handle.is_owner
        assert (await handle.send(SetTitle(title="two"))).ok
        assert came == [second.path]
        await handle.release()
        await r.settle()
        assert [event.title for event in r.of(SessionTitled)] == ["one", "two"]


@pytest.mark.parametrize("answer", [b"", b'{"ok": tr'])
async def test_a_command_that_was_not_answered_is_not_given_to_the_next(
    home: Home, tmp_path: Path, answer: bytes
) -> None:
    async with (
        rig(home, ScriptedProvider()) as r,
        owner(r, tmp_path) as second,
        broken_owner(tmp_path, answer) as (path, taken),
    ):
        handle, came = following(at(path, r), second.path, r=r)
        reply = await handle.send(SetTitle(title="once"))
        assert (reply.ok, reply.code) == (False, "outcome_unknown")
        assert "Look whether your message arrived" in reply.text
        assert (len(taken), came) == (1, [second.path])
        assert (await handle.send(SetTitle(title="again"))).ok
        await handle.release()
        await r.settle()
        assert [event.title for event in r.of(SessionTitled)] == ["again"]


async def test_where_nobody_takes_the_conversation_over_that_is_said(
    home: Home, tmp_path: Path
) -> None:
    async with rig(home, ScriptedProvider()) as r:
        nowhere = str(tmp_path / "gone.sock")
        handle, came = following(at(nowhere, r), *[nowhere] * 5, r=r)
        reply = await handle.send(SetTitle(title="one"))
        assert (reply.code, reply.text) == ("owner_lost", "This conversation cannot be reached.")
        assert len(came) == 3


async def test_events_go_on_at_the_next_owner_where_they_stopped(
    home: Home, tmp_path: Path
) -> None:
    async with rig(home, ScriptedProvider()) as r, owner(r, tmp_path) as second:
        seen: list[int | None] = []
        async with owner(r, tmp_path) as first:
            handle, _ = following(at(first.path, r), second.path, r=r)

            async def listen() -> None:
                async for event in handle.events():
                    seen.append(event.seq if isinstance(event.seq, int) else None)

            listening = asyncio.create_task(listen())
            await r.send(SetTitle(title="one"))
            await r.settle()
            await until(lambda: max((seq or 0 for seq in seen), default=0) == r.events[-1].seq)
        await r.send(SetTitle(title="two"))
        await r.settle()
        stored = [event.seq for event in r.events if event.stored]
        await until(lambda: [seq for seq in seen if seq] == stored)
        await handle.release()
        await second.aclose()
        async with asyncio.timeout(10):
            await listening


async def test_an_event_that_was_cut_off_is_read_again_from_the_next_owner(
    home: Home, tmp_path: Path
) -> None:
    async with (
        rig(home, ScriptedProvider()) as r,
        owner(r, tmp_path) as second,
        broken_owner(tmp_path, b'{"type":"session.titled","ti') as (path, _),
    ):
        await r.send(SetTitle(title="one"))
        handle, came = following(at(path, r), second.path, r=r)
        async for event in handle.events():
            if isinstance(event, SessionTitled):
                assert event.title == "one"
                break
        assert came == [second.path]
        await handle.release()


async def test_a_released_handle_is_released_once(home: Home, tmp_path: Path) -> None:
    async with rig(home, ScriptedProvider()) as r, owner(r, tmp_path) as door:
        inner = at(door.path, r)
        await inner.connect()
        await until(lambda: r.session.remote_users == 1)
        handle, came = following(inner, r=r)
        await handle.release()
        await handle.release()
        await until(lambda: r.session.remote_users == 0)
        assert [event async for event in handle.events()] == []
        assert came == []


# --- a process that opens conversations for others ---------------------------------------


async def test_a_conversation_is_opened_for_who_asks_and_the_place_is_told_of_them(
    home: Home, tmp_path: Path
) -> None:
    asked: list[Hello] = []
    joined: list[tuple[str, str]] = []
    async with rig(home, ScriptedProvider()) as r:

        async def open_for(hello: Hello) -> Session | None:
            asked.append(hello)
            return r.session.retain()

        door = OwnerSocket(lambda session_id: None)
        door.open_for_clients(open_for, lambda one: joined.append((one.client, one.session_id)))
        await door.start(tmp_path)
        with pytest.raises(NotSent, match="Not owned here"):
            await at(door.path, r).connect()
        guest = at(door.path, r, opening=Opening(model="gpt-5"))
        assert (await guest.send(SetTitle(title="one"))).ok
        assert [one.opening.model for one in asked if one.opening] == ["gpt-5"]
        assert joined == [("phone", SESSION)]
        await guest.release()
        await door.aclose()


@pytest.mark.parametrize(
    ("problem", "said"),
    [(StoreError("the disk is full"), "the disk is full"), (None, "Not owned here")],
)
async def test_a_conversation_that_cannot_be_opened_is_refused_with_the_reason(
    home: Home, tmp_path: Path, problem: StoreError | None, said: str
) -> None:
    async with rig(home, ScriptedProvider()) as r:

        async def open_for(hello: Hello) -> Session | None:
            if problem is not None:
                raise problem
            return None

        door = OwnerSocket(lambda session_id: None)
        door.open_for_clients(open_for, lambda one: None)
        await door.start(tmp_path)
        with pytest.raises(OwnerLost, match=said):
            await at(door.path, r, opening=Opening()).connect()
        await door.aclose()


async def test_a_socket_in_a_folder_whose_name_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the socket path is too long"):
        await OwnerSocket(lambda session_id: None).start(tmp_path / ("deep" * 30))
