"""Breaking runs of text into lines of a width in cells.

Greedy: a line takes every word that fits, so the lines before the last one do not
change when more text arrives. A word longer than the line is folded where it must
be. Spaces at a break belong to no line; `joint` keeps them for copying.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len, split_graphemes

from hermes_widgets.drawing.pens import Run, plain

_WORD = re.compile(r"[^ ]+")


class Line(Struct, frozen=True):
    """One line of wrapped text."""

    runs: tuple[Run, ...]
    joint: str | None
    """What stood between this line and the next in the source; None after the last."""


def wrap(runs: Sequence[Run], width: int) -> list[Line]:
    """Break `runs` into lines of at most `width` cells (at least 1).

    Returns:
        At least one line; an empty one for empty text.
    """
    text = plain(runs)
    width = max(1, width)
    if len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return [Line(tuple(runs), None)]
    spans = line_spans(text, width)
    lines = []
    cursor = _Cursor(runs)
    for index, (start, end) in enumerate(spans):
        last = index + 1 == len(spans)
        joint = None if last else text[end : spans[index + 1][0]]
        lines.append(Line(cursor.take(start, end), joint))
    return lines


def line_spans(text: str, width: int) -> list[tuple[int, int]]:
    """Return start and end of every line of `text`, in characters."""
    narrow = text.isascii()
    spans: list[tuple[int, int]] = []
    start = end = 0
    cells = 0
    for match in _WORD.finditer(text):
        first, last = match.span()
        word_cells = last - first if narrow else cell_len(match.group())
        gap = first - end
        if cells + gap + word_cells <= width:
            cells += gap + word_cells
            end = last
            continue
        if end > start:
            spans.append((start, end))
            start, cells = first, 0
        if word_cells > width or (end == start and start < first):
            pieces = _fold(text, start if end == start else first, last, width)
            spans.extend(pieces[:-1])
            start = pieces[-1][0]
            cells = cell_len(text[start:last])
        else:
            cells = word_cells
        end = last
    spans.append((start, max(end, start)))
    return spans


def _fold(text: str, start: int, end: int, width: int) -> list[tuple[int, int]]:
    """Cut a word that fits on no line, never within a character of several codes."""
    pieces = []
    begin, cells = start, 0
    graphemes, _ = split_graphemes(text[start:end])
    for first, _, size in graphemes:
        if cells + size > width and start + first > begin:
            pieces.append((begin, start + first))
            begin, cells = start + first, 0
        cells += size
    pieces.append((begin, end))
    return pieces


def fold(runs: Sequence[Run], width: int) -> list[tuple[Run, ...]]:
    """Cut `runs` into lines of at most `width` cells, every character kept.

    The cut is after a space where one is near the end of the line, else where the
    room ends: for code, in which spaces carry meaning.
    """
    text = plain(runs)
    if len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return [tuple(runs)]
    cursor = _Cursor(runs)
    return [cursor.take(start, end) for start, end in _code_spans(text, max(1, width))]


def _code_spans(text: str, width: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    while True:
        pieces = _fold(text, start, len(text), width)
        if len(pieces) == 1:
            return [*spans, pieces[0]]
        end = pieces[0][1]
        space = text.rfind(" ", start + (end - start) * 2 // 3, end)
        end = space + 1 if space > start else end
        spans.append((start, end))
        start = end


class _Cursor:
    """Hands out growing slices of a sequence of runs."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._index = 0
        self._offset = 0
        """Character offset of the run at `_index`."""

    def take(self, start: int, end: int) -> tuple[Run, ...]:
        taken: list[Run] = []
        while self._index < len(self._runs):
            text, pen = self._runs[self._index]
            run_end = self._offset + len(text)
            if run_end > start and self._offset < end:
                piece = text[max(0, start - self._offset) : end - self._offset]
                if piece:
                    taken.append((piece, pen))
            if run_end > end:
                break
            self._index += 1
            self._offset = run_end
        return tuple(taken)
