"""Who listens to a session, and what each listener is promised.

1. `subscribe(from_seq)` yields the stored events after `from_seq`, then one delta with
   all text so far of each open message and tool and how full the window is, then live
   events.
2. Stored events arrive in `seq` order, each exactly once, and only after they are
   committed: what a listener has seen survives a crash.
3. Deltas are merged, at most 30 a second for each stream, and never dropped: what a
   listener gets of a message adds up to its text.
4. A listener that falls behind is cut back to its last `seq` and reads on from the
   store. It never blocks the session or another listener.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeAlias

import msgspec

from hermes_core.events import (
    ContextGauge,
    CoreEvent,
    MessageDelta,
    MessageFinished,
    ReasoningDelta,
    ReasoningFinished,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
)

DELTA_INTERVAL_S = 1 / 30
MAX_QUEUED = 2_000
TOOL_TAIL_CHARS = 64 * 1024

Replay: TypeAlias = Callable[[int, int], Awaitable[list[CoreEvent]]]
"""Read the stored events with `after < seq <= upto`."""

_Delta: TypeAlias = MessageDelta | ReasoningDelta | ToolOutput


class OpenText:
    """The text so far of one open message, reasoning or tool."""

    __slots__ = ("dropped", "keep", "length", "parts", "sample")

    def __init__(self, sample: _Delta, keep: int | None) -> None:
        self.sample = sample
        self.parts: list[str] = []
        self.length = 0
        self.dropped = 0
        self.keep = keep

    def append(self, text: str) -> None:
        """Add text; with a limit only the tail is kept."""
        self.parts.append(text)
        self.length += len(text)
        if self.keep is not None and self.length - self.dropped > 2 * self.keep:
            tail = "".join(self.parts)[-self.keep :]
            self.dropped = self.length - len(tail)
            self.parts = [tail]

    def after(self, sent: int) -> str:
        """Return what follows the first `sent` characters, as far as it is kept."""
        whole = "".join(self.parts)
        self.parts = [whole]
        return whole[max(0, sent - self.dropped) :]


def delta_key(event: _Delta) -> tuple[str, str]:
    """Name the stream a delta belongs to."""
    if isinstance(event, ToolOutput):
        return ("tool", event.call_id)
    return ("message" if isinstance(event, MessageDelta) else "reasoning", event.message_id)


def delta_text(event: _Delta) -> str:
    """Return the text a delta adds."""
    return event.chunk if isinstance(event, ToolOutput) else event.text


def with_text(event: _Delta, text: str) -> _Delta:
    """Return the same delta with other text."""
    if isinstance(event, ToolOutput):
        return msgspec.structs.replace(event, chunk=text)
    return msgspec.structs.replace(event, text=text)


def is_delta(event: CoreEvent) -> bool:
    """Whether the event adds text to something open."""
    return isinstance(event, MessageDelta | ReasoningDelta | ToolOutput)


def merge(first: CoreEvent, second: CoreEvent) -> CoreEvent | None:
    """Return both as one delta if they belong to the same stream, else None."""
    if (
        isinstance(first, MessageDelta | ReasoningDelta | ToolOutput)
        and isinstance(second, MessageDelta | ReasoningDelta | ToolOutput)
        and type(first) is type(second)
        and delta_key(first) == delta_key(second)
    ):
        return with_text(first, delta_text(first) + delta_text(second))
    return None


def _closed_keys(event: CoreEvent) -> tuple[tuple[str, str], ...]:
    match event:
        case MessageFinished(message_id=mid):
            return (("message", mid), ("reasoning", mid))
        case ReasoningFinished(message_id=mid):
            return (("reasoning", mid),)
        case ToolFinished(call_id=cid) | ToolSkipped(call_id=cid):
            return (("tool", cid),)
        case _:
            return ()


class Hub:
    """Spreads committed and live events of one session."""

    def __init__(self, replay: Replay, *, published_seq: int = 0) -> None:
        self._replay = replay
        self._subscriptions: set[Subscription] = set()
        self.published_seq = published_seq
        """The last stored event listeners have been given."""
        self.open_texts: dict[tuple[str, str], OpenText] = {}
        self.gauge: ContextGauge | None = None
        """The newest one, for who listens later: it is told again only with the next request."""
        self.is_closed = False

    def publish(self, events: Iterable[CoreEvent]) -> None:
        """Hand out events in order; stored ones must be committed."""
        for event in events:
            if isinstance(event, MessageDelta | ReasoningDelta | ToolOutput):
                self._grow(event)
            else:
                for key in _closed_keys(event):
                    self.open_texts.pop(key, None)
                if isinstance(event.seq, int):
                    self.published_seq = event.seq
                if isinstance(event, ContextGauge):
                    self.gauge = event
            for subscription in self._subscriptions:
                subscription.put(event)

    def _grow(self, event: _Delta) -> None:
        key = delta_key(event)
        text = self.open_texts.get(key)
        if text is None:
            keep = TOOL_TAIL_CHARS if key[0] == "tool" else None
            text = self.open_texts[key] = OpenText(event, keep)
        text.append(delta_text(event))

    def subscribe(self, from_seq: int = 0) -> Subscription:
        """Start listening; iterate the result and close it when done."""
        subscription = Subscription(self, from_seq)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Stop a subscription; idempotent."""
        self._subscriptions.discard(subscription)

    async def stored(self, after: int, upto: int) -> list[CoreEvent]:
        """Read stored events with `after < seq <= upto`."""
        return await self._replay(after, upto) if upto > after else []

    def close(self) -> None:
        """End all iterators once they have given out what they hold."""
        self.is_closed = True
        for subscription in list(self._subscriptions):
            subscription.wake()


