"""Long pastes as chips: one short label in the draft, the whole text when it is sent."""

from __future__ import annotations

import re

CHIP = re.compile(r"\[Pasted text #\d+ · \d+ lines\]")
"""A label as it stands in the draft."""


def normal_text(text: str) -> str:
    """Return pasted text with plain line ends and without lone surrogates."""
    flat = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in flat if not 0xD800 <= ord(char) <= 0xDFFF)


class PasteFold:
    """Remembers what each label of a draft stands for.

    Args:
        threshold_lines: Pastes with at least so many lines become chips.
    """

    def __init__(self, threshold_lines: int = 5) -> None:
        self.threshold_lines = threshold_lines
        """Pastes with at least so many lines become chips."""
        self._kept: dict[str, str] = {}
        self._count = 0

    def fold(self, text: str) -> str:
        """Return what goes into the draft: a label, or the text itself if it is short."""
        lines = text.count("\n") + (0 if text.endswith("\n") else 1)
        if lines < self.threshold_lines:
            return text
        self._count += 1
        label = f"[Pasted text #{self._count} · {lines} lines]"
        self._kept[label] = text
        return label

    def expand(self, draft: str) -> str:
        """Return the draft with each known label replaced by its text."""
        return CHIP.sub(lambda found: self._kept.get(found.group(), found.group()), draft)

    def chip_before(self, line: str, column: int) -> int | None:
        """Return where the chip that ends at `column` starts, or None."""
        for found in CHIP.finditer(line):
            if found.end() == column and found.group() in self._kept:
                return found.start()
        return None

    def text_of(self, label: str) -> str | None:
        """Return what a label stands for, None if it is ordinary text."""
        return self._kept.get(label)
