"""Going up through blocks that were never laid out: no row is left out, none jumps."""

from __future__ import annotations

import re

import pytest

from hermes_widgets.transcript import Transcript
from tests.widgets.transcript_stage import Stage, settled

_ROWS = re.compile(r"row \d+ of \d+")


def _fill(transcript: Transcript) -> None:
    """Answers whose heights differ from the estimate, both ways."""
    for number in range(30):
        transcript.add_user(f"u{number}", f"row 0 of {number}")
        items = "\n\n".join(f"- row {row} of {number}" for row in range(1, 6))
        words = "some *words* of no weight at all " * (number % 5 * 4)
        text = f"{items}\n\n{words}\n\nrow 6 of {number}\n\n## row 7 of {number}"
        transcript.finish_reply(f"r{number}", text=text)


@pytest.mark.parametrize("height", [24, 40])
async def test_paging_up_shows_every_row_once_it_is_above(height: int) -> None:
    """On the taller screen the question repeated at the top covers two rows."""
    async with Stage(_fill).run_test(size=(100, height)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        shown: list[str] = []
        lines = await settled(pilot)
        while True:
            rows = _ROWS.findall("\n".join(line for line in lines if not line.endswith("↑")))
            shown += [row for row in reversed(rows) if row not in shown]
            if transcript.scroll_y == 0:
                break
            transcript.scroll_relative(y=2 - transcript.size.height, animate=False)
            lines = await settled(pilot)

    assert shown[::-1] == [f"row {row} of {number}" for number in range(30) for row in range(8)]


async def test_a_row_up_moves_the_page_by_a_row() -> None:
    async with Stage(_fill).run_test(size=(100, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        before = await settled(pilot)
        for _ in range(150):
            transcript.scroll_relative(y=-1, animate=False)
            after = await settled(pilot)
            assert after[1:] == before[:-1]
            before = after


async def test_the_top_is_reached_from_just_below_it() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.finish_reply("r0", text="the first\n\n" + "- one\n\n" * 60)
        transcript.add_user("u0", "and then?")
        transcript.finish_reply("r1", text="then " * 400)

    async with Stage(fill).run_test(size=(100, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        transcript.action_top()
        assert "the first" in (await settled(pilot))[0]
