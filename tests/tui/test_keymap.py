"""Keys that the person chose: how they are read, what they do, where they are shown."""

from __future__ import annotations

import pytest

from hermes_core.paths import Home
from hermes_tui.actions.every_action import every_action
from hermes_tui.core_link.start_facts import start_card
from hermes_tui.keymap import Keymap, keymap_of
from hermes_tui.palette_rows import help_rows
from hermes_tui.screens.pick import PickScreen
from hermes_tui.summary import footer_of
from hermes_widgets.footer_keys import KeyLabel
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged

ACTIONS = every_action()


def read(**written: object) -> Keymap:
    """The keymap of ids with `_` for the dot."""
    return keymap_of({name.replace("_", "."): value for name, value in written.items()}, ACTIONS)


async def take(stage: Stage, written: dict[str, object]) -> None:
    """Write a keymap and let the program take it."""
    stage.workspace.settings["tui.keymap"] = written
    await stage.app.live_reload.apply()
    await stage.pilot.pause()


@pytest.mark.ac("keymap-reading")
@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("F7", "f7"),
        ("^e", "ctrl+e"),
        ("ctrl+,", "ctrl+comma"),
        ("alt+ctrl+j, PgUp", "alt+ctrl+j,pageup"),
        (["f7", "f8"], "f7,f8"),
        ("", ""),
        (None, ""),
        (False, ""),
    ],
)
def test_keys_are_read_as_people_write_them(written: object, keys: str) -> None:
    assert read(look_skin=written).changed.get("look.skin", "") == keys
    assert keymap_of({"look": {"skin": written}}, ACTIONS) == read(look_skin=written)


@pytest.mark.ac("keymap-remarks")
@pytest.mark.parametrize(
    ("written", "remark"),
    [
        ({"app.pallete": "f7"}, "did you mean app.palette?"),
        ({"zzzz": "f7"}, "/keys shows what there is"),
        ({"app.palette": "ctrl+nothing"}, "is not a key"),
        ({"app.palette": "hold+p"}, "is not a key"),
        ({"app.palette": "a"}, "is needed for writing"),
        ({"app.palette": "enter"}, "is needed for writing"),
        ({"app.palette": "?"}, "is needed for writing"),
        ({"app.palette": "f7", "app.help": "f7"}, "f7 is already asked for by keymap.app.palette"),
        ({"look.skin": "ctrl+k"}, "^k was the key of model.choose, which has no key now"),
        ({"look.skin": "alt+3"}, "alt+3 was the key of pane.sessions, which has ^s now"),
    ],
)
def test_what_cannot_be_done_as_written_is_named(written: dict[str, object], remark: str) -> None:
    (said,) = keymap_of(written, ACTIONS).remarks
    assert remark in said


def test_two_actions_may_change_keys_with_each_other() -> None:
    keymap = keymap_of({"app.palette": "f1", "app.help": "ctrl+p"}, ACTIONS)
    assert keymap.changed == {"app.palette": "f1", "app.help": "ctrl+p"}
    assert keymap.remarks == ()


def test_an_action_with_a_refused_key_keeps_its_own() -> None:
    assert read(app_palette="a").changed == {}


@pytest.mark.ac("keymap-works")
async def test_a_key_that_was_chosen_runs_the_action_and_the_old_one_does_not(home: Home) -> None:
    async with staged(home) as stage:
        await take(stage, {"app.palette": "f7"})
        await stage.pilot.press("ctrl+p")
        assert not stage.app.is_modal_open
        await stage.pilot.press("f7")
        await until(lambda: isinstance(stage.app.screen, PickScreen))


async def test_an_action_without_a_key_gets_one(home: Home) -> None:
    async with staged(home) as stage:
        await take(stage, {"look.skin": "f7"})
        await stage.pilot.press("f7")
        await until(lambda: isinstance(stage.app.screen, PickScreen))


async def test_keys_come_back_when_the_entry_is_taken_out(home: Home) -> None:
    async with staged(home) as stage:
        await take(stage, {"app.palette": ""})
        await stage.pilot.press("ctrl+p")
        assert not stage.app.is_modal_open
        await take(stage, {})
        await stage.pilot.press("ctrl+p")
        await until(lambda: isinstance(stage.app.screen, PickScreen))


@pytest.mark.ac("keymap-shown")
async def test_help_and_footer_show_the_keys_in_force(home: Home) -> None:
    async with staged(home) as stage:
        await take(stage, {"app.palette": "f7"})
        keys_of = stage.app.keymap.keys_of
        rows = {row.key: row.right for row in help_rows("", keys_of)}
        assert rows["action:app.palette"] == "f7"
        assert help_rows("app.palette", keys_of)[0].note == "app.palette"
        assert KeyLabel("f7", "commands", "app.palette") in footer_of("chat", keys_of)
        await until(lambda: "f7 commands" in " ".join(stage.shown_text().split()))


@pytest.mark.ac("keymap-shown")
async def test_the_start_card_names_the_key_in_force(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        await until(lambda: "^p everything else" in stage.shown_text())
        await take(stage, {"app.palette": "f7"})
        await start_card(stage.app, stage.app.chat)
        await until(lambda: "f7 everything else" in stage.shown_text())
        await take(stage, {"app.palette": ""})
        await start_card(stage.app, stage.app.chat)
        await until(lambda: "everything else" not in stage.shown_text())
        assert "! shell" in stage.shown_text()


@pytest.mark.ac("keymap-shown")
async def test_a_request_that_waits_names_the_key_in_force(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await take(stage, {"pane.approvals": "f8"})
        stage.app.chosen.typing_grace_s = 60.0
        await stage.type("half a thought")
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: "1 request · f8" in stage.shown_text())


async def test_a_wrong_entry_is_told_once(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        await take(stage, {"app.pallete": "f7"})
        await stage.app.live_reload.apply()
        await stage.pilot.pause()
        await until(lambda: stage.shown_text().count("did you mean app.palette?") == 1)


@pytest.mark.ac("keymap-field")
async def test_keys_of_the_field_can_be_changed_too(home: Home) -> None:
    async with staged(home) as stage:
        await take(stage, {"composer": {"cut-line-start": "f9", "nothing": "f8"}})
        await until(
            lambda: "keymap.composer.nothing: no action is called that" in stage.shown_text()
        )
        await stage.type("one two")
        await stage.pilot.press("ctrl+u")
        assert stage.app.chat.composer.draft == "one two"
        await stage.pilot.press("f9")
        assert stage.app.chat.composer.draft == ""
