"""The real transcript after attaching at any moment of a real turn: always the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hermes_core.events import CoreEvent
from hermes_core.paths import Home
from hermes_tui.handlers import dispatch
from hermes_tui.session_state import Clocks, SessionState
from tests.core.agent.test_stream import played
from tests.widgets.transcript_stage import Stage, settled


@pytest.mark.ac("ac-20-1")
async def test_transcript_is_the_same_from_every_point_of_attachment(home: Home) -> None:
    r, late = await played(home, attach_at=range(1, 60, 3))
    stored = [event for event in r.events if isinstance(event.seq, int)]
    wanted = await picture(r.events)
    assert "the end." in "\n".join(wanted)
    assert await picture(stored) == wanted, "a replay from the store"
    for number, seen in enumerate(late):
        assert await picture(seen) == wanted, f"attached at point {number}"


async def picture(events: Sequence[CoreEvent]) -> list[str]:
    """Draw the events on a fresh transcript and return its lines."""
    app = Stage()
    async with app.run_test(size=(90, 60)) as pilot:
        state = SessionState(clocks=Clocks(wall=app.clock, steady=app.clock))
        for event in events:
            dispatch.apply(event, state, app.transcript)
        return await settled(pilot)
