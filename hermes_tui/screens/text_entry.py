"""A question that is answered with a line of text."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from hermes_tui.screens.sheet import SheetScreen, sheet_title


class TextEntryScreen(SheetScreen[str]):
    """Ask for a line; the result is empty when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Leave", show=False, id="text-entry.leave"),
    ]

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__()
        self._title_text = title
        self._value = value

    def compose(self) -> ComposeResult:
        """Question and field."""
        with Vertical(classes="sheet -small"):
            yield sheet_title(self._title_text)
            field = Input(value=self._value, compact=True)
            field.cursor_blink = False
            yield field

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss("")
