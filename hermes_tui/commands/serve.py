"""`hermes --serve`: the doors without a screen, until the process is told to stop."""

from __future__ import annotations

import asyncio

import click

from hermes_core.errors import NoModelConfigured
from hermes_core.host import Host, HostOptions
from hermes_core.logs import start_logging_as_set
from hermes_core.paths import Home
from hermes_core.servers.api.application import ApiParts, build_application
from hermes_core.servers.api.chat_completions import ChatOptions
from hermes_core.servers.api.conversations import SOURCE
from hermes_core.servers.api.server import ApiServer
from hermes_tui.ending_signals import ending_signals
from hermes_tui.options import RunOptions

PROGRESS_VARIABLE = "API_SERVER_TOOL_PROGRESS"


def run(options: RunOptions) -> int:
    """Serve until a signal and return the exit code.

    Raises:
        HermesError: It cannot start; the command line prints it.
    """
    return asyncio.run(_serve(options))


async def _serve(options: RunOptions) -> int:
    home = Home.find()
    host = await Host.open(
        HostOptions(
            home=home,
            overrides=options.overrides(),
            source=SOURCE,
            platform=SOURCE,
            interactive=False,
            toolsets=options.toolsets,
            yolo=options.yolo,
            client="api",
        )
    )
    stop_logging = start_logging_as_set(home, host.loaded, verbose=options.verbose)
    try:
        for warning in host.loaded.warnings:
            _say(str(warning))
        await _serve_api(host)
    finally:
        await host.aclose()
        stop_logging()
    return 0


async def _serve_api(host: Host) -> None:
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
    loop = asyncio.get_running_loop()
    for number in ending_signals():
        loop.add_signal_handler(number, server.stop)
    _say(f"The HTTP API listens on {server.url}")
    if not settings.key:
        _say("No API_SERVER_KEY is set: every program on this machine may use it.")
    _say_model(host)
    await server.serve()


def _say_model(host: Host) -> None:
    try:
        runtime = host.resolve().runtime
    except NoModelConfigured as error:
        _say(f"No model configured, requests are answered with 503. {error.hint}".strip())
    else:
        _say(f"Model: {runtime.model} via {runtime.provider}")


def _profile(home: Home) -> str:
    return home.root.name if home.root.parent.name == "profiles" else ""


def _say(text: str) -> None:
    click.echo(text, err=True)
