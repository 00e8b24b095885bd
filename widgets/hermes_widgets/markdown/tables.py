"""Tables at their natural width: no lines, the underlined head is the rule."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from hermes_widgets.drawing.pens import Pen, Run, plain
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.markdown.nodes import Align, Runs, Table

GAP = 4
"""Cells between columns."""
MAX_CELL = 60
"""A wider cell is shortened; its whole text stays in the copied source."""

_NUMBER = re.compile(r"[-+−~≈<>$€£]?\s?[\d.,']+\s?(?:%|[^\W\d]{1,4}|x|×)?")
_EDGE = Pen("faint")


class TableView:
    """A table measured once, drawn into any column."""

    def __init__(self, table: Table) -> None:
        self._rows = [table.head, *table.body]
        count = max((len(row) for row in self._rows), default=0)
        self._widths = [
            max((_cells(row[index]) for row in self._rows if index < len(row)), default=0)
            for index in range(count)
        ]
        self._aligns = [self._align(index, table) for index in range(count)]

    @property
    def width(self) -> int:
        """Natural width in cells."""
        return sum(self._widths) + GAP * max(0, len(self._widths) - 1)

    def _align(self, index: int, table: Table) -> Align:
        given = table.aligns[index] if index < len(table.aligns) else ""
        if given:
            return given
        texts = [plain(row[index]).strip() for row in table.body if index < len(row)]
        filled = [text for text in texts if text]
        numbers = bool(filled) and all(_NUMBER.fullmatch(text) for text in filled)
        return "right" if numbers else "left"

    def rows(self, sheet: Sheet, *, indent: int = 0, shift: int = 0) -> list[Row]:
        """Draw the table.

        Args:
            sheet: The page.
            indent: Cells right of the text edge.
            shift: Cells by which a table wider than the column is moved left.
        """
        room = max(4, sheet.text_width - indent)
        drawn = []
        for number, cells in enumerate(self._rows):
            line = self._line(cells, head=number == 0)
            if self.width > room:
                line = _window(line, min(shift, self.width - room), room)
            drawn.append(sheet.row(line, indent=indent))
        return drawn

    def _line(self, cells: Sequence[Runs], *, head: bool) -> list[Run]:
        between = Pen("muted", bold=True, underline=True) if head else Pen()
        line: list[Run] = []
        for index, width in enumerate(self._widths):
            runs = cells[index] if index < len(cells) else ()
            if head:
                runs = tuple(
                    (text, Pen("muted", bold=True, underline=True, link=pen.link))
                    for text, pen in runs
                )
            runs = _shortened(runs)
            free = width - _cells(runs)
            before = {"right": free, "center": free // 2}.get(self._aligns[index], 0)
            gap = GAP if index + 1 < len(self._widths) else 0
            line.append((" " * before, between))
            line.extend(runs)
            line.append((" " * (free - before + gap), between))
        return line


def _cells(runs: Sequence[Run]) -> int:
    return min(MAX_CELL, cell_len(plain(runs)))


def _shortened(runs: Runs) -> Runs:
    if cell_len(plain(runs)) <= MAX_CELL:
        return runs
    kept: list[Run] = []
    left = MAX_CELL - 1
    for text, pen in runs:
        cells = cell_len(text)
        if cells >= left:
            kept.append((set_cell_size(text, left) + "…", pen))
            break
        kept.append((text, pen))
        left -= cells
    return tuple(kept)


def _window(line: Sequence[Run], start: int, room: int) -> list[Run]:
    """Cut a part out of a line, with marks where more of it lies beyond."""
    cells: list[Run] = []
    at = 0
    total = cell_len(plain(line))
    first = start + (2 if start else 0)
    last = start + room - (2 if start + room < total else 0)
    for text, pen in line:
        for char in text:
            size = cell_len(char)
            if first <= at and at + size <= last:
                cells.append((char, pen))
            elif first < at + size and at < last:
                cells.append((" ", pen))
            at += size
    merged: list[Run] = [("‹ ", _EDGE)] if start else []
    for char, pen in cells:
        if merged and merged[-1][1] == pen:
            merged[-1] = (merged[-1][0] + char, pen)
        else:
            merged.append((char, pen))
    if start + room < total:
        merged.append((" ›", _EDGE))
    return merged
