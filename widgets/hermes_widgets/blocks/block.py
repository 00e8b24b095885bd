"""What a block of the conversation is.

A block is no widget: a plain object that keeps its values and lays itself out as
rows when it is about to be seen. Thousands of them cost nothing while they are out
of sight.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.cells import cell_len

from hermes_widgets.drawing.rows import Row, Sheet

Kind = Literal["user", "work", "reply", "note", "card", "end", "start", "result"]


class Block:
    """Base of all blocks. A subclass implements `draw` and calls `changed`."""

    kind: ClassVar[Kind] = "note"
    """Blocks of different kind have a blank row between them."""
    can_fold: ClassVar[bool] = False
    opens_group: ClassVar[bool] = False
    """Whether what follows belongs to it rather than to what stands before it."""

    def __init__(self) -> None:
        self.message_id = ""
        """The message it belongs to, if any; a rewind drops it with the message."""
        self.at = 0.0
        """When it began, in seconds since the epoch; 0 where nobody said."""
        self._rows: list[Row] | None = None
        self._sheet: Sheet | None = None
        self._height = 1

    # --- for subclasses --------------------------------------------------------------

    def draw(self, sheet: Sheet) -> list[Row]:
        """Return the rows of the block as it is now."""
        raise NotImplementedError

    def changed(self) -> None:
        """Forget the rows laid out before."""
        self._rows = None

    @property
    def source(self) -> str:
        """What copying the block yields."""
        return ""

    @property
    def is_running(self) -> bool:
        """Whether a frame of the spinner changes its look."""
        return False

    @property
    def is_folded(self) -> bool:
        """Whether it hides something that `toggle` shows."""
        return False

    def fold(self, folded: bool) -> None:
        """Hide or show what can be hidden."""

    def shift(self, cells: int) -> bool:
        """Move what is wider than the column sideways; True if anything moved."""
        return False

    def advance(self, frame: int, now: float) -> None:
        """Take the next frame of the spinner."""

    # --- for the ledger --------------------------------------------------------------

    def toggle(self) -> None:
        """Fold if open, open if folded."""
        self.fold(not self.is_folded)

    def rows(self, sheet: Sheet) -> list[Row]:
        """Return the rows, laid out at need."""
        if self._rows is None or self._sheet is not sheet:
            self._rows = self.draw(sheet)
            self._sheet = sheet
            self._height = len(self._rows)
        return self._rows

    def height(self, sheet: Sheet) -> int:
        """Return the number of rows: exact where laid out, else what is likely."""
        if self._rows is not None and self._sheet is sheet:
            return len(self._rows)
        if self._sheet is None:
            self._height = self.estimate(sheet)
        return self._height

    def is_laid_out(self, sheet: Sheet) -> bool:
        """Whether `height` is exact."""
        return self._rows is not None and self._sheet is sheet

    def estimate(self, sheet: Sheet) -> int:
        """Guess the number of rows without laying out."""
        text = self.source
        return max(1, text.count("\n") + cell_len(text[:2000]) // max(1, sheet.text_width) + 1)

    def release(self) -> None:
        """Give the rows back; they are laid out again when seen."""
        self._rows = None
