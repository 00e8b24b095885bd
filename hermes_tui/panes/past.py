"""The part of a conversation that is not drawn: older events, read again when wanted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from hermes_core.events import (
    CoreEvent,
    MessageFinished,
    MessageStarted,
    ReasoningFinished,
    SessionRewound,
    ToolFinished,
    ToolStarted,
)
from hermes_tui.handlers.past import split_past

ReadPast: TypeAlias = Callable[[], Awaitable[Sequence[CoreEvent]]]
"""Every stored event so far, oldest first, texts whole. Raises HermesError."""


def without_taken_back(events: Sequence[CoreEvent]) -> list[CoreEvent]:
    """Leave out what was said and taken back again."""
    kept: list[CoreEvent] = []
    starts: dict[str, int] = {}
    for event in events:
        if isinstance(event, SessionRewound) and event.from_message_id in starts:
            at = starts[event.from_message_id]
            del kept[at:]
            starts = {name: place for name, place in starts.items() if place < at}
            continue
        if isinstance(event, MessageStarted):
            starts[event.message_id] = len(kept)
        kept.append(event)
    return kept


class Past:
    """What lies above the oldest drawn block.

    The events are let go when the conversation is followed again, and read again from
    the store when somebody scrolls up: a long conversation costs no memory by being open.
    """

    def __init__(self) -> None:
        self._read: ReadPast | None = None
        self._events: Sequence[CoreEvent] | None = ()
        """None: there are some, to be read."""
        self._first_drawn = ""
        """Id of the first message that is drawn."""

    def keep(self, older: Sequence[CoreEvent], drawn: Sequence[CoreEvent], read: ReadPast) -> None:
        """Begin with a past that is partly drawn."""
        self._read = read
        self._first_drawn = _first_message(drawn)
        self._events = None if older and self._first_drawn else ()

    def let_go(self, first_drawn: str) -> None:
        """Older blocks were dropped; `first_drawn` is the first message that is left."""
        if self._read is not None:
            self._events, self._first_drawn = None, first_drawn

    @property
    def has_older(self) -> bool:
        """Whether some of the past is not drawn."""
        return self._events is None or bool(self._events)

    async def batch(self, messages: int) -> Sequence[CoreEvent]:
        """Take the next older part, to be drawn above the rest; empty if there is none."""
        older = await self._load()
        self._events, taken = split_past(older, messages)
        self._first_drawn = _first_message(taken) or self._first_drawn
        return taken

    async def down_from(self, wanted: str) -> Sequence[CoreEvent]:
        """Take everything from the oldest turn on in which a text stands; empty if in none."""
        older = await self._load()
        low = wanted.casefold()
        found = next((at for at, event in enumerate(older) if low in _text(event)), None)
        if found is None:
            return ()
        cut = next((at for at in range(found, -1, -1) if _is_question(older[at])), 0)
        self._events, taken = older[:cut], older[cut:]
        self._first_drawn = _first_message(taken) or self._first_drawn
        return taken

    async def _load(self) -> Sequence[CoreEvent]:
        if self._events is not None or self._read is None:
            return self._events or ()
        events = without_taken_back(await self._read())
        cut = next(
            (
                at
                for at, event in enumerate(events)
                if isinstance(event, MessageStarted) and event.message_id == self._first_drawn
            ),
            0,
        )
        self._events = events[:cut]
        return self._events


def _is_question(event: CoreEvent) -> bool:
    return isinstance(event, MessageStarted) and event.role == "user" and not event.agent


def _first_message(events: Sequence[CoreEvent]) -> str:
    return next((event.message_id for event in events if isinstance(event, MessageStarted)), "")


def _text(event: CoreEvent) -> str:
    """What of an event is drawn, in lower case."""
    match event:
        case MessageFinished() | ReasoningFinished():
            return "" if event.agent else event.text.casefold()
        case ToolStarted():
            return event.preview.casefold()
        case ToolFinished():
            return event.result_preview.casefold()
    return ""
