"""Long pastes as chips: one short label in the draft, the whole text when it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable

CHIP = re.compile(r"\[Pasted text #\d+ · \d+ lines\]")
"""A label as it stands in the draft."""

_FIRST = 0x100000
"""Chips stand for themselves as one character of this private plane where a text is
edited by offsets, so that no edit can cut one in half."""
_PRIVATE = re.compile("[\U00100000-\U0010fffd]")


class PasteFold:
    """Remembers what each label of a draft stands for.

    Args:
        threshold_lines: Pastes with at least so many lines become chips.
    """

    def __init__(self, threshold_lines: int = 5) -> None:
        self.threshold_lines = threshold_lines
        """Pastes with at least so many lines become chips."""
        self.on_fold: Callable[[int, str], None] = lambda number, text: None
        """Told of each new chip: its number and its text, to be kept."""
        self._kept: dict[str, str] = {}
        self._labels: list[str] = []

    def fold(self, text: str) -> str:
        """Return what goes into the draft: a label, or the text itself if it is short."""
        lines = text.count("\n") + (0 if text.endswith("\n") else 1)
        if lines < self.threshold_lines:
            return text
        number = len(self._labels) + 1
        label = f"[Pasted text #{number} · {lines} lines]"
        self._labels.append(label)
        self._kept[label] = text
        self.on_fold(number, text)
        return label

    def adopt(self, other: PasteFold) -> None:
        """Know the labels of another draft too; its numbers are taken."""
        self._labels = [*dict.fromkeys([*other._labels, *self._labels])]
        self._kept |= other._kept

    def expand(self, draft: str) -> str:
        """Return the draft with each known label replaced by its text."""
        return CHIP.sub(lambda found: self._kept.get(found.group(), found.group()), draft)

    def text_of(self, label: str) -> str | None:
        """Return what a label stands for, None if it is ordinary text."""
        return self._kept.get(label)

    # --- chips in a line of the draft ------------------------------------------------

    def chips(self, line: str) -> list[tuple[int, int]]:
        """Return the spans of the chips in a line."""
        return [
            (found.start(), found.end())
            for found in CHIP.finditer(line)
            if found.group() in self._kept
        ]

    def chip_before(self, line: str, column: int) -> int | None:
        """Return where the chip that ends at `column` starts, or None."""
        return next((start for start, end in self.chips(line) if end == column), None)

    def chip_at(self, line: str, column: int) -> tuple[int, int] | None:
        """Return the span of the chip that begins at `column`, or None."""
        return next((span for span in self.chips(line) if span[0] == column), None)

    def outside(self, line: str, column: int, *, before: int) -> int:
        """Return `column`, or the edge of the chip that it lies in.

        Args:
            line: A line of the draft.
            column: Where the cursor is to go.
            before: Where it comes from; it leaves a chip on the other side.
        """
        for start, end in self.chips(line):
            if start < column < end:
                return end if before <= start else start
        return column

    # --- chips as single characters --------------------------------------------------

    def packed(self, text: str) -> str:
        """Return the text with each chip as one character; `unpacked` undoes it."""
        places = {label: at for at, label in enumerate(self._labels)}
        return CHIP.sub(
            lambda found: (
                chr(_FIRST + places[found.group()]) if found.group() in places else found.group()
            ),
            text,
        )

    def unpacked(self, text: str) -> str:
        """Return the text with its chips as labels again."""
        return _PRIVATE.sub(
            lambda found: (
                self._labels[ord(found.group()) - _FIRST]
                if ord(found.group()) - _FIRST < len(self._labels)
                else found.group()
            ),
            text,
        )
