"""Keeps the requests of one turn inside the window."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.compaction.compactor import Cause, Compactor
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.errors import ContextFull, ProviderError
from hermes_core.providers.base import ModelRequest

MAX_PER_TURN = 3
TIERS = (128_000, 64_000, 32_000, 16_000, 8_000)
"""Windows tried one after the other when a provider refuses without naming its own."""


class Room:
    """Made anew for each turn, which may shorten the conversation three times."""

    def __init__(
        self,
        compactor: Compactor,
        conversation: Conversation,
        estimate: Callable[[ModelRequest], int],
    ) -> None:
        self._compactor = compactor
        self._talk = conversation
        self._estimate = estimate
        self._used = 0

    async def fit(
        self, build: Callable[[], ModelRequest], *, cancel: TurnCancel
    ) -> tuple[ModelRequest, int]:
        """Return the request and its estimated tokens, the history shortened if it has to be.

        Args:
            build: Makes the request from the conversation as it then is.
            cancel: Of the turn.

        Raises:
            ContextFull: It does not fit, and nothing more can be left out.
            Cancelled: Interrupted while shortening.
        """
        request = build()
        tokens = self._estimate(request)
        is_over = tokens > self._compactor.limits.goal
        used = max(tokens, self._reported())
        if is_over or used >= self._compactor.trigger:
            cause: Cause = "window" if is_over else "threshold"
            if await self._shorten(cause, tokens, cancel, scale=used / max(1, tokens)):
                request = build()
                tokens = self._estimate(request)
        if tokens > self._compactor.limits.goal:
            raise self.full()
        return request, tokens

    async def after_refusal(self, error: ProviderError, tokens: int, *, cancel: TurnCancel) -> bool:
        """Shorten after the provider said the request was too long; False if that is no use.

        Args:
            error: What it said; a window it names is believed.
            tokens: The estimate of what was refused.
            cancel: Of the turn.
        """
        if error.reason in ("context_overflow", "long_context_tier"):
            self._narrow(error.window_tokens, tokens)
        return await self._shorten("provider", tokens, cancel, goal_tokens=tokens // 2)

    def full(self) -> ContextFull:
        """The refusal when nothing more can be left out."""
        runtime = self._talk.runtime
        if not self._compactor.is_enabled:
            hint = "Summaries are off (compression.enabled). Start a new conversation with /new."
        else:
            hint = "Start a new one with /new; this one stays and can be searched."
        return ContextFull(
            f"This conversation no longer fits the context window of {runtime.model} "
            f"({runtime.window_tokens:,} tokens).",
            hint=hint,
        )

    async def _shorten(
        self,
        cause: Cause,
        tokens: int,
        cancel: TurnCancel,
        *,
        goal_tokens: int | None = None,
        scale: float = 1.0,
    ) -> bool:
        if not self._compactor.is_enabled or self._used >= MAX_PER_TURN:
            return False
        fixed = max(0, tokens - self._compactor.tokens())
        outcome = await self._compactor.shorten(
            cause,
            fixed_tokens=math.ceil(fixed * scale),
            cancel=cancel,
            goal_tokens=goal_tokens,
            scale=scale,
        )
        self._used += outcome == "shortened"
        return outcome == "shortened"

    def _reported(self) -> int:
        """What the provider counted last, with an estimate of what has come since."""
        known, since = self._talk.last_prompt_tokens, 0
        if not known:
            return 0
        for message in reversed(self._talk.messages):
            since += self._compactor.measure(message)
            if message.role == "assistant":
                break  # the reply to what was counted
        return known + since

    def _narrow(self, named: int | None, tokens: int) -> None:
        """Believe the window the provider named, else the next smaller usual one."""
        runtime = self._talk.runtime
        if named is not None:
            window = named
        else:
            below = min(runtime.window_tokens, max(tokens, TIERS[-1] + 1))
            window = next((tier for tier in TIERS if tier < below), runtime.window_tokens)
        if 0 < window < runtime.window_tokens:
            self._talk.runtime = msgspec.structs.replace(runtime, window_tokens=window)
