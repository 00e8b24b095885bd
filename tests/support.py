"""What several tests need: waiting for conditions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], *, timeout_s: float = 30.0) -> None:
    """Return as soon as `condition()` is true; fail after the limit."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  a condition has no event to wait for
            await asyncio.sleep(0.005)
