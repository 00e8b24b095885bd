"""When a conversation is summarised, and how much of it stays as it is. In tokens."""

from __future__ import annotations

from msgspec import Struct

from hermes_core.agent.turns.reply_policy import reply_reserve
from hermes_core.config.agent_settings import CompressionSettings

LEAST_THRESHOLD_TOKENS = 64_000
"""Below this a summary loses more than it saves, whatever share is set."""
MOST_OF_WINDOW = 0.85
"""In a window too small for that floor, this share begins it."""
RATIO_RANGE = (0.10, 0.80)
HEAD_SHARE = 0.10
"""The opening messages stay only while they take no more of the window."""
LEAST_SUMMARY_TOKENS, MOST_SUMMARY_TOKENS = 2_000, 12_000
SUMMARY_SHARE, SUMMARY_WINDOW_SHARE = 0.20, 0.05


class Limits(Struct, frozen=True, kw_only=True):
    """The numbers of one window."""

    window: int
    """Prompt and reply together."""
    threshold: int
    """A prompt of this size starts it."""
    goal: int
    """The most a prompt may take afterwards; the rest is for the reply."""
    tail: int
    """The newest messages kept, while there are more than `keep_last` of them."""
    head: int
    """The most the opening messages may take to be kept."""
    keep_last: int
    """The least number of newest messages kept, if they take at most half the window."""

    def summary_target(self, middle_tokens: int) -> int:
        """How long the summary of so many tokens should be; twice that is its limit."""
        wanted = max(LEAST_SUMMARY_TOKENS, int(middle_tokens * SUMMARY_SHARE))
        return min(wanted, MOST_SUMMARY_TOKENS, max(200, int(self.window * SUMMARY_WINDOW_SHARE)))


def limits_for(settings: CompressionSettings, window_tokens: int) -> Limits:
    """Return the numbers for a window.

    The threshold is the set share of the window but at least 64,000 tokens; where the
    window is too small for that, 85 % of it (or the set share, if that is more).
    """
    goal = window_tokens - reply_reserve(window_tokens)
    wanted = max(int(settings.threshold * window_tokens), LEAST_THRESHOLD_TOKENS)
    most = int(max(MOST_OF_WINDOW, settings.threshold) * window_tokens)
    threshold = min(wanted, most, goal)
    low, high = RATIO_RANGE
    return Limits(
        window=window_tokens,
        threshold=threshold,
        goal=goal,
        tail=int(threshold * min(high, max(low, settings.target_ratio))),
        head=int(window_tokens * HEAD_SHARE),
        keep_last=settings.protect_last_n,
    )
