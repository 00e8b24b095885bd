"""A scrolling view of rows that are drawn only where they are seen."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hermes_widgets.drawing.column import Column
from hermes_widgets.drawing.pens import Pen, Styles
from hermes_widgets.drawing.rows import Sheet
from hermes_widgets.theme import palette_of


class PageView(ScrollView, can_focus=True):
    """Base: a subclass tells how many rows there are and draws one."""

    DEFAULT_CSS = """
    PageView {
        background: $h-canvas; height: 1fr; scrollbar-gutter: stable;
        scrollbar-size-vertical: 1; scrollbar-background: $h-canvas;
        scrollbar-background-hover: $h-canvas; scrollbar-background-active: $h-canvas;
        scrollbar-color: $h-line; scrollbar-color-hover: $h-edge;
        scrollbar-color-active: $h-gold; overflow-x: hidden; overflow-y: auto;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "Up", show=False, id="page.up"),
        Binding("down,j", "by(1)", "Down", show=False, id="page.down"),
        Binding("space", "by_page(1)", "Page down", show=False, id="page.next"),
        Binding("home,g", "edge(0)", "Top", show=False, id="page.top"),
        Binding("end,G", "edge(1)", "Bottom", show=False, id="page.bottom"),
    ]

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw_row(self, number: int) -> Strip:
        """Draw one row, as wide as it is."""
        raise NotImplementedError

    def make_sheet(self) -> Sheet:
        """A sheet whose text column is the whole view, one cell of air on each side."""
        width = max(4, self.size.width)
        column = Column(width=width, left=1, text=width - 2, narrow=False)
        return Sheet(column=column, styles=Styles(palette_of(self.app)), rows=self.size.height)

    def measure(self) -> None:
        """Take a changed number of rows over."""
        self.virtual_size = Size(self.size.width, self.row_count())
        self.refresh()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.measure()

    @property
    def top(self) -> int:
        """The first row in view."""
        return round(self.scroll_y)

    def go(self, row: int) -> None:
        """Bring a row to the top of the view, as far as there are rows below it."""
        self.scroll_to(y=max(0, row), animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view."""
        number = self.top + y
        background = Styles(palette_of(self.app)).style(Pen())
        strip = self.draw_row(number) if number < self.row_count() else Strip([])
        return strip.crop_extend(0, self.size.width, background)

    def action_by(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_relative(y=rows, animate=False)

    def action_by_page(self, step: int) -> None:
        """Scroll by pages."""
        self.scroll_relative(y=step * max(1, self.size.height - 2), animate=False)

    def action_edge(self, end: int) -> None:
        """Go to the first or the last row."""
        self.go(self.row_count() if end else 0)
