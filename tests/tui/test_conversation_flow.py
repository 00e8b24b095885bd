"""Typing, sending, following, stopping, in the running app."""

from __future__ import annotations

import pytest
from textual import events

from hermes_core.commands import (
    CoreCommand,
    Interrupt,
    QueueRemove,
    Reply,
    RunCommand,
    SetTitle,
    Submit,
)
from hermes_core.errors import HermesError, OwnerLost
from hermes_core.events import InputAccepted, InputState, TurnStarted
from hermes_core.paths import Home
from hermes_tui.app import HermesApp
from hermes_tui.composing.input_file import read_history
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.ending.leaving import Leaving
from hermes_tui.launch_state import LaunchState
from hermes_widgets.status_bar import StatusBar
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.stage import staged


@pytest.mark.ac("app-first-picture")
async def test_the_first_picture_shows_composer_status_and_start_card(home: Home) -> None:
    async with staged(home) as stage:
        text = stage.shown_text()
        assert "What shall we do?" in text
        assert "hermes-4-405b via openrouter" in text
        assert "ready" in text
        assert "f1 help" in text


@pytest.mark.ac("app-typing-before-ready")
async def test_what_is_typed_while_the_core_starts_is_sent_when_it_is_there(home: Home) -> None:
    launch = LaunchState(first_message="and this from the command line")
    async with staged(home, launch=launch) as stage:
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert submit.text == "and this from the command line"


async def test_a_core_that_does_not_come_up_is_told_with_its_hint(home: Home) -> None:
    async def broken() -> Workspace:
        raise HermesError("No model is configured", hint="run hermes setup")

    app = HermesApp(broken)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await until(lambda: app.chat.transcript.block_count > 0)
        assert not app.is_ready


async def test_a_message_after_a_failed_start_stays_and_starts_again(home: Home) -> None:
    tries = []

    async def broken() -> Workspace:
        tries.append(1)
        raise HermesError("No model is configured", hint="name one")

    app = HermesApp(broken)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: app.has_failed_to_start)
        app.chat.composer.set_draft("my long question")
        await pilot.press("enter")
        await until(lambda: len(tries) == 2)
        await until(lambda: app.has_failed_to_start)
        assert app.chat.composer.draft == "my long question"


async def test_enter_sends_and_clears_and_the_message_appears(home: Home) -> None:
    async with staged(home) as stage:
        await stage.type("hello there")
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.state.last_user_text == "hello there")
        assert stage.app.chat.composer.draft == ""
        await until(lambda: "hello there" in stage.shown_text())


@pytest.mark.ac("app-draft-survives-refusal")
async def test_a_refused_message_is_back_in_the_field(home: Home) -> None:
    def refuse(session: object, command: object) -> Reply | None:
        return Reply(ok=False, code="busy", text="Not now") if isinstance(command, Submit) else None

    async with staged(home, react=refuse) as stage:
        await stage.send("keep me")
        await until(lambda: stage.app.chat.composer.draft == "keep me")
        await until(lambda: "Not now" in stage.shown_text())


@pytest.mark.ac("app-owner-lost")
async def test_a_lost_owner_keeps_the_transcript_and_the_draft(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.work_so_far())
        stage.session.fail_with = OwnerLost("The process that owned it ended")
        await stage.send("still here?")
        await until(lambda: stage.app.chat.composer.draft == "still here?")
        stage.session.end()
        await until(lambda: stage.app.chat.state.is_closed)
        assert stage.app.chat.transcript.block_count > 5


async def test_the_turn_is_told_in_the_status_row_and_ends_there(home: Home) -> None:
    async with staged(home) as stage:
        bar = stage.app.query_one(StatusBar)
        stage.session.say(*turns.work_so_far(), *turns.writing())
        await until(lambda: bar.status.phase == "busy" and bar.status.word == "writing")
        assert bar.status.hint == "esc stops"
        stage.session.say(*turns.finished())
        await until(lambda: bar.status.phase == "ready")
        assert bar.status.since is None
        assert bar.status.cost_usd == pytest.approx(0.06)


@pytest.mark.ac("app-esc-rules")
async def test_escape_stops_at_once_without_a_draft_and_on_the_second_press_with_one(
    home: Home,
) -> None:
    async with staged(home) as stage:
        # A second may pass between two keys on a busy machine.
        stage.app.leaving = Leaving(stage.app, clock=lambda: 0.0)
        stage.session.say(TurnStarted(turn_id="t1"))
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.type("a draft")
        await stage.pilot.press("escape")
        await stage.pilot.pause()
        assert not stage.session.sent(Interrupt)
        await stage.pilot.press("escape")
        await until(lambda: stage.session.sent(Interrupt))
        assert stage.app.chat.composer.draft == "a draft"
        stage.app.chat.composer.clear()
        await stage.pilot.press("escape")
        await until(lambda: len(stage.session.sent(Interrupt)) == 2)


