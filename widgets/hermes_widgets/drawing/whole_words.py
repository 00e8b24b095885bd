"""Takes out what is left of a word when something in front of it covers the rest."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import split_graphemes
from textual.strip import Strip


def whole_words(strip: Strip, edges: Iterable[int]) -> Strip:
    """Return a row without the words that one of the edges cuts.

    Args:
        strip: The row as if nothing were in front of it.
        edges: Columns between what is seen of it and what is covered, counted in cells.

    Returns:
        A row as wide and in the same styles; a cut word is blank on both sides of its edge.
    """
    inside = {edge for edge in edges if 0 < edge < strip.cell_length}
    cells = _cells(strip) if inside else []
    for edge in inside:
        if cells[edge - 1].isspace() or cells[edge].isspace():
            continue
        start, end = edge, edge
        while start and not cells[start - 1].isspace():
            start -= 1
        while end < len(cells) and not cells[end].isspace():
            end += 1
        strip = _blank(strip, start, end)
    return strip


def _cells(strip: Strip) -> list[str]:
    """Return what stands in each cell; what is two cells wide stands in both."""
    cells: list[str] = []
    for text, _style, control in strip:
        if control:
            continue
        if text.isascii() and text.isprintable():
            cells += text
        else:
            cells += [text[a:b] for a, b, width in split_graphemes(text)[0] for _ in range(width)]
    return cells


def _blank(strip: Strip, start: int, end: int) -> Strip:
    before, inside, after = strip.divide([start, end, strip.cell_length])
    spaces = [
        segment._replace(text=" " * segment.cell_length)
        for segment in inside
        if not segment.control
    ]
    return Strip.join([before, Strip(spaces, end - start), after])
