"""The ground of screens that show numbers: it scrolls, and charts turn into tables."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_widgets.charts.chart import Chart
from hermes_widgets.charts.timeline import Timeline


class FiguresScreen(SheetScreen[None]):
    """A page of figures. `t` turns charts into tables, Esc closes.

    Where colours cannot be told apart, tables are there from the beginning.
    """

    DEFAULT_CSS = """
    FiguresScreen > .sheet { width: 100%; max-width: 120; height: 90%; padding: 1 0; }
    FiguresScreen.-h-compact > .sheet, FiguresScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    FiguresScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    FiguresScreen > .sheet > .sheet-title { padding: 0 2; }
    FiguresScreen VerticalScroll {
        height: 1fr; padding: 1 2 0 2; scrollbar-size-vertical: 1;
        scrollbar-background: $h-raised; scrollbar-background-hover: $h-raised;
        scrollbar-background-active: $h-raised;
    }
    FiguresScreen Chart, FiguresScreen Timeline { margin: 0 2 1 0; }
    FiguresScreen .columns { height: auto; }
    FiguresScreen .figures { width: 1fr; height: auto; margin: 0 2 1 0; }
    FiguresScreen.-w-tiny .columns, FiguresScreen.-w-narrow .columns { layout: vertical; }
    FiguresScreen .section { height: auto; margin-bottom: 1; }
    FiguresScreen #keys { height: 1; padding: 0 2; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="figures.leave"),
        Binding("t", "tables", "Tables", show=False, id="figures.tables"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title_text = title

    def compose(self) -> ComposeResult:
        """Title, figures, keys."""
        with Vertical(classes="sheet"):
            yield sheet_title(self._title_text)
            with VerticalScroll():
                yield from self.figures()
            yield Static("t charts or tables   ↑↓ scroll   esc close", id="keys", markup=False)

    def figures(self) -> ComposeResult:
        """What the page shows."""
        yield from ()

    @staticmethod
    def columns(*parts: Widget) -> Widget:
        """Put parts side by side, one below the other where that is too narrow."""
        return Horizontal(*parts, classes="columns")

    @staticmethod
    def titled(title: str, content: Content) -> Content:
        """Put a heading over a content."""
        return Content("\n").join([Content.styled(title, "$h-text bold"), content])

    def section(self, title: str, content: Content) -> Widget:
        """Return a part of the page with its heading."""
        return Static(self.titled(title, content), classes="section", markup=False)

    def on_mount(self) -> None:
        """Keys scroll; tables where colours say nothing."""
        self.query_one(VerticalScroll).focus()
        if self.app.no_color or self.app.has_class("-framed"):
            self.action_tables()

    def action_tables(self) -> None:
        """Show numbers in place of pictures, or the pictures again."""
        for chart in self.query(Chart):
            chart.as_table = not chart.as_table
        for timeline in self.query(Timeline):
            timeline.as_table = not timeline.as_table

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
