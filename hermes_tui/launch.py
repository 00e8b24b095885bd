"""Start the full screen and say afterwards how to come back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import click

from hermes_core.errors import HermesError
from hermes_core.host import Host, HostOptions
from hermes_core.logs import start_logging_as_set
from hermes_core.paths import Home
from hermes_tui._version import VERSION
from hermes_tui.app import HermesApp
from hermes_tui.choosing import chosen_session
from hermes_tui.core_workspace import CoreWorkspace
from hermes_tui.launch_state import ExitState, LaunchState
from hermes_tui.options import RunOptions
from hermes_tui.workspace import Workspace

GOODBYE = "Goodbye."


def run_app(options: RunOptions) -> int:
    """Run the screen to its end and return the exit code."""
    home = Home.find()
    home.create()
    launch = LaunchState(session_id=asyncio.run(_chosen(home, options)), version=VERSION)
    stops: list[Callable[[], None]] = []

    async def connect() -> Workspace:
        host = await Host.open(
            HostOptions(
                home=home,
                overrides=options.overrides(),
                source=options.source,
                allow_demo=True,
                toolsets=options.toolsets,
                yolo=options.yolo,
            )
        )
        stops.append(
            start_logging_as_set(home, host.loaded, verbose=options.verbose, console=False)
        )
        try:
            runtime = host.resolve().runtime
        except HermesError:
            await host.aclose()
            raise
        return CoreWorkspace(host, runtime)

    app = HermesApp(connect, launch)
    try:
        left = app.run()
    finally:
        for stop in stops:
            stop()
    _say_goodbye(left)
    return 0 if left is None or left.reason == "quit" else 1


async def _chosen(home: Home, options: RunOptions) -> str | None:
    """Find the conversation before the screen takes the terminal, so that errors are readable."""
    if not options.resume and options.continue_ is None:
        return None
    from hermes_core.storage.store import Store  # measured: only a resumed start needs it so early

    store = await Store.open(home)
    try:
        if not store.read_only:
            await store.import_reference()
        return await chosen_session(store, options)
    finally:
        await store.aclose()


def _say_goodbye(left: ExitState | None) -> None:
    if left is None or not left.session_id:
        click.echo(GOODBYE)
        return
    click.echo(f"Resume with: hermes --resume {left.session_id}")
    if left.title:
        click.echo(f'         or: hermes -c "{left.title}"')
    sys.stdout.flush()
