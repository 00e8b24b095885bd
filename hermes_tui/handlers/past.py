"""A conversation's past, read from its end: what is drawn when it is opened, and what is above.

A long conversation is never read as a whole for the sake of the screen: pages of its
events are read as far as they are wanted, and let go again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from hermes_core.events import (
    CoreEvent,
    MessageFinished,
    MessageStarted,
    SessionRewound,
)

if TYPE_CHECKING:
    from hermes_tui.core_link.workspace import StoredEvents

PAGE = 1_000
"""Events read at a time where all of them are wanted."""
FIRST_MESSAGES = 20
"""Messages drawn when a conversation is opened, unless it is set otherwise."""
_FIRST_PAGE = 200
_LEADING = 8
"""Events before a message that tell how it came: accepted, delivered, a turn begun."""


def split_past(
    events: Sequence[CoreEvent], shown: int
) -> tuple[Sequence[CoreEvent], Sequence[CoreEvent]]:
    """Part the past into what is kept back and what is drawn.

    Args:
        events: All stored events, oldest first.
        shown: Messages to draw, at least 1; the cut is before a message of the person.
    """
    messages = 0
    cut = 0
    for at in range(len(events) - 1, -1, -1):
        event = events[at]
        if isinstance(event, MessageFinished) and not event.agent:
            messages += 1
        if messages >= shown and is_question(event):
            cut = at
            break
    return events[:cut], events[cut:]


def is_question(event: CoreEvent) -> bool:
    """Whether a message of the person begins."""
    return isinstance(event, MessageStarted) and event.role == "user" and not event.agent


class Walk:
    """Goes through a past from its end to its beginning, around what was taken back.

    Args:
        stored: The events.
        below: Number of the first event that is not wanted any more.
    """

    def __init__(self, stored: StoredEvents, below: int) -> None:
        self.stored = stored
        self.below = below
        """Everything from this number on was read or passed over."""

    @property
    def is_done(self) -> bool:
        """Whether there is nothing before."""
        return self.below <= 1

    async def page(self, size: int) -> list[CoreEvent]:
        """Read the next page, oldest first; it may be empty although more comes before it.

        Args:
            size: Events to read, at least 1.
        """
        after = max(0, self.below - 1 - size)
        found = await self.stored.between(after, self.below - 1)
        kept: list[CoreEvent] = []
        for event in reversed(found):
            seq = seq_of(event)
            if seq >= self.below:
                continue
            self.below = seq
            if isinstance(event, SessionRewound):
                start = await self.stored.start_of(event.from_message_id, before=seq)
                if start:
                    self.below = start
                    continue
            kept.append(event)
        self.below = min(self.below, after + 1)
        kept.reverse()
        return kept


class NewestPart(Struct):
    """The end of a past, whole turns; as it stands: of one in which nothing happened."""

    shown: Sequence[CoreEvent] = ()
    """What is drawn, oldest first; begins with a message of the person."""
    before: Sequence[CoreEvent] = ()
    """What was read besides and leads up to it."""
    below: int = 1
    """Number of the first event that is drawn: what is not drawn comes before it."""
    upto: int = 0
    """Number of the last stored event; what happens later has a higher one."""
    title: str = ""


async def newest_part(stored: StoredEvents, messages: int) -> NewestPart:
    """Read the turns at the end of a past that hold so many messages, at least 1."""
    upto = await stored.last_seq()
    walk = Walk(stored, upto + 1)
    before, shown = await turns_above(walk, messages)
    title = await stored.title()
    return NewestPart(shown, before, seq_of(shown[0]) if before else 1, upto, title)


async def turns_above(walk: Walk, messages: int) -> tuple[Sequence[CoreEvent], Sequence[CoreEvent]]:
    """Read whole turns back from where a walk stands.

    Returns:
        What was read besides before them, as far as the start of their first turn, and
        the turns; nothing is before them if the former is empty.
    """
    events: list[CoreEvent] = []
    size = _FIRST_PAGE
    while not walk.is_done:
        events = [*await walk.page(size), *events]
        before, turns = split_past(events, messages)
        if len(before) >= _LEADING:
            return before, turns
        size *= 2
    return split_past(events, messages)


def first_message(events: Sequence[CoreEvent]) -> str:
    """Id of the first message that begins in events, empty if none does."""
    return next((event.message_id for event in events if isinstance(event, MessageStarted)), "")


def seq_of(event: CoreEvent) -> int:
    """The number of a stored event, 0 of any other."""
    return event.seq if isinstance(event.seq, int) else 0
