"""How wide the person made the side rails, by the width of the screen."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

WidthClass: TypeAlias = Literal["narrow", "medium", "wide"]
LEAST = 24
"""Cells below which a rail is of no use."""
_KEPT_FREE = 30
"""Cells that the conversation keeps beside a rail."""


def width_class(columns: int) -> WidthClass:
    """Return the class of a screen of so many columns; the same borders as the breakpoints."""
    return "wide" if columns >= 160 else "medium" if columns >= 100 else "narrow"


def read_widths(text: str) -> dict[WidthClass, int]:
    """Read a setting: `auto`, cells for every screen, or `medium=50 wide=40`.

    What cannot be read counts as `auto`.
    """
    found: dict[WidthClass, int] = {}
    for part in text.replace(",", " ").split():
        name, _, cells = part.rpartition("=")
        if not cells.isdecimal():
            continue
        for known in get_args(WidthClass):
            if name in ("", known):
                found[known] = max(int(cells), LEAST)
    return found


def write_widths(widths: dict[WidthClass, int]) -> str:
    """Return the setting that `read_widths` reads back."""
    return " ".join(f"{name}={cells}" for name, cells in sorted(widths.items())) or "auto"


def fitting(cells: int, columns: int) -> int:
    """Return the width nearest to the wished one that leaves room for the conversation."""
    return max(min(cells, columns - _KEPT_FREE), LEAST)
