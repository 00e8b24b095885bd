"""A list to pick from, with a search line: palette, help, lists of commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from hermes_tui.screens.sheet import SheetScreen, sheet_title
from hermes_tui.slash.door import Source
from hermes_widgets.list_rows import RowList
from hermes_widgets.row import Row


class PickScreen(SheetScreen[str]):
    """The result is the key of the chosen row, empty when it was left.

    Args:
        title: What is picked.
        source: The rows for a search text.
        placeholder: Of the search line.
        note_at: Column of the notes.
        preview: Called with each key under the cursor, for live previews.
        start: Key under the cursor at first.
        about: Says more about the key under the cursor, in a line below the rows.
        peek: Reads what the key under the cursor stands for, shown beside the rows where
            there is room; empty for one that has nothing to show.
    """

    DEFAULT_CSS = """
    PickScreen { align: center top; }
    PickScreen > .sheet { margin-top: 3; padding: 1 0; }
    PickScreen.-h-tiny > .sheet { margin-top: 0; padding: 0; }
    PickScreen > .sheet > .sheet-title { padding: 0 2; height: 1; }
    PickScreen > .sheet > Input { margin: 1 2; }
    PickScreen.-h-tiny > .sheet > Input { margin: 0 1; }
    PickScreen .about { height: 1; padding: 0 2; margin-top: 1; color: $h-faint; }
    PickScreen.-h-tiny .about { display: none; }
    PickScreen Horizontal { height: auto; }
    PickScreen .peeked { display: none; width: 1fr; height: 100%; padding: 0 2; color: $h-muted; }
    PickScreen.-w-wide.-peeking > .sheet { width: 150; }
    PickScreen.-w-wide.-peeking .peeked { display: block; }
    PickScreen.-w-wide.-peeking Horizontal { height: 18; }
    PickScreen.-w-wide.-peeking RowList { width: 76; }
    PickScreen RowList {
        background: $h-raised; max-height: 18; height: auto;
        scrollbar-background: $h-raised; scrollbar-background-hover: $h-raised;
        scrollbar-background-active: $h-raised;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Close", show=False, id="pick.leave"),
        Binding("up", "move(-1)", "Up", show=False, id="pick.up"),
        Binding("down", "move(1)", "Down", show=False, id="pick.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="pick.page-up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="pick.page-down"),
    ]

    def __init__(
        self,
        title: str,
        source: Source,
        *,
        placeholder: str = "type to search",
        note_at: int = 26,
        preview: Callable[[str], None] | None = None,
        start: str = "",
        about: Callable[[str], str] | None = None,
        peek: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._title_text = title
        self._source = source
        self._preview = preview
        self._start = start
        self._about = about
        self._peek = peek
        self.peeked = Static(classes="peeked", markup=False)
        self.about = Static(classes="about", markup=False)
        self.search = Input(placeholder=placeholder, compact=True)
        self.search.cursor_blink = False
        self.list = RowList(empty="Nothing matches.", note_at=note_at, is_lit=True)

    def compose(self) -> ComposeResult:
        """Title, search line, rows."""
        with Vertical(classes="sheet"):
            yield sheet_title(self._title_text)
            yield self.search
            with Horizontal():
                yield self.list
                if self._peek is not None:
                    yield self.peeked
            if self._about is not None:
                yield self.about

    def on_mount(self) -> None:
        """Show everything."""
        self._show("")
        if self._start:
            self.list.point_at(self._start)
        self.search.focus()

    def renew(self) -> None:
        """Ask for the rows again; more is known now. The cursor stays where it is."""
        if self.is_attached:
            rows = self._source(self.search.value)
            self.list.show(rows)
            self._fit(rows)

    def _show(self, text: str) -> None:
        rows = self._source(text)
        self.list.show(rows, keep_cursor=not text)
        self._fit(rows)
        self._look(self.list.chosen_key)

    def _fit(self, rows: Sequence[Row]) -> None:
        lines = sum(row.height for row in rows)
        self.list.styles.height = max(
            min(lines, 18, self.size.height - (8 if self._about is None else 14)), 1
        )

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self.list.chosen_key:
            self.dismiss(self.list.chosen_key)

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        if self._preview is not None:
            self._preview(event.key)
        if self._about is not None:
            self.about.update(self._about(event.key))
        self._look(event.key)

    def _look(self, key: str) -> None:
        """Read what a row stands for, in place of one that is still being read."""
        if self._peek is not None and self.has_class("-w-wide"):
            self.run_worker(self._show_peeked(self._peek, key), exclusive=True, group="peek")

    async def _show_peeked(self, peek: Callable[[str], Awaitable[str]], key: str) -> None:
        text = await peek(key)
        self.peeked.update(Content(text))
        self.set_class(bool(text), "-peeking")

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)

    def action_move(self, step: int) -> None:
        """Move the cursor from the search line."""
        self.list.action_move(step)

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss("")
