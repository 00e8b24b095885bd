"""The blocks of a conversation by key: menu, quoting, and the actions of an error card."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from textual import events

from hermes_core.commands import Retry
from hermes_core.events import RequestFailed, TurnFinished, TurnStarted
from hermes_core.paths import Home
from hermes_tui.block_menu import quoted
from hermes_tui.core_link.workspace import ModelInfo
from hermes_tui.launch_state import LaunchState
from hermes_tui.screens.model import ModelScreen
from hermes_tui.screens.pick import PickScreen
from hermes_widgets.fitting import moment
from hermes_widgets.status_bar import StatusBar
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import NOW, STILL, Stage, build, staged

SIZE = (90, 30)


async def _menu(stage: Stage) -> None:
    await stage.pilot.press("enter")
    await until(lambda: isinstance(stage.app.screen, PickScreen))
    await stage.pilot.pause()


@pytest.mark.ac("block-menu")
async def test_the_menu_of_a_block_quotes_and_retries(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.session.say(*turns.user(1, "what is up"), *turns.writing("All is well."))
        stage.session.say(
            TurnFinished(outcome="completed", reason="text_response", turn_id="t1", duration_s=1.0)
        )
        await until(lambda: stage.app.chat.state.turns == 1)
        await until(lambda: stage.app.chat.transcript.is_settled)
        await stage.pilot.press("alt+up", "alt+up")
        block = stage.app.chat.transcript.cursor_block
        assert block is not None
        assert block.kind == "reply"
        await _menu(stage)
        await until(lambda: "Quote in the prompt" in stage.shown_text())
        await stage.type("quote")
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.composer.draft.startswith("> All is well."))
        assert stage.app.chat.composer.area.has_focus

        stage.app.chat.composer.clear()
        await stage.pilot.press("alt+up", "alt+up")
        await _menu(stage)
        await until(lambda: "Retry from here" in stage.shown_text())
        await stage.type("retry")
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(Retry))


async def test_behind_the_last_block_the_keyboard_is_back_in_the_field(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.session.say(*turns.user(1, "hello"))
        await until(lambda: stage.app.chat.state.has_content)
        await until(lambda: stage.app.chat.transcript.is_settled)
        await stage.pilot.press("alt+up")
        assert stage.app.chat.transcript.has_focus
        await stage.pilot.press("alt+down")
        assert stage.app.chat.composer.area.has_focus
        await stage.pilot.press("alt+up", "escape")
        await stage.pilot.pause()
        assert stage.app.chat.composer.area.has_focus


@pytest.mark.ac("error-card-actions")
async def test_the_buttons_of_an_error_card_work_by_their_letters(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.workspace.model_list = [ModelInfo(model="other-1", provider="openai")]
        stage.session.say(
            TurnStarted(turn_id="t1"),
            RequestFailed(reason="timeout", message="no answer"),
            RequestFailed(reason="timeout", message="no answer"),
            RequestFailed(reason="auth", status=401, message="key not known"),
            TurnFinished(outcome="failed", reason="auth", error="The key was refused (401)"),
        )
        await until(lambda: "The key was refused" in stage.shown_text())
        assert "key not known" not in stage.shown_text()
        await stage.pilot.press("r")
        assert stage.app.chat.composer.draft == "r"
        stage.app.chat.composer.clear()
        await stage.pilot.press("alt+up", "v")
        await until(lambda: "auth (401): key not known" in stage.shown_text())
        await until(lambda: "2 × timeout: no answer" in stage.shown_text())
        await stage.pilot.press("r")
        await until(lambda: stage.session.sent(Retry))
        await stage.pilot.press("m")
        await until(lambda: isinstance(stage.app.screen, ModelScreen))
        await until(lambda: "other-1" in stage.shown_text())


def test_a_quoted_text_stands_before_the_draft() -> None:
    assert quoted("one\n\ntwo\n", "and?") == "> one\n>\n> two\n\nand?"


@pytest.mark.ac("settings-shape-the-screen")
async def test_settings_reach_the_parts_of_the_screen(home: Home) -> None:
    app, workspace = build(home, launch=LaunchState())
    workspace.settings |= {"tui.paste_collapse_lines": 2, "tui.reduced_motion": True}
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        assert app.chat.transcript.reduced_motion
        assert app.query_one(StatusBar).is_still
        app.chat.composer.area.post_message(events.Paste("one\ntwo"))
        await until(lambda: app.chat.composer.draft == "[Pasted text #1 · 2 lines]")
        await app.open_new()
        await pilot.pause()
        assert app.chat.composer.fold.threshold_lines == 2


@pytest.mark.ac("block-times")
async def test_a_block_says_when_it_began_under_the_pointer_and_in_its_menu(home: Home) -> None:
    async with staged(home, size=(90, 30), clocks=STILL) as stage:
        stage.session.say(*turns.user(1, "what time is it?"))
        await until(lambda: "what time is it?" in stage.shown_text())
        lines = stage.shown_text().splitlines()
        row = next(at for at, line in enumerate(lines) if "what time is it?" in line)
        transcript = stage.app.chat.transcript
        await stage.pilot.hover(transcript, (6, row - transcript.region.y))
        when = moment(NOW, time.time())
        await until(lambda: transcript.tooltip == when)
        await stage.pilot.hover(transcript, (6, row - transcript.region.y + 8))
        await until(lambda: transcript.tooltip is None)
        await stage.pilot.press("alt+up", "enter")
        await until(lambda: f"Your message · {moment(NOW, NOW)}" in stage.shown_text())


def test_a_moment_has_its_date_on_another_day() -> None:
    noon = datetime(2026, 11, 24, 12, 5).astimezone().timestamp()
    assert moment(noon, noon + 60) == "12:05"
    assert moment(noon, noon + 90_000) == "Tue 24 Nov, 12:05"
    assert moment(noon, noon + 90_000 * 365) == "Tue 24 Nov 2026, 12:05"
