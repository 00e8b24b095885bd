"""What of a conversation's past is drawn when it is opened."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_core.events import CoreEvent, MessageFinished, MessageStarted


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
        starts = isinstance(event, MessageStarted) and event.role == "user"
        if messages >= shown and starts:
            cut = at
            break
    return events[:cut], events[cut:]
