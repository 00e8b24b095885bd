"""A small table of text: the first column left, the numbers at their right edges. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from hermes_widgets.fitting import clean, pad

_GAP = "   "


def table_lines(rows: Sequence[Sequence[str]], *, head: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table as plain text; rows have equally many columns."""
    whole = [[clean(cell) for cell in row] for row in (*([head] if head else []), *rows)]
    if not whole:
        return []
    widths = [max(cell_len(row[at]) for row in whole) for at in range(len(whole[0]))]
    return [
        _GAP.join(
            pad(cell, width) if at == 0 else " " * (width - cell_len(cell)) + cell
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in whole
    ]


def table_content(rows: Sequence[Sequence[str]], *, head: Sequence[str] = ()) -> Content:
    """Return the same for the screen, the head muted and underlined."""
    lines = table_lines(rows, head=head)
    styles = ["$h-muted underline"] if head else []
    styles += ["$h-text"] * (len(lines) - len(styles))
    return Content("\n").join(
        Content.styled(line, style) for line, style in zip(lines, styles, strict=True)
    )
