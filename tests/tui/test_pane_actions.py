"""What panes bring along: keys, help, palette, footer; those of plugins too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import ComposeResult

from hermes_core.paths import Home
from hermes_tui.actions.every_action import every_action
from hermes_tui.app import HermesApp
from hermes_tui.palette_rows import help_rows, palette_rows
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.pane import PANE_REGISTRY, Pane, PaneSpec, register_pane
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.screens.text_entry import TextEntryScreen
from hermes_widgets.footer_keys import FooterKeys
from hermes_widgets.list_rows import Row, RowList
from tests.support import until
from tests.tui.stage import Stage, staged


class WeatherPane(Pane):
    """A pane that the program knows nothing of."""

    def __init__(self, host: HermesApp) -> None:
        super().__init__(host, id="pane-weather")
        self.list = RowList()
        self.is_wished = False

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.list

    def refresh_content(self) -> None:
        self.list.show([Row(key="x", text="rain until noon")])

    def take_focus(self) -> None:
        self.list.focus()

    def action_wish(self) -> None:
        self.is_wished = True


@pytest.fixture
def weather() -> Iterator[PaneSpec]:
    """A pane registered from outside, gone after the test."""
    spec = PaneSpec(
        id="weather",
        title="Weather",
        build=WeatherPane,
        number=9,
        actions=(pane_action("weather", "wish", "Wish for sun", "f8", footer="wish"),),
    )
    register_pane(spec)
    yield spec
    PANE_REGISTRY.remove("weather")


@pytest.mark.ac("pane-from-outside")
async def test_a_pane_from_outside_has_its_key_palette_help_and_footer(
    home: Home, weather: PaneSpec
) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("alt+9")
        await until(lambda: "rain until noon" in stage.shown_text())
        await until(lambda: "f8 wish" in stage.shown_text())
        await stage.pilot.press("f8")
        pane = stage.app.query_one(WeatherPane)
        assert pane.is_wished
        palette = {row.key: row for row in palette_rows("", {})}
        assert palette["action:pane.weather"].text == "Weather"
        assert palette["action:weather.wish"].text == "Weather: Wish for sun"
        here = help_rows("", pane="weather")
        assert [row.text for row in here[:2]] == ["Weather", "Wish for sun"]
        await stage.pilot.press("escape")
        pane.is_wished = False
        await stage.pilot.press("f8")
        assert not pane.is_wished


def test_a_pane_may_bring_actions_for_itself_alone(weather: PaneSpec) -> None:
    strange = (pane_action("sessions", "melt", "Melt"),)
    with pytest.raises(ValueError, match=r"sessions.melt must name this pane"):
        register_pane(PaneSpec(id="sun", title="Sun", build=WeatherPane, actions=strange))
    with pytest.raises(ValueError, match="twice"):
        register_pane(weather)


@pytest.mark.ac("palette-has-everything")
def test_every_action_is_in_the_palette_and_in_help() -> None:
    wanted = {f"action:{action.id}" for action in every_action()}
    assert wanted <= {row.key for row in palette_rows("", {})}
    for action in every_action():
        assert f"action:{action.id}" in {row.key for row in help_rows(action.id)}


async def _click_footer(stage: Stage, words: str) -> None:
    row = stage.app.query_one(FooterKeys)
    x = str(row.render()).index(words)
    await stage.pilot.click(FooterKeys, offset=(x, 0))


@pytest.mark.ac("footer-by-mouse")
async def test_a_click_on_the_footer_does_what_its_key_does(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        stage.workspace.add_session("a", title="Old one")
        await _click_footer(stage, "sessions")
        await until(lambda: "Old one" in stage.shown_text())
        await _click_footer(stage, "rename")
        await until(lambda: isinstance(stage.app.screen, TextEntryScreen))
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        await _click_footer(stage, "delete")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        await _click_footer(stage, "conversation")
        await until(lambda: stage.app.shown_pane == "chat")


@pytest.mark.ac("help-of-pane")
async def test_help_begins_with_the_pane_in_use(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("alt+2")
        await stage.pilot.press("question_mark")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        screen = stage.app.screen
        assert isinstance(screen, PickScreen)
        assert [row.text for row in screen.list.rows[:2]] == ["Tools", "Read the whole output"]
        assert "local:list.page-up" in {row.key for row in screen.list.rows}


async def test_a_question_mark_in_a_search_box_is_text(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("alt+4")
        await stage.pilot.press("question_mark")
        await stage.pilot.pause()
        assert not stage.app.is_modal_open
        assert stage.app.query_one("#pane-skills Input").value == "?"  # type: ignore[attr-defined]


async def test_keys_of_the_workspace_do_nothing_behind_a_modal(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("ctrl+p")
        await until(lambda: stage.app.is_modal_open)
        await stage.pilot.press("ctrl+n", "ctrl+p", "f1")
        assert len(stage.app.open_panes()) == 1
        assert len(stage.app.screen_stack) == 2


async def test_an_action_of_a_pane_chosen_elsewhere_shows_the_pane(home: Home) -> None:
    async with staged(home) as stage:
        stage.app.palette.run("action:sessions.delete")
        await until(lambda: stage.app.shown_pane == "sessions")
        assert not stage.app.is_modal_open
