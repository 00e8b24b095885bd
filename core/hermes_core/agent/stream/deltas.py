"""Text on its way to the stream: gathered for a moment, so that a fast model costs little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

INTERVAL_S = 1 / 60


class DeltaBuffer:
    """Joins pieces and hands them on at most once an interval, the first at once.

    Args:
        send: Called with the joined text, never with an empty one.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._parts: list[str] = []
        self._sent_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Take a piece."""
        self._parts.append(text)
        if self._timer is not None:
            return
        due = self._sent_at + INTERVAL_S - self._loop.time()
        if due <= 0:
            self.flush()
        else:
            self._timer = self._loop.call_later(due, self.flush)

    def flush(self) -> None:
        """Hand on what there is, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self._sent_at = self._loop.time()
            self._send(text)
