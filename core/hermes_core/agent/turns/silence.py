"""When a model that says nothing counts as dead, and when another one is asked instead."""

from __future__ import annotations

from msgspec import Struct

from hermes_core.agent.turns.route import ModelRoute
from hermes_core.errors import ProviderError

MOST_STALLS = 2
"""Silences of one model in a row before another one is asked."""


class StreamStalled(ProviderError):
    """The model has gone silent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"No response from the model for {seconds:.0f} s.",
            reason="timeout",
            retryable=True,
            hint="The provider may be overloaded; try again or switch with /model.",
        )


class StallLimits(Struct, frozen=True):
    """After how many silent seconds a stream counts as dead; 0 turns the watch off."""

    silent_s: float = 180.0
    above_50k_tokens_s: float = 240.0
    above_100k_tokens_s: float = 300.0

    def for_tokens(self, tokens: int) -> float:
        """Return the limit for a request of that estimated size."""
        if not self.silent_s:
            return 0.0
        if tokens > 100_000:
            return max(self.silent_s, self.above_100k_tokens_s)
        if tokens > 50_000:
            return max(self.silent_s, self.above_50k_tokens_s)
        return self.silent_s


WHOLE_REPLY = StallLimits(300.0, 450.0, 600.0)
"""For replies that do not come in pieces."""


class Stalls:
    """Counts the silences since the last answer."""

    def __init__(self) -> None:
        self._count = 0
        self._last: StreamStalled | None = None

    def happened(self, seconds: float) -> StreamStalled:
        """Count one more and return its error."""
        self._count += 1
        self._last = StreamStalled(seconds)
        return self._last

    def ended(self) -> None:
        """The model answered."""
        self._count = 0

    def give_up(self, route: ModelRoute) -> StreamStalled | None:
        """The error to end with if another model should answer; the count then begins anew."""
        if self._count < MOST_STALLS or self._last is None or not route.has_fallback(self._last):
            return None
        self._count = 0
        return self._last