class Subscription:
    """One listener's bounded view of the stream. See the module's promises."""

    def __init__(self, hub: Hub, from_seq: int) -> None:
        self._hub = hub
        self._seq = from_seq
        self._queue: deque[CoreEvent] = deque()
        self._sent: dict[tuple[str, str], int] = {}
        self._wake = asyncio.Event()
        self._needs_sync = True
        self._last_delta_at = 0.0

    def put(self, event: CoreEvent) -> None:
        """Take an event without ever blocking."""
        if self._needs_sync:
            return
        queue = self._queue
        joined = merge(queue[-1], event) if queue else None
        if joined is not None:
            queue[-1] = joined
            return
        if len(queue) >= MAX_QUEUED:
            queue.clear()
            self._needs_sync = True
        else:
            queue.append(event)
        self._wake.set()

    def wake(self) -> None:
        """Look again whether there is something to do."""
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[CoreEvent]:
        return self._run()

    async def _run(self) -> AsyncIterator[CoreEvent]:
        try:
            while True:
                if self._needs_sync:
                    async for event in self._catch_up():
                        yield event
                    continue
                if not self._queue:
                    if self._hub.is_closed:
                        return
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                if is_delta(self._queue[0]) and await self._hold_back():
                    continue
                event = self._queue.popleft()
                self._note(event)
                yield event
        finally:
            self._hub.forget(self)

    async def _catch_up(self) -> AsyncIterator[CoreEvent]:
        upto = self._hub.published_seq
        snapshot = [
            (key, text.sample, text.after(self._sent.get(key, 0)), text.length)
            for key, text in self._hub.open_texts.items()
        ]
        gauge = self._hub.gauge
        self._needs_sync = False  # from here on live events queue up behind the catch-up
        for event in await self._hub.stored(self._seq, upto):
            self._note(event)
            yield event
        for key, sample, text, length in snapshot:
            if text:
                self._sent[key] = length
                yield with_text(sample, text)
        if gauge is not None:
            yield gauge

    async def _hold_back(self) -> bool:
        """Wait until the next delta is due; True if the queue must be looked at again."""
        loop = asyncio.get_running_loop()
        due = self._last_delta_at + DELTA_INTERVAL_S - loop.time()
        if due <= 0 or len(self._queue) > 1 or self._hub.is_closed:
            self._last_delta_at = loop.time()
            return False
        self._wake.clear()
        try:
            async with asyncio.timeout(due):
                await self._wake.wait()
        except TimeoutError:
            self._last_delta_at = loop.time()
            return self._needs_sync or not self._queue
        return True

    def _note(self, event: CoreEvent) -> None:
        if isinstance(event, MessageDelta | ReasoningDelta | ToolOutput):
            key = delta_key(event)
            self._sent[key] = self._sent.get(key, 0) + len(delta_text(event))
            return
        for key in _closed_keys(event):
            self._sent.pop(key, None)
        if isinstance(event.seq, int):
            self._seq = event.seq
