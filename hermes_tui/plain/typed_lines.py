"""What is typed, line by line, as the terminal itself edits them.

The terminal stays in the mode in which it echoes and edits lines: a screen reader knows
it, and no code of ours moves a cursor. A thread waits for the lines; it reads the file
descriptor and nothing buffered, so that it can be left at any moment.
"""

from __future__ import annotations

import asyncio
import os
import select
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TOGETHER_S = 0.03
"""Lines that come faster than this after each other were pasted, not typed."""
_BLOCK = 65_536


class TypedLines:
    """Lines of a terminal or a pipe, in order.

    Args:
        number: The file descriptor.
    """

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.is_terminal = os.isatty(number)
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._read, name="typed lines", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def next(self) -> str | None:
        """Return the next text; several lines only if they were pasted or continued.

        None is the end of the input; a terminal can be asked again after it.
        """
        text = await self._queue.get()
        while text is not None and text.endswith("\\"):
            more = await self._queue.get()
            text = text[:-1] + "\n" + (more or "")
        return text

    def close(self) -> None:
        """Stop reading; what was not read yet stays for others."""
        os.write(self._stop, b".")
        self._thread.join()
        os.close(self._wake)
        os.close(self._stop)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let nothing that is typed be shown meanwhile."""
        if not self.is_terminal:
            yield
            return
        before = termios.tcgetattr(self._number)
        hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        termios.tcsetattr(self._number, termios.TCSADRAIN, hidden)
        try:
            yield
        finally:
            termios.tcsetattr(self._number, termios.TCSADRAIN, before)

    # --- in the thread ---------------------------------------------------------------

    def _read(self) -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([self._number, self._wake], [], [])
            if self._wake in ready:
                return
            data = more = self._take()
            while more and self.is_terminal and self._has_more():
                more = self._take()
                data += more
            whole, line_end, rest = (rest + data).rpartition(b"\n")
            if line_end and self.is_terminal:
                self._give(whole)
            elif line_end:
                for line in whole.split(b"\n"):
                    self._give(line)
            if more:
                continue
            if rest:
                self._give(rest)
                rest = b""
            self._give(None)
            if self._is_gone():
                return

    def _take(self) -> bytes:
        try:
            return os.read(self._number, _BLOCK)
        except OSError:  # the terminal was closed: its end
            return b""

    def _is_gone(self) -> bool:
        """Whether the end is for good; on a terminal Ctrl+D is not."""
        if not self.is_terminal:
            return True
        poll = select.poll()
        poll.register(self._number, select.POLLIN)
        return any(state & (select.POLLHUP | select.POLLERR) for _, state in poll.poll(0))

    def _has_more(self) -> bool:
        return bool(select.select([self._number], [], [], _TOGETHER_S)[0])

    def _give(self, data: bytes | None) -> None:
        text = None if data is None else data.decode("utf-8", "replace").replace("\r", "")
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, text)
        except RuntimeError:
            return  # the loop ended meanwhile: nobody listens
