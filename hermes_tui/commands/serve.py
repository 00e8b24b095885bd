"""`hermes --serve`: the doors without a screen, until the process is told to stop."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import click

from hermes_core.errors import ConfigError, NoModelConfigured
from hermes_core.host import Host, HostOptions
from hermes_core.logs import start_logging_as_set
from hermes_core.paths import Home
from hermes_core.servers.api.application import ApiParts, build_application
from hermes_core.servers.api.chat_completions import ChatOptions
from hermes_core.servers.api.conversations import SOURCE
from hermes_core.servers.api.server import ApiServer
from hermes_tui.commands import SERVE_TARGETS
from hermes_tui.ending_signals import ending_signals
from hermes_tui.options import RunOptions

PROGRESS_VARIABLE = "API_SERVER_TOOL_PROGRESS"
_INSTALL = "Install it with: pip install 'hermes-tui[web]'"


class Server(Protocol):
    """A door that is open until it is told to stop."""

    async def serve(self) -> None:
        """Serve until `stop`."""
        ...

    def stop(self) -> None:
        """Take no more requests; asked twice, do not wait for what runs."""
        ...


def run(options: RunOptions) -> int:
    """Serve until a signal and return the exit code.

    Raises:
        HermesError: It cannot start; the command line prints it.
    """
    return asyncio.run(_serve(options))


async def _serve(options: RunOptions) -> int:
    home = Home.find()
    targets = _targets(options.serve or SERVE_TARGETS)
    is_screen = targets == ("web",)
    host = await Host.open(
        HostOptions(
            home=home,
            overrides=options.overrides(),
            source="web" if is_screen else SOURCE,
            platform="cli" if is_screen else SOURCE,
            interactive=is_screen,
            allow_demo=is_screen,
            toolsets=options.toolsets,
            yolo=options.yolo,
            client="server",
        )
    )
    stop_logging = start_logging_as_set(home, host.loaded, verbose=options.verbose)
    try:
        for warning in host.loaded.warnings:
            _say(str(warning))
        model = _model_words(host)  # a wrong setting is told before anything listens
        opened = [await _OPENERS[target](host) for target in targets]
        _say(model)
        await _until_told(opened)
    finally:
        await host.aclose()
        stop_logging()
    return 0


def _targets(asked: Sequence[str]) -> tuple[str, ...]:
    """What can be served of what was asked for.

    Raises:
        ConfigError: The screen alone is wanted and its packages are missing.
    """
    if "web" not in asked or importlib.util.find_spec("textual_serve") is not None:
        return tuple(asked)
    if len(asked) == 1:
        raise ConfigError("The screen in a browser needs packages of its own.", hint=_INSTALL)
    _say(f"web is left out: it needs packages of its own. {_INSTALL}")
    return tuple(target for target in asked if target != "web")


async def _until_told(servers: Sequence[Server]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.stop()

    for number in ending_signals():
        loop.add_signal_handler(number, stop)
    await asyncio.gather(*(server.serve() for server in servers))


async def _open_api(host: Host) -> Server:
    settings = host.loaded.settings.api_server
    progress = (host.loaded.secrets.get(PROGRESS_VARIABLE) or "on").strip().lower()
    server = ApiServer(
        build_application(
            ApiParts(
                sessions=host,
                store=host.store,
                settings=settings,
                profile=_profile(host.options.home),
                chat=ChatOptions(tool_progress=progress not in ("off", "false", "no", "0")),
            )
        )
    )
    await server.bind(settings.host, settings.port, key=settings.key)
    _say(f"The HTTP API listens on {server.url}")
    if not settings.key:
        _say("No API_SERVER_KEY is set: every program on this machine may use it.")
    return server


async def _open_web(host: Host) -> Server:
    # An extra that may be missing; and it draws, which the API's process must not load.
    from hermes_tui.web.serving import WebServing

    server = WebServing(host)
    await server.bind()
    server.announce(_say)
    return server


_OPENERS: dict[str, Callable[[Host], Awaitable[Server]]] = {"api": _open_api, "web": _open_web}


def _model_words(host: Host) -> str:
    """Say who answers.

    Raises:
        ConfigError: What is configured can never answer.
    """
    try:
        runtime = host.resolve().runtime
    except NoModelConfigured as error:
        return f"No model configured, requests are answered with 503. {error.hint}".strip()
    return f"Model: {runtime.model} via {runtime.provider}"


def _profile(home: Home) -> str:
    return home.root.name if home.root.parent.name == "profiles" else ""


def _say(text: str) -> None:
    click.echo(text, err=True)
