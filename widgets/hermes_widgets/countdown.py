"""The last seconds of a request that ends by itself."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

SHOWN_S = 15.0
"""Only the last seconds are counted: a number that changes all the time is a nuisance."""


class Countdown:
    """Draws a card again each second, but only near its end.

    Args:
        card: What counts down.
        draw: Brings its texts up to date.
        wall_clock: Seconds since the epoch.
    """

    def __init__(
        self, card: Widget, draw: Callable[[], None], wall_clock: Callable[[], float]
    ) -> None:
        self._card = card
        self._draw = draw
        self._wall_clock = wall_clock
        self._ends_at: float | None = None
        self._timer: Timer | None = None

    @property
    def shown_s(self) -> int | None:
        """Whole seconds that are left, if they are to be shown."""
        if self._ends_at is None:
            return None
        rest = self._ends_at - self._wall_clock()
        return max(round(rest), 0) if rest <= SHOWN_S else None

    def until(self, ends_at: float | None) -> None:
        """Count down to this moment from now on; None never ends. The card is mounted."""
        self._ends_at = ends_at
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if ends_at is not None:
            rest = ends_at - self._wall_clock() - SHOWN_S
            self._timer = self._card.set_timer(max(rest, 0.01), self._begin)
        self._draw()

    def _begin(self) -> None:
        pace_s = 5.0 if self._card.app.animation_level == "none" else 1.0
        self._timer = self._card.set_interval(pace_s, self._draw)
        self._draw()
