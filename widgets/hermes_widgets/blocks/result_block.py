"""What came of work beside the conversation: an answer that is not part of it."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.drawing.pens import Pen
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit
from hermes_widgets.markdown.drawing import Place, node_rows
from hermes_widgets.markdown.nodes import parse

_FAINT = Pen("faint")


class ResultBlock(Block):
    """A line that says what was asked and how it ended, and the answer below.

    Args:
        label: What was asked.
        text: The answer, in Markdown, or why there is none.
        fact: How it ended, in a word or two.
        ok: Whether there is an answer.
    """

    kind: ClassVar[Kind] = "result"
    can_fold: ClassVar[bool] = True

    def __init__(self, label: str, text: str, *, fact: str, ok: bool) -> None:
        super().__init__()
        self._label = one_line(label)
        self._text = text.strip()
        self._fact = fact
        self._ok = ok
        self._is_folded = False

    @property
    def source(self) -> str:
        return self._text or self._label

    @property
    def is_folded(self) -> bool:
        return self._is_folded

    def fold(self, folded: bool) -> None:
        self._is_folded = folded
        self.changed()

    def draw(self, sheet: Sheet) -> list[Row]:
        mark, fact = sheet.glyphs.task + " ", f"  {self._fact}"
        label = fit(self._label, max(8, sheet.text_width - cell_len(mark) - cell_len(fact)))
        head = [
            (mark, Pen("info", bold=True)),
            (label, Pen("muted")),
            (fact, _FAINT if self._ok else Pen("bad")),
        ]
        rows = [sheet.row(head, start=cell_len(mark), action="fold")]
        if self._text and not self._is_folded:
            rows += node_rows(parse(self._text), sheet, Place(indent=cell_len(mark)))
        return rows
