"""The door for other processes of the same person, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from hermes_core.agent.sharing.owner_socket import Hello, OwnerSocket, peer_uid
from hermes_core.agent.sharing.remote import NotSent, RemoteSession
from hermes_core.commands import Reply, SetTitle, Submit, Subscribe, encode_command
from hermes_core.errors import OwnerLost
from hermes_core.events import CoreEvent, MessageDelta, SessionTitled, TurnFinished
from hermes_core.paths import Home
from tests.core.agent.rig import SESSION, Rig, rig
from tests.fakes.scripted_provider import ScriptedProvider, finish, text
from tests.support import until

NOBODY = 65534


@asynccontextmanager
async def listening(r: Rig, folder: Path, *, uid: int | None = None) -> AsyncIterator[OwnerSocket]:
    uid_of = None if uid is None else (lambda connection: uid)
    door = OwnerSocket({SESSION: r.session}.get, uid_of=uid_of)
    await door.start(folder)
    try:
        yield door
    finally:
        await door.aclose()


async def talk(door: OwnerSocket, *lines: bytes) -> list[Reply]:
    """Send raw lines and return what is answered until the connection ends."""
    reader, writer = await asyncio.open_unix_connection(door.path)
    writer.write(b"".join(line + b"\n" for line in lines))
    writer.write_eof()
    data = b""
    with contextlib.suppress(ConnectionError):  # turned away with our lines unread
        async with asyncio.timeout(60):
            data = await reader.read()
    writer.close()
    return [msgspec.json.decode(line, type=Reply) for line in data.splitlines()]


def hello(session_id: str = SESSION, client: str = "") -> bytes:
    return msgspec.json.encode(Hello(session_id=session_id, client=client))


@pytest.mark.ac("socket-private")
async def test_socket_is_private_and_gone_after_the_end(home: Home, tmp_path: Path) -> None:
    async with rig(home, ScriptedProvider()) as r, listening(r, tmp_path) as door:
        mode = (await asyncio.to_thread(os.stat, door.path)).st_mode
        assert stat.S_IMODE(mode) == 0o600
    assert not await asyncio.to_thread(os.path.exists, door.path)


@pytest.mark.ac("socket-private")
async def test_process_of_another_user_is_turned_away_unanswered(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(home, ScriptedProvider()) as r, listening(r, tmp_path, uid=NOBODY) as door:
        assert await talk(door, hello(), encode_command(SetTitle(title="x"))) == []
        assert "another user" in caplog.text
        assert not r.of(SessionTitled)


@pytest.mark.ac("socket-private")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_system_tells_the_user_at_the_other_end(tmp_path: Path) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(peer_uid(writer.get_extra_info("socket")))
        writer.close()
        done.set()

    path = f"/tmp/hermes-uid-{os.getpid()}.sock"
    server = await asyncio.start_unix_server(accept, path)
    await asyncio.to_thread(Path(path).chmod, 0o777)
    try:
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({path!r})"
        process = await asyncio.create_subprocess_exec("python3", "-c", code, user=NOBODY)
        assert await process.wait() == 0
        async with asyncio.timeout(60):
            await done.wait()
        assert seen == [NOBODY]
    finally:
        server.close()
        await asyncio.to_thread(Path(path).unlink, missing_ok=True)  # newer Pythons did it


async def test_nonsense_is_answered_or_dropped_and_the_next_client_is_served(
    home: Home, tmp_path: Path
) -> None:
    async with rig(home, ScriptedProvider()) as r, listening(r, tmp_path) as door:
        assert await talk(door, b"not json") == []
        assert await talk(door, b"") == []
        stranger = await talk(door, hello("another session"))
        assert [reply.code for reply in stranger] == ["not_here"]
        replies = await talk(
            door, hello(), b"{broken", b'{"type": "no.such"}', encode_command(SetTitle(title="ok"))
        )
        assert [reply.code for reply in replies] == ["", "bad_command", "bad_command", ""]
        assert [e.title for e in r.of(SessionTitled)] == ["ok"]


async def test_commands_carry_the_name_of_their_connection(home: Home, tmp_path: Path) -> None:
    async with (
        rig(home, ScriptedProvider(text("hi"))) as r,
        listening(r, tmp_path) as door,
    ):
        replies = await talk(door, hello(client="phone"), encode_command(Submit(text="hi")))
        assert [reply.ok for reply in replies] == [True, True]
        await until(lambda: r.finishes)


async def test_turn_outlives_a_connection_that_breaks(home: Home, tmp_path: Path) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([*text("so far")[:1], hold, *finish()])
    async with rig(home, provider) as r, listening(r, tmp_path) as door:
        reader, writer = await asyncio.open_unix_connection(door.path)
        writer.write(hello() + b"\n" + encode_command(Submit(text="go")) + b"\n")
        await until(lambda: r.of(MessageDelta))
        await r.session.release()  # nobody else holds it now
        writer.close()
        await until(lambda: r.session.remote_users == 0)
        assert not r.session.is_closed
        hold.set()
        await r.session.wait_closed()
        assert r.of(TurnFinished)[0].outcome == "completed"
        assert await reader.read() != b""


async def test_cancelled_command_does_not_shift_the_replies_of_later_ones(
    home: Home, tmp_path: Path
) -> None:
    async with rig(home, ScriptedProvider()) as r, listening(r, tmp_path) as door:
        remote = RemoteSession(SESSION, door.path, r.store, "test")
        await remote.connect()
        first = asyncio.create_task(remote.send(SetTitle(title="one")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await remote.send(SetTitle(title="two"))).text == "Title: two"
        await remote.release()


async def test_remote_listener_is_told_when_the_owner_goes(home: Home, tmp_path: Path) -> None:
    async with rig(home, ScriptedProvider(text("hello"))) as r:
        seen: list[CoreEvent] = []
        async with listening(r, tmp_path) as door:
            remote = RemoteSession(SESSION, door.path, r.store, "test")

            async def read() -> None:
                async for event in remote.events():
                    seen.append(event)

            reader = asyncio.create_task(read())
            await r.turn("hi")
            await until(lambda: any(isinstance(e, TurnFinished) for e in seen))
        with pytest.raises(OwnerLost):
            await reader
        with pytest.raises(NotSent):
            await remote.send(Submit(text="anybody?"))
        stored = [e.seq for e in r.events if e.stored]
        assert [e.seq for e in seen if e.stored] == stored
        assert [e.seq for e in await remote.history(limit=2)] == stored[-2:]


async def test_subscribing_in_the_process_itself_is_refused_with_the_way(home: Home) -> None:
    async with rig(home, ScriptedProvider()) as r:
        reply = await r.send(Subscribe())
        assert (reply.ok, reply.code) == (False, "use_events")
