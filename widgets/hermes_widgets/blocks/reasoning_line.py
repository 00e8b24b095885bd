"""The model's thinking: one faint line, ten rows when open."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import lines_of, one_line
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit, fit_left

MAX_ROWS = 10

_FAINT = Pen("faint")
_WORDS = Pen("faint", italic=True)
_LINE = Pen("line")


class ReasoningLine(Block):
    """Thinking before a reply, folded to seconds and first words."""

    kind: ClassVar[Kind] = "work"
    can_fold: ClassVar[bool] = True
    opens_group: ClassVar[bool] = True

    def __init__(self, message_id: str, started: float) -> None:
        super().__init__()
        self.message_id = message_id
        self._chunks: list[str] = []
        self._started = started
        self._now = started
        self._seconds: float | None = None
        self._is_open: bool | None = None
        """As it was folded by hand; None: as the sheet says."""
        self._was_open = False

    def append(self, text: str) -> None:
        """Take more thinking."""
        if self._seconds is None:
            self._chunks.append(text)
            self.changed()

    def finish(self, text: str, seconds: float) -> None:
        """The model stopped thinking."""
        if text and not self.source.startswith(text):
            self._chunks = [text]
        self._seconds = seconds
        self.changed()

    @property
    def source(self) -> str:
        return "".join(self._chunks)

    @property
    def is_running(self) -> bool:
        return self._seconds is None

    @property
    def is_folded(self) -> bool:
        return not (self._was_open if self._is_open is None else self._is_open)

    def fold(self, folded: bool) -> None:
        self._is_open = not folded
        self.changed()

    def advance(self, frame: int, now: float) -> None:
        if int(now - self._started) != int(self._now - self._started):
            self.changed()
        self._now = now

    def estimate(self, sheet: Sheet) -> int:
        return 1

    def draw(self, sheet: Sheet) -> list[Row]:
        if self._is_open is None:
            if sheet.reasoning == "hidden" and not sheet.verbose:
                return []
            is_open = sheet.verbose or sheet.reasoning == "expanded"
        else:
            is_open = self._is_open
        self._was_open = is_open
        rows = [self._head(sheet, is_open=is_open)]
        if is_open:
            rows.extend(self._body(sheet))
        return rows

    def _head(self, sheet: Sheet, *, is_open: bool) -> Row:
        glyphs = sheet.glyphs
        if self._seconds is None:
            said = f"thinking {max(0, int(self._now - self._started))} s"
        else:
            said = f"thought {max(1, round(self._seconds))} s" if self._seconds else "thought"
        mark = glyphs.opened if is_open else glyphs.folded
        room = sheet.text_width - 2 - cell_len(said) - 3 - 2
        words = ""
        if not is_open and room >= 8:
            text = one_line(self.source[-400:] if self._seconds is None else self.source[:400])
            words = fit_left(text, room) if self._seconds is None else fit(text, room)
        body: list[Run] = [(f"{glyphs.reasoning} ", _FAINT), (said, _WORDS)]
        if words:
            body.append(("   " + words, _WORDS))
        filled = sum(cell_len(text) for text, _ in body)
        body.append((" " * (sheet.text_width - filled - 1) + mark, _FAINT))
        return sheet.row(body, bar=sheet.thread, action="fold", copied=False)

    def _body(self, sheet: Sheet) -> list[Row]:
        rows: list[Row] = []
        thread: Run = (sheet.glyphs.thread, _LINE)
        for line in lines_of(self.source.strip()):
            drawn = sheet.wrapped([(line, _WORDS)], bar=sheet.thread, indent=4)
            rows.extend(sheet.marked(row, 2, thread) for row in drawn)
        if len(rows) > MAX_ROWS:
            more = (f"{len(rows) - MAX_ROWS} lines more", _FAINT)
            rows[MAX_ROWS:] = [
                sheet.row(
                    [(thread[0] + " ", _LINE), more],
                    bar=sheet.thread,
                    indent=2,
                    copied=False,
                    action="read",
                )
            ]
        return rows
