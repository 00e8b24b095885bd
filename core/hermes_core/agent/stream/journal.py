"""One ordered way out of the engine: stamp, commit, then tell.

The engine emits events and records messages without waiting. A pump takes all that
has gathered, writes it in one transaction and only then publishes it. `flush`
returns when everything emitted before it is on disk and handed out.

A store that fails never fails the turn: the person is told once, the conversation
goes on unsaved, and what could not be written is kept for replay in memory, tried
again every few seconds and written with the first commit that works. A number once
given out is always used: an event whose own write failed is replaced by a remark.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from hermes_core.agent.clock import Clock
from hermes_core.agent.stream.event_shape import presentable
from hermes_core.agent.stream.hub import Hub, merge
from hermes_core.errors import StoreError
from hermes_core.events import CoreEvent, Notice
from hermes_core.messages import Message, Usage
from hermes_core.providers.facts.pricing import Cost, total_cost, usd

UNKNOWN_COST = Cost()
RETRY_S = 5.0
"""After a failed commit the store is left alone this long, so that nothing waits for it."""

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The part of the store a session writes through."""

    async def commit(
        self,
        session_id: str,
        *,
        messages: Sequence[Message] = (),
        events: Sequence[CoreEvent] = (),
        usage: Usage | None = None,
        cost_usd: float | None = None,
        cost_status: str = "",
        patch: Mapping[str, object] | None = None,
    ) -> None:
        """Write all of it in one transaction."""
        ...

    async def events(
        self, session_id: str, *, after_seq: int = 0, limit: int | None = None
    ) -> list[CoreEvent]:
        """Read stored events in order."""
        ...


class _Written(Struct, frozen=True):
    """An event that is stored by a write of its own, in its place in the order."""

    event: CoreEvent
    write: Callable[[CoreEvent], Awaitable[object]]
    done: asyncio.Future[None]


class _Counted(Struct, frozen=True):
    """What one request took."""

    usage: Usage
    cost: Cost


_Item: TypeAlias = CoreEvent | Message | _Counted | dict[str, Any] | _Written
_RECORDS = (Message, _Counted, dict, _Written)
_STAMP = ("seq", "ts", "session_id", "turn_id", "step")


