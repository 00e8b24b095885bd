"""What holds the keyboard is drawn before the rest of the screen."""

from __future__ import annotations

import time

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.base_screen import KEY_FRAME_S, BaseScreen
from tests.support import until


class Part(Widget, can_focus=True):
    """Remembers the frames in which it was drawn."""

    DEFAULT_CSS = "Part { height: 3; }"

    def render_lines(self, crop: Region) -> list[Strip]:
        app = self.app
        assert isinstance(app, Parts)
        app.drawn.append((app.frames, self.id or ""))
        return super().render_lines(crop)


class Parts(App[None]):
    """Two parts, and a clock that says when a key came."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = 0
        self.drawn: list[tuple[int, str]] = []
        self.key_at = 0.0

    def get_default_screen(self) -> BaseScreen:
        return BaseScreen(id="_default", classes="", key_at=lambda: self.key_at)

    def compose(self) -> ComposeResult:
        yield Part(id="page")
        yield Part(id="field")

    def _display(self, screen: Screen[object], renderable: object) -> None:
        self.frames += 1
        super()._display(screen, renderable)  # type: ignore[arg-type]  # rich's own union

    def part(self, name: str) -> Part:
        return self.query_one(f"#{name}", Part)


async def _begun(app: Parts) -> BaseScreen:
    """Let the first frames pass, and return the screen."""
    app.part("field").focus()
    await until(lambda: app.focused is app.part("field") and len(app.drawn) >= 2)
    screen = app.screen
    assert isinstance(screen, BaseScreen)
    await until(lambda: time.monotonic() > screen._focus_drawn_at + KEY_FRAME_S)
    await until(lambda: not screen._dirty_widgets)
    app.drawn.clear()
    return screen


@pytest.mark.ac("bench-key-first")
async def test_the_focused_part_has_a_frame_of_its_own_before_the_others() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        await _begun(app)
        app.part("page").refresh()
        app.part("field").refresh()
        await until(lambda: len(app.drawn) >= 2)

        (first, field), (second, page) = app.drawn
        assert (field, page) == ("field", "page")
        assert first < second


async def test_the_rest_of_the_screen_waits_for_a_key_that_is_on_its_way() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        screen = await _begun(app)
        app.key_at = time.monotonic() + 60
        screen._drawn_at = time.monotonic() + 60  # as if the last frame were not long ago
        app.part("page").refresh()
        await until(lambda: app.part("page") in screen._dirty_widgets)
        screen._on_timer_update()
        assert app.drawn == []
        app.key_at = 0.0
        await until(lambda: [name for _, name in app.drawn] == ["page"])


async def test_somebody_who_types_without_end_still_sees_the_rest_change() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        await _begun(app)
        app.key_at = time.monotonic() + 60
        app.part("page").refresh()
        await until(lambda: [name for _, name in app.drawn] == ["page"])


async def test_what_a_key_changes_elsewhere_waits_for_no_tick() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        screen = await _begun(app)
        screen._update_timer.stop()  # no tick any more
        app.part("page").refresh()
        await until(lambda: app.part("page") in screen._dirty_widgets)
        assert app.drawn == []
        screen._drawn_at = 0.0  # as if the last frame were long ago
        app.key_at = time.monotonic() + 60
        app.part("page").refresh()
        await until(lambda: [name for _, name in app.drawn] == ["page"])


class Answering(Part):
    """Asks for another height when it learns its width."""

    def on_resize(self) -> None:
        self.styles.height = 2 + self.size.width % 3


@pytest.mark.ac("bench-one-resize")
async def test_another_size_is_drawn_once_with_everything_that_follows_from_it() -> None:
    app = Parts()
    async with app.run_test(size=(20, 12)) as pilot:
        await pilot.pause()
        answering = Answering(id="answering")
        await app.mount(answering, before="#page")
        screen = await _begun(app)
        await until(lambda: answering.size.height == 4 and not screen._layout_required)
        app.drawn.clear()
        await pilot.resize_terminal(30, 12)
        await until(lambda: answering.size.height == 2 and bool(app.drawn))
        await until(lambda: not screen._held_until and not screen._dirty_widgets)

        assert len({frame for frame, _ in app.drawn}) == 1
        assert {name for _, name in app.drawn} == {"answering", "page", "field"}
        assert app.part("page").region.y == 2


async def test_a_size_that_comes_before_the_last_one_is_drawn_is_taken_too() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        screen = await _begun(app)
        screen._screen_resized(Size(30, 8))
        app._size = Size(25, 8)  # which the app knows before it tells
        screen._screen_resized(Size(25, 8))
        await until(lambda: not screen._held_until)
        assert app.part("page").size.width == 25


@pytest.mark.ac("bench-one-pane")
async def test_what_follows_from_one_act_is_drawn_once_and_waits_for_no_tick() -> None:
    app = Parts()
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        screen = await _begun(app)
        screen._update_timer.stop()  # no tick any more
        done: list[str] = []
        screen.draw_once()
        screen._held_until += 60  # as long as it takes
        app.part("page").styles.height = 2
        app.part("field").refresh()
        app.part("page").focus()
        screen.call_after_refresh(done.append, "after")
        await until(lambda: not screen._held_until)

        assert len({frame for frame, _ in app.drawn}) == 1
        assert {name for _, name in app.drawn} == {"page", "field"}
        assert app.part("field").region.y == 2
        assert app.part("page").has_focus
        assert done == ["after"]


class Counting(Part):
    """Counts how often rules were applied to it."""

    applied = 0

    @property
    def css_path_nodes(self) -> list[DOMNode]:
        self.applied += 1
        return super().css_path_nodes


class Box(Vertical):
    """Looks another way while the keyboard is in it."""

    DEFAULT_CSS = """
    Box { height: 6; background: black; }
    Box:focus-within { background: white; }
    """


@pytest.mark.ac("bench-focus-styles")
async def test_where_the_keyboard_goes_only_what_looks_another_way_is_styled() -> None:
    app = Parts()
    async with app.run_test(size=(20, 14)) as pilot:
        await pilot.pause()
        field, beside = Counting(id="in-box"), Counting(id="beside")
        box = Box(field, beside)
        await app.mount(box)
        await _begun(app)
        before = field.applied, beside.applied
        field.focus()
        await until(lambda: field.has_focus)
        assert box.styles.background == Color.parse("white")
        app.part("page").focus()
        await until(lambda: app.part("page").has_focus)
        assert box.styles.background == Color.parse("black")
        assert (field.applied, beside.applied) == (before[0] + 2, before[1])
