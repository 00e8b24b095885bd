"""The first row of a pane: its name, where the keyboard is, how much it lists."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from hermes_widgets.fitting import fit


def head_content(
    title: str, count: str, width: int, *, is_lit: bool, count_style: str = "$h-faint"
) -> Content:
    """Draw the row: name at cell 2, the count ends at −2, `▸` where the keyboard is.

    The count goes before the name is cut.
    """
    name = f"▸ {title}" if is_lit else title
    if cell_len(name) + 1 + cell_len(count) > width - 4:
        count = ""
    name = fit(name, width - 4)
    gap = " " * max(width - 4 - cell_len(name) - cell_len(count), 1)
    return Content.assemble("  ", (name, "$h-text bold"), gap, (count, count_style), "  ")


class PaneHead(Widget):
    """One row."""

    DEFAULT_CSS = """
    PaneHead { height: 1; }
    """
    is_lit: reactive[bool] = reactive(False)
    """Whether the keyboard is in the pane."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ("", "", "$h-faint")

    def show(self, title: str, count: str = "", count_style: str = "$h-faint") -> None:
        """Replace what is shown; nothing is drawn if nothing changed."""
        if (title, count, count_style) != self._shown:
            self._shown = (title, count, count_style)
            self.refresh()

    def render(self) -> Content:
        """Draw the row."""
        title, count, style = self._shown
        return head_content(title, count, self.size.width, is_lit=self.is_lit, count_style=style)
