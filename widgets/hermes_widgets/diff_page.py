"""Changes to files to look through before something is decided."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from hermes_core.events import FileDiff
from hermes_widgets.blocks.diff_view import diff_rows
from hermes_widgets.drawing.column import Column
from hermes_widgets.drawing.pens import BOLD, FAINT, Styles
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import clean, fit
from hermes_widgets.theme import palette_of


class DiffPage(Widget):
    """As tall as what it shows, so that it stands in something that scrolls.

    Side by side where each half has room, else in one column.

    Args:
        diffs: What changed.
        with_heads: Name each file above its change.
    """

    DEFAULT_CSS = "DiffPage { height: auto; }"

    def __init__(
        self,
        diffs: Sequence[FileDiff] = (),
        *,
        with_heads: bool = False,
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id)
        self._diffs = tuple(diffs)
        self._with_heads = with_heads
        self._drawn: tuple[int, str, list[Strip]] = (-1, "", [])

    def show(self, diffs: Sequence[FileDiff]) -> None:
        """Show other changes."""
        self._diffs = tuple(diffs)
        self._drawn = (-1, "", [])
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Every row of every change."""
        return max(len(self._strips(width)), 1)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        strips = self._strips(self.size.width)
        if y >= len(strips):
            return Strip.blank(self.size.width, self.rich_style)
        return strips[y].adjust_cell_length(self.size.width, self.rich_style)

    def _strips(self, width: int) -> list[Strip]:
        theme = self.app.theme
        if self._drawn[:2] != (width, theme):
            self._drawn = (width, theme, self._draw(width) if width > 4 else [])
        return self._drawn[2]

    def _draw(self, width: int) -> list[Strip]:
        # Without air beside it: the page stands in a well that has its own.
        column = Column(width=width + 1, left=0, text=width, narrow=True)
        sheet = Sheet(column=column, styles=Styles(palette_of(self.app)))
        rows: list[Row] = []
        for diff in self._diffs:
            if self._with_heads:
                if rows:
                    rows.append(sheet.blank)
                counts = f"  +{diff.added} −{diff.removed}"
                name = fit(clean(diff.path), width - len(counts))
                rows.append(sheet.row([(name, BOLD), (counts, FAINT)]))
            drawn = diff_rows(diff, sheet)
            rows += drawn or [sheet.row([(fit(clean(diff.unified), width), FAINT)])]
        return [row.strip for row in rows]
