"""The screen under all others: the workspace itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from textual.dom import DOMNode
from textual.geometry import Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from hermes_widgets.drawing.sparing_compositor import SparingCompositor

KEY_FRAME_S = 1 / 60
"""Least time between two frames of the focused part: a held key or a paste is no more."""
KEY_S = 0.012
"""How long everything else waits for what a pressed key changes."""
ANSWER_S = 0.06
"""How long after a key what changes is taken for an answer to it, and drawn without a tick."""
SETTLE_S = 0.05
"""Longest time for which the picture waits until everything has its place and its look."""
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
        self._held_until = 0.0
        """While it is above zero, nothing is drawn: the parts still find their places."""

    def _screen_resized(self, size: Size) -> None:
        """Lay out for another size, and draw once what follows from it.

        Parts tell in answer to their new size that they need another layout, up to three
        times; each time most of the screen was drawn, up to 33 ms later.
        """
        if self._held_until and size == self._compositor.size:
            return  # told by its own layout, which was for this size
        self.draw_once()
        super()._screen_resized(size)

    def draw_once(self) -> None:
        """Draw what changes from now on in one frame, once all that follows is done."""
        if self._drawn_at and self.is_current and not self._held_until:
            self._held_until = time.monotonic() + SETTLE_S
            asyncio.get_running_loop().call_soon(self._draw_once_settled)

    def _draw_once_settled(self) -> None:
        if not self.is_attached:
            return
        is_late = time.monotonic() >= self._held_until
        if (self._layout_required or self._callbacks) and (is_late or not self._has_mail()):
            super()._on_timer_update()
        if not is_late and self._is_moving():
            asyncio.get_running_loop().call_soon(self._draw_once_settled)
            return
        self._held_until = 0.0
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor_refresh()
        self.check_idle()

    def _is_moving(self) -> bool:
        """Whether a part that is seen, or the screen, still has something to take in."""
        return (
            bool(self._callbacks)
            or self._has_mail()
            or any(part._layout_required or part._repaint_required for part in self._seen_parts())
        )

    def _has_mail(self) -> bool:
        """Whether the program or a part that is seen has not handled all it was told."""
        return any(not part._message_queue.empty() for part in (self.app, *self._seen_parts()))

    def _seen_parts(self) -> tuple[Widget, ...]:
        return (self, *self._compositor.visible_widgets)

    def _update_focus_styles(
        self, focused: Widget | None = None, blurred: Widget | None = None
    ) -> None:
        """Style what looks another way while the keyboard is in it.

        The toolkit applies the rules to all its parts as well, and then once more to the one
        that has the keyboard: measured, a tenth of the time to open a pane.
        """
        inside: set[DOMNode] = set()
        for widget in (focused, blurred):
            around = reversed(widget.ancestors_with_self) if widget is not None else ()
            outermost = next((node for node in around if node._has_focus_within), None)
            if outermost is not None:
                inside.update(outermost.walk_children(with_self=True))
        asking = [node for node in inside if node._has_focus_within]
        self.app.stylesheet.update_nodes(asking, animate=True)
        for node in inside.difference(asking):
            node.notify_style_update()  # the colours behind it may be others

    def _compositor_refresh(self) -> None:
        if not self._held_until:
            super()._compositor_refresh()

    def on_idle(self) -> None:
        """Draw the focused part at once and alone if it changed, then what a key changed else.

        Both would wait for the toolkit's next tick, up to 33 ms after a frame; and a letter
        would then be drawn together with the answer that streams above it.
        """
        if self._must_wait():
            return
        focused, now = self.focused, time.monotonic()
        if focused in self._dirty_widgets:
            if now < self._focus_drawn_at + KEY_FRAME_S:
                return  # more keys than frames: the tick takes all that changed together
            self._focus_drawn_at = now
            others = self._dirty_widgets - {focused}
            self._compositor.update_widgets({focused})
            self._compositor_refresh()
            self._dirty_widgets |= others
        elif self._dirty_widgets and now < self._key_at() + ANSWER_S:
            self._on_timer_update()

    def _must_wait(self) -> bool:
        """Whether nothing can be drawn now without something else."""
        return (
            not self.is_current
            or bool(self._held_until)
            or bool(self.app._batch_count)
            or self._layout_required
            or self._scroll_required
            or self._repaint_required
        )

    def _on_timer_update(self) -> None:
        """Draw what changed, at the tick; at the next one if a key is on its way."""
        if self._held_until:
            return  # laid out and drawn in one go, see `_draw_once_settled`
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
