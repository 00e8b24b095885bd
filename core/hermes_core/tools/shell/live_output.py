"""Shows a command's output while it runs: often enough to follow, never a flood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hermes_core.terminals.ansi import LiveText

INTERVAL_S = 1 / 30
"""Chunks come at most this often."""

SHOWN_BYTES = 32 * 1024
"""At most this much of one interval is shown: its end."""


class LiveOutput:
    """Collects bytes and hands plain text on, at most 30 times a second.

    Args:
        show: Gets the stream name `stdout` and text.
    """

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._text = LiveText()
        self._pending = bytearray()
        self._left_out = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._next_at = 0.0

    def feed(self, data: bytes) -> None:
        """Take a chunk."""
        self._pending += data
        surplus = len(self._pending) - SHOWN_BYTES
        if surplus > 0:
            del self._pending[:surplus]
            self._left_out += surplus
        if self._timer is None:
            self._timer = self._loop.call_at(max(self._next_at, self._loop.time()), self._flush)

    def close(self) -> None:
        """Show what is left, at once."""
        if self._timer is not None:
            self._timer.cancel()
        self._flush(final=True)

    def _flush(self, *, final: bool = False) -> None:
        self._timer = None
        self._next_at = self._loop.time() + INTERVAL_S
        text = self._text.feed(bytes(self._pending), final=final)
        self._pending.clear()
        if self._left_out:
            text = f"\n[{self._left_out:,} bytes not shown live]\n{text}"
            self._left_out = 0
        if text:
            self._show("stdout", text)