async def test_ctrl_c_stops_then_empties_then_leaves(home: Home) -> None:
    async with staged(home) as stage:
        await stage.type("unsent")
        await stage.pilot.press("ctrl+c")
        await until(lambda: stage.app.chat.composer.draft == "")
        await stage.pilot.press("up")
        assert stage.app.chat.composer.draft == "unsent"
        stage.app.chat.composer.clear()
        await stage.pilot.press("ctrl+c")
        await until(lambda: stage.workspace.is_closed)


async def test_waiting_messages_are_listed_and_ctrl_x_drops_the_last(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(
            TurnStarted(turn_id="t1"),
            InputAccepted(input_id="q1", mode="queue", text="then bump the version"),
            InputState(input_id="q1", state="queued"),
        )
        await until(lambda: stage.app.chat.state.queued)
        await until(lambda: "then bump the version" in stage.shown_text())
        await stage.pilot.press("ctrl+x")
        await until(lambda: stage.session.sent(QueueRemove))
        stage.session.say(InputState(input_id="q1", state="cancelled"))
        await until(lambda: not stage.app.chat.state.queued)


@pytest.mark.ac("app-input-history")
async def test_inputs_are_kept_in_the_home_and_come_back_with_arrow_up(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("first\nsecond line")
        await until(lambda: read_history(home.input_history) == ["first\nsecond line"])
    async with staged(home) as stage:
        await stage.pilot.press("up")
        await until(lambda: stage.app.chat.composer.draft == "first\nsecond line")


@pytest.mark.ac("app-resume-shows-history")
async def test_a_resumed_conversation_shows_its_past_and_the_unfinished_turn(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.add_session(
            "old", title="fix the retry loop", events=[*turns.work_so_far(), *turns.writing()]
        )
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.session_id == "old")
        await until(lambda: "3 of 5" in stage.shown_text())
        assert stage.app.chat.state.is_busy
        assert len(stage.app.open_panes()) == 1


async def test_the_title_of_the_conversation_is_on_its_tab(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/title Nightly sync")
        await until(lambda: stage.session.sent(SetTitle))
        await until(lambda: "Nightly sync" in stage.shown_text().splitlines()[0])


@pytest.mark.ac("app-two-conversations")
async def test_without_a_title_the_first_words_are_on_its_tab(home: Home) -> None:
    async with staged(home) as stage:
        for text in ("the first words", "and more"):
            await stage.send(text)
            await until(lambda: stage.app.chat.state.last_user_text == text)  # noqa: B023  at once
        await until(lambda: "○ the first words" in stage.shown_text().split("\n")[0])


async def test_two_conversations_run_side_by_side(home: Home) -> None:
    async with staged(home) as stage:
        first = stage.session
        first.say(*turns.work_so_far())
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.pilot.press("ctrl+n")
        await until(lambda: len(stage.app.open_panes()) == 2)
        await until(lambda: stage.app.chat.state.runtime is not None)
        assert stage.session is not first
        first.say(*turns.writing(), *turns.finished())
        await until(lambda: not stage.app.open_panes()[0].state.is_busy)
        await stage.pilot.press("ctrl+pageup")
        assert stage.app.chat.state.title == "fix the retry loop"


async def test_the_key_that_closes_means_the_tab_that_was_shown_when_it_came(home: Home) -> None:
    async with staged(home) as stage:
        app = stage.app
        app.chat.state.last_user_text = "something was said"
        await app.open_new()
        kept, closed = app.open_panes()
        kept.composer.set_draft("half a thought")
        for key in ("ctrl+f4", "ctrl+pagedown"):
            app.post_message(events.Key(key, None))
        await until(lambda: len(app.open_panes()) == 1)
        assert app.open_panes() == [kept]
        assert kept.composer.draft == "half a thought"
        assert closed not in app.open_panes()


@pytest.mark.ac("typed-command")
async def test_a_typed_command_is_run_and_its_output_is_open(home: Home) -> None:
    async with staged(home) as stage:
        await stage.type("!ls")
        await until(lambda: "runs it in the shell" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(RunCommand))
        assert not stage.session.sent(Submit)
        assert stage.session.sent(RunCommand)[0] == RunCommand(text="ls", client="screen")
        stage.session.say(*turns.typed("ls", "README.md\npyproject.toml"))
        await until(lambda: "pyproject.toml" in stage.shown_text())
        assert "runs it in the shell" not in stage.shown_text()


@pytest.mark.ac("typed-command")
async def test_the_sign_of_a_command_alone_says_what_it_is_for(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("!")
        await until(lambda: "!COMMAND runs it in the shell" in stage.shown_text())
        assert not stage.session.sent(RunCommand)
        assert not stage.session.sent(Submit)


@pytest.mark.ac("typed-command")
async def test_a_refused_typed_command_is_in_the_field_again(home: Home) -> None:
    def refuse(session: FakeSession, command: CoreCommand) -> Reply | None:
        if isinstance(command, RunCommand):
            return Reply(ok=False, code="busy", text="Agent is running")
        return None

    async with staged(home, react=refuse) as stage:
        await stage.send("!make all")
        await until(lambda: stage.app.chat.composer.draft == "!make all")
        await until(lambda: "Agent is running" in stage.shown_text())
