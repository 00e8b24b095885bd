"""A raised plane over the dimmed screen, the ground of every modal."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widgets import Static

from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import RowList

Result = TypeVar("Result")


def sheet_title(text: str) -> Static:
    """Return the first line of a sheet; words of others in it are safe to draw."""
    return Static(clean(text), classes="sheet-title", markup=False)


class SheetScreen(ModalScreen[Result], Generic[Result]):
    """Centred and up to 96 cells wide; at the bottom and full width below 100 columns."""

    DEFAULT_CSS = """
    SheetScreen { align: center middle; background: $h-canvas 62%; }
    SheetScreen > .sheet {
        width: 96; max-width: 100%; height: auto; max-height: 90%;
        background: $h-raised; border-left: outer $h-gold; padding: 1 2;
    }
    SheetScreen.-listed > .sheet { border-left: none; }
    SheetScreen > .sheet > .sheet-title { height: 1; text-style: bold; color: $h-text; }
    SheetScreen.-w-tiny, SheetScreen.-w-narrow { align: center bottom; }
    SheetScreen.-w-tiny > .sheet, SheetScreen.-w-narrow > .sheet { width: 100%; }
    SheetScreen.-h-tiny > .sheet { padding: 0 1; max-height: 100%; }
    SheetScreen Input { height: 1; border: none; padding: 0 1; background: $h-canvas; }
    SheetScreen Input:focus { border: none; }
    """

    _is_dismissed = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close, once: a key that is pressed twice means one screen, not the one behind too."""
        if self._is_dismissed:
            return AwaitComplete()
        self._is_dismissed = True
        return super().dismiss(result)

    def on_mount(self) -> None:
        """One bar is enough: over a list it is that of the cursor."""
        self.set_class(bool(self.query(RowList)), "-listed")
