"""One request to the model, with everything that can go wrong on the way.

The same bytes are sent again only while nothing has been shown, after errors the
provider record calls retryable, at most `MAX_ATTEMPTS` times a key, with a visible,
interruptible countdown; where the connection was at fault once more over a client of
its own connections. A stream that breaks after text was shown is never
repeated: it comes back as a *cut* answer and the turn decides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.clock import Clock
from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.answer import Answer
from hermes_core.agent.turns.history import without_opaque
from hermes_core.agent.turns.request_dumps import RequestDumps
from hermes_core.agent.turns.route import ModelRoute
from hermes_core.agent.turns.silence import StallLimits, Stalls, StreamStalled
from hermes_core.errors import Cancelled, ProviderError
from hermes_core.events import (
    RequestFailed,
    RequestFinished,
    RequestStalled,
    RequestStarted,
    RequestWaiting,
)
from hermes_core.messages import Usage
from hermes_core.providers.base import Model, ModelRequest
from hermes_core.providers.facts.fast_mode import cost_at_speed
from hermes_core.providers.facts.pricing import Cost, Price, unpriced, usd

MAX_ATTEMPTS = 3
BACKOFF_BASE_S = 2.0
BACKOFF_CAP_S = 60.0
MALFORMED_BASE_S = 5.0
MALFORMED_CAP_S = 120.0
RETRY_AFTER_CAP_S = 120.0
RECONNECT_BASE_S = 3.0
RECONNECT_SPREAD_S = 5.0
"""Before the one attempt over new connections: at least, and at random on top."""

FALLBACK_ATTEMPTS = {"rate_limit": 2, "malformed": 1}
"""Attempts at a model that another one stands behind, by reason of the failure."""

TOO_LONG = ("context_overflow", "payload_too_large", "long_context_tier")
"""Reasons that a shorter history may mend."""
_TRANSPORT = {"connection", "timeout", "cut_stream"}
_BROKEN_STREAM = {"cut_stream", "connection", "timeout", "malformed", "server_error", "overloaded"}

_log = logging.getLogger(__name__)


class _Tries:
    """How often one request was sent."""

    count = 0
    """With the key that is used now."""
    reconnected = False
    """The one attempt over new connections was made."""


class Steer:
    """Says that the person has sent a message that should go in now."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether a message waits."""
        return self._event.is_set()

    def set(self) -> None:
        """A message waits."""
        self._event.set()

    def clear(self) -> None:
        """The waiting messages went in."""
        self._event.clear()

    async def wait(self) -> None:
        """Return when a message waits."""
        await self._event.wait()


