"""Cutting streaming Markdown into top-level pieces that can be closed for good.

The scanner reads whole lines and knows just enough of the grammar to see where a
paragraph, heading, list item, table, quote or fence ends. A closed piece is parsed
and laid out once; only the open one changes while text arrives.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

PieceKind = Literal["text", "fence", "item", "quote", "indented"]

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_INNER_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_INTERRUPTING_ITEM = re.compile(r" {0,3}(?:[-*+]|1[.)])[ \t]+\S")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")


class Piece(Struct, frozen=True):
    """One top-level block of Markdown source."""

    kind: PieceKind
    source: str
    loose: bool = False
    """An item that stood after a blank line."""


class PieceScanner:
    """Takes text as it comes and gives pieces as they close."""

    def __init__(self) -> None:
        self._kind: PieceKind | None = None
        self._lines: list[str] = []
        self._partial = ""
        self._fence = ""
        """The opening marks of the fence we are in, also inside a list item."""
        self._blank = False
        """Blank lines since the last line of the open piece."""
        self._loose = False
        self._closed: list[Piece] = []

    @property
    def open_kind(self) -> PieceKind | None:
        """Kind of the open piece; a line being written counts once it can only be text."""
        if self._kind is None and self._partial[:1].isalpha():
            return "text"
        return self._kind

    @property
    def open_source(self) -> str:
        """Source of the open piece with the partial line."""
        return "".join(self._lines) + self._partial

    def feed(self, text: str) -> list[Piece]:
        """Take more text; return the pieces it closed."""
        *whole, self._partial = (self._partial + text).split("\n")
        for line in whole:
            self._take(line)
        closed, self._closed = self._closed, []
        return closed

    def finish(self) -> list[Piece]:
        """Close whatever is open; return the last pieces."""
        if self._partial:
            self._take(self._partial)
            self._partial = ""
        self._close()
        closed, self._closed = self._closed, []
        return closed

    def drop_open(self, length: int) -> None:
        """Forget the first `length` characters of open text, taken elsewhere.

        What is left must begin with a letter, or it could be taken for a list.
        """
        self._kind = "text"
        source = self.open_source[length:]
        *whole, self._partial = source.split("\n")
        self._lines = [line + "\n" for line in whole]

    # --- one line --------------------------------------------------------------------

    def _take(self, line: str) -> None:
        if self._fence:
            self._inside_fence(line)
        elif not line.strip():
            self._blank_line()
        elif self._kind == "item":
            self._after_item(line)
        elif self._kind == "indented":
            self._after_indented(line)
        elif self._kind == "quote":
            self._after_quote(line)
        elif self._kind == "text":
            self._after_text(line)
        else:
            self._begin(line)

    def _inside_fence(self, line: str) -> None:
        self._lines.append(line + "\n")
        bare = line.strip()
        if bare.startswith(self._fence) and not bare.strip(self._fence[0]):
            self._fence = ""
            if self._kind == "fence":
                self._close()

    def _blank_line(self) -> None:
        if self._kind in ("item", "indented"):
            self._blank = True
            self._lines.append("\n")
        else:
            self._close()

    def _after_item(self, line: str) -> None:
        indented = line.startswith(("  ", "\t"))
        if not indented and _ITEM.match(line) and not _RULE.match(line):
            loose = self._blank
            self._close()
            self._begin(line, loose=loose)
        elif not indented and (self._blank or self._starts_anew(line)):
            self._close()
            self._begin(line)
        else:
            self._blank = False
            self._lines.append(line + "\n")
            if found := _INNER_FENCE.match(line):
                self._fence = found.group(1)

    def _after_indented(self, line: str) -> None:
        if line.startswith(("    ", "\t")):
            self._blank = False
            self._lines.append(line + "\n")
        else:
            self._close()
            self._begin(line)

    def _after_quote(self, line: str) -> None:
        if line.lstrip().startswith(">") or not self._starts_anew(line):
            self._lines.append(line + "\n")
        else:
            self._close()
            self._begin(line)

    def _after_text(self, line: str) -> None:
        if _UNDERLINE.match(line):
            self._lines.append(line + "\n")
            self._close()
        elif self._starts_anew(line) or _INTERRUPTING_ITEM.match(line):
            self._close()
            self._begin(line)
        else:
            self._lines.append(line + "\n")

    @staticmethod
    def _starts_anew(line: str) -> bool:
        return bool(
            _FENCE.match(line)
            or _HEADING.match(line)
            or _RULE.match(line)
            or line.lstrip(" ").startswith(">")
        )

    def _begin(self, line: str, *, loose: bool = False) -> None:
        self._lines = [line + "\n"]
        self._loose = loose
        if found := _FENCE.match(line):
            self._kind, self._fence = "fence", found.group(1)
        elif _HEADING.match(line) or _RULE.match(line):
            self._kind = "text"
            self._close()
        elif _ITEM.match(line):
            self._kind = "item"
            if found := _INNER_FENCE.match(line.lstrip(" -*+.)0123456789")):
                self._fence = found.group(1)
        elif line.lstrip(" ").startswith(">"):
            self._kind = "quote"
        elif line.startswith(("    ", "\t")):
            self._kind = "indented"
        else:
            self._kind = "text"

    def _close(self) -> None:
        if self._kind is not None and self._lines:
            self._closed.append(Piece(self._kind, "".join(self._lines), self._loose))
        self._kind, self._lines = None, []
        self._fence, self._blank, self._loose = "", False, False
