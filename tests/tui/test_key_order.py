"""Keys that come in one bundle, as over a slow line, act one after the other."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from hermes_core.commands import Interrupt, Submit
from hermes_core.paths import Home
from hermes_tui.screens.approval import ApprovalScreen
from hermes_tui.terminal.key_order import KeyDone
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged

SIZE = (100, 30)


def press_at_once(stage: Stage, *keys: str) -> None:
    """Let keys come faster than any of them is taken; one letter names itself."""
    for key in keys:
        stage.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_bundle_of_letters_and_keys_of_the_field_acts_in_order(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        press_at_once(stage, *"helo", "backspace", *"lo", "ctrl+a", "X", "end", "!")
        await until(lambda: stage.app.chat.composer.draft == "Xhello!")
        press_at_once(stage, "ctrl+u", *"other")
        await until(lambda: stage.app.chat.composer.draft == "other")


async def test_the_first_key_after_the_window_was_out_of_sight_acts_first_too(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.app.post_message(events.AppBlur())
        await until(lambda: stage.app.focused is None)
        press_at_once(stage, "ctrl+u", *"other")
        await until(lambda: stage.app.chat.composer.draft == "other")


async def test_letters_behind_a_key_that_opens_a_screen_are_typed_there(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        press_at_once(stage, *"draft", "ctrl+p", *"modle", "backspace", "backspace", *"el")
        await until(lambda: isinstance(stage.app.screen.focused, Input))
        await until(lambda: stage.app.screen.query_one(Input).value == "model")
        press_at_once(stage, "escape", "!")
        await until(lambda: stage.app.chat.composer.draft == "draft!")


async def test_what_is_pasted_behind_a_key_comes_behind_it(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        press_at_once(stage, *"ab", "left")
        stage.app.post_message(events.Paste("pasted"))
        press_at_once(stage, "end", "c", "enter")
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert submit.text == "apastedbc"


async def test_keys_go_on_when_one_before_them_is_not_heard_of_again(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        field = stage.app.chat.composer.area
        with field.prevent(KeyDone):
            press_at_once(stage, "a", "left")
            await until(lambda: field.cursor_location == (0, 0) and field.text == "a")
        press_at_once(stage, "b", "end", "c")
        await until(lambda: field.text == "bac")


@pytest.mark.parametrize("key", ["enter", "o", "escape"])
async def test_a_key_pressed_twice_is_not_for_what_comes_in_place_of_its_screen(
    home: Home, key: str
) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.app.chat.composer.set_draft("not to be sent")
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: isinstance(stage.app.screen, ApprovalScreen))
        await until(lambda: stage.app.screen.focused is not None)
        press_at_once(stage, key, key, key, "!")
        await until(lambda: stage.app.chat.composer.draft == "not to be sent!")
        assert not stage.session.sent(Submit)
        assert not stage.session.sent(Interrupt)
