"""A list of rows with a cursor: sessions, skills, requests, menu entries, palette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from hermes_widgets.fitting import clean, fit, pad
from hermes_widgets.row import Row as Row  # noqa: PLC0414  drawn here, so found here too

_KEPT = 200
"""Lines kept, more than any screen has."""
_LEAST_NOTE = 16
"""Cells in which the beginning of a note still says something."""


def row_lines(
    row: Row, width: int, *, cursor: bool, focused: bool, note_at: int = 0
) -> tuple[Content, ...]:
    """Draw a row: bar, glyph at cell 2, text at cell 4, the right field ends at −2.

    Texts are shown without controls, escape codes and marks of direction, whoever wrote
    them: what a conversation works at, its title, the name of a skill.

    Args:
        row: What to draw.
        width: Cells of each line, at least 8.
        cursor: The cursor is on it.
        focused: The list has the focus.
        note_at: Column of the notes counted from the text, 0 for right after it.
    """
    bar = ("▌" if focused else "›") if cursor else " "
    bar_style = "$h-gold" if focused else "$h-faint"
    has_glyph = bool(row.glyph)
    start = 4 if has_glyph else 2
    right = clean(row.right)
    room = width - start - 2 - (cell_len(right) + 2 if right else 0)
    text = fit(clean(row.text), room)
    name = Content.styled(text, row.style)
    for offset in row.matches:
        if offset < len(text):
            name = name.stylize("$h-gold", offset, offset + 1)
    note_room = room - max(cell_len(text) + 2, note_at)
    note = ""
    if row.note and note_room >= min(_LEAST_NOTE, cell_len(row.note)):
        gap = max(cell_len(text) + 2, note_at) - cell_len(text)
        note = " " * gap + fit(clean(row.note), note_room)
    filled = room - cell_len(text) - cell_len(note)
    first = Content.assemble(
        (bar, bar_style),
        " ",
        (f"{row.glyph} " if has_glyph else "", row.glyph_style),
        name,
        (note, "$h-faint"),
        " " * max(filled, 0),
        (f"  {right}" if right else "", row.right_style),
        "  ",
    )
    if not row.detail:
        return (first,)
    second = Content.assemble(
        (bar if focused and cursor else " ", bar_style),
        " " * (start - 1),
        (pad(clean(row.detail), width - start - 2), "$h-faint"),
        "  ",
    )
    return (first, second)


@lru_cache(maxsize=16)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    return tuple(wrap(text, width)) if width > 0 else (text,)


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor. Enter or a click chooses, arrows move.

    Args:
        empty: Said when there are no rows.
        note_at: Column of the notes, counted from the text.
        is_lit: The cursor looks focused although the keyboard is in a search line.
        keeps_cursor: The cursor is seen while the keyboard is elsewhere.
    """

    DEFAULT_CSS = """
    RowList {
        width: 100%;
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    RowList > .row-list--cursor { background: $h-select; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="list.up"),
        Binding("down", "move(1)", "Down", show=False, id="list.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="list.page-up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="list.page-down"),
        Binding("home", "move(-1000000)", "First", show=False, id="list.first"),
        Binding("end", "move(1000000)", "Last", show=False, id="list.last"),
        Binding("enter", "choose", "Open", show=False, id="list.choose"),
    ]

    cursor: reactive[int] = reactive(-1)
    """Index of the row under the cursor, -1 with nothing to choose."""
    is_lit: reactive[bool] = reactive(False)
    """Whether the cursor looks focused although the keyboard is elsewhere."""

    @dataclass
    class Chosen(Message):
        """Enter or a click on a row."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list, so that handlers can select it."""
            return self.rows

    @dataclass
    class Highlighted(Message):
        """The cursor moved to a row."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list, so that handlers can select it."""
            return self.rows

    def __init__(
        self,
        *,
        empty: str = "",
        note_at: int = 0,
        is_lit: bool = False,
        keeps_cursor: bool = True,
        id: str | None = None,  # noqa: A002  the toolkit's word
        classes: str = "",
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()
        self._lines: list[tuple[int, int]] = []
        self._drawn: LRUCache[tuple[object, ...], Strip] = LRUCache(_KEPT)
        """Lines as they look, so that a list that is shown again is not drawn anew."""
        self._blank = Strip.blank(0)
        self._empty = empty
        self._note_at = note_at
        self.set_reactive(RowList.is_lit, is_lit)
        self._keeps_cursor = keeps_cursor

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    @property
    def chosen_key(self) -> str:
        """The key under the cursor, empty if there is none."""
        return self._rows[self.cursor].key if 0 <= self.cursor < len(self._rows) else ""

    @property
    def line_count(self) -> int:
        """Lines of all rows together, or of what is said when there are none."""
        return len(self._lines or self._said_of_nothing())

    def align_notes(self, column: int) -> None:
        """Begin notes in another column, counted from the text."""
        if column != self._note_at:
            self._note_at = column
            self.refresh()

    def show(
        self, rows: Sequence[Row], *, empty: str | None = None, keep_cursor: bool = True
    ) -> None:
        """Replace the rows.

        Args:
            rows: What is shown from now on.
            empty: Said when there are none; None leaves it as it was.
            keep_cursor: Stay on the same key where it still exists; else go to the first.
        """
        before = self.chosen_key
        if keep_cursor and tuple(rows) == self._rows and empty in {None, self._empty}:
            return
        if empty is not None:
            self._empty = empty
        self._rows = tuple(rows)
        self._lines = [
            (index, part) for index, row in enumerate(self._rows) for part in range(row.height)
        ]
        keys = [row.key for row in self._rows]
        choosable = [index for index, key in enumerate(keys) if key]
        keep = keys.index(before) if keep_cursor and before and before in keys else -1
        self.set_reactive(RowList.cursor, -1)
        self.cursor = keep if keep >= 0 else (choosable[0] if choosable else -1)
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def point_at(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = index

    def watch_cursor(self, cursor: int) -> None:
        """Keep the cursor in view and say where it is."""
        self.refresh()
        if 0 <= cursor < len(self._rows):
            first = next(y for y, (index, _) in enumerate(self._lines) if index == cursor)
            spot = Region(0, first, 1, self._rows[cursor].height)
            self.scroll_to_region(spot, animate=False, force=True)
            if self.is_attached:
                self.post_message(self.Highlighted(self, self._rows[cursor].key))

    def action_move(self, step: int) -> None:
        """Move the cursor by rows that can be chosen; stops at the ends."""
        choosable = [index for index, row in enumerate(self._rows) if row.key]
        if not choosable:
            return
        at = choosable.index(self.cursor) if self.cursor in choosable else 0
        self.cursor = choosable[min(max(at + step, 0), len(choosable) - 1)]

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.chosen_key:
            self.post_message(self.Chosen(self, self.chosen_key))

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked."""
        y = event.y + self.scroll_offset.y
        if 0 <= y < len(self._lines):
            index = self._lines[y][0]
            if self._rows[index].key:
                self.cursor = index
                self.action_choose()

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self.virtual_size = Size(self.size.width, len(self._lines))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the visible part; the blank ones of one drawing are the same."""
        self._blank = Strip.blank(self.size.width, self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the visible part."""
        width = self.size.width
        line = y + self.scroll_offset.y
        if not self._lines and y < len(said := self._said_of_nothing()):
            return self._strip(Content.styled("  " + said[y], "$h-muted"))
        if line >= len(self._lines) or width < 8:
            return self._blank
        index, part = self._lines[line]
        is_lit = self.has_focus or self.is_lit
        on_cursor = index == self.cursor and (is_lit or self._keeps_cursor)
        look = (self._rows[index], part, width, on_cursor, is_lit and on_cursor, self._note_at)
        strip = self._drawn.get(look)
        if strip is None:
            lines = row_lines(
                self._rows[index],
                width,
                cursor=on_cursor,
                focused=is_lit,
                note_at=self._note_at,
            )
            strip = self._drawn[look] = self._strip(lines[part], cursor=on_cursor)
        return strip

    def _said_of_nothing(self) -> tuple[str, ...]:
        """What is said when there are no rows, in lines."""
        return _wrapped(self._empty, self.size.width - 4)

    def notify_style_update(self) -> None:
        """Draw anew, in other colours."""
        super().notify_style_update()
        self._drawn.clear()

    def _strip(self, content: Content, *, cursor: bool = False) -> Strip:
        style = self.get_visual_style("row-list--cursor") if cursor else self.visual_style
        width = self.size.width
        strips = Visual.to_strips(self, content, width, 1, style, pad=True)
        return strips[0].adjust_cell_length(width, style.rich_style)
