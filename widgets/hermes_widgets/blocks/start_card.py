"""What greets an empty conversation: who answers, what is there, where to go on."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.blocks.wordmark import (
    FEATHER_CELLS,
    MARK_ROWS,
    art_runs,
    feather_runs,
    wordmark_rows,
)
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.drawing.pens import FAINT, MUTED, TEXT, Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit, tokens

SHORT_ROWS = 6
"""Most rows below 100 columns or 30 rows."""
AIRY_ROWS = 20
"""Height of the screen from which on a short card has a row of air above it."""
MAX_RECENT = 3


class RecentSession(Struct, frozen=True, kw_only=True):
    """A conversation to go on with."""

    session_id: str
    title: str
    age: str
    """`12 min`, `3 h`, `yesterday`."""
    is_waiting: bool = False
    """It needs an answer of the person."""


class StartCardInfo(Struct, frozen=True, kw_only=True):
    """Everything the card says."""

    model: str
    provider: str = ""
    window_tokens: int = 0
    approvals: str = "manual"
    counts: tuple[tuple[int, str], ...] = ()
    """Such as `(41, "tools")`; nothing is said about zeros."""
    recent: tuple[RecentSession, ...] = ()
    remark: str = ""
    """One line about the state of things, such as that the demo model answers."""
    is_short: bool = False
    """Whether it takes few rows even where there is room for more."""
    hint: str = "Type a message · / commands · @ files · ! shell · ^p everything else"


class StartCard(Block):
    """The card. It is drawn at its place and goes with the first message."""

    kind: ClassVar[Kind] = "start"

    def __init__(self, info: StartCardInfo) -> None:
        super().__init__()
        self.info = info

    def draw(self, sheet: Sheet) -> list[Row]:
        short = self.info.is_short or sheet.column.width < 98 or sheet.rows < 30
        mark = wordmark_rows(sheet.skin.wordmark, sheet.styles.palette)
        mark_cells = max(cell_len("".join(text for text, _ in row)) for row in mark)
        feathers = 0 if short or sheet.glyphs.caret == "_" else FEATHER_CELLS + 2
        block = max(mark_cells, 58)
        indent = 0 if short else max(0, (sheet.text_width - feathers - block) // 2)
        hang = indent + feathers
        rows: list[Row] = []
        if not sheet.column.narrow:
            for number in range(MARK_ROWS):
                left = self._left(number, sheet) if feathers else []
                rows.append(sheet.row([*left, *mark[number]], indent=indent, copied=False))
        facts = self._facts(sheet, hang)
        if short:
            rows.extend(facts)
            room = SHORT_ROWS - len(rows)
            rows.extend(self._recent(sheet, hang)[: max(0, room)])
            # A row of air where a row of tabs stands above, none where every row counts.
            air = [] if sheet.column.narrow or sheet.rows < AIRY_ROWS else [sheet.blank]
            return [*air, *rows[:SHORT_ROWS]]
        rows += [sheet.blank, *facts]
        recent = self._recent(sheet, hang)
        if recent:
            head = [("Pick up where you left", Pen("muted", bold=True))]
            rows += [sheet.blank, sheet.row(head, indent=hang, copied=False), *recent]
        rows += [sheet.blank, self._hint(sheet, hang)]
        top = max(0, (sheet.rows - 10 - len(rows)) // 2)
        return [sheet.blank] * top + rows

    def _left(self, row: int, sheet: Sheet) -> list[Run]:
        art, palette = sheet.skin.art, sheet.styles.palette
        if art:
            return art_runs(art[row] if row < len(art) else "", palette)
        return feather_runs(row, palette)

    def _facts(self, sheet: Sheet, indent: int) -> list[Row]:
        info = self.info
        dot = f" {sheet.glyphs.dot} "
        room = sheet.text_width - indent
        line: list[Run] = [(fit(one_line(info.model), room), TEXT)]
        parts: list[list[Run]] = []
        if info.provider:
            parts.append([(f" via {one_line(info.provider)}", FAINT)])
        if info.window_tokens:
            parts.append([(f"{dot}{tokens(info.window_tokens)} window", FAINT)])
        parts.append([(f"{dot}approvals ", FAINT), (info.approvals, TEXT)])
        for part in parts:
            if _cells(line) + _cells(part) <= room:
                line.extend(part)
        rows = [sheet.row(line, indent=indent, copied=False)]
        counted: list[Run] = []
        for number, noun in info.counts:
            part = [("   " if counted else "", FAINT), (str(number), MUTED), (f" {noun}", FAINT)]
            if number and _cells(counted) + _cells(part) <= room:
                counted.extend(part)
        if counted:
            rows.append(sheet.row(counted, indent=indent, copied=False))
        if info.remark:
            rows.append(sheet.row([(fit(one_line(info.remark), room), Pen("warn"))], indent=indent))
        return rows

    def _recent(self, sheet: Sheet, indent: int) -> list[Row]:
        rows = []
        room = sheet.text_width - indent
        waiting = "  waiting for you"
        title_cells = max(8, min(38, room - 3 - 11 - len(waiting)))
        for number, session in enumerate(self.info.recent[:MAX_RECENT], 1):
            title = fit(one_line(session.title), title_cells)
            line: list[Run] = [
                (f"{number}  ", Pen("gold", bold=True)),
                (title + " " * (title_cells - cell_len(title)), TEXT),
                (f"{session.age:>11}", FAINT),
            ]
            if session.is_waiting and _cells(line) + len(waiting) <= room:
                line.append((waiting, Pen("warn")))
            action = f"open:{session.session_id}"
            rows.append(sheet.row(line, indent=indent, action=action, copied=False))
        return rows

    def _hint(self, sheet: Sheet, indent: int) -> Row:
        """Keys in the hint, each behind a dot, stand out a little."""
        runs: list[Run] = []
        before = ""
        for word in self.info.hint.split(" "):
            runs.append((word + " ", MUTED if before == "·" else FAINT))
            before = word
        return sheet.row(runs, indent=indent, copied=False)


def _cells(runs: list[Run]) -> int:
    return sum(cell_len(text) for text, _ in runs)
