"""The screen of a long text: paged, searchable."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_widgets.find_bar import FindBar
from hermes_widgets.paging.line_source import LineSource
from hermes_widgets.paging.pager import Pager

_KEYS = "↑↓ page · ←→ sideways · / find · esc close"


class PagerScreen(SheetScreen[None]):
    """Esc closes the search, then the text.

    Args:
        title: One line.
        source: The lines.
    """

    DEFAULT_CSS = """
    PagerScreen > .sheet { width: 100%; height: 90%; padding: 1 1 0 1; }
    PagerScreen > .sheet > Pager { margin-top: 1; }
    PagerScreen > .sheet > .pager-keys { height: 1; color: $h-faint; padding: 0 1; }
    PagerScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    PagerScreen.-h-tiny > .sheet > Pager { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="pager.leave"),
        Binding("slash,ctrl+f", "find", "Find", show=False, id="pager.find"),
    ]

    def __init__(self, title: str, source: LineSource) -> None:
        super().__init__()
        self._title_text = title
        self._source = source
        self._pager = Pager(source)
        self._bar = FindBar("words in this text")

    def compose(self) -> ComposeResult:
        """Title, text, search, keys."""
        noun = "line" if self._source.count == 1 else "lines"
        with Vertical(classes="sheet"):
            yield sheet_title(f"{self._title_text} · {self._source.count} {noun}")
            yield self._pager
            yield self._bar
            yield Static(_KEYS, classes="pager-keys", markup=False)

    def on_mount(self) -> None:
        """Keys go to the text."""
        self._pager.focus()

    @on(FindBar.Wanted)
    def _wanted(self, event: FindBar.Wanted) -> None:
        event.stop()
        self._find(event.text)

    @work(thread=True, exclusive=True)
    def _find(self, text: str) -> None:
        found = self._source.find(text) if text.strip() else []
        self.app.call_from_thread(self._pager.show_found, text, found)

    @on(FindBar.Stepped)
    def _stepped(self, event: FindBar.Stepped) -> None:
        event.stop()
        self._pager.action_step(event.step)

    @on(Pager.Moved)
    def _moved(self, event: Pager.Moved) -> None:
        event.stop()
        self._bar.show_count(event.at, event.count)

    @on(FindBar.Closed)
    def _search_closed(self, event: FindBar.Closed) -> None:
        event.stop()
        self._pager.focus()

    def action_find(self) -> None:
        """Open the row in which one types what to find."""
        self._bar.open()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
