"""What is piped in: read to its end, and left at once when the person gives up."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable

from hermes_core.errors import HermesError

PATIENCE_S = 3.0
"""After so long without a byte it is said what is waited for."""
WAITING = "Waiting for the end of the piped input; if there is none, add: </dev/null"
MOST_BYTES = 16 << 20
"""No model takes as much."""
_BLOCK = 65_536


async def piped_text(
    say: Callable[[str], None], *, descriptor: int = 0, patience_s: float = PATIENCE_S
) -> str:
    """Return what is piped or redirected into the program, empty if nothing is.

    Args:
        say: Tells a line.
        descriptor: Where it comes from.
        patience_s: How long to wait in silence, in seconds.

    Raises:
        HermesError: There is more than anybody could read.
    """
    mode = _mode(descriptor)
    if stat.S_ISREG(mode):
        data = await asyncio.to_thread(_whole_file, descriptor)
    elif stat.S_ISFIFO(mode):
        data = await _whole_pipe(descriptor, say, patience_s)
    else:
        return ""
    return data.decode("utf-8", "replace").strip()


def _mode(descriptor: int) -> int:
    try:
        return os.fstat(descriptor).st_mode
    except OSError:
        return 0


def _whole_file(descriptor: int) -> bytes:
    data = bytearray()
    while block := os.read(descriptor, _BLOCK):
        _add(data, block)
    return bytes(data)


async def _whole_pipe(descriptor: int, say: Callable[[str], None], patience_s: float) -> bytes:
    """Read without a thread: one that waits for a pipe cannot be given up."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    ended: asyncio.Future[None] = loop.create_future()

    def take() -> None:
        patience.cancel()
        try:
            block = os.read(descriptor, _BLOCK)
            _add(data, block)
        except (OSError, HermesError) as error:
            block = b""
            if not ended.done():
                ended.set_exception(error)
        if not block:
            loop.remove_reader(descriptor)
            if not ended.done():
                ended.set_result(None)

    patience = loop.call_later(patience_s, say, WAITING)
    loop.add_reader(descriptor, take)
    try:
        await ended
    finally:
        patience.cancel()
        loop.remove_reader(descriptor)
    return bytes(data)


def _add(data: bytearray, block: bytes) -> None:
    data += block
    if len(data) > MOST_BYTES:
        raise HermesError(
            f"The piped input is larger than {MOST_BYTES >> 20} MB.",
            hint="Name the file in the question instead; the agent reads what it needs of it.",
        )
