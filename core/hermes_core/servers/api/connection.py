"""One HTTP exchange at the level of ASGI: read a limited body, answer, notice a hang-up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.types import Receive, Send

from hermes_core.servers.api.wire import KEEP_ALIVE, ApiError, error_bytes

_log = logging.getLogger(__name__)

TOO_LARGE = "Request body too large."


async def read_body(receive: Receive, limit_bytes: int) -> bytes:
    """Read the request's body, chunked ones included.

    Raises:
        ApiError: It is longer than the limit, or the client went away.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(400, "The request was not complete", code="incomplete_body")
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise ApiError(413, TOO_LARGE, code="body_too_large")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


@asynccontextmanager
async def watched(receive: Receive, on_gone: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call back, once, when the client hangs up inside the block."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await on_gone()

    watcher = asyncio.create_task(watch(), name="client hang-up")
    try:
        yield
    finally:
        watcher.cancel()
        (outcome,) = await asyncio.gather(watcher, return_exceptions=True)
        if isinstance(outcome, Exception):
            _log.error("a turn could not be stopped after a hang-up", exc_info=outcome)


async def answer(
    send: Send, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Send a JSON body."""
    shown = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **(headers or {}),
    }
    await send({"type": "http.response.start", "status": status, "headers": _raw(shown)})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: ApiError, headers: Mapping[str, str] | None = None) -> None:
    """Send an error; clients are told not to try a turn again by themselves."""
    shown = {**(headers or {}), **error.headers}
    if error.status >= 500:
        shown["x-should-retry"] = "false"
    await answer(send, error.status, error_bytes(error.body), shown)


class EventStream:
    """A body of server-sent events that says something at least every so often.

    Args:
        send: Of ASGI.
        keep_alive_s: Seconds of silence before a comment is sent.
    """

    def __init__(self, send: Send, *, keep_alive_s: float) -> None:
        self._send = send
        self._keep_alive_s = keep_alive_s
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()

    @asynccontextmanager
    async def open(self, headers: Mapping[str, str]) -> AsyncIterator[None]:
        """Begin the answer; it is ended in good order when the block is left so."""
        shown = {
            "content-type": "text/event-stream",
            "cache-control": "no-cache",
            "x-accel-buffering": "no",
            **headers,
        }
        await self._send({"type": "http.response.start", "status": 200, "headers": _raw(shown)})
        beat = asyncio.create_task(self._beat(), name="keep-alive")
        try:
            yield
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def write(self, data: bytes, *, is_last: bool = False) -> None:
        """Send events."""
        self._last = self._loop.time()
        await self._send({"type": "http.response.body", "body": data, "more_body": not is_last})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(max(0.001, self._last + self._keep_alive_s - self._loop.time()))
            if self._loop.time() - self._last >= self._keep_alive_s:
                await self.write(KEEP_ALIVE)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
