"""Nodes as rows: what each kind of Markdown block looks like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.cells import cell_len

from hermes_widgets.drawing.pens import MUTED, Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.markdown.highlighting import code_lines
from hermes_widgets.markdown.nodes import Code, Heading, Item, Node, Paragraph, Quote, Rule, Table
from hermes_widgets.markdown.tables import TableView

_LINE = Pen("line")


class Place(Struct, frozen=True):
    """Where nodes are drawn."""

    indent: int = 0
    """Cells right of the text edge."""
    lead: tuple[Run, ...] = ()
    """What stands at the start of the first row, such as a list marker."""
    quoted: bool = False
    shift: int = 0
    """Cells by which wide tables and wide code are moved sideways."""


def node_rows(nodes: Sequence[Node], sheet: Sheet, place: Place | None = None) -> list[Row]:
    """Lay out nodes one under the other with the blank rows between them."""
    place = place or Place()
    rows: list[Row] = []
    before: Node | None = None
    for node in nodes:
        if before is not None and has_gap(before, node):
            rows.append(sheet.blank)
        rows.extend(_draw(node, sheet, place))
        place = Place(place.indent + cell_len(_text(place.lead)), (), place.quoted, place.shift)
        before = node
    return rows


def has_gap(before: Node, node: Node) -> bool:
    """Whether a blank row stands between two neighbours."""
    if isinstance(before, Heading):
        return False
    if (
        isinstance(before, Item)
        and isinstance(node, Item)
        and bool(before.marker) == bool(node.marker)
    ):
        return len(before.children) > 1 and not isinstance(before.children[-1], Item)
    return True


def _text(runs: Sequence[Run]) -> str:
    return "".join(text for text, _ in runs)


def _draw(node: Node, sheet: Sheet, place: Place) -> list[Row]:
    match node:
        case Paragraph(runs):
            return list(_paragraph(_quoted(runs) if place.quoted else runs, sheet, place))
        case Heading(level, runs):
            role = "muted" if level >= 3 else "text"
            strong = tuple((text, pen._replace(role=role, bold=True)) for text, pen in runs)
            return list(_paragraph(strong, sheet, place))
        case Code():
            return code_rows(node, sheet, place)
        case Table():
            return TableView(node).rows(sheet, indent=place.indent, shift=place.shift)
        case Quote(children):
            return _quote(children, sheet, place)
        case Item():
            return _item(node, sheet, place)
        case Rule():
            width = min(sheet.text_width - place.indent, 24)
            body = (*place.lead, (sheet.glyphs.rule * width, _LINE))
            return [sheet.row(body, indent=place.indent, copied=False)]


def _paragraph(runs: Sequence[Run], sheet: Sheet, place: Place) -> Iterator[Row]:
    """Wrap running text; hard breaks start a row."""
    lead = place.lead
    for line in _hard_lines(runs):
        yield from sheet.wrapped(line, indent=place.indent, hang=lead)
        lead = ((" " * cell_len(_text(lead)), MUTED),) if lead else ()


def _hard_lines(runs: Sequence[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for run in runs:
        if run[0] == "\n":
            yield line
            line = []
        else:
            line.append(run)
    yield line


def _quoted(runs: Sequence[Run]) -> tuple[Run, ...]:
    return tuple(
        (text, pen._replace(role="muted") if pen.role == "text" else pen) for text, pen in runs
    )


def code_rows(node: Code, sheet: Sheet, place: Place) -> list[Row]:
    """Lay out code on its plane.

    Long lines are folded, since indentation carries meaning; moved sideways they are not.
    """
    rows: list[Row] = []
    lines = code_lines(node.code, language=node.language)
    pad = 1 if sheet.column.narrow else 4
    room = sheet.text_width - place.indent - pad
    if place.shift and any(cell_len(_text(line)) > room for line in lines):
        lines = [_cropped(line, place.shift, room) for line in lines]
    for line in lines:
        rows.extend(code_row(line, sheet, place))
    return rows


def _cropped(line: Sequence[Run], first: int, room: int) -> tuple[Run, ...]:
    """Return the cells of a line from one on, as many as there is room for."""
    runs: list[Run] = []
    at = 0
    for text, pen in line:
        kept = ""
        for char in text:
            if first <= at and at + cell_len(char) <= first + room:
                kept += char
            at += cell_len(char)
        if kept:
            runs.append((kept, pen))
    return tuple(runs)


def code_row(line: Sequence[Run], sheet: Sheet, place: Place) -> list[Row]:
    """Lay out one line of code."""
    if sheet.column.narrow:
        return sheet.folded(line, indent=place.indent + 1, pad=0)
    return sheet.folded(line, indent=place.indent, pad=2, plane="rail")


def _quote(children: Sequence[Node], sheet: Sheet, place: Place) -> list[Row]:
    inner = Place(place.indent + 2, (), True, place.shift)
    rows = node_rows(children, sheet, inner)
    return [sheet.marked(row, place.indent, (sheet.glyphs.thread, _LINE)) for row in rows]


def _item(node: Item, sheet: Sheet, place: Place) -> list[Row]:
    marker = node.marker or sheet.glyphs.bullet
    lead = (*place.lead, (marker + " ", MUTED))
    if not node.children:
        return [sheet.row(lead, indent=place.indent)]
    first, *rest = node.children
    if isinstance(first, Paragraph):
        first = Paragraph(_ticked(first.runs, sheet))
    under = Place(place.indent + cell_len(_text(lead)), (), place.quoted, place.shift)
    if isinstance(first, Paragraph | Heading):
        rows = _draw(first, sheet, Place(place.indent, lead, place.quoted, place.shift))
    else:
        rows = [sheet.row(lead, indent=place.indent), *_draw(first, sheet, under)]
    before: Node = first
    for child in rest:
        if has_gap(before, child) and not isinstance(child, Item):
            rows.append(sheet.blank)
        rows.extend(_draw(child, sheet, under))
        before = child
    return rows


def _ticked(runs: tuple[Run, ...], sheet: Sheet) -> tuple[Run, ...]:
    """Show the box of a task list as a glyph."""
    if not runs:
        return runs
    text, pen = runs[0]
    for box, glyph, role in (("[ ] ", "○", "muted"), ("[x] ", sheet.glyphs.done, "ok")):
        if text.lower().startswith(box):
            return (glyph + " ", Pen(role)), (text[len(box) :], pen), *runs[1:]
    return runs
