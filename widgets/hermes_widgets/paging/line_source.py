"""Where a pager gets its lines: a text in memory, or a file that stays on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hermes_widgets.drawing.foreign import output_lines

STRIDE = 256
"""Lines between two remembered places of a file."""
MOST_FOUND = 10_000
"""Lines a search names at most."""
_BLOCK = 1 << 20


class LineSource(Protocol):
    """Lines by number. `find` and making one may take long and belong in a thread."""

    @property
    def count(self) -> int:
        """How many lines there are."""
        ...

    def lines(self, first: int, count: int) -> Sequence[str]:
        """Up to `count` lines from the one numbered `first`, from 0, safe to draw."""
        ...

    def find(self, wanted: str) -> list[int]:
        """Numbers of the lines that hold a text, without regard to case."""
        ...


class TextLines:
    """Lines of a text."""

    def __init__(self, text: str) -> None:
        self._lines = output_lines(text.rstrip("\n"))

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def lines(self, first: int, count: int) -> Sequence[str]:
        """See `LineSource`."""
        return self._lines[first : first + count]

    def find(self, wanted: str) -> list[int]:
        """See `LineSource`."""
        low = wanted.casefold()
        found = [at for at, line in enumerate(self._lines) if low in line.casefold()]
        return found[:MOST_FOUND]


class FileLines:
    """Lines of a file, read where they are seen; only every 256th place is remembered.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = [0]
        self._count = 0
        at = 0
        ends_open = False
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                start = 0
                while (end := block.find(b"\n", start)) >= 0:
                    self._count += 1
                    start = end + 1
                    if self._count % STRIDE == 0:
                        self._places.append(at + start)
                ends_open = start < len(block)
                at += len(block)
        self._count += ends_open

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    def lines(self, first: int, count: int) -> Sequence[str]:
        """See `LineSource`."""
        if not 0 <= first < self._count:
            return []
        found = []
        with self._path.open("rb") as file:
            file.seek(self._places[first // STRIDE])
            for _ in range(first % STRIDE):
                file.readline()
            for _ in range(min(count, self._count - first)):
                raw = file.readline().decode("utf-8", "replace").rstrip("\n")
                found.append(output_lines(raw)[0])
        return found

    def find(self, wanted: str) -> list[int]:
        """See `LineSource`."""
        low = wanted.casefold()
        found: list[int] = []
        with self._path.open("rb") as file:
            for number, raw in enumerate(file):
                if low in raw.decode("utf-8", "replace").casefold():
                    found.append(number)
                    if len(found) >= MOST_FOUND:
                        break
        return found
