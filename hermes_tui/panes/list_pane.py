"""A pane that is one list, with or without a search box."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from hermes_tui.panes.pane import Pane
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class ListPane(Pane):
    """Heading and rows; Enter and a click call `action_choose`.

    Args:
        host: The program.
        id: `pane-` and the id it registers under.
        rows: The list.
    """

    def __init__(self, host: HermesApp, rows: RowList, *, id: str) -> None:  # noqa: A002  the toolkit's word
        super().__init__(host, id=id)
        self.list = rows

    def compose(self) -> ComposeResult:
        """Heading above, list below."""
        yield self.head
        yield self.list

    @property
    def rows_wanted(self) -> int:
        """Blank row, heading, rows."""
        return 2 + max(self.list.line_count, 1)

    def take_focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.focus()

    def action_choose(self) -> None:
        """Do what the row under the cursor is for."""

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_choose()


class SearchPane(ListPane):
    """A list with a search box, in which arrows still move the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="pane.up"),
        Binding("down", "move(1)", "Down", show=False, id="pane.down"),
    ]

    def __init__(self, host: HermesApp, rows: RowList, *, placeholder: str, id: str) -> None:  # noqa: A002  the toolkit's word
        super().__init__(host, rows, id=id)
        self.search = Input(placeholder=placeholder, compact=True)
        self.search.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Search between heading and list."""
        yield self.head
        yield self.search
        yield self.list

    @property
    def wanted(self) -> str:
        """What is searched for."""
        return self.search.value.strip()

    @property
    def rows_wanted(self) -> int:
        """Search box and the blank row below it as well."""
        return super().rows_wanted + (2 if self.search.display else 0)

    def take_focus(self) -> None:
        """Put the keyboard into the search box."""
        self.search.focus()

    def focus_moved(self, *, is_in: bool) -> None:
        """Light the cursor of the list while the keyboard is in the search box."""
        self.list.is_lit = is_in

    def searched(self) -> None:
        """The text of the search box changed."""

    def action_move(self, step: int) -> None:
        """Move the list's cursor from the search box."""
        self.list.action_move(step)

    @on(Input.Changed)
    def _search_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.searched()

    @on(Input.Submitted)
    def _search_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_choose()
