"""A session that another process owns, as a `SessionHandle`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from hermes_core.agent.sharing.owner_socket import MAX_LINE, Hello, Opening
from hermes_core.commands import CoreCommand, Reply, Subscribe, encode_command
from hermes_core.errors import OwnerLost
from hermes_core.events import CoreEvent, SessionClosed, decode_event
from hermes_core.storage.store import Store

_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NotSent(OwnerLost):
    """The owner was gone before anything was sent; asking again is safe."""


class RemoteSession:
    """Speaks to the owner over its socket.

    Args:
        session_id: The conversation.
        socket_path: The owner's socket.
        store: This process's own view of the same database, for past events.
        client: Our name, shown as who answered.
        opening: Asks the other process to open the conversation if it is not open there.
    """

    def __init__(
        self,
        session_id: str,
        socket_path: str,
        store: Store,
        client: str,
        *,
        opening: Opening | None = None,
    ) -> None:
        self._session_id = session_id
        self._socket_path = socket_path
        self._store = store
        self._client = client
        self._opening = opening
        self._commands: _Stream | None = None
        self._lock = asyncio.Lock()

    @property
    def session_id(self) -> str:
        """The id, which never changes."""
        return self._session_id

    async def connect(self) -> None:
        """Open the command connection.

        Raises:
            NotSent: Nobody listens there, or the session is not owned there.
        """
        self._commands = await self._open()

    async def send(self, command: CoreCommand) -> Reply:
        """Ask the owner.

        Raises:
            NotSent: The owner is gone and nothing was sent.
            OwnerLost: The owner went before it replied.
        """
        async with self._lock:
            if self._commands is None:
                await self.connect()
            assert self._commands is not None, "connect sets it or raises"
            reader, writer = self._commands
            if writer.is_closing() or reader.at_eof():
                self._drop()
                raise NotSent("The process that ran this conversation has ended.")
            try:
                writer.write(encode_command(command) + b"\n")
                await writer.drain()
                line = await reader.readline()
            except OSError as error:
                self._drop()
                raise OwnerLost("The process that ran this conversation has ended.") from error
            except BaseException:
                self._drop()  # its reply would be taken for the next one's
                raise
            if not line.endswith(b"\n"):  # the end, perhaps in the middle of a line
                self._drop()
                raise OwnerLost("The process that ran this conversation has ended.")
            return msgspec.json.decode(line, type=Reply)

    async def events(self, from_seq: int = 0) -> AsyncIterator[CoreEvent]:
        """Stored events after `from_seq`, the open texts so far, then live ones.

        Raises:
            OwnerLost: The owner ended without closing the session.
        """
        reader, writer = await self._open()
        last: CoreEvent | None = None
        try:
            writer.write(encode_command(Subscribe(from_seq=from_seq)) + b"\n")
            await writer.drain()
            while (line := await reader.readline()).endswith(b"\n"):
                last = decode_event(line)
                yield last
        except ConnectionError as error:
            raise OwnerLost("The process that ran this conversation has ended.") from error
        finally:
            writer.close()
        if not isinstance(last, SessionClosed):
            raise OwnerLost("The process that ran this conversation has ended.")

    async def history(self, *, before_seq: int | None = None, limit: int = 400) -> list[CoreEvent]:
        """The newest stored events before `before_seq` (or the end), oldest first."""
        upto = (
            await self._store.last_seq(self._session_id) if before_seq is None else before_seq - 1
        )
        return await self._store.events(
            self._session_id, after_seq=max(0, upto - limit), limit=min(limit, upto)
        )

    async def release(self) -> None:
        """Close the connection; the owner goes on."""
        self._drop()

    def _drop(self) -> None:
        if self._commands is not None:
            self._commands[1].close()
            self._commands = None

    async def _open(self) -> _Stream:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket_path, limit=MAX_LINE)
        except OSError as error:
            raise NotSent("The process that ran this conversation has ended.") from error
        try:
            hello = Hello(session_id=self._session_id, client=self._client, opening=self._opening)
            writer.write(msgspec.json.encode(hello) + b"\n")
            await writer.drain()
            line = await reader.readline()
            reply = msgspec.json.decode(line, type=Reply) if line else Reply(ok=False)
        except (ConnectionError, msgspec.DecodeError) as error:
            writer.close()
            raise NotSent("The process that ran this conversation has ended.") from error
        if not reply.ok:
            writer.close()
            raise NotSent(reply.text or "The conversation is not open there any more.")
        return reader, writer