class ModelCaller:
    """Asks the model and brings back an `Answer` whose message is still open.

    Args:
        journal: Where events go.
        clock: Times waits.
        stall: When silence counts as an end, asked before each request.
        new_id: Names messages.
        price: What tokens cost.
        budget: What the conversation may take.
        reconnects: How often a request is sent again that was lost with its connection.
        dumps: Writes requests down.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Clock,
        stall: Callable[[], StallLimits],
        new_id: Callable[[], str],
        price: Price = unpriced,
        budget: Budget | None = None,
        reconnects: int = MAX_ATTEMPTS - 1,
        dumps: RequestDumps | None = None,
    ) -> None:
        self._journal = journal
        self._price = price
        self._budget = budget
        self._reconnects = reconnects
        self._dumps = dumps
        self._clock = clock
        self._stall = stall
        self._new_id = new_id
        self._stalls = Stalls()

    async def ask(
        self,
        route: ModelRoute,
        request: ModelRequest,
        *,
        cancel: TurnCancel,
        steer: Steer,
        est_tokens: int = 0,
        used_call_ids: set[str] | None = None,
        continues: Answer | None = None,
    ) -> Answer:
        """Send the request until it works or nothing more can be done.

        Args:
            route: Whom to ask; attempts are counted anew for each key.
            request: What to ask.
            cancel: Aborts the request.
            steer: Cuts the reply short.
            est_tokens: Size of the request, for the watchdog and the events.
            used_call_ids: See `Answer`.
            continues: An answer the output limit stopped; its message goes on. If the
                request fails the message stays open, for the caller to close.

        Returns:
            The answer. Its `ending` says whether it is `complete`, `cut` (the
            connection broke after text was shown) or `steered`.

        Raises:
            LimitReached: It may take more than the conversation may.
            ProviderError: Nothing was shown and no attempt is left.
            Cancelled: The turn was interrupted.
        """
        if self._budget is not None:
            await self._budget.allow(request.runtime, est_tokens, cancel)
        silent = self._stalls.give_up(route)
        if silent is not None:
            raise silent
        tries = _Tries()
        while True:
            tries.count += 1
            self._journal.emit(
                RequestStarted(
                    attempt=tries.count,
                    provider=request.runtime.provider,
                    model=request.runtime.model,
                    est_tokens=est_tokens,
                )
            )
            answer = Answer(
                self._journal, self._new_id(), used_call_ids=used_call_ids, continues=continues
            )
            if self._dumps is not None:
                await self._dumps.asked(route.model, request, tries.count)
            try:
                done = await self._once(route.model, request, answer, cancel, steer, est_tokens)
                await route.answered()
                self._stalls.ended()
                return done
            except ProviderError as error:
                has_grown = answer.shown and (continues is None or answer.text != continues.text)
                if has_grown and (continues is not None or error.reason in _BROKEN_STREAM):
                    self._report(error, "continue")
                    answer.end_stream()
                    answer.retract_calls("lost")
                    answer.ending = "cut"
                    return answer
                answer.end_stream()
                if continues is None:
                    answer.close(state="discarded", reason=error.reason)
                answer.retract_calls("lost")
                try:
                    request, seconds = await self._again(route, request, error, tries)
                except ProviderError:
                    if self._dumps is not None and error.reason not in TOO_LONG:
                        await self._dumps.failed(route.model, request, tries.count, error)
                    raise
                if await self._wait(error, seconds, tries.count, cancel, steer):
                    answer.ending = "steered"
                    return answer

    async def _again(
        self, route: ModelRoute, request: ModelRequest, error: ProviderError, tries: _Tries
    ) -> tuple[ModelRequest, float]:
        """What to send next, and after how many seconds.

        Raises:
            ProviderError: Nothing is left to try; mostly the error itself.
        """
        if await route.other_key(error):
            self._report(error, "retry")
            tries.count = 0
            return request, 0.0
        lighter = _without_refused(request, error)
        if lighter != request and tries.count < MAX_ATTEMPTS:
            self._report(error, "retry")
            return lighter, 0.0
        falls_back = route.has_fallback(error)
        silent = self._stalls.give_up(route)
        if silent is not None:
            self._report(error, "fallback")
            raise silent from error
        patience = _patience(error) if falls_back else MAX_ATTEMPTS
        if _is_transport(error):
            patience = 1 + self._reconnects
        if error.retryable and tries.count < patience:
            self._report(error, "retry")
            return request, self._delay(error, tries.count)
        if _is_transport(error) and not tries.reconnected and await route.reconnect():
            tries.reconnected = True
            self._report(error, "retry")
            return request, RECONNECT_BASE_S + RECONNECT_SPREAD_S * self._clock.jitter()
        self._report(error, _after(error, falls_back=falls_back))
        raise error

    async def _once(
        self,
        model: Model,
        request: ModelRequest,
        answer: Answer,
        cancel: TurnCancel,
        steer: Steer,
        est_tokens: int,
    ) -> Answer:
        started = self._clock.monotonic()
        reader = asyncio.create_task(_read(model, request, answer), name="model stream")
        interrupted = asyncio.create_task(cancel.wait())
        steered = asyncio.create_task(steer.wait())
        try:
            await self._watch(reader, interrupted, steered, answer, est_tokens)
            if reader.done() and not cancel.is_set:
                reader.result()
                answer.end_stream()
                self._finished(answer, started, request)
                return answer
            await _stop(reader)
            if cancel.is_set:
                answer.close(state="truncated", reason="interrupted")
                answer.retract_calls("interrupt")
                raise Cancelled
            answer.end_stream()
            answer.retract_calls("steer")
            answer.ending = "steered"
            return answer
        finally:
            for task in (reader, interrupted, steered):
                task.cancel()
            await asyncio.gather(interrupted, steered, return_exceptions=True)

    async def _watch(
        self,
        reader: asyncio.Task[None],
        interrupted: asyncio.Task[None],
        steered: asyncio.Task[None],
        answer: Answer,
        est_tokens: int,
    ) -> None:
        """Return when something ended; raise if the stream has gone silent."""
        limit = self._stall().for_tokens(est_tokens) or None
        seen = -1
        while True:
            done, _ = await asyncio.wait(
                {reader, interrupted, steered},
                timeout=limit,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done:
                return
            if answer.parts_seen == seen or (seen < 0 and answer.parts_seen == 0):
                assert limit is not None
                await _stop(reader)
                self._journal.emit(RequestStalled(idle_seconds=limit, action="retry"))
                raise self._stalls.happened(limit)
            seen = answer.parts_seen

    def _finished(self, answer: Answer, started: float, request: ModelRequest) -> None:
        runtime = request.runtime
        # Without a report nobody knows what it took, so nobody knows what it cost.
        cost = self._price(answer.usage, runtime) if answer.usage else Cost()
        answer.cost = cost_at_speed(cost, runtime, request.service_tier)
        usage = msgspec.structs.replace(answer.usage or Usage(), requests=1)
        answer.usage = usage
        self._journal.count(usage, answer.cost)
        self._journal.emit(
            RequestFinished(
                usage=usage,
                latency_s=round(self._clock.monotonic() - started, 3),
                purpose=request.purpose,
                provider=runtime.provider,
                model=runtime.model,
                cost_usd=usd(answer.cost),
                cost_status=answer.cost.status,
            )
        )

    def _report(self, error: ProviderError, action: str) -> None:
        _log.warning("model request failed (%s): %s", error.reason, error)
        self._journal.emit(
            RequestFailed(
                reason=error.reason,
                status=error.status,
                retryable=error.retryable,
                next_action=action,  # type: ignore[arg-type]  # one of the event's words
                message=str(error)[:1_000],
                hint=error.hint[:500],
            )
        )

    async def _wait(
        self, error: ProviderError, seconds: float, attempt: int, cancel: TurnCancel, steer: Steer
    ) -> bool:
        """Count down to the next attempt; True if the person's message cut it short."""
        until = self._clock.time() + seconds
        while (left := until - self._clock.time()) > 0:
            self._journal.emit(
                RequestWaiting(
                    reason=error.reason,
                    seconds=round(left, 1),
                    until=until,
                    attempt=attempt,
                    max_attempts=max(MAX_ATTEMPTS, attempt + 1),
                )
            )
            await _first(self._clock.sleep(min(1.0, left)), cancel.wait(), steer.wait())
            cancel.raise_if_set()
            if steer.is_set:
                return True
        return False

    def _delay(self, error: ProviderError, attempt: int) -> float:
        if error.retry_after_s is not None:
            return min(max(error.retry_after_s, 0.0), RETRY_AFTER_CAP_S)
        malformed = error.reason == "malformed"
        base = MALFORMED_BASE_S if malformed else BACKOFF_BASE_S
        cap = MALFORMED_CAP_S if malformed else BACKOFF_CAP_S
        return float(min(base * 2 ** (attempt - 1), cap) * (1 + 0.5 * self._clock.jitter()))


