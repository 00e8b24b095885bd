"""The first row: the open conversations, and where we are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from hermes_widgets.fitting import clean, fit, fit_left

TabState = Literal["idle", "working", "waiting"]
_GLYPH: dict[TabState, tuple[str, str]] = {
    "idle": ("○", "$h-faint"),
    "working": ("●", "$h-gold"),
    "waiting": ("?", "$h-warn bold"),
}


class Tab(Struct, frozen=True, kw_only=True):
    """One open conversation."""

    key: str
    title: str
    state: TabState = "idle"


class Place(Struct, frozen=True, kw_only=True):
    """Where the program runs, shown at the right."""

    folder: str = ""
    branch: str = ""


class _Piece(Struct, frozen=True):
    content: Content
    key: str = ""
    plane: bool = False


_NEW = "+"
Product = tuple[str, str]
"""Mark and name, as the skin has them."""


def _tab(tab: Tab, *, active: bool, room: int) -> _Piece:
    glyph, style = _GLYPH[tab.state]
    title = fit(clean(tab.title), room)
    name = "$h-text bold" if active else "$h-muted"
    text = Content.assemble("  " if active else " ", (glyph, style), " ", (title, name), "  ")
    return _Piece(text.stylize_before("on $h-canvas") if active else text, tab.key)


def tab_pieces(
    tabs: Sequence[Tab],
    active: str,
    place: Place,
    width: int,
    product: Product = ("☿", "hermes"),
) -> list[_Piece]:
    """Lay the row out: mark, tabs, overflow count, and at the right the place.

    The branch goes before a title is shortened; whole tabs go before the active one.
    """
    mark = _Piece(
        Content.styled(
            f" {' '.join(product if width >= 100 else product[:1])} ", "$h-gold bold"
        ).append(" ")
    )
    right = _place(place, width, len(tabs))
    room = width - mark.content.cell_length - right.cell_length - 8
    longest = max(12, min(32, room // max(min(len(tabs), 3), 1) - 5))
    index = next((at for at, tab in enumerate(tabs) if tab.key == active), 0)
    widest = max(longest, min(32, room - 6))
    drawn = [
        _tab(tab, active=tab.key == active, room=widest if tab.key == active else longest)
        for tab in tabs
    ]
    first, last, used = index, index, drawn[index].content.cell_length if drawn else 0
    while drawn:
        if last + 1 < len(drawn) and used + drawn[last + 1].content.cell_length <= room:
            last += 1
            used += drawn[last].content.cell_length
        elif first > 0 and used + drawn[first - 1].content.cell_length <= room:
            first -= 1
            used += drawn[first].content.cell_length
        else:
            break
    hidden = len(drawn) - (last - first + 1) if drawn else 0
    pieces = [mark, *drawn[first : last + 1]]
    if hidden:
        pieces.append(_Piece(Content.styled(f" +{hidden} ", "$h-faint")))
    pieces.append(_Piece(Content.styled(" + ", "$h-faint"), _NEW))
    gap = width - sum(piece.content.cell_length for piece in pieces) - right.cell_length
    pieces.append(_Piece(Content(" " * max(gap, 0))))
    if gap >= 0:
        pieces.append(_Piece(right))
    return pieces


def _place(place: Place, width: int, tabs: int) -> Content:
    limit = max(8, width // (4 if tabs < 3 else 5))
    folder = fit_left(clean(place.folder), limit)
    branch = fit(clean(place.branch), limit)
    mark = "⎇ " if width >= 100 else ""
    gap = "  " if width >= 100 else " "
    if not branch or width < 60:
        return Content.assemble((folder, "$h-faint"), " ")
    return Content.assemble((folder, "$h-faint"), gap, (f"{mark}{branch}", "$h-muted"), " ")


class TabRow(Widget):
    """One row of tabs. A click chooses one; the keys belong to the program."""

    DEFAULT_CSS = """
    TabRow { height: 1; background: $h-rail; color: $h-muted; }
    """

    @dataclass
    class Chosen(Message):
        """A tab was clicked."""

        key: str

    class NewAsked(Message):
        """The `+` was clicked."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._tabs: tuple[Tab, ...] = ()
        self._active = ""
        self._place = Place()
        self._product: Product = ("☿", "hermes")

    def wear(self, mark: str, name: str) -> None:
        """Show another mark, one cell wide, and another name."""
        self._product = (mark, name)
        self.refresh()

    def show(self, tabs: Sequence[Tab], active: str, place: Place) -> None:
        """Replace what is shown; nothing is drawn if nothing changed."""
        now = (tuple(tabs), active, place)
        if now != (self._tabs, self._active, self._place):
            self._tabs, self._active, self._place = now
            self.refresh()

    def _pieces(self) -> list[_Piece]:
        width = self.size.width
        return tab_pieces(self._tabs, self._active, self._place, width, self._product)

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The open conversations in their order."""
        return self._tabs

    def render(self) -> Content:
        """Draw the row."""
        pieces = self._pieces()
        return Content("").join(piece.content for piece in pieces)

    def on_click(self, event: events.Click) -> None:
        """Find the tab under the pointer."""
        x = 0
        for piece in self._pieces():
            x += cell_len(piece.content.plain)
            if event.x < x:
                if piece.key == _NEW:
                    self.post_message(self.NewAsked())
                elif piece.key:
                    self.post_message(self.Chosen(piece.key))
                return
