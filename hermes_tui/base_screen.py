"""The screen under all others: the workspace itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from hermes_widgets.drawing.sparing_compositor import SparingCompositor

KEY_FRAME_S = 1 / 60
"""Least time between two frames of the focused part: a held key or a paste is no more."""
KEY_S = 0.012
"""How long everything else waits for what a pressed key changes."""
LONGEST_WAIT_S = 0.1
"""Time after which everything is drawn although somebody types."""


class BaseScreen(Screen[None]):
    """Draws what changed and no more, and what holds the keyboard before all else.

    Args:
        key_at: Tells when the last key came from the terminal, in seconds of the steady clock.
    """

    # The toolkit's own screen draws itself whole at each move of the focus; the parts that
    # show where the keyboard is draw themselves already.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(
        self,
        *,
        id: str,  # noqa: A002  the toolkit's word
        classes: str,
        key_at: Callable[[], float],
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._compositor = SparingCompositor()
        self._key_at = key_at
        self._focus_drawn_at = 0.0
        self._drawn_at = 0.0

    def _update_focus_styles(
        self, focused: Widget | None = None, blurred: Widget | None = None
    ) -> None:
        """Style what shows that the keyboard is within it, and nothing below it.

        No rule of ours asks of a part whether the keyboard is within one around it; the
        toolkit styles all that is there anew, a text field with its twenty kinds of cells.
        """
        around = (
            next(
                (node for node in reversed(one.ancestors_with_self) if node._has_focus_within), None
            )
            for one in (focused, blurred)
            if one is not None
        )
        nodes = {node for node in around if node is not None}
        if nodes:
            self.app.stylesheet.update_nodes(nodes, animate=True)

    def on_idle(self) -> None:
        """Draw the focused part at once and alone if it changed.

        A letter would wait for the toolkit's next tick, up to 33 ms after a frame, and
        then be drawn together with the answer that streams above it.
        """
        focused = self.focused
        if focused is None or focused not in self._dirty_widgets or self._must_wait():
            return
        self._focus_drawn_at = time.monotonic()
        others = self._dirty_widgets - {focused}
        self._compositor.update_widgets({focused})
        self._compositor_refresh()
        self._dirty_widgets |= others

    def _must_wait(self) -> bool:
        """Whether the focused part cannot be drawn alone, or was a moment ago."""
        return (
            not self.is_current
            or bool(self.app._batch_count)
            or self._layout_required
            or self._scroll_required
            or self._repaint_required
            or time.monotonic() < self._focus_drawn_at + KEY_FRAME_S
        )

    def _on_timer_update(self) -> None:
        """Draw what changed, at the tick; at the next one if a key is on its way."""
        now, key_at = time.monotonic(), self._key_at()
        if self._focus_drawn_at < key_at and now < min(
            key_at + KEY_S, self._drawn_at + LONGEST_WAIT_S
        ):
            return
        self._drawn_at = now
        super()._on_timer_update()


def fitting_class(cells: int, breakpoints: Sequence[tuple[int, str]]) -> str:
    """The class of the largest breakpoint that so many cells reach."""
    return max((least, name) for least, name in breakpoints if cells >= least)[1]
