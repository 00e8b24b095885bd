"""Keeps the output of a command within bounds, beginning and end first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

HEAD_BYTES = TAIL_BYTES = 4 * 1024 * 1024
OUTPUT_CHARS = 50_000
"""What the model reads of one command at most."""
_HEAD_SHARE = 0.4
_PIECE_BYTES = 64 * 1024


class Capture:
    """Collects bytes; keeps the first and the last few megabytes.

    Args:
        head_bytes: How much of the beginning is kept.
        tail_bytes: How much of the end is kept, rounded up to whole chunks.
    """

    def __init__(self, *, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self.total_bytes = 0
        """Everything that was printed, kept or not."""

    def add(self, data: bytes) -> None:
        """Append a chunk."""
        self.total_bytes += len(data)
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= self._tail_bytes:
            self._tail_size -= len(self._tail.popleft())

    @property
    def dropped_bytes(self) -> int:
        """How much of the middle is gone."""
        return self.total_bytes - len(self._head) - self._tail_size

    def pieces(self) -> Iterator[bytes]:
        """What is kept, in pieces; a line in the middle says what is not."""
        for start in range(0, len(self._head), _PIECE_BYTES):
            yield bytes(self._head[start : start + _PIECE_BYTES])
        if self.dropped_bytes:
            yield f"\n... [{self.dropped_bytes:,} bytes were not kept] ...\n".encode()
        yield from self._tail

    def text(self) -> str:
        """Everything kept, decoded, otherwise as it came."""
        return b"".join(self.pieces()).decode("utf-8", "replace")


def clip(text: str, *, limit_chars: int = OUTPUT_CHARS) -> str:
    """Return the first 40 % and the last 60 % of `limit_chars` with a notice between."""
    if len(text) <= limit_chars:
        return text
    head = int(limit_chars * _HEAD_SHARE)
    tail = limit_chars - head
    omitted = len(text) - limit_chars
    notice = (
        f"\n\n... [OUTPUT TRUNCATED - {omitted} chars omitted out of {len(text)} total] ...\n\n"
    )
    return text[:head] + notice + text[-tail:]


class RollingText:
    """The last `limit_chars` characters of a text that keeps growing."""

    def __init__(self, limit_chars: int = 200_000) -> None:
        self._limit_chars = limit_chars
        self._parts: deque[str] = deque()
        self._size = 0
        self.dropped_lines = 0
        """Line ends among what is gone."""

    def add(self, text: str) -> None:
        """Append."""
        if not text:
            return
        self._parts.append(text)
        self._size += len(text)
        while self._size - len(self._parts[0]) >= self._limit_chars:
            self._drop(self._parts.popleft())
        surplus = self._size - self._limit_chars
        if surplus > 0:
            oldest = self._parts.popleft()
            self._parts.appendleft(oldest[surplus:])
            self._drop(oldest[:surplus])

    def _drop(self, text: str) -> None:
        self._size -= len(text)
        self.dropped_lines += text.count("\n")

    def text(self) -> str:
        """What is kept."""
        return "".join(self._parts)
