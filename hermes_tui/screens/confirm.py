"""A question with two or three answers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_widgets.list_rows import Row, RowList


class ConfirmScreen(SheetScreen[str]):
    """Ask; the result is the chosen key, the safe one for Esc and Ctrl+C.

    Args:
        title: The question.
        text: What the answers mean, one or two sentences.
        choices: Pairs of key and label, in order.
        safe: The key that changes nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Leave", show=False, id="confirm.leave"),
    ]

    def __init__(
        self, title: str, text: str, choices: tuple[tuple[str, str], ...], *, safe: str
    ) -> None:
        super().__init__()
        self._title_text = title
        self._text = text
        self._choices = choices
        self._safe = safe
        self.list = RowList()

    def compose(self) -> ComposeResult:
        """Question, explanation, answers."""
        with Vertical(classes="sheet -small"):
            yield sheet_title(self._title_text)
            yield Static(self._text, classes="sheet-text", markup=False)
            yield self.list

    def on_mount(self) -> None:
        """The safe answer is under the cursor."""
        rows = [
            Row(key=key, text=label, glyph=label[0].lower(), glyph_style="$h-gold bold")
            for key, label in self._choices
        ]
        self.list.styles.height = len(rows)
        self.list.show(rows)
        self.list.point_at(self._safe)
        self.list.focus()

    def key_of(self, letter: str) -> str | None:
        """The answer that starts with a letter."""
        return next((key for key, label in self._choices if label[0].lower() == letter), None)

    def on_key(self, event: object) -> None:
        """First letters choose."""
        key = self.key_of(getattr(event, "key", ""))
        if key is not None:
            self.dismiss(key)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)

    def action_leave(self) -> None:
        """Give the safe answer."""
        self.dismiss(self._safe)
