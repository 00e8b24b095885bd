"""Scrollbars half a cell thick."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBar, ScrollBarRender


class ThinBar(ScrollBarRender):
    """A thumb of right half blocks on the background; whole cells, so nothing shimmers.

    An app sets `ScrollBar.renderer = ThinBar` once for all its scrollbars.
    """

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = Color.parse("#555555"),  # noqa: B008  immutable, as in the base
        bar_color: Color = Color.parse("bright_magenta"),  # noqa: B008  immutable, as in the base
    ) -> Segments:
        if not vertical:
            return super().render_bar(
                size,
                virtual_size,
                window_size,
                position,
                thickness,
                vertical,
                back_color,
                bar_color,
            )
        start, end = thumb(size, virtual_size, window_size, position)
        glyph = "▐" * thickness
        grab = Style(color=bar_color, bgcolor=back_color, meta={"@mouse.down": "grab"})
        above = Style(bgcolor=back_color, meta={"@mouse.down": "scroll_up"})
        below = Style(bgcolor=back_color, meta={"@mouse.down": "scroll_down"})
        blank = " " * thickness
        segments = [Segment(blank, above)] * start
        segments += [Segment(glyph, grab)] * (end - start)
        segments += [Segment(blank, below)] * (size - end)
        return Segments(segments, new_lines=True)


def thumb(size: int, virtual_size: float, window_size: float, position: float) -> tuple[int, int]:
    """Return the first cell of the thumb and the one after its last."""
    if not window_size or not size or virtual_size <= window_size:
        return 0, 0
    length = max(1, round(size * window_size / virtual_size))
    start = round((size - length) * position / (virtual_size - window_size))
    start = max(0, min(size - length, start))
    return start, start + length


def move_bar(bar: ScrollBar, *, total: int | None = None, position: float | None = None) -> None:
    """Tell a vertical bar what it stands for; it is drawn again only if its thumb moves.

    Args:
        bar: A bar drawn by `ThinBar`.
        total: Rows of everything; None: as before.
        position: First row in view; None: as before.
    """
    total = bar.window_virtual_size if total is None else total
    position = bar.position if position is None else position
    size = bar.size.height
    before = thumb(size, bar.window_virtual_size, bar.window_size, bar.position)
    if thumb(size, total, bar.window_size, position) == before:
        bar.set_reactive(ScrollBar.window_virtual_size, total)
        bar.set_reactive(ScrollBar.position, position)
    else:
        bar.window_virtual_size = total
        bar.position = position
