"""All changes to files, one file under the other, gone through hunk by hunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.strip import Strip

from hermes_core.events import FileDiff
from hermes_widgets.blocks.diff_view import diff_rows
from hermes_widgets.drawing.foreign import one_line
from hermes_widgets.drawing.pens import Pen
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import fit_left
from hermes_widgets.paging.page_view import PageView


class ChangesView(PageView):
    """Shows changes; one column or two, chosen by room or by key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "hunk(1)", "Next change", show=False, id="diff.next-hunk"),
        Binding("p,N", "hunk(-1)", "Change before", show=False, id="diff.previous-hunk"),
        Binding(
            "right_square_bracket,tab", "file(1)", "Next file", show=False, id="diff.next-file"
        ),
        Binding(
            "left_square_bracket,shift+tab",
            "file(-1)",
            "File before",
            show=False,
            id="diff.previous-file",
        ),
        Binding("s", "toggle_split", "One column or two", show=False, id="diff.split"),
    ]

    def __init__(self, diffs: Sequence[FileDiff], *, split: bool | None = None) -> None:
        super().__init__()
        self._diffs = tuple(diffs)
        self._split = split
        self._rows: list[Row] = []
        self._files: list[int] = []
        """Rows of the headings."""
        self._hunks: list[int] = []
        """Rows at which changed lines begin."""
        self._is_split = False

    @property
    def is_split(self) -> bool:
        """Whether old and new stand side by side."""
        return self._is_split

    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def draw_row(self, number: int) -> Strip:
        """One row of a change."""
        return self._rows[number].strip

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        sheet = self.make_sheet()
        self._rows, self._files, self._hunks = [], [], []
        wide = (sheet.text_width - 1) // 2 >= 48
        self._is_split = wide if self._split is None else self._split
        for diff in self._diffs:
            if self._rows:
                self._rows.append(sheet.blank)
            self._files.append(len(self._rows))
            self._rows.append(_heading(diff, sheet))
            self._add(diff_rows(diff, sheet, split=self._is_split, thread=False))
        self.measure()

    def _add(self, rows: list[Row]) -> None:
        was_changed = False
        for row in rows:
            if row.action == "changed" and not was_changed:
                self._hunks.append(len(self._rows))
            was_changed = row.action == "changed"
            self._rows.append(row)

    def action_hunk(self, step: int) -> None:
        """Go to the next or the former change."""
        self._step(self._hunks, step, above=2)

    def action_file(self, step: int) -> None:
        """Go to the next or the former file."""
        self._step(self._files, step, above=0)

    def _step(self, places: list[int], step: int, *, above: int) -> None:
        """Go to the next place, `above` rows of what stands before it in view."""
        tops = [max(0, place - above) for place in places]
        now = self.top
        if step > 0:
            target = next((top for top in tops if top > now), None)
        else:
            target = next((top for top in reversed(tops) if top < now), None)
        if target is not None:
            self.go(target)

    def action_toggle_split(self) -> None:
        """Show one column, or old and new side by side."""
        share = self.top / max(1, len(self._rows))
        self._split = not self._is_split
        self._lay_out()
        self.go(round(share * len(self._rows)))


def _heading(diff: FileDiff, sheet: Sheet) -> Row:
    counts = f"+{diff.added} {sheet.glyphs.minus}{diff.removed}"
    path = fit_left(one_line(diff.path), sheet.text_width - cell_len(counts) - 2)
    room = sheet.text_width - cell_len(path) - cell_len(counts)
    return sheet.row([(path, Pen("text", bold=True)), (" " * max(2, room) + counts, Pen("faint"))])
