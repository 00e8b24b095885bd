"""The composer's field as one text and one offset, chips counted as one character each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hermes_widgets.composing.composer_area import ComposerArea


class PackedField:
    """Reads and changes a field by offsets; a change is one step of its undo history.

    Args:
        area: The field.
    """

    def __init__(self, area: ComposerArea) -> None:
        self._area = area

    @property
    def text(self) -> str:
        """The draft."""
        return self._area.fold.packed(self._area.text)

    @property
    def at(self) -> int:
        """The cursor's offset in `text`."""
        area = self._area
        return len(area.fold.packed(area.get_text_range((0, 0), area.cursor_location)))

    def select(self, start: int, end: int) -> None:
        """Select a span, the cursor at its end; an empty one only moves the cursor."""
        area = self._area
        text = self.text
        area.move_cursor(self._location(text, start))
        if end != start:
            area.move_cursor(self._location(text, end), select=True)

    def put(self, text: str, at: int) -> None:
        """Make the draft this text with the cursor at an offset, changing only what differs."""
        before = self.text
        if text != before:
            start = _common(before, text)
            behind = _common(before[start:][::-1], text[start:][::-1])
            area = self._area
            area.history.checkpoint()
            area.replace(
                area.fold.unpacked(text[start : len(text) - behind]),
                self._location(before, start),
                self._location(before, len(before) - behind),
                maintain_selection_offset=False,
            )
            area.history.checkpoint()
        self._area.move_cursor(self._location(text, at))

    def _location(self, text: str, at: int) -> tuple[int, int]:
        """Return the row and column in the field of an offset in a packed text."""
        head = self._area.fold.unpacked(text[:at])
        return head.count("\n"), len(head) - head.rfind("\n") - 1


def _common(first: str, second: str) -> int:
    """How many letters two texts share at their beginning."""
    size = min(len(first), len(second))
    if first[:size] == second[:size]:
        return size
    low, high = 0, size
    while low + 1 < high:
        middle = (low + high) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle
    return low
