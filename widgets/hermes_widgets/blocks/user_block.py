"""What the person said: bold beside a gold bar."""

from __future__ import annotations

import re
from typing import ClassVar

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import lines_of, one_line
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet

MAX_LINES = 12
"""More lines are folded."""

_SAID = Pen("text", bold=True)
_BAR = Pen("gold")
_CHIP = Pen("text", plane="select")
_PASTE = re.compile(r"\[Pasted text #(\d+): (\d+) lines?(?: → [^\]\n]*)?\]")


class UserBlock(Block):
    """A message of the user. Long ones fold, pastes are chips."""

    kind: ClassVar[Kind] = "user"

    def __init__(self, message_id: str, text: str, attachments: int = 0) -> None:
        super().__init__()
        self.message_id = message_id
        self._text = text.rstrip()
        self._attachments = attachments
        self._lines = lines_of(self._text)
        self._is_open = False

    @property
    def source(self) -> str:
        return self._text

    @property
    def title(self) -> str:
        """The message on one line, for the pinned row."""
        return one_line(self._text)

    @property
    def is_folded(self) -> bool:
        return len(self._lines) > MAX_LINES and not self._is_open

    def fold(self, folded: bool) -> None:
        self._is_open = not folded
        self.changed()

    def draw(self, sheet: Sheet) -> list[Row]:
        bar = (sheet.glyphs.bar, _BAR)
        rows: list[Row] = []
        shown = self._lines[: MAX_LINES - 2] if self.is_folded else self._lines
        for line in shown:
            rows.extend(sheet.wrapped(_said(line), bar=bar))
        if len(self._lines) > len(shown):
            more = f"{len(self._lines) - len(shown)} lines more"
            rows.append(sheet.row([(more, Pen("faint"))], bar=bar, action="fold", copied=False))
        if self._attachments:
            noun = "attachment" if self._attachments == 1 else "attachments"
            chip = (f" {self._attachments} {noun} ", _CHIP)
            rows.append(sheet.row([chip], bar=bar, copied=False))
        return rows


def _said(line: str) -> list[Run]:
    """Show collapsed pastes as chips."""
    runs: list[Run] = []
    at = 0
    for match in _PASTE.finditer(line):
        number, count = match.groups()
        runs.append((line[at : match.start()], _SAID))
        runs.append((f" Pasted text #{number} · {count} lines ", _CHIP))
        at = match.end()
    runs.append((line[at:], _SAID))
    return [run for run in runs if run[0]]
