"""`--serve web`: the door to browsers, over the host that runs their conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from hermes_core.errors import ConfigError, SessionNotFound
from hermes_core.host import Host
from hermes_core.servers.api.binding import is_network
from hermes_core.servers.listening import listening
from hermes_tui.web.access import Addresses, Logins, new_token
from hermes_tui.web.door import WebDoor, new_logins

SHUTDOWN_S = 10.0
"""How long ended tabs may take."""


class WebServing:
    """The web server of a host. `bind`, then `serve` until `stop`.

    Args:
        host: Runs the conversations.
        token: What browsers log in with; None makes one.
    """

    def __init__(self, host: Host, *, token: str | None = None) -> None:
        self._host = host
        self.token = token or new_token()
        self.url = ""
        """Where browsers go; known once bound."""
        self._door: WebDoor | None = None
        self._runner: web.AppRunner | None = None
        self._stopped = asyncio.Event()

    async def bind(self) -> None:
        """Take the address.

        Raises:
            ConfigError: It may not be had, or cannot.
        """
        settings = self._host.loaded.settings.web_screen
        public = settings.public_url.rstrip("/")
        await asyncio.to_thread(_check, settings.host, public)
        try:
            listener = await asyncio.to_thread(listening, settings.host, settings.port)
        except OSError as error:
            raise ConfigError(
                f"The screen cannot be served on {settings.host}:{settings.port}:"
                f" {error.strerror or error}.",
                hint="Set web_screen.port (HERMES_WEB_PORT) to a free port.",
            ) from error
        port = listener.getsockname()[1]
        try:
            addresses = Addresses([public] if public else _local_urls(settings.host, port))
        except ValueError as error:
            listener.close()
            raise ConfigError(f"web_screen.public_url: {error}.") from error
        self.url = public or f"http://{_in_url(settings.host)}:{port}"
        logins: Logins = new_logins(self.token)
        self._door = WebDoor(
            logins=logins,
            addresses=addresses,
            owner_socket=await self._host.open_for_clients(self._joined),
            has_words=self._has_words,
            is_secure=bool(public),
        )
        self._runner = web.AppRunner(
            self._door.application(), access_log=None, shutdown_timeout=SHUTDOWN_S
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def serve(self) -> None:
        """Serve until `stop`, then end the tabs."""
        assert self._runner is not None, "bound first"
        try:
            await self._stopped.wait()
        finally:
            await self._runner.cleanup()

    def stop(self) -> None:
        """Take no more requests and end the tabs."""
        self._stopped.set()

    def _joined(self, client: str, session_id: str) -> None:
        if self._door is not None:
            self._door.opened(client, session_id)

    async def _has_words(self, session_id: str) -> bool:
        """Whether something was said in a conversation, so that it is kept."""
        try:
            await self._host.store.session(session_id)
        except SessionNotFound:
            return False
        return bool(await self._host.store.messages(session_id))

    def announce(self, say: Callable[[str], None]) -> None:
        """Say where it is and how to get in; the token is said here and nowhere else."""
        say(f"The screen is served at {self.url}")
        say(f"Token to log in with: {self.token}")


def _check(host: str, public: str) -> None:
    if public:
        if not public.startswith("https://"):
            raise ConfigError(
                "web_screen.public_url must begin with https://: what is typed and shown would"
                " cross the network in the clear.",
            )
        return
    if is_network(host):
        raise ConfigError(
            f"The screen is not served on {host or 'all addresses'}: it has no TLS of its own.",
            hint="Reach it with: ssh -L 9119:127.0.0.1:9119 HOST — or put a proxy with TLS in"
            " front and set web_screen.public_url to its https:// address.",
        )


def _local_urls(host: str, port: int) -> list[str]:
    names = dict.fromkeys([_in_url(host), "127.0.0.1", "localhost", "[::1]"])
    return [f"http://{name}:{port}" for name in names]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
