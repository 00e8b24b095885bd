"""A request waits for a person who looks elsewhere, if that was chosen."""

from __future__ import annotations

import time

import pytest
from textual.events import AppBlur, AppFocus

from hermes_core.commands import Extend
from hermes_core.events import TurnStarted
from hermes_core.paths import Home
from hermes_tui.screens.approval import ApprovalScreen
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged


async def _ask_while_away(stage: Stage, *, times_out: bool) -> None:
    stage.workspace.settings["approvals.timeout_unfocused"] = times_out
    stage.app.chosen.follow()
    stage.app.post_message(AppBlur())
    await until(lambda: not stage.app.app_focus)
    stage.session.say(TurnStarted(turn_id="t1"), turns.approval("r1", expires_in_s=0.9))
    await until(lambda: isinstance(stage.app.screen, ApprovalScreen))


@pytest.mark.ac("approval-waits-unfocused")
async def test_a_request_is_extended_while_the_window_is_unfocused(home: Home) -> None:
    async with staged(home) as stage:
        await _ask_while_away(stage, times_out=False)
        await until(lambda: stage.session.sent(Extend))
        screen = stage.app.screen
        assert isinstance(screen, ApprovalScreen)
        await until(lambda: (screen.card.request.expires_at or 0) > time.time() + 30)
        await until(lambda: "denies in" not in stage.shown_text())

        before = len(stage.session.sent(Extend))
        stage.app.post_message(AppFocus())
        await until(lambda: len(stage.session.sent(Extend)) == before + 1)
        await stage.pilot.pause()
        assert stage.app.patience.is_resting


async def test_what_streams_meanwhile_does_not_put_the_extension_off(home: Home) -> None:
    async with staged(home) as stage:
        await _ask_while_away(stage, times_out=False)

        def is_extended() -> bool:
            stage.app.patience.review()  # as with every event of any conversation
            return bool(stage.session.sent(Extend))

        await until(is_extended)


async def test_the_time_runs_on_unless_it_was_chosen_otherwise(home: Home) -> None:
    async with staged(home) as stage:
        await _ask_while_away(stage, times_out=True)
        await stage.pilot.pause()
        assert stage.app.patience.is_resting
        assert not stage.session.sent(Extend)
