"""Bring the real core up for the screen and the line mode.

A module of its own because loading the core takes longer than the first paint may:
`launch` imports it in a thread once the prompt stands.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from hermes_core.errors import HermesError
from hermes_core.host import Host, HostOptions
from hermes_core.logs import start_logging_as_set
from hermes_core.paths import Home
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.installed_skills import skill_folders, skill_text
from hermes_tui.core_link.workspace import OpenedAt, Workspace
from hermes_tui.options import RunOptions


async def open_core(
    home: Home,
    options: RunOptions,
    stops: list[Callable[[], None]],
    *,
    allow_demo: bool = True,
    opened_at: OpenedAt | None = None,
) -> Workspace:
    """Open host and logging.

    Args:
        home: The user's data folder, created.
        options: What the command line asked for.
        stops: Gets what is to be called at the very end.
        allow_demo: Whether the built-in script may answer where nothing is set up.
        opened_at: Where the conversations are run; None: in this process.

    Raises:
        HermesError: The store cannot be used, nothing is configured to answer, or a skill
            that was asked for is not installed.
        OSError: The home cannot be read.
    """
    host = await Host.open(
        HostOptions(
            home=home,
            overrides=options.overrides(),
            source=options.source,
            allow_demo=allow_demo,
            toolsets=options.toolsets,
            yolo=options.yolo,
            client=(opened_at.client if opened_at else "") or terminal_name(),
            opened_at=opened_at.socket if opened_at else "",
        )
    )
    stops.append(start_logging_as_set(home, host.loaded, verbose=options.verbose, console=False))
    try:
        folders = skill_folders(home, host.loaded.settings)
        preload = await asyncio.to_thread(skill_text, folders, options.skills)
        runtime = host.resolve().runtime
    except (HermesError, OSError) as error:
        if isinstance(error, HermesError):  # whose cause the settings may tell
            told = (*(str(warning) for warning in host.loaded.warnings), error.hint)
            error.hint = "\n".join(line for line in told if line)
        await host.aclose()
        raise
    return CoreWorkspace(host, runtime, preload=preload)


def terminal_name() -> str:
    """What others read who see an answer given on this screen, such as `terminal pts/3`."""
    try:
        return f"terminal {os.ttyname(sys.stdin.fileno()).removeprefix('/dev/')}"
    except OSError:
        return f"process {os.getpid()}"
