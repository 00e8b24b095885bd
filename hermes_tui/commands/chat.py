"""`hermes chat -q`: start the one-shot door."""

from __future__ import annotations

import asyncio

from hermes_core.logs import start_logging
from hermes_core.paths import Home
from hermes_tui.oneshot.run import ask
from hermes_tui.options import RunOptions


def command(options: RunOptions) -> int:
    """Ask once and return the exit code."""
    home = Home.find()
    home.create()
    stop = start_logging(home, level="DEBUG" if options.verbose else "INFO")
    try:
        return asyncio.run(ask(options))
    finally:
        stop()
