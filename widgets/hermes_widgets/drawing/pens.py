"""Pens: how a run of text looks, said in roles, and their cell styles in a palette."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from rich.style import Style

from hermes_themes.mixing import contrast
from hermes_themes.roles import Palette


class Pen(NamedTuple):
    """One look. Roles are names of `hermes_themes.roles`."""

    role: str = "text"
    """A role, or a colour as `#RRGGBB` for gradients."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    plane: str = ""
    """Background role of its own; empty: that of the row."""
    link: str = ""
    """Address; shown as a terminal hyperlink."""
    action: str = ""
    """What a click does, a word its block understands."""


Run: TypeAlias = tuple[str, Pen]
"""A piece of clean text without line ends, and its look."""

TEXT = Pen()
BOLD = Pen(bold=True)
MUTED = Pen("muted")
FAINT = Pen("faint")
GOLD = Pen("gold")

_CODE_HUES = frozenset(("gold", "info", "ok", "warn", "bad", "lilac", "muted", "faint"))


class Styles:
    """The cell styles of one palette, made once each."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._styles: dict[tuple[Pen, str], Style] = {}
        self._weak: dict[tuple[str, str], bool] = {}

    def style(self, pen: Pen, plane: str = "canvas") -> Style:
        """Return the style of `pen` on the row background `plane`."""
        key = (pen, plane)
        found = self._styles.get(key)
        if found is None:
            found = self._styles[key] = self._make(pen, pen.plane or plane)
        return found

    def _make(self, pen: Pen, plane: str) -> Style:
        role = "text" if self._is_weak(pen.role, plane) else pen.role
        return Style(
            color=role if role.startswith("#") else getattr(self.palette, role),
            bgcolor=getattr(self.palette, plane),
            bold=pen.bold or None,
            italic=pen.italic or None,
            underline=pen.underline or None,
            link=pen.link or None,
            meta={"action": pen.action} if pen.action else None,
        )

    def _is_weak(self, role: str, plane: str) -> bool:
        """Whether words in `role` would fall below 4.5:1 on a tint of a diff."""
        if plane not in ("add_word", "del_word", "add_row", "del_row") or role not in _CODE_HUES:
            return False
        key = (role, plane)
        if key not in self._weak:
            colours = getattr(self.palette, role), getattr(self.palette, plane)
            self._weak[key] = contrast(*colours) < 4.5
        return self._weak[key]


def plain(runs: Iterable[Run]) -> str:
    """Return the text of the runs."""
    return "".join(text for text, _ in runs)
