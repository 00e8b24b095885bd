"""Something on the loopback that keeps every byte it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec


class FakeListener:
    """Answers each request with what its path was given, 404 otherwise.

    Args:
        answers: Path to status and body; bytes go out as they are, the rest as JSON.
        key: Bearer token without which every request gets a 401.
        is_silent: Accept connections and never answer.
    """

    def __init__(
        self,
        answers: Mapping[str, tuple[int, object]] | None = None,
        *,
        key: str = "",
        is_silent: bool = False,
    ) -> None:
        self._answers = answers or {}
        self._key = key
        self._is_silent = is_silent
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0
        """The port it listens on, once entered."""
        self.received = bytearray()
        """Every byte that came, of all connections."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None, "entered"
        self._server.close()
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            self.received += error.partial
            writer.close()
            return
        self.received += head
        if self._is_silent:
            return
        path = head.split(b" ")[1].decode()
        status, body = self._answers.get(path, (404, {}))
        if self._key and f"Bearer {self._key}".encode() not in head:
            status, body = 401, {"error": "a key is wanted"}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        lines = (
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(lines.encode() + data)
        await writer.drain()
        writer.close()


def listing(*names: str) -> dict[str, object]:
    """The answer of a server that offers these models."""
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
