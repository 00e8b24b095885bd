"""`hermes chat -q`: start the one-shot door."""

from __future__ import annotations

import asyncio

from hermes_tui.oneshot.run import ask
from hermes_tui.options import RunOptions


def command(options: RunOptions) -> int:
    """Ask once and return the exit code."""
    return asyncio.run(ask(options))
