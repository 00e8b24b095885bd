"""Turns, requests, tools and waits of a conversation as bars over time."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from hermes_core.timeline import Span
from hermes_widgets.charts.table import table_content
from hermes_widgets.fitting import clean, fit, pad, seconds

LEAST_CELLS = 50
"""A narrower one is a table."""
SHOWN = 40
"""The newest spans that are drawn."""
_STYLES = {"turn": "$h-text", "request": "$h-info", "tool": "$h-ok", "wait": "$h-warn"}
_NAME_CELLS = 26
_TIME_CELLS = 8


def bar_of(span: Span, start: float, end: float, width: int) -> tuple[int, int]:
    """Return where the bar of a span begins and how many cells it has, at least one.

    Args:
        span: Inside the time shown.
        start: Of the time shown, in seconds.
        end: Of the time shown.
        width: Cells for the time shown, above 0.
    """
    whole = max(end - start, 0.001)
    at = min(int((span.start - start) / whole * width), width - 1)
    cells = round((span.end - span.start) / whole * width)
    return at, min(max(cells, 1), width - at)


class Timeline(Widget):
    """One row for each span, all on one scale."""

    DEFAULT_CSS = "Timeline { height: auto; margin-bottom: 1; }"

    as_table: reactive[bool] = reactive(False, layout=True)
    """Show times as numbers."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = ()

    def show(self, spans: Sequence[Span]) -> None:
        """Show the newest of these spans."""
        self._spans = tuple(spans)[-SHOWN:]
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The title and a row for each span."""
        extra = 1 if self._spans and (self.as_table or width < LEAST_CELLS) else 0
        return 1 + extra + len(self._spans)

    def render(self) -> Content:
        """Draw the title and the spans."""
        title = Content.styled("What went on when", "$h-text bold")
        if not self._spans:
            return Content.assemble(title, ("   nothing yet", "$h-faint"))
        start = min(span.start for span in self._spans)
        end = max(span.end for span in self._spans)
        if self.as_table or self.size.width < LEAST_CELLS:
            rows = [
                (
                    f"{_sign(span)} {fit(clean(span.name), 24)}",
                    seconds(span.start - start),
                    seconds(span.end - span.start),
                )
                for span in self._spans
            ]
            return Content("\n").join([title, table_content(rows, head=("", "from", "took"))])
        room = self.size.width - _NAME_CELLS - _TIME_CELLS
        return Content("\n").join(
            [title, *(self._row(span, start, end, room) for span in self._spans)]
        )

    @staticmethod
    def _row(span: Span, start: float, end: float, room: int) -> Content:
        at, cells = bar_of(span, start, end, room)
        indent = "" if span.kind == "turn" else "  "
        name = pad(f"{indent}{_sign(span)} {clean(span.name)}", _NAME_CELLS - 2)
        style = _STYLES[span.kind] if span.ok else "$h-bad"
        took = seconds(span.end - span.start)
        return Content.assemble(
            (name, "$h-text" if span.kind == "turn" else "$h-muted"),
            " " * (2 + at),
            ("━" * cells, style),
            " " * (room - at - cells),
            (f"{took:>{_TIME_CELLS}}", "$h-faint"),
        )


def _sign(span: Span) -> str:
    """Tells the kinds apart without a colour."""
    if span.kind == "wait":
        return "!"
    if span.is_open:
        return "…"
    if not span.ok:
        return "✗"
    return {"turn": "▸", "request": "→", "tool": "✓"}[span.kind]
