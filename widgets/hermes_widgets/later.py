"""Calling something later, and not never."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


def later(pump: MessagePump, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
    """Call something in so many seconds, in its turn among the messages of a part.

    A timer of the toolkit skips what it is late for: one that was due while the machine did
    something else never fires, and what waited for it stood still from then on.
    """
    return asyncio.get_running_loop().call_later(seconds, pump.call_later, call)
