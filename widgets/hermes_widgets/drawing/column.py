"""Where the text column of the conversation lies. The composer has the same edges."""

from __future__ import annotations

from msgspec import Struct

NARROW_BELOW = 60
"""Below this width of the conversation its air, thread and planes vanish."""
CENTRED_FROM = 160
"""From this width of the screen on a capped column stands in the middle."""
DEFAULT_CAP = 110


class Column(Struct, frozen=True):
    """Cells counted from the left side of the conversation, scrollbar included."""

    width: int
    """Of the whole conversation."""
    left: int
    """The text edge."""
    text: int
    """Width of the text column; its last cell is the number edge."""
    narrow: bool

    @property
    def bar(self) -> int:
        """The column of bars and of the thread."""
        return max(0, self.left - 2)

    @property
    def drawn(self) -> int:
        """Cells of a row: all but the scrollbar and the air right of it."""
        return self.width - (1 if self.narrow else 2)

    @property
    def right(self) -> int:
        """The first cell right of the text column."""
        return self.left + self.text


def text_column(width: int, *, screen_width: int = 0, cap: int = DEFAULT_CAP) -> Column:
    """Lay the text column into a conversation of `width` cells.

    Args:
        width: Cells of the conversation with its scrollbar and the air beside it.
        screen_width: Cells of the whole screen; decides about centring.
        cap: Most cells of the text column.
    """
    if width < NARROW_BELOW:
        return Column(width=width, left=1, text=max(1, width - 3), narrow=True)
    left, text = 4, width - 7
    if text > cap:
        if screen_width >= CENTRED_FROM:
            left += (text - cap) // 2
        text = cap
    return Column(width=width, left=left, text=text, narrow=False)
