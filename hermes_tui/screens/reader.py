"""A long text to read: a whole command, a diff, the details of an error."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_widgets.fitting import clean


def text_content(text: str) -> Content:
    """Draw a foreign text line by line."""
    return Content("\n".join(clean(line.expandtabs(4)) for line in text.splitlines()))


_KEYS = "↑↓ scroll · esc back"


class ReaderScreen(SheetScreen[None]):
    """Scroll with arrows and page keys; Esc closes."""

    DEFAULT_CSS = """
    ReaderScreen > .sheet { width: 100%; height: auto; }
    ReaderScreen VerticalScroll {
        height: auto; margin: 1 0; background: $h-canvas; padding: 0 1;
    }
    ReaderScreen VerticalScroll > Static { height: auto; }
    ReaderScreen .reader-keys { dock: bottom; height: 1; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="reader.leave"),
    ]

    def __init__(self, title: str, content: Content) -> None:
        super().__init__()
        self._title_text = title
        self._content = content

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="sheet"):
            yield sheet_title(self._title_text)
            with VerticalScroll():
                yield Static(self._content, markup=False)
            yield Static(_KEYS, classes="reader-keys", markup=False)

    def on_mount(self) -> None:
        """Keys scroll the text."""
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
