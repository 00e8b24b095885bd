"""Rows that are ready to be shown, kept while they only move.

A strip that is made anew loses what the toolkit has worked out for it (filters, cuts,
escape sequences): 8 ms a frame while text streams against 3 ms with the same strips.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

KEPT = 500
"""Rows kept, more than any screen has."""
LOOKS = 4_000
"""Most entries of the toolkit's table of what styles look like.

A style holds the place of its cells, so that the table would fill up with 16,000 that
nobody asks for again: 15 MB, some minutes after the start.
"""


class ReadyRows:
    """By row key: the cells of a row, and the same made ready."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Strip, Strip]] = {}

    def get(self, key: int, cells: Strip) -> Strip | None:
        """Return the ready row if it was made from the very same cells."""
        source, ready = self._rows.get(key, (None, None))
        return ready if source is cells else None

    def keep(self, key: int, cells: Strip, ready: Strip) -> None:
        """Keep a row."""
        is_full = len(self._rows) >= KEPT
        if is_full:
            self._rows.clear()
        if is_full or Strip.render_ansi.cache_info().currsize > LOOKS:
            Strip.render_ansi.cache_clear()
        self._rows[key] = (cells, ready)

    def clear(self) -> None:
        """Forget all, as with another width."""
        self._rows.clear()


def finished(
    strips: list[Strip],
    crop: Region,
    *,
    width: int,
    filters: Sequence[LineFilter],
    background: Color,
) -> list[Strip]:
    """Apply what the toolkit applies to every row, and cut to the asked columns."""
    for line_filter in filters:
        strips = [strip.apply_filter(line_filter, background) for strip in strips]
    if crop.column_span == (0, width):
        return strips
    return [strip.crop(*crop.column_span) for strip in strips]
