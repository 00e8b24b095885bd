"""Copying, and saying honestly what happened."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

MAX_TERMINAL_BYTES = 75_000
"""Longer texts are not sent through the terminal (100 kB once encoded)."""


def copy_locally(text: str) -> bool:
    """Copy with the system's clipboard program; returns whether there was one."""
    import pyperclip  # measured: start-up, looks for programs

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException:
        return False
    return True


async def copy_text(
    text: str,
    *,
    to_terminal: Callable[[str], None],
    locally: Callable[[str], bool] = copy_locally,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Copy and return one line that says what was done.

    Over SSH the local clipboard is another machine's, so the terminal is asked.

    Args:
        text: What to copy.
        to_terminal: Sends OSC 52.
        locally: Copies here, in a thread.
        environ: To see whether this is SSH.
    """
    environ = os.environ if environ is None else environ
    is_remote = any(name.startswith("SSH_") for name in environ)
    if not is_remote and await asyncio.to_thread(locally, text):
        return "Copied"
    if len(text.encode()) > MAX_TERMINAL_BYTES:
        return "Too long for the terminal's clipboard; nothing was copied"
    to_terminal(text)
    return "Sent to the terminal's clipboard"
