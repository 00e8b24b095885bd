"""The blocks of a conversation in order, with the rows each one takes.

Heights are exact for blocks that were laid out on the current sheet and estimates
for the others, so that opening or resizing a long conversation lays out what is
seen and no more. Every block has a serial number that never changes and grows down
the page; row positions said in serials outlive changes above them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from hermes_widgets.blocks.block import Block
from hermes_widgets.drawing.rows import Row, Sheet

_SPACING = 1 << 10
"""Serials left free between neighbours, for blocks put between them."""
KEPT_BLOCKS = 80
"""Blocks that keep their rows while out of sight: more than a screen shows, so that to
scroll to and fro draws nothing anew. A row takes 5 to 10 kB."""


_TIGHT = frozenset((("work", "reply"), ("reply", "work"), ("reply", "end")))
"""Neighbours without a blank row on a compact page."""


class Spot(NamedTuple):
    """A row of a block; the gap above a block counts as its first rows."""

    block: int
    row: int


class Ledger:
    """All blocks, oldest first."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._serials: list[int] = []
        self._serial_of: dict[Block, int] = {}
        self._tops: list[int] = [0]
        """Top row of each block as far as known, and the end of the last known one."""
        self._kinds: list[str] = [""]
        """Kind of the last visible block before each known one."""
        self._gaps: list[int] = []
        self._used: OrderedDict[Block, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self.blocks)

    # --- changing ----------------------------------------------------------------------

    def append(self, block: Block) -> None:
        """Put a block at the end."""
        serial = self._serials[-1] + _SPACING if self._serials else 0
        self._insert(len(self.blocks), block, serial)

    def prepend(self, blocks: Sequence[Block]) -> None:
        """Put older blocks in front, oldest first."""
        first = self._serials[0] if self._serials else _SPACING
        serials = [first - _SPACING * (len(blocks) - number) for number in range(len(blocks))]
        self.blocks[:0] = blocks
        self._serials[:0] = serials
        self._serial_of.update(zip(blocks, serials, strict=True))
        self._forget_from(0)

    def insert_before(self, follower: Block, block: Block) -> None:
        """Put a block in front of another one.

        Raises:
            KeyError: `follower` is not here.
        """
        index = self.index_of(follower)
        high = self._serials[index]
        low = self._serials[index - 1] if index else high - 2 * _SPACING
        self._insert(index, block, (low + high) // 2)

    def remove(self, block: Block) -> None:
        """Take a block out; nothing happens if it is not here."""
        if block not in self._serial_of:
            return
        index = self.index_of(block)
        del self.blocks[index], self._serials[index], self._serial_of[block]
        self._used.pop(block, None)
        self._forget_from(index)

    def drop_before(self, index: int) -> list[Block]:
        """Take the blocks above a place out and return them."""
        gone = self.blocks[:index]
        del self.blocks[:index], self._serials[:index]
        for block in gone:
            del self._serial_of[block]
            self._used.pop(block, None)
        self._forget_from(0)
        return gone

    def clear(self) -> None:
        """Take all blocks out."""
        self.__init__()  # type: ignore[misc]  # starting afresh is what it means

    def touch(self, block: Block) -> None:
        """Note that the height of a block may have changed."""
        if block in self._serial_of:
            self._forget_from(self.index_of(block))

    def forget_heights(self) -> None:
        """Note that every height may have changed, as with another sheet."""
        self._forget_from(0)

    def _insert(self, index: int, block: Block, serial: int) -> None:
        self.blocks.insert(index, block)
        self._serials.insert(index, serial)
        self._serial_of[block] = serial
        self._forget_from(index)

    def _forget_from(self, index: int) -> None:
        del self._tops[index + 1 :]
        del self._kinds[index + 1 :]
        del self._gaps[index:]

    # --- finding -----------------------------------------------------------------------

    def index_of(self, block: Block) -> int:
        """Return the place of a block.

        Raises:
            KeyError: It is not here.
        """
        return bisect_left(self._serials, self._serial_of[block])

    def serial(self, index: int) -> int:
        """Return the lasting number of the block at a place."""
        return self._serials[index]

    def index_from_serial(self, serial: int) -> int:
        """Return the place of the block with this number, or of the next one down."""
        return bisect_left(self._serials, serial)

    def total(self, sheet: Sheet) -> int:
        """Return the number of rows of everything."""
        self._measure(len(self.blocks), sheet)
        return self._tops[-1]

    def top(self, index: int, sheet: Sheet) -> int:
        """Return the first row of a block, its gap included."""
        self._measure(index, sheet)
        return self._tops[index]

    def gap(self, index: int, sheet: Sheet) -> int:
        """Return the blank rows above a block."""
        self._measure(index + 1, sheet)
        return self._gaps[index]

    def spot(self, y: int, sheet: Sheet) -> Spot | None:
        """Return the block and row at `y`, None below the end."""
        if not 0 <= y < self.total(sheet):
            return None
        index = bisect_right(self._tops, y) - 1
        return Spot(index, y - self._tops[index])

    def row(self, spot: Spot, sheet: Sheet) -> Row:
        """Return the row at a spot, laid out at need."""
        gap = self.gap(spot.block, sheet)
        if spot.row < gap:
            return sheet.blank
        rows = self.rows(spot.block, sheet)
        place = spot.row - gap
        return rows[place] if place < len(rows) else sheet.blank

    def rows(self, index: int, sheet: Sheet) -> list[Row]:
        """Lay out a block and return its rows; heights below it may move."""
        block = self.blocks[index]
        before = block.height(sheet)
        rows = block.rows(sheet)
        if len(rows) != before:
            self._forget_from(index)
        self._used[block] = None
        self._used.move_to_end(block)
        return rows

    def release_unused(self) -> None:
        """Give back rows of the blocks not seen for longest."""
        while len(self._used) > KEPT_BLOCKS:
            block, _ = self._used.popitem(last=False)
            block.release()

    @property
    def laid_out(self) -> int:
        """How many blocks hold rows."""
        return len(self._used)

    def _measure(self, until: int, sheet: Sheet) -> None:
        """Know the tops of all blocks before `until` and the end of the last."""
        tops, kinds, gaps = self._tops, self._kinds, self._gaps
        while len(tops) <= until and len(tops) <= len(self.blocks):
            index = len(tops) - 1
            block = self.blocks[index]
            height = block.height(sheet)
            before = kinds[index]
            gap = _gap(before, block, sheet) if height else 0
            gaps.append(gap)
            tops.append(tops[index] + gap + height)
            kinds.append(block.kind if height else before)


def _gap(before: str, block: Block, sheet: Sheet) -> int:
    kind = block.kind
    if not before:
        return 0
    if before == kind and kind in ("work", "note"):
        return int(sheet.roomy and block.opens_group)
    # without the thread of a wide column a blank row alone parts the work from the answer
    tight = sheet.compact and not sheet.column.narrow
    return 0 if tight and (before, kind) in _TIGHT else 1
