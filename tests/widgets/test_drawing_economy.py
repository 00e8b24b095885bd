"""What is not drawn or laid out again while a conversation grows."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.strip import Strip
from textual.widgets import Static

from hermes_themes.roles import LAMPLIGHT
from hermes_themes.variables import variables
from hermes_widgets.drawing.cell_filters import Weights
from hermes_widgets.drawing.ready_rows import KEPT, LOOKS, ReadyRows
from hermes_widgets.list_rows import Row, RowList
from hermes_widgets.scroll_bar import thumb
from tests.support import until
from tests.widgets.transcript_stage import Stage, settled


def test_a_ready_row_is_given_for_the_very_same_cells_alone() -> None:
    rows = ReadyRows()
    cells, ready, others = (Strip([Segment("abc")]) for _ in range(3))
    rows.keep(7, cells, ready)

    assert rows.get(7, cells) is ready
    assert rows.get(7, others) is None
    assert rows.get(8, cells) is None


def test_ready_rows_stay_bounded() -> None:
    rows = ReadyRows()
    for key in range(KEPT + 1):
        rows.keep(key, cells := Strip.blank(1), cells)

    assert rows.get(0, cells) is None
    assert rows.get(KEPT, cells) is cells


@pytest.mark.ac("bench-moved-rows")
async def test_a_row_that_only_moved_is_the_same_strip() -> None:
    stage = Stage()
    async with stage.run_test(size=(80, 20)) as pilot:
        transcript = stage.transcript
        transcript.finish_reply("r1", text="\n\n".join(f"line {n}" for n in range(30)))
        await settled(pilot)
        before = {strip.text: strip for strip in _shown(stage)}
        transcript.finish_reply("r2", text="one more")
        await settled(pilot)

        moved = [strip for strip in _shown(stage) if strip.text.strip().startswith("line")]

    assert len(moved) > 5
    assert all(before[strip.text] is strip for strip in moved[1:])


@pytest.mark.ac("bench-no-layout")
async def test_a_growing_conversation_lays_out_nothing_but_itself() -> None:
    stage = Stage()
    async with stage.run_test(size=(80, 20)) as pilot:
        transcript = stage.transcript
        transcript.finish_reply("r1", text="\n\n".join(f"line {n}" for n in range(30)))
        await settled(pilot)
        layouts: list[object] = []
        stage.screen.screen_layout_refresh_signal.subscribe(stage, layouts.append)
        height = transcript.virtual_size.height
        transcript.finish_reply("r2", text="one\n\nmore")
        await settled(pilot)

        assert transcript.virtual_size.height > height
        assert transcript.vertical_scrollbar.window_virtual_size == transcript.virtual_size.height
        assert transcript.scroll_y == transcript.max_scroll_y

    assert layouts == []


async def test_a_page_that_only_gets_lower_keeps_what_is_laid_out() -> None:
    stage = Stage()
    async with stage.run_test(size=(80, 20)) as pilot:
        transcript = stage.transcript
        transcript.finish_reply("r1", text="\n\n".join(f"line {n}" for n in range(30)))
        await settled(pilot)
        before = {strip.text: strip for strip in _shown(stage)}
        await stage.mount(Static("one more row", classes="lower"))
        await until(lambda: transcript.size.height == 19)
        await settled(pilot)

        shown = [strip for strip in _shown(stage) if strip.text.strip().startswith("line")]

    assert shown[-1].text.strip() == "line 29"
    assert all(before[strip.text] is strip for strip in shown)


async def test_a_scrollbar_is_drawn_only_when_its_thumb_moves() -> None:
    stage = Stage()
    async with stage.run_test(size=(80, 20)) as pilot:
        transcript = stage.transcript
        transcript.finish_reply("r1", text="\n\n".join(f"line {n}" for n in range(400)))
        await settled(pilot)
        bar = transcript.vertical_scrollbar
        await until(lambda: bar.position > 300 and not bar._repaint_regions)
        height = transcript.virtual_size.height
        looks = thumb(bar.size.height, bar.window_virtual_size, bar.window_size, bar.position)
        transcript.finish_reply("r2", text="one more")
        await until(lambda: transcript.virtual_size.height > height and transcript.is_settled)

        assert bar.position == transcript.scroll_y == transcript.max_scroll_y
        assert bar.window_virtual_size == transcript.virtual_size.height
        assert looks == thumb(
            bar.size.height, bar.window_virtual_size, bar.window_size, bar.position
        )
        assert not bar._repaint_regions
        transcript.scroll_to(y=0, animate=False)
        assert bar._repaint_regions


async def test_a_layout_of_something_else_draws_no_scrollbar() -> None:
    stage = Stage()
    async with stage.run_test(size=(80, 20)) as pilot:
        transcript = stage.transcript
        transcript.finish_reply("r1", text="\n\n".join(f"line {n}" for n in range(400)))
        await settled(pilot)
        bar = transcript.vertical_scrollbar
        await until(lambda: bar.position > 300 and not bar._repaint_regions)
        layouts: list[object] = []
        stage.screen.screen_layout_refresh_signal.subscribe(stage, layouts.append, immediate=True)
        stage.screen.refresh(layout=True, repaint=False)
        await until(lambda: bool(layouts))

        assert not bar._repaint_regions


class Listed(App[None]):
    """One list."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables(LAMPLIGHT)

    def compose(self) -> ComposeResult:
        yield RowList()


