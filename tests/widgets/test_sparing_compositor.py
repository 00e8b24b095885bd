"""The screen is put together from no more rows than have to be written."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.console import Console
from textual._compositor import Compositor, CompositorMap, CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from hermes_widgets.drawing.sparing_compositor import SparingCompositor
from tests.support import until

COLUMNS, ROWS = 30, 12


class Board(Widget):
    """Says its own letter in every cell, and remembers which rows it was asked for."""

    def __init__(self, letter: str, **place: str) -> None:
        super().__init__(**place)  # type: ignore[arg-type]  # id and classes alone
        self.letter = letter
        self.asked: list[int] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += crop.line_range
        return super().render_lines(crop)

    def render(self) -> str:
        return "\n".join([self.letter * COLUMNS] * ROWS)


class SparingScreen(Screen[None]):
    """A screen as the workspace has it, which also remembers."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SparingCompositor()
        self.asked: list[int] = []

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += crop.line_range
        return super().render_lines(crop)


class Boards(App[None]):
    """A page with a bar beside it, a field below, and something that lies over both."""

    CSS = """
    Screen { layers: base above; }
    #upper { height: 9; }
    #page { width: 1fr; }
    #bar { width: 1; }
    #field { height: 3; border: round red; }
    #over { layer: above; width: 12; height: 4; offset: 10 3; }
    """

    def get_default_screen(self) -> SparingScreen:
        return SparingScreen()

    def compose(self) -> ComposeResult:
        with Vertical():
            with Horizontal(id="upper"):
                yield Board("p", id="page")
                yield Board("b", id="bar")
            yield Board("f", id="field")
        yield Board("o", id="over")

    def board(self, name: str) -> Board:
        return self.query_one(f"#{name}", Board)

    def forget(self) -> None:
        for board in self.query(Board):
            board.asked.clear()
        screen = self.screen
        assert isinstance(screen, SparingScreen)
        screen.asked.clear()


@pytest.mark.ac("bench-sparing-frame")
async def test_a_changed_row_asks_nobody_else_for_anything() -> None:
    app = Boards()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        app.forget()
        app.board("field").refresh(Region(0, 0, 5, 1))
        await pilot.pause()

        assert app.board("field").asked == [1]
        assert [app.board(name).asked for name in ("page", "bar", "over")] == [[], [], []]
        assert isinstance(app.screen, SparingScreen)
        assert app.screen.asked == []


async def test_what_is_hidden_is_not_drawn_even_when_everything_is() -> None:
    app = Boards()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        app.forget()
        app.screen.refresh()
        await pilot.pause()

        assert app.board("page").asked == list(range(9))
        assert isinstance(app.screen, SparingScreen)
        assert app.screen.asked == []


async def test_what_was_removed_is_not_drawn_before_the_next_layout() -> None:
    app = Boards()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        compositor, field = app.screen._compositor, app.board("field")
        await field.remove()
        assert field in compositor.visible_widgets
        field.asked.clear()

        rows = compositor.render_strips()

        assert field.asked == []
        assert {row.cell_length for row in rows} == {COLUMNS}


@pytest.mark.ac("bench-one-layout")
async def test_a_widget_that_is_new_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Boards()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        compositor, over = app.screen._compositor, app.board("over")
        over.display = False
        await pilot.pause()
        layouts: list[Widget] = []
        arrange = compositor._arrange_root

        def counted(
            root: Widget, size: Size, visible_only: bool = True
        ) -> tuple[CompositorMap, set[Widget]]:
            layouts.append(root)
            return arrange(root, size, visible_only=visible_only)

        monkeypatch.setattr(compositor, "_arrange_root", counted)
        over.display = True
        over.refresh()
        over.asked.clear()
        await until(lambda: over.asked)

        assert len(layouts) == 1
        assert over.region == Region(10, 3, 12, 4)


async def test_frames_show_what_the_frames_of_the_toolkit_show() -> None:
    app = Boards()
    source = random.Random(11)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        own = app.screen._compositor
        assert own.render_strips() == Compositor.render_strips(own)
        assert _cells(own.render_full_update()) == _cells(Compositor.render_full_update(own))
        for _ in range(60):
            regions = {_some_region(source) for _ in range(source.randint(1, 5))}
            own._dirty_regions = set(regions)
            ours = own.render_partial_update()
            own._dirty_regions = set(regions)
            theirs = Compositor.render_partial_update(own)
            assert ours is not None
            assert theirs is not None
            assert _cells(ours) == _cells(theirs)


async def test_nothing_is_written_while_nothing_changed() -> None:
    app = Boards()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        assert app.screen._compositor.render_partial_update() is None


def _some_region(source: random.Random) -> Region:
    x, y = source.randrange(COLUMNS), source.randrange(ROWS)
    return Region(x, y, source.randint(1, COLUMNS - x), source.randint(1, min(4, ROWS - y)))


def _cells(update: CompositorUpdate) -> list[str]:
    """What a terminal shows that was full of dots before."""
    screen = pyte.Screen(COLUMNS, ROWS)
    screen.set_mode(pyte.modes.LNM)
    stream = pyte.Stream(screen)
    for row in range(ROWS):
        stream.feed(f"\x1b[{row + 1};1H" + "." * COLUMNS)
    console = Console(force_terminal=True, color_system="truecolor")
    stream.feed(update.render_segments(console))
    return list(screen.display)
