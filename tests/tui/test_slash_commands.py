"""Slash commands: how they are read and found, and what they do."""

from __future__ import annotations

import pytest

from hermes_core.commands import (
    Interrupt,
    Retry,
    Rollback,
    SetApprovalMode,
    SetRuntime,
    Submit,
    Undo,
)
from hermes_core.paths import Home
from hermes_tui.core_link.workspace import CheckpointInfo, ModelInfo, SkillInfo
from hermes_tui.ending.farewell import summary_lines
from hermes_tui.launch_state import LaunchState
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.model import ModelScreen
from hermes_tui.screens.pick import PickScreen
from hermes_tui.slash.command import COMMAND_REGISTRY, SlashCommand, Unknown, find, parse
from hermes_tui.slash.completion import slash_completions
from hermes_tui.slash.model import parse_choice
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, build, staged

COMMANDS = COMMAND_REGISTRY.all()


@pytest.mark.ac("slash-reading")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/MODEL Gpt-5", ("model", "Gpt-5")),
        ("/help", ("help", "")),
        ("/queue  two  words ", ("queue", "two  words")),
        ("/Users/x/a.md fix this", None),
        ("/", None),
        ("/ no", None),
        ("what about /help", None),
    ],
)
def test_a_line_is_read_as_command_or_message(text: str, expected: tuple[str, str] | None) -> None:
    assert parse(text) == expected


@pytest.mark.ac("slash-lookup")
def test_names_aliases_skills_and_unique_beginnings_are_found_in_this_order() -> None:
    def name_of(found: object) -> str:
        assert isinstance(found, SlashCommand)
        return found.name

    assert name_of(find("exit", COMMANDS)) == "quit"
    assert name_of(find("roll", COMMANDS)) == "rollback"
    assert find("pytest-triage", COMMANDS, ["Pytest-Triage"]) == "Pytest-Triage"
    ambiguous = find("s", COMMANDS)
    assert isinstance(ambiguous, Unknown)
    assert set(ambiguous.near) >= {"sessions", "status", "stop", "skin"}
    mistyped = find("modle", COMMANDS)
    assert isinstance(mistyped, Unknown)
    assert mistyped.near == ("model",)


def test_no_name_and_no_alias_is_taken_twice() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("argument", "model", "provider", "persist"),
    [
        ("gpt-5", "gpt-5", "", False),
        ("openrouter:nous/hermes-4", "openrouter:nous/hermes-4", "", False),
        ("gpt-5 --provider openai --global", "gpt-5", "openai", True),
        ("nous/hermes-4:free", "nous/hermes-4:free", "", False),
    ],
)
def test_a_model_is_read_with_provider_and_scope(
    argument: str, model: str, provider: str, persist: bool
) -> None:
    choice = parse_choice(argument)
    assert (choice.model, choice.provider, choice.persist) == (model, provider, persist)


def test_completion_offers_the_best_name_first_and_skills_that_are_on() -> None:
    skills = [SkillInfo(name="stage-deploy"), SkillInfo(name="stale", state="off")]
    labels = [offer.label for offer in slash_completions("/st", COMMANDS, skills)]
    assert labels[0] == "/stop"
    assert any(label.startswith("/stage-deploy") for label in labels)
    assert not any(label.startswith("/stale") for label in labels)
    assert slash_completions("/title x", COMMANDS, skills) == []
    assert slash_completions("hello", COMMANDS, skills) == []


def test_of_equal_matches_what_concerns_the_conversation_comes_first() -> None:
    labels = [offer.label for offer in slash_completions("/mo", COMMANDS, [])]
    assert [label.split()[0] for label in labels[:2]] == ["/model", "/mouse"]
    assert slash_completions("/", COMMANDS, [])[0].label.split()[0] == "/compress"


