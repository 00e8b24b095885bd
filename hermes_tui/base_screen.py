"""The screen under all others: the workspace itself."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget


class BaseScreen(Screen[None]):
    """Draws what changed when the keyboard moves, not every cell.

    The toolkit's own screen draws itself whole at each move of the focus; the parts that
    show where the keyboard is draw themselves already.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)


def fitting_class(cells: int, breakpoints: Sequence[tuple[int, str]]) -> str:
    """The class of the largest breakpoint that so many cells reach."""
    return max((least, name) for least, name in breakpoints if cells >= least)[1]
