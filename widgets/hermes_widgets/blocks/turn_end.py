"""The closing line of a turn: what it took, right-aligned and faint."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len

from hermes_core.events import TurnFinished
from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.drawing.pens import FAINT, Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit, tokens

_REASONS = {
    "max_iterations_reached": "step limit reached",
    "budget_exhausted": "budget used up",
}


class Changes(Struct, frozen=True, kw_only=True):
    """What the turn did to files."""

    added: int = 0
    removed: int = 0
    files: int = 0


class TurnEnd(Block):
    """One line after the reply."""

    kind: ClassVar[Kind] = "end"

    def __init__(self, event: TurnFinished, changes: Changes) -> None:
        super().__init__()
        self._event = event
        self._changes = changes

    @property
    def turn_id(self) -> str | None:
        """The turn it closes."""
        return self._event.turn_id

    def estimate(self, sheet: Sheet) -> int:
        return 1

    def draw(self, sheet: Sheet) -> list[Row]:
        parts = self._parts(sheet)
        if not parts:
            return []
        dot = f" {sheet.glyphs.dot} "
        while len(parts) > 1 and _cells(parts, dot) > sheet.text_width:
            parts.pop()
        body: list[Run] = [(" " * max(0, sheet.text_width - _cells(parts, dot)), FAINT)]
        for index, (text, pen) in enumerate(parts):
            body.append(((dot if index else ""), FAINT))
            body.append((fit(text, sheet.text_width), pen))
        return [sheet.row(body, copied=False)]

    def _parts(self, sheet: Sheet) -> list[Run]:
        event, changes = self._event, self._changes
        parts: list[Run] = []
        if event.outcome == "interrupted":
            words = "hermes stopped here" if event.reason == "owner_lost" else "stopped by you"
            parts.append((words, Pen("warn")))
        elif event.outcome == "failed":
            parts.append(("failed", Pen("bad")))
        elif event.outcome == "partial":
            reason = _REASONS.get(event.reason, one_line(event.reason).replace("_", " "))
            parts.append((reason or "incomplete", Pen("warn")))
        if event.duration_s:  # imported conversations know nothing of it
            parts.append((spoken_seconds(event.duration_s), FAINT))
        if event.tool_calls:
            parts.append((_count(event.tool_calls, "tool"), FAINT))
        if changes.files:
            lines = f"+{changes.added} {sheet.glyphs.minus}{changes.removed}"
            parts.append((f"{lines} in {_count(changes.files, 'file')}", FAINT))
        if event.usage.total_tokens:
            parts.append((f"{tokens(event.usage.total_tokens)} tokens", FAINT))
        if sheet.show_cost and event.cost_usd is not None and event.cost_status != "unknown":
            parts.append((f"${event.cost_usd:.2f}", FAINT))
        return parts


def spoken_seconds(value: float) -> str:
    """Return a duration within a sentence: `0.4 s`, `41 s`, `2 min 05 s`, `1 h 02 min`."""
    if value < 0.95:
        return f"{max(0.0, value):.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cells(parts: list[Run], dot: str) -> int:
    return sum(cell_len(text) for text, _ in parts) + len(dot) * (len(parts) - 1)
