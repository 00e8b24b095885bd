"""The API on a socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import Iterator

import uvicorn

from hermes_core.errors import ConfigError
from hermes_core.servers.api.application import Api
from hermes_core.servers.api.binding import check_binding
from hermes_core.servers.listening import listening

DRAIN_S = 20.0
"""How long answers that run may take to end once the server stops, in seconds."""
BACKSTOP_S = 10
"""After the drain time answers are interrupted; what does not end then is cut off."""

_log = logging.getLogger(__name__)


class _Uvicorn(uvicorn.Server):
    """Leaves the process's signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


class ApiServer:
    """Listens and serves.

    Args:
        api: From `build_application`.
        drain_s: Seconds running answers get when it stops, then they are interrupted.
    """

    def __init__(self, api: Api, *, drain_s: float = DRAIN_S) -> None:
        config = uvicorn.Config(
            api.app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=math.ceil(drain_s) + BACKSTOP_S,
        )
        self._api = api
        self._drain_s = drain_s
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._server = _Uvicorn(config)
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """The address clients use, with `/v1`."""
        assert self._socket is not None, "bound first"
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}/v1"

    async def bind(self, host: str, port: int, *, key: str) -> None:
        """Take the address; port 0 takes a free one.

        Raises:
            ConfigError: The address needs a better key, or cannot be had.
        """
        await asyncio.to_thread(check_binding, host, key)
        if not key:
            _log.warning("the API server has no key: every program on this machine may use it")
        try:
            self._socket = await asyncio.to_thread(listening, host, port, waiting=2048)
        except OSError as error:
            raise ConfigError(
                f"The API server cannot listen on {host}:{port}: {error.strerror or error}.",
                hint="Set api_server.port (API_SERVER_PORT) to a free port.",
            ) from error

    async def serve(self) -> None:
        """Serve until `stop`, then let running answers end."""
        assert self._socket is not None, "bound first"
        drain = asyncio.create_task(self._drain(), name="drain")
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            drain.cancel()
            await asyncio.gather(drain, return_exceptions=True)

    def stop(self) -> None:
        """Take no more requests; asked twice it does not wait for running answers."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()
        self._server.should_exit = True

    async def _drain(self) -> None:
        await self._stopping.wait()
        try:
            async with asyncio.timeout(self._drain_s):
                await self._hurry.wait()
        except TimeoutError:
            _log.info("answers that still run are interrupted")
        await self._api.interrupt()
