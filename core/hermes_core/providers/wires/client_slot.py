"""The SDK client of one endpoint: built on first use, replaced on wish, closed when idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec


class Connected(msgspec.Struct, frozen=True):
    """A client with the stream class its `post` wants."""

    client: Any
    stream_class: Any


class ClientSlot:
    """Lends the client to requests.

    Args:
        connect: Imports the SDK and builds the client; run in a thread.
    """

    def __init__(self, connect: Callable[[], Connected]) -> None:
        self._connect = connect
        self._lent: _Lent | None = None

    @asynccontextmanager
    async def borrowed(self) -> AsyncGenerator[Connected, None]:
        """Lend the client for one request, its reply included.

        Raises:
            Exception: What building it raised; the next request tries again.
        """
        if self._lent is None:
            self._lent = _Lent(self._connect)
        lent = self._lent
        lent.users += 1
        try:
            try:
                connected = await lent.connected()
            except Exception:
                if self._lent is lent:
                    self._lent = None
                raise
            yield connected
        finally:
            lent.users -= 1
            if lent is not self._lent and not lent.users:
                await lent.aclose()

    async def renew(self) -> None:
        """Give the next request a client of its own connections.

        The old one is closed when the last request that has it ends.
        """
        lent, self._lent = self._lent, None
        if lent is not None and not lent.users:
            await lent.aclose()

    async def aclose(self) -> None:
        """Close the client, whoever has it."""
        if self._lent is not None:
            await self._lent.aclose()


class _Lent:
    """One client and how many requests have it."""

    def __init__(self, connect: Callable[[], Connected]) -> None:
        self.users = 0
        self._connecting = asyncio.create_task(asyncio.to_thread(connect))

    async def connected(self) -> Connected:
        # An interrupt must not leave a client behind that nobody closes.
        return await asyncio.shield(self._connecting)

    async def aclose(self) -> None:
        (outcome,) = await asyncio.gather(self._connecting, return_exceptions=True)
        if isinstance(outcome, Connected):
            await outcome.client.close()
