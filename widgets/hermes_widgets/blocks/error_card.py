"""A failure that needs a decision: what happened, what to do, the keys that do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.blocks.card_action import CardAction as CardAction  # noqa: PLC0414  drawn here
from hermes_widgets.drawing.foreign import lines_of, one_line
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet

_PLANE = "raised"
_REACH = "alt+↑ reaches this card"
_BAR = Pen("bad", plane=_PLANE)


class ErrorCard(Block):
    """A raised card with a red bar."""

    kind: ClassVar[Kind] = "card"
    can_fold: ClassVar[bool] = True

    def __init__(self, title: str, hint: str, details: str, actions: Sequence[CardAction]) -> None:
        super().__init__()
        self._title = one_line(title)
        self._hint = hint
        self._details = details
        self.actions = tuple(actions)
        self._is_open = False

    @property
    def source(self) -> str:
        return "\n".join(part for part in (self._title, self._hint, self._details) if part)

    @property
    def is_folded(self) -> bool:
        return bool(self._details) and not self._is_open

    def fold(self, folded: bool) -> None:
        self._is_open = not folded and bool(self._details)
        self.changed()

    def draw(self, sheet: Sheet) -> list[Row]:
        mark: Run = (f"{sheet.glyphs.failed} ", Pen("bad", bold=True))
        rows = [self._row((), sheet)]
        rows += self._wrapped([(self._title, Pen("text", bold=True))], sheet, hang=[mark])
        for line in lines_of(self._hint.strip()) if self._hint.strip() else ():
            rows += self._wrapped([(line, Pen("muted"))], sheet, indent=2)
        if self._is_open:
            for line in lines_of(self._details.strip()):
                rows += self._wrapped([(line, Pen("faint"))], sheet, indent=2)
        if self.actions:
            rows.append(self._row((), sheet))
            rows.extend(self._buttons(sheet))
        rows.append(self._row((), sheet))
        return rows

    def _buttons(self, sheet: Sheet) -> list[Row]:
        rows: list[Row] = []
        line: list[Run] = []
        cells = 0
        for action in self.actions:
            label = f" {action.key} {action.label} "
            if line and cells + cell_len(label) > sheet.text_width - 4:
                rows.append(self._row(line, sheet))
                line, cells = [], 0
            press = f"press:{action.name}"
            line += [
                (" ", Pen("text", plane="select", action=press)),
                (action.key, Pen("text", bold=True, underline=True, plane="select", action=press)),
                (f" {one_line(action.label)} ", Pen("text", plane="select", action=press)),
                ("  ", Pen("text")),
            ]
            cells += cell_len(label) + 2
        if cells + cell_len(_REACH) <= sheet.text_width - 4:
            line.append((_REACH, Pen("faint")))
        rows.append(self._row(line, sheet))
        return rows

    def _wrapped(
        self, runs: Sequence[Run], sheet: Sheet, *, indent: int = 0, hang: Sequence[Run] = ()
    ) -> list[Row]:
        lead = [*([(" " * indent, Pen())] if indent else []), *hang]
        rows = sheet.wrapped(runs, hang=lead, plane=_PLANE, pad=0)
        return [self._barred(row, sheet) for row in rows]

    def _row(self, runs: Sequence[Run], sheet: Sheet) -> Row:
        return self._barred(sheet.row(runs, plane=_PLANE, copied=False), sheet)

    @staticmethod
    def _barred(row: Row, sheet: Sheet) -> Row:
        return sheet.fronted(row, (sheet.glyphs.bar, _BAR), _PLANE)
