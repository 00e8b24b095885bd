"""Sections of the side rails: a heading with a count, and rows that tell the state."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from hermes_widgets.fitting import fit
from hermes_widgets.list_rows import Row, row_lines


def section_content(
    title: str, count: str, rows: Sequence[Row], width: int, *, count_style: str = "$h-faint"
) -> Content:
    """Draw a section; no blank row between the heading and its list."""
    room = width - 4 - cell_len(count) - 1
    name = fit(title, room)
    head = Content.assemble(
        "  ",
        (name, "$h-text bold"),
        " " * max(width - 4 - cell_len(name) - cell_len(count), 1),
        (count, count_style),
        "  ",
    )
    lines = [head]
    for row in rows:
        lines.extend(row_lines(row, width, cursor=False, focused=False))
    return Content("\n").join(lines)


class RailSection(Widget):
    """A heading and its rows. Hidden when it has nothing to say."""

    DEFAULT_CSS = """
    RailSection { height: auto; margin-bottom: 1; display: none; }
    RailSection.-filled { display: block; }
    """

    def __init__(self, title: str, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id, classes=classes)
        self._title = title
        self._count = ""
        self._count_style = "$h-faint"
        self._rows: tuple[Row, ...] = ()

    @property
    def is_filled(self) -> bool:
        """Whether there is a row to show."""
        return bool(self._rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[Row], count: str = "", count_style: str = "$h-faint") -> None:
        """Replace rows and count."""
        now = (tuple(rows), count, count_style)
        if now == (self._rows, self._count, self._count_style):
            return
        grew = len(now[0]) != len(self._rows)
        self._rows, self._count, self._count_style = now
        self.set_class(bool(rows), "-filled")
        self.refresh(layout=grew)

    def render(self) -> Content:
        """Draw the section."""
        return section_content(
            self._title, self._count, self._rows, self.size.width, count_style=self._count_style
        )
