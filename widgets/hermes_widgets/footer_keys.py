"""The last row: the keys that matter for the focused pane."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

KeyLabel = tuple[str, str]
"""A key as people write it, and what it does: `("^p", "commands")`."""


def footer_content(
    keys: Sequence[KeyLabel], width: int, last: KeyLabel = ("f1", "help")
) -> Content:
    """Draw the row; whole entries drop from the right, `last` stays at the edge."""
    pinned = Content.assemble((last[0], "$h-muted bold"), " ", (last[1], "$h-faint"), " ")
    room = width - pinned.cell_length - 3
    parts: list[Content] = [Content(" ")]
    used = 1
    for key, label in keys:
        size = cell_len(key) + 1 + cell_len(label) + 3
        if used + size > room:
            break
        parts.append(Content.assemble((key, "$h-muted bold"), " ", (label, "$h-faint"), "   "))
        used += size
    parts.append(Content(" " * max(width - used - pinned.cell_length, 0)))
    return Content("").join([*parts, pinned])


class FooterKeys(Widget):
    """One row of keys."""

    DEFAULT_CSS = """
    FooterKeys { height: 1; background: $h-canvas; color: $h-faint; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._keys: tuple[KeyLabel, ...] = ()

    def show(self, keys: Sequence[KeyLabel]) -> None:
        """Replace the keys."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    def render(self) -> Content:
        """Draw the row."""
        return footer_content(self._keys, self.size.width)
