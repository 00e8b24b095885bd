"""Blocks by mouse and by the keys beside the cursor: wheels, links, chips, cards."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from hermes_core.events import CoreEvent, MessageFinished, MessageStarted, ToolFinished, ToolStarted
from hermes_widgets.blocks.error_card import CardAction
from hermes_widgets.transcript import Transcript
from tests.widgets.transcript_stage import Stage, settled, tool_done

CODE = "```python\nx = " + "a" * 40 + "b" * 40 + "\n```"


def wide(transcript: Transcript) -> None:
    """Two wide blocks of code, one above the other."""
    transcript.finish_reply("m1", text=CODE)
    transcript.add_user("u2", "and?")
    transcript.finish_reply("m2", text=CODE)


def long_talk(transcript: Transcript) -> None:
    """More than a screen, with a question above it all."""
    transcript.add_user("u1", "the first question")
    transcript.finish_reply("m1", text="\n\n".join(f"paragraph {n}" for n in range(40)))


def of_the_pointer(pilot: Pilot[None]) -> Stage:
    """The app of a pilot."""
    assert isinstance(pilot.app, Stage)
    return pilot.app


def place_of(lines: list[str], words: str) -> tuple[int, int]:
    """Column and row of some words."""
    row = next(at for at, line in enumerate(lines) if words in line)
    return lines[row].index(words), row


async def wheel(
    pilot: Pilot[None], kind: type[events.MouseEvent], y: int, *, shift: bool = False
) -> None:
    """Turn the wheel over a row of the transcript."""
    transcript = of_the_pointer(pilot).transcript
    event = kind(transcript, 10, y, 0, 0, 0, shift, False, False, screen_x=10, screen_y=y)
    transcript.post_message(event)
    await pilot.pause()


@pytest.mark.parametrize(
    ("there", "back", "shift"),
    [
        (events.MouseScrollDown, events.MouseScrollUp, True),
        (events.MouseScrollRight, events.MouseScrollLeft, False),
    ],
)
async def test_a_wheel_moves_the_wide_block_under_it_and_no_other(
    there: type[events.MouseEvent], back: type[events.MouseEvent], shift: bool
) -> None:
    async with Stage(wide).run_test(size=(60, 24)) as pilot:
        before = await settled(pilot)
        _, row = place_of(before, "x = ")
        await wheel(pilot, there, row, shift=shift)
        moved = await settled(pilot)
        assert sum("x = " in line for line in moved) == 1
        assert moved != before
        await wheel(pilot, back, row, shift=shift)
        assert await settled(pilot) == before


async def test_a_wheel_without_shift_scrolls() -> None:
    async with Stage(long_talk).run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        await settled(pilot)
        before = transcript.scroll_y
        await wheel(pilot, events.MouseScrollUp, 3)
        await settled(pilot)
        assert transcript.scroll_y < before


async def test_a_click_on_a_link_asks_for_its_page() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.finish_reply("m1", text="see [the page](https://x.example/a) there")

    async with Stage(fill).run_test(size=(60, 12)) as pilot:
        x, y = place_of(await settled(pilot), "the page")
        await pilot.click(Transcript, offset=(x + 2, y))
        await pilot.click(Transcript, offset=(x - 2, y))
        assert of_the_pointer(pilot).said == [Transcript.LinkOpened("https://x.example/a")]


async def test_the_count_of_what_is_new_leads_to_it() -> None:
    async with Stage(long_talk).run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        await settled(pilot)
        await pilot.press("pageup")
        await settled(pilot)
        transcript.add_user("u2", "the second question")
        lines = await settled(pilot)
        x, y = place_of(lines, "1 new")
        await pilot.click(Transcript, offset=(x, y))
        assert "the second question" in "\n".join(await settled(pilot))


async def test_the_question_at_the_top_leads_back_to_it() -> None:
    async with Stage(long_talk).run_test(size=(60, 30)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        lines = await settled(pilot)
        assert "the first question" in lines[0]
        assert transcript.scroll_y > 0
        await pilot.click(Transcript, offset=(8, 0))
        await settled(pilot)
        assert transcript.scroll_y == 0


async def test_the_right_button_asks_for_the_menu_of_the_block_under_it() -> None:
    async with Stage(wide).run_test(size=(60, 24)) as pilot:
        x, y = place_of(await settled(pilot), "and?")
        await pilot.click(Transcript, offset=(x, y), button=3)
        (menu,) = of_the_pointer(pilot).said
        assert isinstance(menu, Transcript.MenuRequested)
        assert (menu.kind, menu.message_id) == ("user", "u2")


async def test_the_block_under_the_pointer_says_when_it_began() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.wall_clock = lambda: 1_750_000_000.0
        transcript.event_at = 1_750_000_000.0 - 86_400 * 3
        transcript.add_user("u1", "long ago")

    async with Stage(fill).run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        x, y = place_of(await settled(pilot), "long ago")
        assert transcript.tooltip is None
        await pilot.hover(Transcript, offset=(x, y))
        assert "Jun" in str(transcript.tooltip) or "06" in str(transcript.tooltip)
        await pilot.hover(Transcript, offset=(x, y + 5))
        assert transcript.tooltip is None


async def test_arrows_scroll_a_row_until_there_is_a_block_cursor() -> None:
    async with Stage(long_talk).run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        await settled(pilot)
        end = transcript.scroll_y
        await pilot.press("up", "up")
        await settled(pilot)
        assert transcript.scroll_y == end - 2
        await pilot.press("g")
        await settled(pilot)
        assert transcript.scroll_y == 0
        await pilot.press("G")
        await settled(pilot)
        assert transcript.scroll_y == end
        await pilot.press("alt+up", "up")
        block = transcript.cursor_block
        assert block is not None
        assert block.message_id == "u1"


async def test_a_tool_call_is_brought_into_view_by_its_id() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.finish_tool(tool_done("c1", "terminal", True, 0.1, "ok", "first"))
        long_talk(transcript)

    async with Stage(fill).run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        await settled(pilot)
        assert not transcript.show_call("c9")
        assert transcript.cursor_block is None
        assert transcript.show_call("c1")
        await settled(pilot)
        assert transcript.scroll_y == 0
        assert transcript.cursor_block is not None


async def test_enter_presses_the_first_button_of_a_card_and_details_opens_it() -> None:
    def fill(transcript: Transcript) -> None:
        actions = [CardAction("d", "details", "details"), CardAction("r", "retry", "retry")]
        transcript.error("It broke", "Try again.", "trace of it", actions)

    async with Stage(fill).run_test(size=(60, 12)) as pilot:
        app = of_the_pointer(pilot)
        assert not any("trace of it" in line for line in await settled(pilot))
        await pilot.press("alt+up", "enter")
        lines = await settled(pilot)
        assert any("trace of it" in line for line in lines)
        await pilot.press("d")
        lines = await settled(pilot)
        assert not any("trace of it" in line for line in lines)
        x, y = place_of(lines, "retry")
        await pilot.click(Transcript, offset=(x, y))
        assert app.said == [Transcript.ActionChosen("retry", "It broke\nTry again.\ntrace of it")]


@pytest.mark.parametrize(("mode", "is_open"), [("collapsed", False), ("expanded", True)])
async def test_older_work_opens_as_the_setting_says(mode: str, is_open: bool) -> None:
    past: list[CoreEvent] = [
        MessageStarted(message_id="u0", role="user"),
        MessageFinished(message_id="u0", role="user", text="before"),
        ToolStarted(call_id="c0", name="terminal", preview="make"),
        ToolFinished(
            call_id="c0", name="terminal", ok=mode == "expanded", result_preview="what it printed"
        ),
    ]
    async with Stage().run_test(size=(60, 12)) as pilot:
        transcript = of_the_pointer(pilot).transcript
        transcript.tools = mode
        transcript.prepend_history(past)
        lines = await settled(pilot)
        assert any("before" in line for line in lines)
        assert any("what it printed" in line for line in lines) is is_open
