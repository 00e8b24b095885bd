"""Selecting text in rows: positions that survive changes above, text without gutters."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from hermes_widgets.blocks.ledger import Ledger
from hermes_widgets.drawing.rows import Row, Sheet

_ROW_BITS = 20


def row_key(serial: int, row: int) -> int:
    """Return the row coordinate of a selection: it grows down the page."""
    return (serial << _ROW_BITS) | row


def _span(row: Row, key: int, selection: Selection) -> tuple[int, int] | None:
    found = selection.get_span(key)
    if found is None:
        return None
    start, end = found
    first = max(row.start, start)
    last = row.end if end == -1 else min(row.end, end)
    return (first, last) if first < last else None


def highlighted(strip: Strip, row: Row, key: int, selection: Selection, style: Style) -> Strip:
    """Return the strip of a row with the selected part in `style`."""
    span = _span(row, key, selection)
    if span is None:
        return strip
    first, last = (strip.index_to_cell_position(index) for index in span)
    parts = list(strip.divide([first, last, strip.cell_length]))
    place = 1 if first else 0
    parts[place] = Strip(
        [
            segment._replace(style=(segment.style or Style.null()) + style)
            for segment in parts[place]
        ]
    )
    return Strip.join(parts)


def selected_text(ledger: Ledger, sheet: Sheet, selection: Selection) -> str:
    """Return what is selected, as it would be written: no bars, no fill, no breaks of ours."""
    first, last = _bounds(ledger, selection)
    parts: list[str] = []
    for index in range(first, min(last + 1, len(ledger))):
        gap = ledger.gap(index, sheet)
        if parts and gap:
            parts.append("\n")
        serial = ledger.serial(index)
        for number, row in enumerate(ledger.rows(index, sheet)):
            key = row_key(serial, number + gap)
            if selection.get_span(key) is None:
                continue
            span = _span(row, key, selection)
            text = row.strip.text[slice(*span)] if span else ""
            parts.append(text if row.joint == "" else text.rstrip())
            parts.append("\n" if row.joint is None else row.joint)
    return "".join(parts).strip("\n")


def rows_text(rows: Sequence[Row]) -> str:
    """Return the text of rows as they are seen: no gutters, wrapped lines joined."""
    parts = []
    for row in rows:
        parts.append(row.text if row.joint == "" else row.text.rstrip())
        parts.append("\n" if row.joint is None else row.joint)
    return "".join(parts).strip("\n")


def _bounds(ledger: Ledger, selection: Selection) -> tuple[int, int]:
    """Return the places of the first and last block that can be touched."""

    def place(offset: Offset | None, otherwise: int) -> int:
        if offset is None:
            return otherwise
        return ledger.index_from_serial(offset.y >> _ROW_BITS)

    return place(selection.start, 0), place(selection.end, len(ledger) - 1)
