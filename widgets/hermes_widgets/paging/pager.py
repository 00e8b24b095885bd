"""A long text, page by page; lines wider than the view are moved sideways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from hermes_widgets.drawing.pens import Pen, Styles
from hermes_widgets.paging.line_source import LineSource
from hermes_widgets.paging.page_view import PageView
from hermes_widgets.theme import palette_of

_KEPT = 200
_WIDEST = 4_200


class Pager(PageView):
    """Shows a source; the app searches it and tells what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "sideways(-8)", "Left", show=False, id="page.left"),
        Binding("right", "sideways(8)", "Right", show=False, id="page.right"),
        Binding("n", "step(1)", "Next found", show=False, id="page.find-next"),
        Binding("N", "step(-1)", "Found before", show=False, id="page.find-previous"),
    ]

    @dataclass
    class Moved(Message):
        """Another found line is shown: which, from 1, and of how many."""

        at: int
        count: int

    def __init__(self, source: LineSource) -> None:
        super().__init__()
        self._source = source
        self._shift = 0
        self._lines: dict[int, str] = {}
        self._found: list[int] = []
        self._wanted = ""
        self._at = -1

    def row_count(self) -> int:
        """How many lines there are."""
        return self._source.count

    def show_found(self, wanted: str, found: list[int]) -> None:
        """Mark the lines that were found and go to the first below the top of the view."""
        self._wanted, self._found = wanted.casefold(), found
        self._at = next((at for at, line in enumerate(found) if line >= self.top), 0) - 1
        if found:
            self.action_step(1)
        else:
            self.post_message(self.Moved(0, 0))
        self.refresh()

    def action_step(self, step: int) -> None:
        """Go to the next or the former found line, round and round."""
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self.go(self._found[self._at] - self.size.height // 3)
            self.post_message(self.Moved(self._at + 1, len(self._found)))
            self.refresh()

    def action_sideways(self, cells: int) -> None:
        """Move lines that are wider than the view."""
        self._shift = max(0, min(_WIDEST, self._shift + cells))
        self.refresh()

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Move sideways."""
        self.action_sideways(-4)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Move sideways."""
        self.action_sideways(4)

    def draw_row(self, number: int) -> Strip:
        """Draw one line, the wanted words marked."""
        styles = Styles(palette_of(self.app))
        text = self._line(number)
        here = self._found and number == self._found[self._at]
        mark = Pen("ink", bold=True, plane="gold") if here else Pen("text", underline=True)
        segments = [Segment(" ", styles.style(Pen()))]
        at = 0
        low = text.casefold() if len(text.casefold()) == len(text) else text.lower()
        while self._wanted and (hit := low.find(self._wanted, at)) >= 0:
            end = hit + len(self._wanted)
            segments.append(Segment(text[at:hit], styles.style(Pen("text"))))
            segments.append(Segment(text[hit:end], styles.style(mark, "select")))
            at = end
        segments.append(Segment(text[at:], styles.style(Pen("text"))))
        strip = Strip(segments)
        return strip.crop(self._shift, None) if self._shift else strip

    def _line(self, number: int) -> str:
        if number not in self._lines:
            if len(self._lines) > 10 * _KEPT:
                self._lines.clear()
            first = max(0, number - _KEPT // 4)
            self._lines.update(enumerate(self._source.lines(first, _KEPT), first))
        return self._lines.get(number, "")
