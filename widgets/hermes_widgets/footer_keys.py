"""The last row: the keys that matter for the focused pane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class KeyLabel(Struct, frozen=True):
    """An entry of the row."""

    key: str
    """As people write it: `^p`."""
    label: str
    """What it does, in a word or two."""
    act: str = ""
    """What a click on it asks for; empty for an entry that is only read."""


HELP = KeyLabel("f1", "help", "app.help")


class _Piece(Struct, frozen=True):
    content: Content
    act: str = ""


def _pieces(keys: Sequence[KeyLabel], width: int, last: KeyLabel) -> list[_Piece]:
    pinned = _entry(last, " ")
    room = width - pinned.content.cell_length - 3
    pieces = [_Piece(Content(" "))]
    used = 1
    for entry in keys:
        size = cell_len(entry.key) + 1 + cell_len(entry.label) + 3
        if used + size > room:
            break
        pieces.append(_entry(entry, "   "))
        used += size
    gap = Content(" " * max(width - used - pinned.content.cell_length, 0))
    return [*pieces, _Piece(gap), pinned]


def _entry(entry: KeyLabel, after: str) -> _Piece:
    words = Content.assemble((entry.key, "$h-muted bold"), " ", (entry.label, "$h-faint"), after)
    return _Piece(words, entry.act)


def footer_content(keys: Sequence[KeyLabel], width: int, last: KeyLabel = HELP) -> Content:
    """Draw the row; whole entries drop from the right, `last` stays at the edge."""
    return Content("").join(piece.content for piece in _pieces(keys, width, last))


class FooterKeys(Widget):
    """One row of keys. A click on an entry asks for what its key does."""

    DEFAULT_CSS = """
    FooterKeys { height: 1; background: $h-canvas; color: $h-faint; }
    """

    @dataclass
    class Pressed(Message):
        """An entry was clicked."""

        act: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._keys: tuple[KeyLabel, ...] = ()

    def show(self, keys: Sequence[KeyLabel]) -> None:
        """Replace the keys."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    def render(self) -> Content:
        """Draw the row."""
        return footer_content(self._keys, self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Find the entry under the pointer."""
        x = 0
        for piece in _pieces(self._keys, self.size.width, HELP):
            x += piece.content.cell_length
            if event.x < x:
                if piece.act:
                    self.post_message(self.Pressed(piece.act))
                return
