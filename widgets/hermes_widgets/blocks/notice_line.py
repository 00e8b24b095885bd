"""Something a person should know, on one line or a few."""

from __future__ import annotations

from typing import ClassVar, Literal

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import lines_of
from hermes_widgets.drawing.pens import Pen
from hermes_widgets.drawing.rows import Row, Sheet

Level = Literal["info", "warn", "error"]


class NoticeLine(Block):
    """A remark beside the conversation, quiet unless it warns."""

    kind: ClassVar[Kind] = "note"

    def __init__(self, level: Level, text: str) -> None:
        super().__init__()
        self._level: Level = level
        self._text = text

    @property
    def source(self) -> str:
        return self._text

    def draw(self, sheet: Sheet) -> list[Row]:
        glyphs = sheet.glyphs
        glyph, mark, words = {
            "info": (glyphs.dot, Pen("faint"), Pen("muted")),
            "warn": (glyphs.asks, Pen("warn", bold=True), Pen("text")),
            "error": (glyphs.failed, Pen("bad", bold=True), Pen("text")),
        }[self._level]
        rows: list[Row] = []
        for line in lines_of(self._text.strip()):
            rows.extend(sheet.wrapped([(line, words)], hang=[(glyph + " ", mark)]))
            glyph = " "
        return rows
