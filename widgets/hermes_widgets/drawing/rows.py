"""Rows: finished lines of cells, and the sheet that says how to draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from hermes_skins.schema import USUAL, Skin
from hermes_widgets.drawing.column import Column
from hermes_widgets.drawing.glyphs import UNICODE, Glyphs
from hermes_widgets.drawing.pens import Pen, Run, Styles
from hermes_widgets.drawing.wrapping import fold, wrap

_AIR = Pen("text")
_LINE = Pen("line")


class Row(Struct, frozen=True):
    """One line of the conversation, as wide as the conversation."""

    strip: Strip
    start: int = 0
    """Character index where text that can be copied begins."""
    end: int = 0
    """Character index where it ends; equal to `start` where there is none."""
    joint: str | None = None
    """What joins the next row's text to this one's when copied; None: a line end."""
    action: str = ""
    """What a click anywhere on the row does, a word its block understands."""

    @property
    def text(self) -> str:
        """The text that can be copied."""
        return self.strip.text[self.start : self.end]


@dataclass(frozen=True, eq=False)
class Sheet:
    """Everything a block must know to lay itself out. Compared by identity: another
    sheet means that rows laid out before are stale."""

    column: Column
    styles: Styles
    glyphs: Glyphs = UNICODE
    compact: bool = False
    """No blank row between the tools and the reply."""
    roomy: bool = False
    """A blank row before each thought, which begins another group of tools."""
    hide_tools: bool = False
    """The progress mode in which replies alone are shown."""
    verbose: bool = False
    """Show arguments, results and reasoning unfolded."""
    show_cost: bool = True
    skip_repeats: bool = False
    """The progress mode in which a tool called again and again is shown once."""
    reasoning: str = "collapsed"
    """How thinking is shown that was not folded or opened by hand: `collapsed`, `expanded`
    or `hidden`."""
    streaming: bool = True
    """Show replies while they are written; else once they are complete."""
    inline_diffs: bool = True
    """Show changes to files below the line that made them, unless it is opened by hand."""
    preview_chars: int = 0
    """Most characters of what a tool line is about; 0: as many as there is room for."""
    split: bool | None = None
    """Force or forbid diffs in two columns; None: where there is room."""
    still: bool = False
    """Nothing turns: running things have a steady sign and coarse seconds."""
    rows: int = 24
    """Height of the screen."""
    skin: Skin = USUAL
    """Whose mark, art and emojis are drawn."""
    blank: Row = field(init=False)
    """An empty row of canvas."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "blank", self.row(()))

    @property
    def thread(self) -> Run:
        """The thread beside the work of a turn."""
        return self.glyphs.thread, _LINE

    @property
    def text_width(self) -> int:
        """Cells of the text column."""
        return self.column.text

    def row(
        self,
        body: Sequence[Run],
        *,
        bar: Run | None = None,
        indent: int = 0,
        plane: str = "canvas",
        start: int | None = None,
        joint: str | None = None,
        action: str = "",
        copied: bool = True,
    ) -> Row:
        """Put runs at the text edge and fill the row.

        Args:
            body: Clean text, at most as wide as what is left of the column.
            bar: One character for the column of bars.
            indent: Cells of canvas between text edge and body.
            plane: Background of the body up to the right edge of the column.
            start: Characters of the body that are no text to copy.
            joint: See `Row.joint`.
            action: See `Row.action`.
            copied: False for rows without text to copy, such as numbers.
        """
        column, style = self.column, self.styles.style
        canvas = style(_AIR)
        segments = []
        at = column.left + indent
        if bar is not None and not (column.narrow and bar[0] == self.glyphs.thread):
            if column.bar:
                segments.append(Segment(" " * column.bar, canvas))
            segments.append(Segment(bar[0], style(bar[1])))
            segments.append(Segment(" " * (at - column.bar - 1), canvas))
        elif at:
            segments.append(Segment(" " * at, canvas))
        cells = chars = 0
        for text, pen in body:
            if text:
                segments.append(Segment(text, style(pen, plane)))
                cells += cell_len(text)
                chars += len(text)
        filled = at + cells
        rest = column.right - filled
        if rest > 0 and plane != "canvas":
            segments.append(Segment(" " * rest, style(_AIR, plane)))
            filled += rest
        if filled < column.drawn:
            segments.append(Segment(" " * (column.drawn - filled), canvas))
            filled = column.drawn
        begin = at + (start or 0)
        return Row(
            Strip(segments, filled),
            begin,
            at + chars if copied else begin,
            joint,
            action,
        )

    def wrapped(
        self,
        runs: Sequence[Run],
        *,
        bar: Run | None = None,
        indent: int = 0,
        pad: int = 0,
        plane: str = "canvas",
        hang: Sequence[Run] = (),
        action: str = "",
    ) -> list[Row]:
        """Wrap runs into the column.

        Args:
            runs: One paragraph of clean text.
            bar: See `row`.
            indent: Cells of canvas left of the body.
            pad: Cells of `plane` left and right of the text.
            plane: See `row`.
            hang: What stands before the text in the first row, such as a list
                marker; later rows keep its cells free.
            action: See `Row.action`.
        """
        hang_cells = sum(cell_len(text) for text, _ in hang)
        width = self.column.text - indent - 2 * pad - hang_cells
        rows = []
        lead = [*hang, (" " * pad, _AIR)] if pad else list(hang)
        skip = 0
        for line in wrap(runs, width):
            body = (*lead, *line.runs)
            rows.append(
                self.row(
                    body,
                    bar=bar,
                    indent=indent,
                    plane=plane,
                    start=skip + pad,
                    joint=line.joint,
                    action=action,
                )
            )
            lead = [(" " * (hang_cells + pad), _AIR)] if hang_cells + pad else []
            skip = hang_cells
        return rows

    def folded(
        self, runs: Sequence[Run], *, indent: int = 0, pad: int = 0, plane: str = "canvas"
    ) -> list[Row]:
        """Cut runs into rows at the cell where the room ends, spaces kept: for code."""
        width = max(1, self.column.text - indent - 2 * pad)
        air: list[Run] = [(" " * pad, _AIR)] if pad else []
        lines = fold(runs, width)
        return [
            self.row(
                (*air, *line),
                indent=indent,
                plane=plane,
                start=pad,
                joint="" if number + 1 < len(lines) else None,
            )
            for number, line in enumerate(lines)
        ]

    def marked(self, row: Row, indent: int, mark: Run) -> Row:
        """Return `row` with one cell, `indent` cells right of the text edge, replaced."""
        at = self.column.left + indent
        segment = Segment(mark[0], self.styles.style(mark[1]))
        strip = Strip.join((row.strip.crop(0, at), Strip([segment], 1), row.strip.crop(at + 1)))
        return replace(row, strip=strip)

    def fronted(self, row: Row, bar: Run, plane: str) -> Row:
        """Return `row` as part of a card: bar, then `plane` up to the text edge."""
        column = self.column
        air = Segment(" " * (column.left - column.bar - 1), self.styles.style(_AIR, plane))
        parts = [row.strip.crop(0, column.bar)] if column.bar else []
        parts.append(Strip([Segment(bar[0], self.styles.style(bar[1], plane)), air]))
        parts.append(row.strip.crop(column.left))
        return replace(row, strip=Strip.join(parts))

    def with_caret(self, row: Row, pen: Pen, plane: str = "canvas") -> Row:
        """Return `row` with the caret after its last character, if there is room."""
        text = row.strip.text[: row.end]
        at = max(self.column.left, cell_len(text))
        if at >= self.column.right:
            return row
        return self.marked(
            row, at - self.column.left, (self.glyphs.caret, pen._replace(plane=plane))
        )
