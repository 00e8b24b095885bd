"""Requests of the agent: never over fresh typing, one at a time, answered once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.events import Key

from hermes_core.commands import Answer
from hermes_core.events import ApprovalResolved, QuestionAsked, TurnStarted
from hermes_core.paths import Home
from hermes_tui.screens.approval import ApprovalScreen, Decided
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged


def _answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.session.commands if isinstance(command, Answer)]


def _is_open(stage: Stage) -> bool:
    return isinstance(stage.app.screen, ApprovalScreen)


def _takes_keys(stage: Stage) -> bool:
    screen = stage.app.screen
    return isinstance(screen, ApprovalScreen) and screen.card.has_focus


def _asks(stage: Stage) -> bool:
    card = stage.app.chat.card
    return card is not None and card.has_focus_within


@pytest.mark.ac("approval-answer")
@pytest.mark.parametrize(
    ("key", "decision"),
    [
        ("o", "once"),
        ("s", "session"),
        ("a", "always"),
        ("d", "deny"),
        ("escape", "deny"),
        ("1", "once"),
        ("4", "deny"),
        ("enter", "once"),
        ("ctrl+c", "deny"),
    ],
)
async def test_each_key_of_the_card_gives_its_decision(home: Home, key: str, decision: str) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press(key)
        await until(lambda: _answers(stage))
        answer = _answers(stage)[0]
        assert answer.decision == decision
        assert answer.shown_hash == "hash-r1"
        await until(lambda: not _is_open(stage))
        assert not stage.app.chat.state.approvals


@pytest.mark.ac("approval-answer")
@pytest.mark.parametrize("key", ["o", "d", "escape", "enter"])
async def test_a_key_pressed_twice_decides_once_and_closes_one_screen(home: Home, key: str) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: _takes_keys(stage))
        for _ in range(3):
            stage.app.post_message(Key(key, key if len(key) == 1 else None))
        await until(lambda: not stage.app.is_modal_open)
        await stage.pilot.pause()
        assert stage.app.is_running
        assert len(_answers(stage)) == 1


@pytest.mark.ac("draft-never-lost")
async def test_a_key_for_a_request_that_closes_meanwhile_spares_the_draft(home: Home) -> None:
    async with staged(home) as stage:
        await stage.type("half a thought")
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: _takes_keys(stage))
        shown = stage.app.screen
        await stage.app.on_event(Key("backspace", None))  # on its way to the card
        shown.dismiss(Decided("once", ""))
        await until(lambda: not _is_open(stage))
        await stage.pilot.pause()
        assert stage.app.chat.composer.draft == "half a thought"


async def test_a_key_for_a_question_that_goes_does_nothing_in_the_field(home: Home) -> None:
    async with staged(home) as stage:
        await stage.type("half a thought")
        stage.session.say(turns.question())
        stage.app.chat.composer.set_draft("half a thought")
        await until(lambda: stage.app.chat.card is not None)
        card = stage.app.chat.card
        assert card is not None
        card.take_focus()
        await until(lambda: _asks(stage))
        await stage.app.on_event(Key("backspace", None))  # on its way to the card
        stage.app.chat.composer.focus_field()
        await stage.pilot.press("!")
        await until(lambda: stage.app.chat.composer.draft.endswith("!"))
        assert stage.app.chat.composer.draft == "half a thought!"


@pytest.mark.parametrize("opener", ["f1", "ctrl+p", "f2"])
async def test_escape_pressed_twice_closes_one_sheet(home: Home, opener: str) -> None:
    async with staged(home) as stage:
        await stage.pilot.press(opener)
        await until(lambda: stage.app.is_modal_open)
        await stage.pilot.pause()
        for _ in range(2):
            stage.app.post_message(Key("escape", None))
        await until(lambda: not stage.app.is_modal_open)
        await stage.pilot.pause()
        assert stage.app.is_running
        assert len(stage.app.screen_stack) == 1


@pytest.mark.ac("approval-spares-typing")
async def test_a_request_never_opens_over_fresh_typing(home: Home) -> None:
    async with staged(home, quiet_s=60.0) as stage:
        await stage.type("also check")
        stage.session.say(*turns.work_so_far(), *turns.waiting())
        await until(lambda: "1 request" in stage.shown_text())
        await stage.type(" oads")
        assert not _is_open(stage)
        assert not _answers(stage)
        assert stage.app.chat.composer.draft == "also check oads"
        await stage.pilot.press("alt+5")
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press("o")
        await until(lambda: not _is_open(stage))
        assert stage.app.chat.composer.draft == "also check oads"
        await until(lambda: "1 request" not in stage.shown_text())


@pytest.mark.ac("approval-one-at-a-time")
async def test_two_requests_come_one_after_the_other_and_are_answered_separately(
    home: Home,
) -> None:
    async with staged(home) as stage:
        stage.session.say(TurnStarted(turn_id="t1"), turns.approval("r1"), turns.approval("r2"))
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press("o")
        await until(lambda: len(_answers(stage)) == 1)
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press("d")
        await until(lambda: len(_answers(stage)) == 2)
        assert [(item.request_id, item.decision) for item in _answers(stage)] == [
            ("r1", "once"),
            ("r2", "deny"),
        ]


async def test_a_request_answered_elsewhere_closes_its_card(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.waiting())
        await until(lambda: _is_open(stage))
        stage.session.say(ApprovalResolved(request_id="r1", decision="once", by="phone"))
        await until(lambda: not _is_open(stage))
        assert not _answers(stage)


async def test_a_reason_goes_with_the_decision(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.waiting())
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press("tab")
        await stage.type("not on stage")
        await stage.pilot.press("enter", "d")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].reason == "not on stage"


async def test_enter_after_a_reason_denies_unless_another_button_is_chosen(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.waiting())
        await until(lambda: _takes_keys(stage))
        await until(lambda: "v view" in stage.shown_text())
        await stage.pilot.press("tab")
        await stage.type("not on stage")
        await until(lambda: "⏎ to the buttons" in stage.shown_text())
        await stage.pilot.press("enter", "enter")
        await until(lambda: _answers(stage))
        assert (_answers(stage)[0].decision, _answers(stage)[0].reason) == ("deny", "not on stage")


async def test_what_always_would_allow_is_seen_whole_before_it_is_chosen(home: Home) -> None:
    pattern = "recursive delete under /home/me/code/sync/build/of/the/day"
    async with staged(home, size=(120, 40)) as stage:
        request = replace(turns.approval(), always_pattern=pattern)
        stage.session.say(TurnStarted(turn_id="t1"), request)
        await until(lambda: _is_open(stage))
        await stage.pilot.pause()
        assert pattern not in stage.shown_text()
        await stage.pilot.press("right", "right")
        await until(lambda: f"Always would allow: {pattern}" in stage.shown_text())


async def test_the_whole_command_says_how_to_get_back_to_its_request(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.waiting())
        await until(lambda: _takes_keys(stage))
        await stage.pilot.press("v")
        await until(lambda: "The whole text" in stage.shown_text())
        await until(lambda: "esc back" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: "Run this command?" in stage.shown_text())
        assert not _answers(stage)


async def test_a_request_of_another_conversation_says_who_asks(home: Home) -> None:
    async with staged(home) as stage:
        first = stage.session
        first.say(*turns.work_so_far())
        await stage.pilot.press("ctrl+n")
        await until(lambda: len(stage.app.open_panes()) == 2)
        first.say(*turns.waiting())
        await until(lambda: _is_open(stage))
        await until(lambda: "asked by fix the retry loop" in stage.shown_text())


@pytest.mark.ac("clarify-answer")
async def test_a_choice_is_answered_by_its_number(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(turns.question())
        await until(lambda: _asks(stage))
        await stage.pilot.press("2")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].value == "release/2.4"
        await until(lambda: stage.app.chat.card is None)
        assert stage.app.focused is stage.app.chat.composer.area


async def test_something_else_opens_a_field_for_other_words(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(turns.question())
        await until(lambda: _asks(stage))
        await stage.pilot.press("3")
        await stage.type("hotfix")
        await stage.pilot.press("enter")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].value == "hotfix"


async def test_out_of_the_field_for_other_words_one_is_back_at_the_choices(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(turns.question())
        await until(lambda: _asks(stage))
        await stage.pilot.press("3")
        await until(lambda: "esc back to the choices" in stage.shown_text())
        await stage.pilot.press("enter")
        await stage.type("hotfix")
        await stage.pilot.press("escape")
        await until(lambda: "esc gives no answer" in stage.shown_text())
        assert not _answers(stage)
        await stage.pilot.press("3", "enter")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].value == "hotfix"


@pytest.mark.ac("secret-never-shown")
async def test_a_secret_is_sent_and_never_drawn_or_kept(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(
            QuestionAsked(request_id="q1", kind="secret", question="API key", shown_hash="h")
        )
        await until(lambda: _asks(stage))
        await stage.type("hunter2")
        await stage.pilot.pause()
        assert "hunter2" not in stage.shown_text()
        await stage.pilot.press("enter")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].value == "hunter2"
        assert "hunter2" not in stage.app.history.entries


async def test_escape_declines_a_question(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(turns.question())
        await until(lambda: _asks(stage))
        await stage.pilot.press("escape")
        await until(lambda: _answers(stage))
        assert _answers(stage)[0].value is None


@pytest.mark.ac("question-spares-typing")
async def test_a_question_never_takes_the_keys_of_fresh_typing(home: Home) -> None:
    async with staged(home, quiet_s=60.0) as stage:
        await stage.type("2 more")
        stage.session.say(turns.question())
        await until(lambda: stage.app.chat.state.questions)
        await stage.type(" of 1")
        await stage.pilot.pause()
        assert stage.app.chat.composer.draft == "2 more of 1"
        assert stage.app.chat.composer.area.has_focus
        assert not _answers(stage)


@pytest.mark.ac("questions-as-tabs")
async def test_several_questions_are_tabs_and_a_password_comes_first(home: Home) -> None:
    async with staged(home) as stage:
        stage.app.chat.composer.set_draft("half a thought")
        stage.session.say(
            turns.question("q1"),
            QuestionAsked(request_id="q2", kind="text", question="Which name?", shown_hash="h2"),
            *turns.waiting(),
            QuestionAsked(request_id="q3", kind="sudo", question="Password?", shown_hash="h3"),
        )
        await until(lambda: stage.app.chat.card is not None)
        await until(lambda: "Password?" in stage.shown_text())
        assert not _is_open(stage)
        await stage.type("hunter2")
        assert "hunter2" not in stage.shown_text()
        await stage.pilot.press("enter")
        await until(lambda: _is_open(stage))
        await stage.pilot.press("d")
        await until(lambda: "question 1 of 2" in stage.shown_text())
        await stage.pilot.press("tab")
        await until(lambda: "question 2 of 2" in stage.shown_text())
        await stage.type("retry")
        await stage.pilot.press("enter")
        await until(lambda: "Which branch" in stage.shown_text())
        await stage.pilot.press("1")
        await until(lambda: stage.app.chat.card is None)
        assert [answer.request_id for answer in _answers(stage)] == ["q3", "r1", "q2", "q1"]
        assert stage.app.chat.composer.draft == "half a thought"
        assert stage.app.focused is stage.app.chat.composer.area
