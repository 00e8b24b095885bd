"""A change to a file: one column, or old and new side by side where both have room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from hermes_core.events import FileDiff
from hermes_widgets.blocks.hunks import DiffLine, Hunk, Sign, Span, read_hunks
from hermes_widgets.drawing.foreign import lines_of
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.drawing.wrapping import fold
from hermes_widgets.markdown.highlighting import code_lines

SPLIT_FROM = 48
"""Cells each half needs."""
NUMBER_CELLS = 4
CHANGED = "changed"
"""The action of rows with changed lines; a click on one does nothing."""

_PLANES: dict[Sign, tuple[str, str]] = {
    " ": ("rail", "rail"),
    "+": ("add_row", "add_word"),
    "-": ("del_row", "del_word"),
}
_SIGNS: dict[Sign, Pen] = {
    " ": Pen("faint"),
    "+": Pen("ok", bold=True),
    "-": Pen("bad", bold=True),
}
_FAINT = Pen("faint")
_ABSENT = Pen("line")
_Painted = tuple[DiffLine, tuple[Run, ...]]


def diff_rows(
    diff: FileDiff,
    sheet: Sheet,
    *,
    indent: int = 0,
    split: bool | None = None,
    thread: bool = True,
) -> list[Row]:
    """Draw a change.

    Args:
        diff: What changed in one file.
        sheet: The page.
        indent: Cells right of the text edge.
        split: Force or forbid two columns; None: where each half gets 48 cells.
        thread: Whether the thread of a turn runs beside it.

    Returns:
        The rows; those of changed lines have the action `changed`.
    """
    bar = sheet.thread if thread else None
    width = sheet.text_width - indent
    if split is None:
        split = (width - 1) // 2 >= SPLIT_FROM
    rows: list[Row] = []
    for number, hunk in enumerate(read_hunks(diff.unified)):
        if hunk.skipped and number:
            rows.append(_skipped(hunk.skipped, sheet, indent, bar))
        painted = _painted(hunk, diff.path)
        draw = _split if split else _unified
        rows.extend(draw(painted, sheet, indent, bar))
    if diff.truncated:
        rows.append(sheet.row([("⋯ more than fits here", _FAINT)], bar=bar, indent=indent + 2))
    return rows


def _skipped(count: int, sheet: Sheet, indent: int, bar: Run | None) -> Row:
    text = f"{'⋯':>{NUMBER_CELLS}} {count} lines"
    return sheet.row([(text, _FAINT)], bar=bar, indent=indent, plane="rail", copied=False)


def _painted(hunk: Hunk, path: str) -> list[_Painted]:
    """Give the code of both sides its colours, each side read as a whole."""
    old = code_lines("\n".join(line.text for line in hunk.lines if line.sign != "+"), path=path)
    new = code_lines("\n".join(line.text for line in hunk.lines if line.sign != "-"), path=path)
    sides = {"-": iter(old), "+": iter(new)}
    painted = []
    for line in hunk.lines:
        if line.sign == " ":
            next(sides["-"])
            runs = next(sides["+"])
        else:
            runs = next(sides[line.sign])
        painted.append((line, _tinted(runs, line)))
    return painted


def _tinted(runs: Sequence[Run], line: DiffLine) -> tuple[Run, ...]:
    """Put the deeper tint under the changed words."""
    if not line.changed or "\t" in line.text:
        return tuple(runs)
    word = _PLANES[line.sign][1]
    tinted: list[Run] = []
    at = 0
    for text, pen in runs:
        for start, end, inside in _cuts(at, at + len(text), line.changed):
            piece = text[start - at : end - at]
            tinted.append((piece, pen._replace(plane=word) if inside else pen))
        at += len(text)
    return tuple(tinted)


def _cuts(start: int, end: int, spans: Sequence[Span]) -> Iterator[tuple[int, int, bool]]:
    """Cut a stretch at the borders of spans; say which pieces lie inside one."""
    at = start
    for first, last in spans:
        first, last = max(first, start), min(last, end)
        if first >= last:
            continue
        if at < first:
            yield at, first, False
        yield first, last, True
        at = last
    if at < end:
        yield at, end, False


def _numbered(line: DiffLine, number: int | None, sheet: Sheet) -> list[Run]:
    sign = sheet.glyphs.minus if line.sign == "-" else line.sign
    pen = _SIGNS[line.sign]
    shown = "" if number is None else str(number)
    return [(f"{shown:>{NUMBER_CELLS}} {sign} ", pen)]


def _unified(painted: Sequence[_Painted], sheet: Sheet, indent: int, bar: Run | None) -> list[Row]:
    rows = []
    room = sheet.text_width - indent - NUMBER_CELLS - 4
    for line, runs in painted:
        number = line.old if line.sign == "-" else line.new
        lead = _numbered(line, number, sheet)
        for part in fold(runs, room):
            rows.append(
                sheet.row(
                    (*lead, *part),
                    bar=bar,
                    indent=indent,
                    plane=_PLANES[line.sign][0],
                    start=NUMBER_CELLS + 3,
                    action="" if line.sign == " " else CHANGED,
                )
            )
            lead = [(" " * (NUMBER_CELLS + 3), _FAINT)]
    return rows


def _split(painted: Sequence[_Painted], sheet: Sheet, indent: int, bar: Run | None) -> list[Row]:
    width = sheet.text_width - indent
    half = (width - 1) // 2
    rows = []
    for left, right in _pairs(painted):
        body = [
            *_half(left, left[0].old if left else None, half, sheet),
            (" ", Pen("text", plane="canvas")),
            *_half(right, right[0].new if right else None, width - 1 - half, sheet),
        ]
        same = left is not None and left is right
        rows.append(
            sheet.row(
                body,
                bar=bar,
                indent=indent,
                start=NUMBER_CELLS + 3,
                action="" if same else CHANGED,
            )
        )
    return rows


def _pairs(painted: Sequence[_Painted]) -> Iterator[tuple[_Painted | None, _Painted | None]]:
    """Put removed lines beside the added ones that follow them."""
    removed: list[_Painted] = []
    added: list[_Painted] = []

    def flushed() -> Iterator[tuple[_Painted | None, _Painted | None]]:
        for index in range(max(len(removed), len(added))):
            yield (
                removed[index] if index < len(removed) else None,
                added[index] if index < len(added) else None,
            )
        removed.clear()
        added.clear()

    for item in painted:
        sign = item[0].sign
        if sign == "+":
            added.append(item)
            continue
        if added or sign == " ":
            yield from flushed()
        if sign == "-":
            removed.append(item)
        else:
            yield item, item
    yield from flushed()


def _half(item: _Painted | None, number: int | None, width: int, sheet: Sheet) -> list[Run]:
    if item is None:
        return [(sheet.glyphs.absent * width, _ABSENT)]
    line, runs = item
    row_plane = _PLANES[line.sign][0]
    room = width - NUMBER_CELLS - 3
    parts = fold(runs, room)
    cells = list(parts[0])
    if len(parts) > 1:
        cells = [*fold(runs, room - 1)[0], ("…", _FAINT)]
    body = [*_numbered(line, number, sheet), *cells]
    free = width - sum(cell_len(text) for text, _ in body)
    body.append((" " * max(0, free), _FAINT))
    return [(text, pen if pen.plane else pen._replace(plane=row_plane)) for text, pen in body]


def plain_diff(diff: FileDiff) -> str:
    """Return the change as text to copy, safe to paste."""
    return "\n".join(lines_of(diff.unified))