async def test_a_list_that_is_shown_again_draws_the_very_same_lines() -> None:
    app = Listed()
    async with app.run_test(size=(40, 6)) as pilot:
        rows = app.query_one(RowList)
        rows.show([Row(key="a", text="one"), Row(key="b", text="two")])
        await pilot.pause()
        first, second = rows.render_line(0), rows.render_line(1)
        rows.refresh()
        assert rows.render_line(0) is first
        rows.cursor = 1
        assert rows.render_line(0) is not first
        assert rows.render_line(1) is not second
        rows.show([Row(key="a", text="one"), Row(key="b", text="other")])
        assert "other" in rows.render_line(1).text


def _shown(stage: Stage) -> list[Strip]:
    transcript = stage.transcript
    return [transcript.render_line(y) for y in range(1, transcript.size.height)]


def test_what_styles_look_like_is_forgotten_with_the_rows() -> None:
    rows, console = ReadyRows(), Console(force_terminal=True, color_system="truecolor")
    for number in range(3 * KEPT):
        strip = Strip([Segment("x", Style.from_meta({"offset": (0, number)}))])
        strip.render(console)
        rows.keep(number, strip, strip)
    assert Strip.render_ansi.cache_info().currsize <= KEPT


def test_what_the_styles_of_other_parts_look_like_is_forgotten_too() -> None:
    rows, console = ReadyRows(), Console(force_terminal=True, color_system="truecolor")
    for number in range(LOOKS + 1):
        Strip([Segment("x", Style.from_meta({"offset": (1, number)}))]).render(console)
    rows.keep(0, Strip.blank(1), Strip.blank(1))
    assert Strip.render_ansi.cache_info().currsize == 0


def test_weights_of_rows_that_went_are_forgotten() -> None:
    weights = Weights(LAMPLIGHT, keeps_colours=False)
    for number in range(3_000):
        style = Style.from_meta({"offset": (0, number)})
        weights.apply([Segment("x", style)], Color(0, 0, 0))
    assert len(weights._made) <= 1024


def test_the_line_of_a_warning_is_under_its_words_alone() -> None:
    weights = Weights(LAMPLIGHT, keeps_colours=False)
    warning = Style.parse(LAMPLIGHT.warn)
    made = weights.apply([Segment(" ! needs you ", warning)], Color(0, 0, 0))
    assert [(part.text, bool(part.style and part.style.underline)) for part in made] == [
        (" ", False),
        ("! needs you", True),
        (" ", False),
    ]
