"""What a skin, a theme and a poor terminal make of the whole screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.strip import Strip

from hermes_core.events import ReasoningFinished
from hermes_core.paths import Home
from hermes_tui.launch_state import LaunchState
from hermes_widgets.drawing.cell_filters import PLAIN
from hermes_widgets.status_bar import StatusBar
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged


def strips(stage: Stage) -> list[Strip]:
    """The rows of the screen as they go to the terminal."""
    return stage.app.screen._compositor.render_strips()


def styled(stage: Stage, words: str) -> list[str]:
    """How each piece of the screen that holds these words is styled."""
    return [
        str(segment.style) for strip in strips(stage) for segment in strip if words in segment.text
    ]


@pytest.mark.ac("skin-worn")
async def test_a_skin_is_worn_with_its_mark_sign_art_and_words(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        await stage.send("/skin Charizard")
        await until(lambda: stage.workspace.settings["display.skin"] == "ember")
        await until(lambda: "✦ ❯" in stage.shown_text())
        shown = stage.shown_text()
        assert " ✦ ember " in shown
        assert "▗▟█▙▖▟▌" in shown
        assert stage.app.chat.composer.area.placeholder == "What shall we set alight?"
        stage.session.say(*turns.work_so_far())
        await until(lambda: "│ ✓" in stage.shown_text())


@pytest.mark.ac("skin-worn")
async def test_a_preview_shows_the_whole_persona_and_goes_without_a_trace(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        await stage.send("/skin")
        await until(lambda: stage.app.is_modal_open)
        for key in "poseidon":
            await stage.pilot.press(key)
        await until(lambda: stage.app.theme == "hermes-poseidon")
        assert stage.app.appearance.persona.branding.prompt_symbol == "Ψ ❯"
        await stage.pilot.press("escape")
        await until(lambda: stage.app.theme == "hermes-lamplight")
        await until(lambda: "Ψ" not in stage.shown_text())
        assert stage.workspace.settings["display.skin"] == "default"


@pytest.mark.ac("skin-faults")
async def test_a_broken_skin_is_told_with_its_line_and_the_old_one_stays(home: Home) -> None:
    folder = home.root / "skins"
    folder.mkdir(parents=True)
    (folder / "torn.yaml").write_text("name: torn\ncolors:\n  ui_ok: grass\n", "utf-8")
    async with staged(home, size=(80, 24)) as stage:
        await stage.send("/skin torn")
        await until(lambda: "torn.yaml line 3" in stage.shown_text())
        assert stage.app.appearance.skin == "default"
        assert stage.workspace.settings["display.skin"] == "default"


async def test_a_theme_file_that_cannot_be_read_is_named(home: Home) -> None:
    folder = home.root / "themes"
    (folder / "folder.yaml").mkdir(parents=True)
    (folder / "sea.yaml").write_bytes(b"name: sea\nprimary: \xff\n")
    async with staged(home) as stage:
        assert "folder" not in stage.app.appearance.themes()
        await stage.send("/theme sea")
        await until(lambda: "sea.yaml line 2: not UTF-8 text" in stage.shown_text())


async def test_remarks_about_a_skin_are_told_once(home: Home) -> None:
    folder = home.root / "skins"
    folder.mkdir(parents=True)
    (folder / "odd.yaml").write_text("name: odd\ncolurs: {}\n", "utf-8")
    async with staged(home) as stage:
        await stage.send("/skin odd")
        await until(lambda: "unknown key colurs" in stage.shown_text())
        await stage.app.live_reload.apply()
        await stage.pilot.pause()
        assert stage.shown_text().count("unknown key colurs") == 1


@pytest.mark.ac("plain-glyphs")
async def test_without_emoji_the_whole_screen_is_plain_characters(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        stage.session.say(*turns.work_so_far(), *turns.writing())
        await until(lambda: "exit 1" in stage.shown_text())
        await until(lambda: "▏" in stage.shown_text())
        stage.workspace.settings["tui.emoji"] = False
        stage.app.chosen.follow()
        await until(lambda: not PLAIN.keys() & set(stage.shown_text()))
        await until(lambda: ": x $" in stage.shown_text())


@pytest.mark.ac("plain-glyphs")
async def test_glyphs_that_the_terminal_draws_too_wide_are_plain_and_only_those(home: Home) -> None:
    launch = LaunchState(wide_glyphs="●▏")
    async with staged(home, size=(120, 40), launch=launch) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: ": ✗ $" in stage.shown_text())
        assert "▏" not in stage.shown_text()


@pytest.mark.ac("no-colour")
async def test_without_colours_no_colour_is_sent_and_weight_says_what_they_said(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with staged(home, size=(120, 40)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: "exit 1" in stage.shown_text())
        for strip in strips(stage):
            for segment in strip:
                style = segment.style
                assert style is None or style.color is None or style.color.is_default
                assert style is None or style.bgcolor is None or style.bgcolor.is_default
        assert all("bold" in style for style in styled(stage, "exit 1"))
        await stage.pilot.press("ctrl+p")
        await until(lambda: stage.app.is_modal_open)
        await until(lambda: any("reverse" in style for style in styled(stage, "▌")))
        await until(lambda: "┌──" in stage.shown_text())


@pytest.mark.ac("few-colours")
@pytest.mark.parametrize(("colours", "canvas"), [("256", "#121212"), ("standard", "#000000")])
async def test_a_terminal_with_few_colours_gets_those_it_has(
    home: Home, colours: str, canvas: str
) -> None:
    async with staged(home, size=(80, 24), launch=LaunchState(colours=colours)) as stage:
        assert stage.app.appearance.palette().canvas == canvas
        assert stage.app.has_class("-framed") is (colours == "standard")


@pytest.mark.ac("theme-toolkit")
async def test_a_theme_of_the_toolkit_is_worn(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await stage.send("/theme nord")
        await until(lambda: stage.app.theme == "hermes-nord")
        assert stage.workspace.settings["tui.theme"] == "nord"


@pytest.mark.ac("light-or-dark")
async def test_auto_asks_the_terminal_under_any_skin(home: Home) -> None:
    launch = LaunchState(skin="ares", theme="auto", is_light_terminal=True)
    async with staged(home, size=(80, 24), launch=launch) as stage:
        assert stage.app.theme == "hermes-paper"
        assert stage.app.appearance.persona.name == "ares"


@pytest.mark.ac("indicator")
async def test_the_indicator_is_chosen_by_name_and_saved(home: Home, tmp_path: Path) -> None:
    async with staged(home, size=(120, 40), launch=LaunchState(reduced_motion=True)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: "● (o" in stage.shown_text())
        await stage.send("/indicator ascii")
        await until(lambda: stage.workspace.settings["tui.indicator"] == "ascii")
        await until(lambda: stage.app.query_one(StatusBar).kind == "ascii")
        await until(lambda: "(o" not in stage.shown_text())


@pytest.mark.ac("density")
async def test_density_says_how_much_air_there_is(home: Home) -> None:
    async with staged(home, size=(170, 40)) as stage:
        stage.workspace.add_session("s1", title="One", preview="what it is")
        await stage.app.refresh_lists()
        again = ReasoningFinished(message_id="a2", text="a second thought", seconds=2)
        stage.session.say(*turns.work_so_far(), again, *turns.finished())

        def rows_between(*words: str) -> int:
            lines = stage.shown_text().splitlines()
            found = [[at for at, line in enumerate(lines) if word in line] for word in words]
            return found[1][-1] - found[0][-1] if all(found) else 0

        await until(lambda: "what it is" in stage.shown_text())
        await until(lambda: rows_between("a second thought", "The loop slept") == 2)
        assert rows_between("7 passed", "a second thought") == 1
        await stage.send("/density compact")
        await until(lambda: rows_between("a second thought", "The loop slept") == 1)
        assert "what it is" not in stage.shown_text()
        await stage.send("/density roomy")
        await until(lambda: rows_between("7 passed", "a second thought") == 2)
        await until(lambda: "what it is" in stage.shown_text())
        await stage.send("/density thick")
        await until(lambda: "There is no density" in stage.shown_text())


@pytest.mark.ac("statusbar")
async def test_the_status_row_goes_and_comes_back(home: Home) -> None:
    async with staged(home) as stage:
        await until(lambda: "● ready" in stage.shown_text())
        await stage.send("/sb")
        await until(lambda: "● ready" not in stage.shown_text())
        assert stage.workspace.settings["tui.status_bar"] is False
        await stage.send("/statusbar")
        await until(lambda: "● ready" in stage.shown_text())
