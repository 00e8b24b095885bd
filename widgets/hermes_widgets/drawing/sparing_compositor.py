"""Puts widgets together on the screen without drawing what nobody will see of them.

The toolkit's own compositor asks every widget for all of its rows whatever has changed:
a letter in the field cost a whole conversation, its rails and every container behind
them, 8 ms of 10. Here widgets are asked from front to back, and only for rows in which a
cell that has to be written is still missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from hermes_widgets.drawing.whole_words import whole_words

Chops = list[dict[int, Strip | None]]
"""For each row: the column in which a piece starts, and the piece."""
Missing = dict[int, set[int]]
"""For each row: the columns of the pieces that are wanted and not there yet."""


class SparingCompositor(Compositor):
    """The toolkit's compositor with another way to collect rows; layouts stay its own."""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay everything out; return the hidden, shown and resized widgets."""
        found = super().reflow(parent, size)
        # The toolkit would lay out once more as soon as a new widget asks for its place.
        self._full_map_invalidated = False
        return found

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return the whole screen; `simplify` joins what looks alike, for a picture."""
        self._dirty_regions.clear()
        chops = self._collected(_everything(self.cuts))
        rows: list[Iterable[Strip]] = [_known(chop) for chop in chops]
        if simplify:
            rows = [[Strip.join(row).simplify().discard_meta()] for row in rows]
        return LayoutUpdate(rows, self.size.region)

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what changed; None if nothing did."""
        regions = [region.intersection(self.size.region) for region in self._dirty_regions]
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(region for region in regions if region))
        if not spans:
            return None
        cuts = self.cuts
        missing: Missing = {}
        for y, left, right in spans:
            wanted = (x for x, end in pairwise(cuts[y]) if x < right and end > left)
            missing.setdefault(y, set()).update(wanted)
        chops = self._collected(missing)
        return ChopsUpdate(chops, spans, [row[1:] for row in cuts])

    def render_strips(self, size: Size | None = None) -> list[Strip]:
        """Return the rows of the screen, which a screen in front of it also draws."""
        height = self.size.height if size is None else size.height
        chops = self._collected(_everything(self.cuts[:height]))
        return [Strip.join(_known(chop)) for chop in chops[:height]]

    def _collected(self, missing: Missing) -> Chops:
        """Return the rows with the missing pieces in them."""
        chops: Chops = [dict.fromkeys(cuts[:-1]) for cuts in self.cuts]
        in_front: list[Region] = []
        for widget, (region, clip) in self.visible_widgets.items():
            if not missing:
                break
            seen = region.intersection(clip)
            # What was removed stands here until the next layout, and has lost its styles.
            if seen and widget.is_attached:
                self._take(widget, region, seen, in_front, chops, missing)
                in_front.append(seen)
        return chops

    def _take(
        self,
        widget: Widget,
        region: Region,
        seen: Region,
        in_front: Sequence[Region],
        chops: Chops,
        missing: Missing,
    ) -> None:
        """Fill in what a widget has of the missing pieces.

        Of a faded one whole words alone: what stands in front of it cuts through its lines.
        """
        left, right = seen.column_span
        rows = [
            y
            for y in seen.line_range
            if y in missing and any(left <= x < right for x in missing[y])
        ]
        is_faded = bool(rows) and widget.opacity < 1.0
        for first, end in _runs(rows):
            part = Region(left - region.x, first - region.y, seen.width, end - first)
            for y, strip in zip(range(first, end), widget.render_lines(part), strict=False):
                wanted = missing[y]
                inner = [cut for cut in self.cuts[y] if left <= cut <= right]
                if is_faded:
                    strip = whole_words(strip, [x - left for x in _edges(in_front, y)])
                pieces = strip.divide([cut - left for cut in inner[1:]])
                for x, piece in zip(inner, pieces, strict=False):
                    if x in wanted:
                        chops[y][x] = piece
                        wanted.discard(x)
                if not wanted:
                    del missing[y]


def _everything(cuts: Sequence[Sequence[int]]) -> Missing:
    return {y: set(row[:-1]) for y, row in enumerate(cuts) if len(row) > 1}


def _known(chop: dict[int, Strip | None]) -> list[Strip]:
    return [piece for piece in chop.values() if piece is not None]


def _edges(regions: Iterable[Region], y: int) -> Iterable[int]:
    """Return the columns where what covers a row begins and ends."""
    return (x for region in regions if region.y <= y < region.bottom for x in region.column_span)


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Return rows that stand one under the other as first and end."""
    runs: list[tuple[int, int]] = []
    for y in rows:
        if runs and runs[-1][1] == y:
            runs[-1] = (runs[-1][0], y + 1)
        else:
            runs.append((y, y + 1))
    return runs
