"""A chart of columns, drawn in the colours of the theme; a table where it has no room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.color import Color
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from hermes_widgets.charts.table import table_content
from hermes_widgets.theme import palette_of

LEAST_CELLS = 50
"""A narrower chart is drawn as a table."""
_ROWS = 9
_LABEL_CELLS = 8
_SHARE = 0.45
"""Of the room of a column that is filled."""


class Chart(Widget):
    """Values by label, one column each.

    Args:
        title: What is shown, with its unit.
        written: Writes a value, in the axis and in the table.
        role: The colour of the columns.
        head: Names of the two columns of the table.
    """

    DEFAULT_CSS = "Chart { height: auto; margin-bottom: 1; }"

    as_table: reactive[bool] = reactive(False, layout=True)
    """Show numbers in place of columns."""

    def __init__(
        self,
        title: str,
        *,
        written: Callable[[float], str],
        role: str = "info",
        head: tuple[str, str] = ("", ""),
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id)
        self._title_text = title
        self._written = written
        self._role = role
        self._head = head
        self._points: tuple[tuple[str, float | None], ...] = ()

    def show(self, points: Sequence[tuple[str, float | None]]) -> None:
        """Show these labels and values; a value nobody knows is None."""
        self._points = tuple(points)
        self.refresh(layout=True)

    @property
    def _is_empty(self) -> bool:
        """Whether there is nothing above zero and nothing unknown."""
        return all(value == 0 for _, value in self._points)

    def _is_table(self, width: int) -> bool:
        return self.as_table or width < LEAST_CELLS or not any(v for _, v in self._points)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The title, then a picture of fixed height or a line for each value."""
        if self._is_empty:
            return 1
        return 1 + (1 + len(self._points) if self._is_table(width) else _ROWS)

    def render(self) -> Content | Text:
        """Draw the title and the columns, or the table."""
        title = Content.styled(self._title_text, "$h-text bold")
        if self._is_empty:
            return Content.assemble(title, ("   nothing yet", "$h-faint"))
        width = self.size.width
        if self._is_table(width):
            rows = [
                (label, "unknown" if value is None else self._written(value))
                for label, value in self._points
            ]
            return Content("\n").join([title, table_content(rows, head=self._head)])
        palette = palette_of(self.app)
        drawn = Text(self._title_text + "\n", style=f"bold {palette.text}")
        drawn.append_text(Text.from_ansi(self._picture(width), end=""))
        return drawn

    def _picture(self, width: int) -> str:
        import plotext  # measured: 0.1 s, which only a chart needs

        palette = palette_of(self.app)
        values = [value or 0.0 for _, value in self._points]
        labels = [label for label, _ in self._points]
        places = list(range(len(values)))
        step = max(1, -(-len(values) * _LABEL_CELLS // width))
        top = max(values)
        ground = _rgb(self.background_colors[1].hex)
        plotext.clear_figure()
        plotext.limit_size(False, False)  # else the real terminal would cap it
        plotext.plot_size(width, _ROWS)
        plotext.canvas_color(ground)
        plotext.axes_color(ground)
        plotext.ticks_color(_rgb(palette.faint))
        plotext.ticks_style("none")
        plotext.bar(places, values, color=_rgb(getattr(palette, self._role)), width=_SHARE)
        plotext.xticks(places[::step], labels[::step])
        plotext.yticks([0, top / 2, top], [self._written(part) for part in (0, top / 2, top)])
        plotext.ylim(0, top)
        plotext.xaxes(False, False)
        plotext.yaxes(False, False)
        return str(plotext.build()).rstrip("\n")


def _rgb(colour: str) -> tuple[int, int, int]:
    return Color.parse(colour).rgb
