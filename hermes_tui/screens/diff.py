"""The screen of all changes: every file of a turn, or what going back would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from hermes_core.events import FileDiff
from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_widgets.paging.changes_view import ChangesView

_KEYS = "n p change · tab file · s split · ↑↓ scroll · esc close"


class DiffScreen(SheetScreen[None]):
    """Esc closes.

    Args:
        title: One line.
        diffs: At least one change.
        split: Force or forbid two columns; None: where there is room.
    """

    DEFAULT_CSS = """
    DiffScreen > .sheet { width: 100%; height: 90%; padding: 1 1 0 1; }
    DiffScreen > .sheet > ChangesView { margin-top: 1; }
    DiffScreen > .sheet > .pager-keys { height: 1; color: $h-faint; padding: 0 1; }
    DiffScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    DiffScreen.-h-tiny > .sheet > ChangesView { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="diff.leave"),
    ]

    def __init__(self, title: str, diffs: Sequence[FileDiff], *, split: bool | None = None) -> None:
        super().__init__()
        self._title_text = title
        self._diffs = diffs
        self._page = ChangesView(diffs, split=split)

    def compose(self) -> ComposeResult:
        """Title, changes, keys."""
        files = len({diff.path for diff in self._diffs})
        added = sum(diff.added for diff in self._diffs)
        removed = sum(diff.removed for diff in self._diffs)
        counts = f"+{added} −{removed} in {files} file{'s' if files != 1 else ''}"
        with Vertical(classes="sheet"):
            yield sheet_title(f"{self._title_text} · {counts}")
            yield self._page
            yield Static(_KEYS, classes="pager-keys", markup=False)

    def on_mount(self) -> None:
        """Keys go to the changes."""
        self._page.focus()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
