"""One entry of a list, as data: a list draws it, the line mode prints it."""

from __future__ import annotations

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """One entry. Texts are data, one line each."""

    key: str = ""
    """What the row stands for; empty for headings and remarks, which the cursor skips."""
    text: str = ""
    glyph: str = ""
    glyph_style: str = "$h-faint"
    style: str = "$h-text"
    right: str = ""
    """Age, count or keys, at the number edge; never shortened."""
    right_style: str = "$h-faint"
    detail: str = ""
    """Second line, faint; empty for rows of one line."""
    note: str = ""
    """Faint text after the text, in a column of its own; goes first when narrow."""
    matches: tuple[int, ...] = ()
    """Character offsets of `text` that answer the search, drawn gold."""

    @property
    def height(self) -> int:
        """Lines: 1 or 2."""
        return 2 if self.detail else 1
