"""How other processes reach the sessions this one owns: one Unix socket, JSON lines.

A connection begins with a `Hello` line naming the session and is answered with a
`Reply`. Then the client writes commands, one a line, each answered with a `Reply`
line. A connection whose first command is `subscribe` carries events from then on
and nothing else. The socket file is private (0600) and the peer's user id is checked.

A process that runs conversations for others (the one that serves screens to browsers)
also opens them on request: a `Hello` with an `opening` asks for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from hermes_core.agent.sessions.session import Session
from hermes_core.commands import Reply, Subscribe, decode_command
from hermes_core.errors import HermesError
from hermes_core.events import encode_event
from hermes_core.paths import runtime_folder

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one line: a pasted text travels in one command."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """How a conversation is to be opened for a client that must not own it itself."""

    source: str = "cli"
    platform: str = "cli"
    interactive: bool = True
    system_message: str = ""
    model: str = ""
    provider: str = ""


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a connection."""

    session_id: str
    client: str = ""
    opening: Opening | None = None
    v: int = 1


OpenFor = Callable[[Hello], Awaitable[Session | None]]
"""Opens the conversation of a `Hello` and counts its user; None if it is owned elsewhere."""


class OwnerSocket:
    """Listens for the life of the process.

    Args:
        find: Returns the live session of that id, or None.
        uid_of: Returns the user id at the other end of a connection.
    """

    def __init__(
        self,
        find: Callable[[str], Session | None],
        *,
        uid_of: Callable[[socket.socket], int] | None = None,
    ) -> None:
        self._find = find
        self._open_for: OpenFor | None = None
        self._tell_joined: Callable[[Hello], None] = lambda hello: None
        self._uid_of = uid_of or peer_uid
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.path = ""

    def open_for_clients(self, open_for: OpenFor, joined: Callable[[Hello], None]) -> None:
        """Open what clients ask for, not only let them join what is open.

        Args:
            open_for: Opens it.
            joined: Told which client came to which conversation.
        """
        self._open_for, self._tell_joined = open_for, joined

    async def start(self, folder: Path | None = None) -> str:
        """Listen; returns the path of the socket.

        Raises:
            OSError: The runtime folder cannot be used.
        """
        folder = folder or runtime_folder()
        path = folder / f"{os.getpid()}-{secrets.token_hex(3)}.sock"
        if len(str(path).encode()) > 100:
            raise OSError(f"the socket path is too long: {path}")
        previous = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._accept, path=str(path), limit=MAX_LINE
            )
        finally:
            os.umask(previous)
        path.chmod(0o600)
        self.path = str(path)
        return self.path

    async def aclose(self) -> None:
        """Stop listening, end the connections, remove the file."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.to_thread(Path(self.path).unlink, missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection handler runs in a task"
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            # ValueError: a line that is too long or no JSON
            _log.info("a client's connection broke: %s", error)
        except asyncio.CancelledError:
            return  # we are closing; the stream machinery must not log it as an error
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("socket")
        if peer is None or self._uid_of(peer) != os.getuid():
            _log.warning("a process of another user was turned away")
            return
        hello = msgspec.json.decode(await reader.readline(), type=Hello)
        try:
            session = await self._joined(hello)
        except HermesError as error:
            await _write(writer, Reply(ok=False, code=type(error).__name__, text=str(error)))
            return
        if session is None:
            await _write(writer, Reply(ok=False, code="not_here", text="Not owned here."))
            return
        try:
            self._tell_joined(hello)
            await _write(writer, Reply(ok=True))
            while line := await reader.readline():
                try:
                    command = decode_command(line)
                except msgspec.DecodeError as error:
                    await _write(writer, Reply(ok=False, code="bad_command", text=str(error)))
                    continue
                if isinstance(command, Subscribe):
                    await self._stream(session, command.from_seq, reader, writer)
                    return
                if not command.client:
                    command = msgspec.structs.replace(command, client=hello.client)
                await _write(writer, await session.send(command))
        finally:
            await session.leave()

    async def _joined(self, hello: Hello) -> Session | None:
        """The conversation a client names, with the client counted as its user."""
        session = self._find(hello.session_id)
        if session is not None and not session.is_closed:
            session.remote_users += 1
            return session
        if hello.opening is None or self._open_for is None:
            return None
        session = await self._open_for(hello)
        if session is not None:
            session.remote_users += 1
            await session.release()  # it was held while it was opened
        return session

    async def _stream(
        self,
        session: Session,
        from_seq: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Send events until the session or the client ends."""

        async def send() -> None:
            async with contextlib.aclosing(session.events(from_seq)) as events:  # type: ignore[type-var]  # a generator
                async for event in events:
                    writer.write(encode_event(event) + b"\n")
                    await writer.drain()

        sender = asyncio.create_task(send())
        gone = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({sender, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sender.done():
                sender.result()
        finally:
            sender.cancel()
            gone.cancel()
            await asyncio.gather(sender, gone, return_exceptions=True)


def peer_uid(connection: socket.socket) -> int:
    """Return the user id at the other end of a Unix socket.

    Raises:
        OSError: The system does not say.
    """
    if sys.platform == "darwin":
        local_peercred = 1
        data = connection.getsockopt(0, local_peercred, 76)
        return int(struct.unpack("=II", data[:8])[1])
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", data)[1])


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(_encoder.encode(reply) + b"\n")
    await writer.drain()
