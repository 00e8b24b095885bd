"""The part of a conversation that is not drawn: older events, read again when wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hermes_core.events import (
    CoreEvent,
    MessageFinished,
    ReasoningFinished,
    ToolFinished,
    ToolStarted,
)
from hermes_tui.handlers.past import PAGE, Walk, is_question, seq_of, turns_above

if TYPE_CHECKING:
    from hermes_tui.core_link.workspace import StoredEvents


class Past:
    """What lies above the oldest drawn block.

    Its events are in the store alone, and what is wanted of them is read page by page:
    a long conversation costs no memory by being open.
    """

    def __init__(self) -> None:
        self._stored: StoredEvents | None = None
        self._is_known = asyncio.Event()
        """Whether it is known where the events are."""
        self._below = 1
        """Number of the first event that is drawn."""
        self._first_drawn = ""
        """Id of the first message that is left after some were let go; else empty."""
        self._lock = asyncio.Lock()

    def begin(self, below: int) -> None:
        """Begin with a past that is drawn from an event of this number on."""
        self._below, self._first_drawn = below, ""

    def read_from(self, stored: StoredEvents) -> None:
        """Say where the events are; whoever wanted some waited for it."""
        self._stored = stored
        self._is_known.set()

    def let_go(self, first_drawn: str) -> None:
        """Older blocks were dropped; `first_drawn` is the first message that is left."""
        self._first_drawn = first_drawn

    @property
    def has_older(self) -> bool:
        """Whether some of the past is not drawn."""
        return self._below > 1 or bool(self._first_drawn)

    async def batch(self, messages: int) -> Sequence[CoreEvent]:
        """Take the next older part, to be drawn above the rest; empty if there is none."""
        async with self._lock:
            walk, first = await self._start()
            if walk is None:
                return ()
            before, taken = await turns_above(walk, messages)
            return self._taken(taken, seq_of(taken[0]) if before else 1, first)

    async def down_from(self, wanted: str) -> Sequence[CoreEvent]:
        """Take everything from the oldest turn on in which a text stands; empty if in none.

        No text stands in every turn: all is taken.
        """
        async with self._lock:
            walk, first = await self._start()
            if walk is None:
                return ()
            again = Walk(walk.stored, walk.below)
            start = await _oldest_turn_with(wanted.casefold(), walk) if wanted else 1
            if not start:
                return ()
            taken: list[CoreEvent] = []
            while again.below > start:
                taken[:0] = await again.page(min(PAGE, again.below - start))
            return self._taken(taken, start, first)

    async def _start(self) -> tuple[Walk | None, str]:
        """Stand before the first drawn event."""
        await self._is_known.wait()
        assert self._stored is not None, "it is known"
        stored, first, below = self._stored, self._first_drawn, self._below
        if first:
            below = await stored.start_of(first, before=await stored.last_seq() + 1)
        return (Walk(stored, below) if below > 1 else None), first

    def _taken(self, taken: Sequence[CoreEvent], below: int, first: str) -> Sequence[CoreEvent]:
        """Note from where on all is drawn; take nothing if more was let go meanwhile."""
        if self._first_drawn != first:
            return ()
        self._below, self._first_drawn = below, ""
        return taken


async def _oldest_turn_with(low: str, walk: Walk) -> int:
    """Number of the event with which the oldest turn begins that has a text; 0 if none has."""
    found, is_hit = 0, False
    while not walk.is_done:
        for event in reversed(await walk.page(PAGE)):
            is_hit = is_hit or low in _text(event)
            if is_hit and is_question(event):
                found, is_hit = seq_of(event), False
    return 1 if is_hit else found


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
