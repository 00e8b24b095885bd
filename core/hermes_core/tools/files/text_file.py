"""Text out of bytes and back, so that what an edit does not touch stays the same bytes.

Matching works on text with `\\n` line ends. Splices are applied to the text as it is on
disk, with inserted lines given the line end of their surroundings; encoding, byte
order mark and final newline follow by themselves.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 12, 13, 27}) + b"\x7f"
_LINE_END = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace `text[start:end]` (of the `\\n` form) by `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """A decoded file."""

    raw: str
    """Text as stored, line ends untouched, without the byte order mark."""
    encoding: str = "utf-8"
    mark: bytes = b""
    text: str = field(init=False)
    """`raw` with every `\\r\\n` as `\\n`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.raw.replace("\r\n", "\n"))

    def encode(self) -> bytes:
        """Return the bytes to store.

        Raises:
            UnicodeEncodeError: A character has no place in the file's encoding.
        """
        return self.mark + self.raw.encode(self.encoding)

    def spliced(self, splices: Sequence[Splice]) -> TextFile:
        """Return the file with the splices applied.

        Args:
            splices: Positions in `text`, ascending, not overlapping.
        """
        dropped = _dropped_returns(self.raw)
        parts: list[str] = []
        at = 0
        for splice in splices:
            start = splice.start + bisect_left(dropped, splice.start)
            # An end between "\r" and "\n" belongs before the "\r".
            end = splice.end + bisect_left(dropped, splice.end)
            parts += (self.raw[at:start], self._with_local_ends(splice.new, start))
            at = end
        parts.append(self.raw[at:])
        return TextFile("".join(parts), self.encoding, self.mark)

    @property
    def main_line_end(self) -> str:
        """`\\r\\n` if more lines end so than not, else `\\n`."""
        crlf = self.raw.count("\r\n")
        return "\r\n" if crlf * 2 > self.raw.count("\n") else "\n"

    def _with_local_ends(self, new: str, at: int) -> str:
        new = unix_lines(new)
        near = _LINE_END.search(self.raw, at)
        local = near[0] if near else self.main_line_end
        return new.replace("\n", "\r\n") if local == "\r\n" else new


def decode(data: bytes) -> TextFile:
    """Return the text of `data`; encoding it again gives the same bytes.

    Tried in order: what a byte order mark says, UTF-8, Windows-1252, Latin-1 (which
    takes anything).
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark) and (found := _try(data[len(mark) :], encoding, mark)):
            return found
    for encoding in ("utf-8", "cp1252"):
        if found := _try(data, encoding, b""):
            return found
    return TextFile(data.decode("latin-1"), "latin-1")


def looks_binary(head: bytes) -> bool:
    """Whether more than 30 % of the first 1,000 bytes are control characters, or NUL is one.

    Text with a byte order mark of UTF-16 or UTF-32 is not binary.
    """
    head = head[:1000]
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head or controls * 10 > len(head) * 3


def unix_lines(text: str) -> str:
    """Return `text` with `\\r\\n` as `\\n`."""
    return text.replace("\r\n", "\n")


def count_lines(text: str) -> int:
    """Number of lines; a last one without newline counts, an empty rest does not."""
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)


def _try(data: bytes, encoding: str, mark: bytes) -> TextFile | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return TextFile(text, encoding, mark)


def _dropped_returns(raw: str) -> list[int]:
    """Positions in the `\\n` form at which a `\\r` was dropped, ascending."""
    found: list[int] = []
    at = raw.find("\r\n")
    while at >= 0:
        found.append(at - len(found))
        at = raw.find("\r\n", at + 2)
    return found


def counted_lines(count: int) -> str:
    """A number of lines in words."""
    return "1 line" if count == 1 else f"{count} lines"