class Journal:
    """Stamps, stores and publishes what happens in one session."""

    def __init__(
        self,
        session_id: str,
        store: Records,
        *,
        clock: Clock,
        last_seq: int = 0,
        retry_s: float = RETRY_S,
    ) -> None:
        self.session_id = session_id
        self.hub = Hub(self._replay, published_seq=last_seq)
        self._store = store
        self._clock = clock
        self._seq = last_seq
        self._outbox: list[_Item] = []
        self._unsaved: list[_Item] = []
        self._retry_s = retry_s
        self._retry_at = 0.0
        self._is_closed = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._warned = False
        self._pump = asyncio.create_task(self._run(), name=f"journal {session_id}")
        self.turn_id: str | None = None
        """Stamped on every event while a turn runs."""
        self.step: int | None = None
        self.on_count: Callable[[Usage, Cost], None] = lambda usage, cost: None
        """Told what each request that is counted used and cost."""

    @property
    def last_seq(self) -> int:
        """The last number given out."""
        return self._seq

    @property
    def is_saved(self) -> bool:
        """Whether everything said so far is in the store."""
        return not self._unsaved and not self._outbox and self._idle.is_set()

    def emit(self, event: CoreEvent) -> CoreEvent:
        """Stamp an event and put it on its way; returns the stamped one."""
        event = presentable(event)
        if self._is_closed:
            _log.info("said after the end and dropped: %s", type(event).__name__)
            return event
        stamped = self._stamp(event)
        self._put(stamped)
        return stamped

    async def write(
        self, event: CoreEvent, write: Callable[[CoreEvent], Awaitable[object]]
    ) -> None:
        """Store an event together with other work of the store, in one transaction.

        Args:
            event: What listeners are told once it is done.
            write: Given the stamped event; does the work.

        Raises:
            StoreError: It did not work, or the session is closed; nobody was told.
        """
        if self._is_closed:
            raise StoreError("This conversation is closed.")
        done = asyncio.get_running_loop().create_future()
        self._put(_Written(self._stamp(event), write, done))
        await done

    def _stamp(self, event: CoreEvent) -> CoreEvent:
        turn_id = event.turn_id if event.turn_id is not None else self.turn_id
        if event.stored:
            self._seq += 1
            return msgspec.structs.replace(
                event,
                seq=self._seq,
                ts=self._clock.time(),
                session_id=self.session_id,
                turn_id=turn_id,
                step=self.step,
            )
        return msgspec.structs.replace(
            event,
            after=self._seq,
            ts=self._clock.time(),
            session_id=self.session_id,
            turn_id=turn_id,
            step=self.step,
        )

    def record(self, *messages: Message) -> None:
        """Add messages to the history with the next commit."""
        for message in messages:
            self._put(message)

    def count(self, usage: Usage, cost: Cost = UNKNOWN_COST) -> None:
        """Add a request to the session's totals with the next commit."""
        self.on_count(usage, cost)
        self._put(_Counted(usage, cost))

    def patch(self, **columns: object) -> None:
        """Set columns of the session row with the next commit."""
        self._put(dict(columns))

    async def flush(self) -> None:
        """Return when everything so far is committed and published."""
        await self._idle.wait()

    async def aclose(self) -> None:
        """Write out, end all iterators, stop the pump."""
        await self.flush()
        self._is_closed = True
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        if self._unsaved:
            self._retry_at = 0.0
            await self._commit([])
        if self._unsaved:
            _log.error(
                "session %s ended with %d records unsaved", self.session_id, len(self._unsaved)
            )
        self.hub.close()

    def _put(self, item: _Item) -> None:
        if self._is_closed:
            return
        self._outbox.append(item)
        self._idle.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._something_to_do()
            batch, self._outbox = _merge_deltas(self._outbox), []
            for part in _segments(batch):
                if isinstance(part, _Written):
                    await self._write(part)
                else:
                    await self._commit(part)
                    self.hub.publish(_events(part))
            if not batch:
                await self._commit([])
            if not self._outbox:
                self._idle.set()

    async def _something_to_do(self) -> None:
        """Wait for something new, or for the time to try again what failed."""
        left = None
        if self._unsaved:
            left = max(0.0, self._retry_at - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(left):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _write(self, item: _Written) -> None:
        try:
            if self._unsaved:
                self._retry_at = 0.0
                await self._commit([])
            if self._unsaved:
                raise StoreError("This conversation cannot be saved now; try again later.")
            await item.write(item.event)
        except StoreError as error:
            text = f"{type(item.event).__name__} could not be saved: {error}"
            filler = msgspec.structs.replace(
                Notice(level="error", code="not_saved", text=text),
                **{name: getattr(item.event, name) for name in _STAMP},
            )
            await self._commit([filler])
            self.hub.publish([filler])
            item.done.set_exception(error)
        else:
            self.hub.publish([item.event])
            item.done.set_result(None)

    async def _commit(self, batch: list[_Item]) -> None:
        wanted = self._unsaved + [item for item in batch if _is_durable(item)]
        if not wanted:
            return
        now = asyncio.get_running_loop().time()
        if self._unsaved and now < self._retry_at:
            self._unsaved = wanted
            return
        try:
            await self._store.commit(self.session_id, **_sorted_out(wanted))
        except StoreError as error:
            self._keep_unsaved(wanted, error)
        except Exception as error:  # noqa: BLE001  a bug there must not silence the session
            _log.exception("the store broke")
            self._keep_unsaved(wanted, StoreError(f"{type(error).__name__}: {error}"))
        else:
            self._unsaved = []
            self._warned = False

    def _keep_unsaved(self, wanted: list[_Item], error: StoreError) -> None:
        self._unsaved = wanted
        self._retry_at = asyncio.get_running_loop().time() + self._retry_s
        self._warn(error)

    def _warn(self, error: StoreError) -> None:
        if self._warned:
            return
        self._warned = True
        _log.warning("session %s is not being saved: %s", self.session_id, error)
        self.emit(
            Notice(
                level="error",
                code="store_unavailable",
                text=f"This conversation is not being saved: {error}",
            )
        )

    async def _replay(self, after: int, upto: int) -> list[CoreEvent]:
        stored = await self._store.events(self.session_id, after_seq=after)
        seen = {event.seq for event in stored}
        stored.extend(event for event in _events(self._unsaved) if event.seq not in seen)
        return [e for e in stored if isinstance(e.seq, int) and after < e.seq <= upto]


def _events(items: Iterable[_Item]) -> Iterator[CoreEvent]:
    for item in items:
        if not isinstance(item, _RECORDS):
            yield item


def _is_durable(item: _Item) -> bool:
    return isinstance(item, _RECORDS) or item.stored


def _sorted_out(items: Iterable[_Item]) -> dict[str, Any]:
    """The arguments of one commit."""
    counted: list[_Counted] = []
    patch: dict[str, Any] = {}
    messages: list[Message] = []
    events: list[CoreEvent] = []
    for item in items:
        if isinstance(item, _Counted):
            counted.append(item)
        elif isinstance(item, dict):
            patch.update(item)
        elif isinstance(item, Message):
            messages.append(item)
        elif not isinstance(item, _Written):
            events.append(item)
    total = total_cost(item.cost for item in counted)
    return {
        "messages": messages,
        "events": events,
        "usage": sum((item.usage for item in counted), Usage()) if counted else None,
        "cost_usd": usd(total),
        "cost_status": total.status if counted else "",
        "patch": patch or None,
    }


def _segments(items: list[_Item]) -> Iterator[list[_Item] | _Written]:
    part: list[_Item] = []
    for item in items:
        if isinstance(item, _Written):
            if part:
                yield part
            part = []
            yield item
        else:
            part.append(item)
    if part:
        yield part


def _merge_deltas(items: list[_Item]) -> list[_Item]:
    """Join neighbouring deltas of one stream, so that a burst is one event."""
    merged: list[_Item] = []
    for item in items:
        joined = None
        if merged and not isinstance(item, _RECORDS) and not isinstance(merged[-1], _RECORDS):
            joined = merge(merged[-1], item)
        if joined is not None:
            merged[-1] = joined
        else:
            merged.append(item)
    return merged