async def test_nothing_is_suggested_behind_the_cursor_while_the_menu_offers(home: Home) -> None:
    async with staged(home) as stage:
        composer = stage.app.chat.composer
        composer.past.add("/permission")
        composer.past.add("permission is granted")
        await stage.type("/per")
        await until(lambda: composer.menu.is_open)
        await until(lambda: not composer.area.suggestion)
        composer.clear()
        await stage.type("per")
        await until(lambda: composer.area.suggestion == "mission is granted")


@pytest.mark.ac("slash-path-is-text")
async def test_a_path_goes_to_the_model_as_it_is(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/Users/x/a.md fix")
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert submit.text == "/Users/x/a.md fix"


@pytest.mark.ac("slash-unknown")
async def test_an_unknown_command_is_not_sent_and_stays_in_the_field(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/modle")
        await until(lambda: "Unknown command: /modle" in stage.shown_text())
        await until(lambda: "did you mean /model?" in stage.shown_text())
        assert stage.app.chat.composer.draft == "/modle"
        assert not stage.session.sent(Submit)


@pytest.mark.ac("skill-command")
async def test_a_skill_is_sent_as_typed_with_its_text_behind_it(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/pytest-triage the flaky one")
        await until(lambda: stage.session.sent(Submit))
        submit = stage.session.sent(Submit)[0]
        assert isinstance(submit, Submit)
        assert submit.text == "/pytest-triage the flaky one"
        assert submit.context == "How to do pytest-triage."
        await stage.send("/patent-search switched off")
        await until(lambda: "Unknown command: /patent-search" in stage.shown_text())


@pytest.mark.parametrize(
    ("line", "kind"), [("/retry", Retry), ("/undo", Undo), ("/model gpt-5", SetRuntime)]
)
async def test_commands_ask_the_session(
    home: Home, line: str, kind: type[Retry | Undo | SetRuntime]
) -> None:
    async with staged(home) as stage:
        await stage.send(line)
        await until(lambda: stage.session.sent(kind))


async def test_the_model_list_switches_to_what_is_picked(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.model_list = [
            ModelInfo(model="hermes-4-405b", provider="openrouter"),
            ModelInfo(model="gpt-5", provider="openai", window_tokens=400_000),
        ]
        await stage.send("/model")
        await until(lambda: isinstance(stage.app.screen, ModelScreen))
        await stage.pilot.pause()
        await stage.type("gpt")
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(SetRuntime))
        command = stage.session.sent(SetRuntime)[0]
        assert isinstance(command, SetRuntime)
        assert (command.model, command.provider) == ("gpt-5", "openai")


async def _confirmed(stage: Stage, key: str) -> None:
    await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
    await stage.pilot.pause()
    await stage.pilot.press(key)
    await until(lambda: not stage.app.is_modal_open)


@pytest.mark.ac("yolo-asks")
async def test_switching_approvals_off_asks_first_and_shows_afterwards(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/yolo")
        await _confirmed(stage, "escape")
        assert not stage.session.sent(SetApprovalMode)
        await stage.send("/yolo")
        await _confirmed(stage, "r")
        await until(lambda: stage.session.sent(SetApprovalMode))
        await until(lambda: "yolo" in stage.shown_text())


async def test_a_rollback_is_picked_and_confirmed(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.checkpoint_list = [
            CheckpointInfo(checkpoint_id="abc123", created_at=0.0, cause="patch retry.py")
        ]
        await stage.send("/rollback 1 src/retry.py")
        await _confirmed(stage, "r")
        await until(lambda: stage.session.sent(Rollback))
        command = stage.session.sent(Rollback)[0]
        assert isinstance(command, Rollback)
        assert (command.checkpoint_id, command.path) == ("abc123", "src/retry.py")


@pytest.mark.ac("theme-switch")
async def test_a_theme_is_worn_at_once_and_saved(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/theme paper")
        await until(lambda: stage.app.theme == "hermes-paper")
        await until(lambda: stage.workspace.settings["tui.theme"] == "paper")


@pytest.mark.ac("skin-switch")
async def test_a_skin_is_previewed_taken_back_and_saved_only_when_chosen(home: Home) -> None:
    async with staged(home) as stage:
        await stage.send("/skin")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        await stage.pilot.pause()
        await stage.type("slate")
        await until(lambda: stage.app.theme == "hermes-slate")
        await stage.pilot.press("escape")
        await until(lambda: stage.app.theme == "hermes-lamplight")
        assert stage.workspace.settings["display.skin"] == "default"
        await stage.send("/skin ares")
        await until(lambda: stage.workspace.settings["display.skin"] == "ares")
        assert stage.app.theme == "hermes-ares"


async def test_a_skin_nobody_knows_is_told_and_the_default_is_worn(home: Home) -> None:
    async with staged(home, launch=LaunchState(skin="nothere")) as stage:
        await until(lambda: "no skin 'nothere'" in stage.shown_text())
        assert stage.app.theme == "hermes-lamplight"


@pytest.mark.ac("quit-asks-when-busy")
async def test_leaving_asks_while_a_turn_runs_and_not_at_rest(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.send("/quit")
        await _confirmed(stage, "c")
        assert not stage.workspace.is_closed
        stage.session.say(*turns.writing(), *turns.finished())
        await until(lambda: not stage.app.chat.state.is_busy)
        await stage.send("/quit")
        await until(lambda: stage.workspace.is_closed)
        assert stage.app.return_value is not None
        assert stage.app.return_value.title == "fix the retry loop"


@pytest.mark.ac("quit-asks-when-busy")
async def test_what_another_process_runs_is_left_without_a_question_and_goes_on(
    home: Home,
) -> None:
    async with staged(home) as stage:
        stage.session.is_owner = False
        stage.session.say(*turns.work_so_far())
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.send("/quit")
        await until(lambda: stage.workspace.is_closed)
        assert not stage.session.sent(Interrupt)
        left = stage.app.return_value
    assert left is not None
    assert summary_lines(left)[0] == f"It goes on. Join again with: hermes attach {left.session_id}"


@pytest.mark.ac("theme-files")
async def test_a_theme_file_is_worn_and_a_broken_one_is_told(home: Home) -> None:
    folder = home.root / "themes"
    folder.mkdir(parents=True)
    (folder / "sea.yaml").write_text("name: sea\nbackground: '#001018'\nacent: red\n")
    (folder / "broken.yaml").write_text("name: [")
    async with staged(home, size=(80, 24)) as stage:
        look = stage.app.appearance
        assert {"sea", "broken"} <= set(look.themes())
        await stage.send("/theme sea")
        await until(lambda: stage.workspace.settings["tui.theme"] == "sea")
        assert stage.app.theme == "hermes-sea"
        assert look.remarks == ("sea.yaml line 3: unknown key acent; did you mean accent?",)
        assert not look.use_theme("broken")
        assert stage.app.theme == "hermes-sea"
        assert "broken.yaml line 1" in look.remarks[0]


@pytest.mark.ac("light-or-dark")
@pytest.mark.parametrize(
    ("theme", "worn"), [("", "paper"), ("skin", "paper"), ("lamplight", "lamplight")]
)
async def test_a_light_terminal_gets_light_colours_unless_chosen_otherwise(
    home: Home, theme: str, worn: str
) -> None:
    app, workspace = build(home, launch=LaunchState(is_light_terminal=True))
    workspace.settings["tui.theme"] = theme
    async with app.run_test(size=(60, 16)):
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        assert app.theme == f"hermes-{worn}"


async def test_high_contrast_has_frames_in_place_of_planes(home: Home) -> None:
    async with staged(home, size=(80, 24), launch=LaunchState(theme="contrast")) as stage:
        await until(lambda: "┌──" in stage.shown_text())
        await stage.send("/theme lamplight")
        await until(lambda: stage.app.theme == "hermes-lamplight")
        await until(lambda: "┌──" not in stage.shown_text())


async def test_an_unknown_theme_is_told_at_the_start(home: Home) -> None:
    async with staged(home, size=(80, 24), launch=LaunchState(theme="nonesuch")) as stage:
        await until(lambda: "no theme 'nonesuch'" in stage.shown_text())
