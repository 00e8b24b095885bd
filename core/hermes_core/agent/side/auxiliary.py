"""Asking a model on the side: summaries, titles. Counted, tagged, and never fatal.

A task has routes: the model the settings name for it, then the conversation's own.
Each is tried a few times; what fails in the end is for the caller to do without.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec
from msgspec import Struct

from hermes_core.agent.clock import Clock
from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.inline_reasoning import InlineReasoning
from hermes_core.agent.turns.model_call import TOO_LONG
from hermes_core.errors import HermesError, ProviderError
from hermes_core.events import Notice, RequestFailed, RequestFinished, RequestStarted
from hermes_core.messages import Runtime, Usage
from hermes_core.providers.base import Model, ModelRequest, StreamEnd, TextDelta, UsageReport
from hermes_core.providers.facts.fast_mode import cost_at_speed
from hermes_core.providers.facts.pricing import Cost, Price, unpriced, usd

BACKOFF_BASE_S = 2.0
BACKOFF_CAP_S = 20.0

_log = logging.getLogger(__name__)


class AuxiliaryFailed(HermesError):
    """No model did the side job."""


class Route(Struct, frozen=True, kw_only=True):
    """One way to get a side job done."""

    open_model: Callable[[], Model]
    """Raises HermesError where it cannot be reached at all."""
    runtime: Runtime
    timeout_s: float
    is_named: bool = False
    """The settings name it for this task; the person hears once when it fails."""


MakeRequest = Callable[[Runtime, int], ModelRequest]
"""The request for a runtime, its material halved so many times to fit. Runs in a thread."""


class Auxiliary:
    """The side jobs of one session."""

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Clock,
        routes: Callable[[str], Sequence[Route]],
        estimate: Callable[[ModelRequest], int],
        price: Price = unpriced,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._price = price
        self._journal = journal
        self._clock = clock
        self._routes = routes
        self._estimate = estimate
        self._warned: set[str] = set()

    async def ask(self, task: str, make: MakeRequest, *, attempts: int = 1) -> str:
        """Return the answer's text, without thinking, never empty.

        Args:
            task: Names the job in settings, events and usage.
            make: The request; asked anew for each route and after each overflow.
            attempts: Tries for each route, above 0.

        Raises:
            AuxiliaryFailed: No route worked, or there is none.
        """
        problem = "there is no model for it"
        for route in self._routes(task):
            try:
                return await self._follow(route, task, make, attempts)
            except HermesError as error:
                problem = str(error)
                _log.info("side job %s failed: %s", task, error)
                if route.is_named:
                    self._warn(task, route, problem)
        raise AuxiliaryFailed(problem)

    async def _follow(self, route: Route, task: str, make: MakeRequest, attempts: int) -> str:
        halvings = 0
        for attempt in range(1, attempts + 1):
            made = await asyncio.to_thread(make, route.runtime, halvings)
            request = msgspec.structs.replace(
                made, purpose=task, session_id=self._journal.session_id
            )
            try:
                return await self._once(route, request, attempt)
            except ProviderError as error:
                is_too_long = error.reason in TOO_LONG
                may_retry = attempt < attempts and (error.retryable or is_too_long)
                self._failed(error, task, will_retry=may_retry)
                if not may_retry:
                    raise
                if is_too_long:
                    halvings += 1
                else:
                    await self._clock.sleep(_delay_s(error, attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, route: Route, request: ModelRequest, attempt: int) -> str:
        est_tokens = self._estimate(request)
        refusal = self._budget and self._budget.refusal(request.runtime, est_tokens)
        if refusal:
            raise AuxiliaryFailed(refusal)
        model = route.open_model()
        started = self._clock.monotonic()
        self._journal.emit(
            RequestStarted(
                attempt=attempt,
                provider=request.runtime.provider,
                model=request.runtime.model,
                est_tokens=est_tokens,
                purpose=request.purpose,
            )
        )
        try:
            async with asyncio.timeout(route.timeout_s):
                text, usage = await _read(model, request)
        except TimeoutError as error:
            # a model too slow once is too slow again: the next route is asked at once
            raise ProviderError(
                f"No answer within {route.timeout_s:.0f} s.", reason="timeout"
            ) from error
        runtime = request.runtime
        cost = self._price(usage, runtime) if usage.total_tokens else Cost()
        cost = cost_at_speed(cost, runtime, request.service_tier)
        usage = msgspec.structs.replace(usage, requests=1)
        self._journal.count(usage, cost)
        if not text.strip():
            raise ProviderError("The model returned no text.", reason="malformed", retryable=True)
        self._journal.emit(
            RequestFinished(
                usage=usage,
                latency_s=round(self._clock.monotonic() - started, 3),
                purpose=request.purpose,
                provider=runtime.provider,
                model=runtime.model,
                cost_usd=usd(cost),
                cost_status=cost.status,
            )
        )
        return text.strip()

    def _failed(self, error: ProviderError, task: str, *, will_retry: bool) -> None:
        self._journal.emit(
            RequestFailed(
                reason=error.reason,
                status=error.status,
                retryable=error.retryable,
                next_action="retry" if will_retry else "stop",
                message=str(error)[:1_000],
                hint=error.hint[:500],
                purpose=task,
            )
        )

    def _warn(self, task: str, route: Route, problem: str) -> None:
        if task in self._warned:
            return
        self._warned.add(task)
        text = (
            f"{route.runtime.model} via {route.runtime.provider}, set for {task}, does not "
            f"answer ({problem.rstrip('.')}); the conversation's own model does it."
        )
        self._journal.emit(Notice(level="warn", code="auxiliary_failed", text=text))


async def _read(model: Model, request: ModelRequest) -> tuple[str, Usage]:
    """Return the whole answer and what it took."""
    inline, parts, usage, is_complete = InlineReasoning(), [], Usage(), False
    stream = model.stream(request)
    async with aclosing(stream):  # type: ignore[type-var]  # every stream is a generator
        async for part in stream:
            match part:
                case TextDelta(text=text):
                    parts += inline.feed(text)
                case UsageReport(usage=reported):
                    usage = reported
                case StreamEnd():
                    is_complete = True
                case _:
                    pass  # thinking and calls are nothing for a side job
    if not is_complete:
        raise ProviderError(
            "The answer ended without its finish mark.", reason="cut_stream", retryable=True
        )
    parts += inline.finish()
    return "".join(piece.text for piece in parts if piece.kind == "text"), usage


def _delay_s(error: ProviderError, attempt: int) -> float:
    if error.retry_after_s is not None:
        return min(max(error.retry_after_s, 0.0), BACKOFF_CAP_S)
    return float(min(BACKOFF_BASE_S * 2 ** (attempt - 1), BACKOFF_CAP_S))
