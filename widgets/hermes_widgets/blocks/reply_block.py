"""The answer of the model, written while it comes.

Text is only collected when it arrives; laying out happens when the block is drawn,
at most once a frame. Closed Markdown blocks keep their rows, so a frame costs the
open block alone. An open paragraph that grows long gives up its beginning the same
way: rows that are full do not change any more.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.drawing.foreign import visible
from hermes_widgets.drawing.pens import FAINT, TEXT, Pen, Run, plain
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.drawing.wrapping import wrap
from hermes_widgets.markdown.drawing import Place, code_row, has_gap, node_rows
from hermes_widgets.markdown.highlighting import code_lines
from hermes_widgets.markdown.nodes import Code, Node, Paragraph, Table, parse, parse_inline
from hermes_widgets.markdown.pieces import Piece, PieceScanner
from hermes_widgets.markdown.unfinished import completed, settled_length

Ending = Literal["complete", "truncated", "discarded"]

SETTLE_FROM = 2400
"""Characters of an open paragraph above which its beginning is settled."""

_CARET = Pen("gold")
_MARKS = {
    "steered": "redirected by your message",
    "interrupted": "stopped by you",
    "connection": "the connection was lost here",
}


class ReplyBlock(Block):
    """One message of the assistant."""

    kind: ClassVar[Kind] = "reply"

    def __init__(self, message_id: str) -> None:
        super().__init__()
        self.message_id = message_id
        self._chunks: list[str] = []
        self._pending: list[str] = []
        self._is_open = True
        self._remark = ""
        self._shift = 0
        self._reset()

    def _reset(self) -> None:
        self._scanner = PieceScanner()
        self._references: dict[str, object] = {}
        self._nodes: list[Node] = []
        self._done: list[Row] = []
        """Rows of the closed nodes."""
        self._done_sheet: Sheet | None = None
        self._held: list[Run] = []
        """Runs of the settled beginning of the open paragraph."""
        self._held_rows: list[Row] = []
        self._carry: list[Run] = []
        """Runs of the last, unfinished row of that beginning."""
        self._code: list[Row] = []
        """Rows of the whole lines of the open fence."""
        self._code_lines = 0

    # --- what happens to it ------------------------------------------------------------

    def append(self, text: str) -> None:
        """Take more text."""
        if self._is_open and text:
            self._chunks.append(text)
            self._pending.append(text)
            self.changed()

    def finish(self, state: Ending, text: str, reason: str | None) -> None:
        """Close the block.

        Args:
            state: How it ended.
            text: The whole text, or its beginning where that was long.
            reason: Why it was cut.
        """
        streamed = self.source
        if text and not streamed.startswith(text):
            self._reset()
            self._chunks, self._pending = [text], [text]
        self._is_open = False
        if state == "truncated":
            self._remark = _MARKS.get(reason or "", "cut short")
        self.changed()

    @property
    def source(self) -> str:
        """The Markdown as the model wrote it."""
        if len(self._chunks) > 1:
            self._chunks = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    @property
    def is_open(self) -> bool:
        """Whether more text may come."""
        return self._is_open

    @property
    def code_blocks(self) -> list[str]:
        """The fenced code of the reply, for copying."""
        nodes = self._nodes or parse(self.source)
        return [node.code for node in nodes if isinstance(node, Code)]

    def shift(self, cells: int) -> bool:
        if not any(isinstance(node, Table | Code) for node in self._nodes):
            return False
        self._shift = max(0, min(400, self._shift + cells))
        self._done_sheet = None
        self.changed()
        return True

    def release(self) -> None:
        super().release()
        if not self._is_open and self._nodes:
            text = self.source
            self._reset()
            self._pending = [text]

    # --- drawing -----------------------------------------------------------------------

    def draw(self, sheet: Sheet) -> list[Row]:
        if self._is_open and not sheet.streaming:
            return []
        if self._done_sheet is not sheet:
            self._lay_out_again(sheet)
        if self._pending:
            text = "".join(self._pending)
            self._pending = []
            for piece in self._scanner.feed(visible(text)):
                self._close(piece, sheet)
        if not self._is_open:
            return self._finished(sheet)
        tail, plane = self._tail(sheet)
        rows = [*self._done, *tail]
        if rows:
            rows[-1] = sheet.with_caret(rows[-1], _CARET, plane)
        return rows

    def _finished(self, sheet: Sheet) -> list[Row]:
        for piece in self._scanner.finish():
            self._close(piece, sheet)
        if self._references.get("references"):
            self._reread(sheet)
        if not self._remark:
            return list(self._done)
        mark = sheet.row([(f"{sheet.glyphs.skipped} {self._remark}", FAINT)], copied=False)
        return [*self._done, *([sheet.blank] if self._done else []), mark]

    def _reread(self, sheet: Sheet) -> None:
        """Read the whole once more: link definitions may stand below their use."""
        references = self._references
        self._nodes = list(parse(self.source, references))
        self._references = {}
        self._done = node_rows(self._nodes, sheet, Place(shift=self._shift))

    def _lay_out_again(self, sheet: Sheet) -> None:
        self._done = node_rows(self._nodes, sheet, Place(shift=self._shift))
        self._done_sheet = sheet
        self._code, self._code_lines = [], 0
        held, self._held, self._held_rows, self._carry = self._held, [], [], []
        if held:
            self._hold(held, sheet)

    def _close(self, piece: Piece, sheet: Sheet) -> None:
        """Take a piece that will not change any more."""
        if self._held:
            runs = (*self._held, *parse_inline(piece.source.strip()))
            rows = [*self._held_rows, *self._wrapped(runs[len(self._held) :], sheet)]
            nodes: tuple[Node, ...] = (Paragraph(runs),)
            self._held, self._held_rows, self._carry = [], [], []
        else:
            nodes = parse(piece.source, self._references)
            rows = node_rows(nodes, sheet, Place(shift=self._shift))
        self._code, self._code_lines = [], 0
        if not nodes:
            return
        self._done.extend(self._gap(nodes[0], sheet))
        self._done.extend(rows)
        self._nodes.extend(nodes)

    def _gap(self, node: Node, sheet: Sheet) -> list[Row]:
        return [sheet.blank] if self._nodes and has_gap(self._nodes[-1], node) else []

    # --- the open piece ----------------------------------------------------------------

    def _tail(self, sheet: Sheet) -> tuple[list[Row], str]:
        """Return the rows of the open piece and the plane its caret stands on."""
        source = self._scanner.open_source
        if self._scanner.open_kind == "fence":
            plane = "canvas" if sheet.column.narrow else "rail"
            return self._open_fence(source, sheet), plane
        if self._held or (self._scanner.open_kind == "text" and len(source) > SETTLE_FROM):
            return self._long_paragraph(source, sheet), "canvas"
        nodes = parse(completed(source), self._references)
        rows = node_rows(nodes, sheet, Place(shift=self._shift))
        return [*(self._gap(nodes[0], sheet) if nodes else ()), *rows], "canvas"

    def _open_fence(self, source: str, sheet: Sheet) -> list[Row]:
        """Draw code without colours; whole lines are drawn once."""
        lines = source.split("\n")[1:]
        place = Place()
        for line in lines[self._code_lines : -1]:
            for runs in code_lines(line):
                self._code.extend(code_row(runs, sheet, place))
        self._code_lines = max(self._code_lines, len(lines) - 1)
        rows = list(self._code)
        last = lines[-1] if lines else ""
        if not last.strip().startswith(("`" * 3, "~" * 3)):
            for runs in code_lines(last):
                rows.extend(code_row(runs, sheet, place))
        return [*([sheet.blank] if self._nodes else []), *rows]

    def _long_paragraph(self, source: str, sheet: Sheet) -> list[Row]:
        if len(source) > SETTLE_FROM:
            length = settled_length(source, SETTLE_FROM // 2)
            if length:
                self._hold(list(parse_inline(source[:length])), sheet)
                self._scanner.drop_open(length)
                source = source[length:]
        if not self._held:
            nodes = parse(completed(source), self._references)
            return [*(self._gap(nodes[0], sheet) if nodes else ()), *node_rows(nodes, sheet)]
        rows = self._wrapped(parse_inline(completed(source)), sheet)
        gap = self._gap(Paragraph(()), sheet)
        return [*gap, *self._held_rows, *rows]

    def _hold(self, runs: list[Run], sheet: Sheet) -> None:
        """Settle runs at the beginning of the open paragraph."""
        lines = wrap([*self._carry, *runs], sheet.text_width)
        self._held.extend(runs)
        for line in lines[:-1]:
            self._held_rows.append(sheet.row(line.runs, joint=line.joint))
        self._carry = list(lines[-1].runs)
        if plain(runs).endswith(" ") and not plain(self._carry).endswith(" "):
            self._carry.append((" ", TEXT))

    def _wrapped(self, runs: tuple[Run, ...], sheet: Sheet) -> list[Row]:
        return sheet.wrapped([*self._carry, *runs])
