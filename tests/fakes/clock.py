"""A clock that a test turns by hand, or that runs through every wait at once."""

from __future__ import annotations

import asyncio


class FakeClock:
    """Time that passes only when somebody sleeps on it.

    Every sleep ends at once after moving the time forward, except sleeps longer
    than `patience_s`, which never end (they stand for limits that are not reached).
    """

    def __init__(self, *, patience_s: float = 500.0) -> None:
        self.now = 1_764_000_000.0
        self.slept: list[float] = []
        self._patience_s = patience_s

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds > self._patience_s:
            await asyncio.Event().wait()
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def jitter(self) -> float:
        return 0.0
