"""The screen under all others: the workspace itself."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from hermes_widgets.drawing.sparing_compositor import SparingCompositor


class BaseScreen(Screen[None]):
    """Draws what changed and no more."""

    # The toolkit's own screen draws itself whole at each move of the focus; the parts that
    # show where the keyboard is draw themselves already.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002  the toolkit's word
        super().__init__(id=id, classes=classes)
        self._compositor = SparingCompositor()


def fitting_class(cells: int, breakpoints: Sequence[tuple[int, str]]) -> str:
    """The class of the largest breakpoint that so many cells reach."""
    return max((least, name) for least, name in breakpoints if cells >= least)[1]
