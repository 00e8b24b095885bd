"""Where panes stand, how one goes from one to the next, and how wide they are."""

from __future__ import annotations

import pytest
from textual import events

from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.panes.rails import shared
from hermes_tui.rail_widths import fitting, read_widths, width_class, write_widths
from hermes_widgets.grip import Grip
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged


def _columns(app: HermesApp, side: str) -> tuple[int, int]:
    """First column and width of a rail, 0 if it is not seen."""
    region = app.frame.rail("left" if side == "left" else "right").region
    return region.x, region.width


@pytest.mark.ac("pane-places")
async def test_a_pane_is_a_drawer_a_rail_or_the_whole_by_the_size_and_by_zoom(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        app = stage.app
        await stage.pilot.press("alt+3")
        await until(lambda: _columns(app, "left") == (0, 48))
        assert app.query_one("#main").region.width == 80
        await stage.pilot.press("alt+2")
        await until(lambda: _columns(app, "right") == (32, 48))
        assert _columns(app, "left")[1] == 0
        await stage.pilot.press("f11")
        await until(lambda: _columns(app, "right") == (0, 80))
        assert not app.query_one("#main").display
        await stage.pilot.press("f11")
        await until(lambda: _columns(app, "right") == (32, 48))
        await stage.pilot.resize_terminal(200, 60)
        await until(lambda: _columns(app, "right") == (156, 44) and _columns(app, "left")[1] == 34)
        await stage.pilot.resize_terminal(50, 12)
        await until(lambda: _columns(app, "right") == (0, 50))
        await stage.pilot.press("escape")
        await until(lambda: _columns(app, "right")[1] == 0 and app.query_one("#main").display)
        await stage.pilot.resize_terminal(200, 60)
        await until(lambda: _columns(app, "left")[1] == 34)
        assert _columns(app, "right")[1] == 0, "nothing to say"


@pytest.mark.ac("pane-steps")
async def test_f6_goes_from_pane_to_pane_and_the_heading_tells_where(home: Home) -> None:
    async with staged(home, size=(200, 60)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: "This turn" in stage.shown_text())
        seen = []
        for _ in range(4):
            await stage.pilot.press("f6")
            await stage.pilot.pause()
            seen.append(stage.app.shown_pane)
            marked = [line for line in stage.shown_text().splitlines() if "▸ " in line]
            heads = ("Sessions", "Skills", "This turn")
            lit = [head for head in heads if any(f"▸ {head}" in line for line in marked)]
            assert len(lit) == (seen[-1] != "chat")
        assert seen == ["tools", "sessions", "skills", "chat"]
        await stage.pilot.press("shift+f6")
        assert stage.app.shown_pane == "skills"


@pytest.mark.ac("rail-widths")
async def test_an_edge_is_moved_by_key_and_by_mouse_and_remembered_by_size(home: Home) -> None:
    async with staged(home, size=(200, 60)) as stage:
        app = stage.app
        await stage.pilot.press("alt+3", "alt+ctrl+right")
        await until(lambda: _columns(app, "left")[1] == 38)
        grip = app.query_one("#left-grip", Grip)
        await until(lambda: grip.region.x == 38)
        assert {row.text for row in grip.render_lines(grip.size.region)} == {" "}
        await stage.pilot.hover(grip)
        assert {row.text for row in grip.render_lines(grip.size.region)} == {"│"}
        await stage.pilot.mouse_down(grip)
        move = events.MouseMove(grip, 0, 0, 0, 0, 1, False, False, False, screen_x=50, screen_y=9)
        grip.on_mouse_move(move)
        await until(lambda: _columns(app, "left")[1] == 50)
        await stage.pilot.mouse_up("#main", offset=(22, 9))
        await until(lambda: stage.workspace.settings["tui.layout.left"] != "auto")
        written = str(stage.workspace.settings["tui.layout.left"])
        assert written.startswith("wide=")
        await stage.pilot.resize_terminal(120, 40)
        await until(lambda: _columns(app, "left")[1] == 72)
        stage.workspace.settings["tui.layout.left"] = "60"
        app.frame.read_widths()
        await until(lambda: _columns(app, "left")[1] == 60)


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        ("auto", {}),
        ("40", {"narrow": 40, "medium": 40, "wide": 40}),
        ("wide=50, medium=36", {"wide": 50, "medium": 36}),
        ("wide=3", {"wide": 24}),
        ("half the screen", {}),
    ],
)
def test_widths_are_read_and_written(text: str, widths: dict[str, int]) -> None:
    read = read_widths(text)
    assert read == widths
    assert read_widths(write_widths(read)) == read


def test_a_rail_leaves_room_for_the_conversation() -> None:
    assert fitting(200, 160) == 130
    assert [width_class(columns) for columns in (60, 99, 100, 159, 160)] == [
        "narrow",
        "narrow",
        "medium",
        "medium",
        "wide",
    ]


@pytest.mark.parametrize(
    ("wanted", "room", "got"),
    [([5, 5], 20, [5, 5]), ([50, 5], 20, [15, 5]), ([50, 50], 20, [10, 10]), ([], 9, [])],
)
def test_panes_of_a_rail_share_its_rows(wanted: list[int], room: int, got: list[int]) -> None:
    assert shared(wanted, room) == got