def _is_transport(error: ProviderError) -> bool:
    """Whether no answer came because of the connection, as far as anybody can tell.

    A model that is silent over a connection that stands is another matter.
    """
    is_silent = isinstance(error, StreamStalled)
    return error.retryable and error.status is None and error.reason in _TRANSPORT and not is_silent


def _patience(error: ProviderError) -> int:
    """Attempts at a model that another one stands behind."""
    if error.retry_after_s is not None and error.retry_after_s > RETRY_AFTER_CAP_S:
        return 1  # it says itself that it will not answer in time
    return FALLBACK_ATTEMPTS.get(error.reason, MAX_ATTEMPTS)


def _after(error: ProviderError, *, falls_back: bool) -> str:
    """What follows when no attempt is left."""
    if error.reason in TOO_LONG:
        return "compress"
    return "fallback" if falls_back else "stop"


def _without_refused(request: ModelRequest, error: ProviderError) -> ModelRequest:
    """The request without the earlier thinking that was refused, if that is the reason."""
    if error.reason != "thinking_signature":
        return request
    return msgspec.structs.replace(request, messages=without_opaque(request.messages))


async def _read(model: Model, request: ModelRequest, answer: Answer) -> None:
    stream = model.stream(request)
    async with aclosing(stream):  # type: ignore[type-var]  # every stream is a generator
        async for part in stream:
            answer.take(part)
    if answer.finish_reason is None:
        raise ProviderError(
            "The model's reply ended without its finish mark.",
            reason="cut_stream",
            retryable=True,
        )


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=0.3)


async def _first(*waits: Coroutine[Any, Any, None]) -> None:
    """Return when the first of several coroutines has ended; cancel the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
