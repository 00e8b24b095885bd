"""Finding words in the conversation: going from row to row, the found ones marked."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip

from hermes_widgets.block_cursor import BlockCursor
from hermes_widgets.blocks.ledger import Spot
from hermes_widgets.drawing.pens import Pen
from hermes_widgets.drawing.rows import Row

Found = tuple[int, int]
"""Serial of a block and one of its rows, the gap above it not counted."""


def spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """Return where `wanted` stands in `text`, in cells, without regard to case.

    Args:
        text: One row.
        wanted: In lower case, not empty.
    """
    low = text.casefold()
    if len(low) != len(text):  # some letters fold to two: places would not fit
        low = text.lower() if len(text.lower()) == len(text) else text
    found = []
    at = low.find(wanted)
    while at >= 0:
        start = cell_len(text[:at])
        found.append((start, start + cell_len(text[at : at + len(wanted)])))
        at = low.find(wanted, at + len(wanted))
    return found


class BlockFinding(BlockCursor):
    """A page whose words can be looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "find(1)", "Next found", id="find.next", show=False),
        Binding("N", "find(-1)", "Found before", id="find.previous", show=False),
    ]

    _wanted: str = ""
    _found: tuple[Found, ...] = ()
    _at: int = -1

    @property
    def is_searched(self) -> bool:
        """Whether words are looked for."""
        return bool(self._wanted)

    @property
    def found_count(self) -> int:
        """Rows in which the words stand."""
        return len(self._found)

    @property
    def found_at(self) -> int:
        """The row gone to, counted from 1 at the oldest; 0 if nothing was found."""
        return self._at + 1

    def find(self, text: str) -> None:
        """Look for words and go to the newest row that has them; none ends the search."""
        self._wanted = text.casefold()
        self._found = tuple(self._rows_with(self._wanted)) if text.strip() else ()
        self._at = len(self._found) - 1
        if self._found:
            self._go_to_found()
        self.refresh()

    def find_step(self, step: int) -> None:
        """Go on among the found rows, round and round; 1 is down, -1 up."""
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self._go_to_found()
            self.refresh()

    def action_find(self, step: int) -> None:
        """Go to the next or the former found row."""
        self.find_step(step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the letters through while nothing is looked for."""
        if action == "find":
            return bool(self._found)
        return super().check_action(action, parameters)

    def _rows_with(self, wanted: str) -> list[Found]:
        """Only blocks whose text has the words are laid out."""
        sheet = self._require_sheet()
        found: list[Found] = []
        for index, block in enumerate(self._ledger.blocks):
            if wanted not in block.source.casefold():
                continue
            serial = self._ledger.serial(index)
            rows = self._ledger.rows(index, sheet)
            # Words that wrap around the edge are in no single row: go to the first one.
            hits = [at for at, row in enumerate(rows) if spans(row.strip.text, wanted)] or [0]
            found.extend((serial, at) for at in hits if rows)
        return found

    def _go_to_found(self) -> None:
        sheet = self._require_sheet()
        serial, row = self._found[self._at]
        index = self._ledger.index_from_serial(serial)
        y = self._ledger.top(index, sheet) + self._ledger.gap(index, sheet) + row
        view = self.scrollable_content_region.height
        self._go_to_row(max(0, y - view // 3))

    def _look(self, row: Row, spot: Spot) -> Strip:
        strip = super()._look(row, spot)
        if not self._found:
            return strip
        places = spans(strip.text, self._wanted)
        if not places:
            return strip
        gap = self._ledger.gap(spot.block, self._require_sheet())
        here = (self._ledger.serial(spot.block), spot.row - gap) == self._found[self._at]
        return _marked(strip, places, self._mark(is_here=here))

    def _mark(self, *, is_here: bool) -> Style:
        styles = self._require_sheet().styles
        pen = Pen("ink", bold=True, plane="gold") if is_here else Pen("text", underline=True)
        return styles.style(pen, "select")


def _marked(strip: Strip, places: list[tuple[int, int]], style: Style) -> Strip:
    """Return the strip with these cells in another style."""
    cuts = sorted({cut for place in places for cut in place} | {strip.cell_length})
    parts = strip.divide(cuts)
    starts = [0, *cuts]
    begins = {start for start, _ in places}
    return Strip.join(
        Strip([type(segment)(segment.text, style) for segment in part]) if start in begins else part
        for start, part in zip(starts, parts, strict=False)
    )
