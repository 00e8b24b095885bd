"""Finding, earlier inputs, editor, completion of files: what helps while typing."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from hermes_core.commands import CoreCommand, Reply, Submit
from hermes_core.paths import Home
from hermes_tui.composing.draft_editor import EditorFailed, edited, editor_command
from hermes_tui.composing.file_completion import mention, path_completions, reference_completions
from hermes_tui.composing.project_files import ProjectFiles, in_folder, listed
from hermes_tui.core_link.workspace import ModelInfo
from hermes_tui.screens.pick import PickScreen
from hermes_widgets.composing.composer import Composer
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.stage import Stage, staged

SIZE = (90, 30)
NOWHERE = Path("/dev/null")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("src/sync/retry.py", "src/sync/pool.py", "README.md", "my notes.txt"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x" * 1200)
    (root / "node_modules" / "big").mkdir(parents=True)
    (root / "node_modules" / "big" / "index.js").write_text("")
    return root


@pytest.mark.ac("find-in-transcript")
async def test_words_are_found_from_the_newest_up_and_leave_nothing_behind(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        for number in range(30):
            stage.session.say(*turns.user(number, f"needle {number} in the hay"))
        await until(lambda: stage.app.chat.state.last_user_text.startswith("needle 29"))
        await until(lambda: stage.app.chat.transcript.is_settled)
        transcript = stage.app.chat.transcript
        await stage.pilot.press("ctrl+f")
        stage.app.chat.find_bar.field.value = "NEEDLE"
        await until(lambda: transcript.found_count == 30)
        assert transcript.found_at == 30
        await stage.pilot.press("enter", "enter")
        await until(lambda: "28 of 30" in stage.shown_text())
        await stage.pilot.press(*["up"] * 20)
        await until(lambda: "needle 7 in the hay" in stage.shown_text())
        await stage.pilot.press("down")
        await until(lambda: transcript.found_at == 9)
        await stage.type("x")
        await until(lambda: "nothing found" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: stage.app.chat.composer.area.has_focus)
        assert transcript.found_count == 0
        assert not stage.app.chat.find_bar.is_open


async def test_words_in_older_history_are_found_too(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        past = [event for n in range(60) for event in turns.user(n, f"word{n} said")]
        stage.workspace.add_session("old", title="Old", events=past)
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.session_id == "old")
        await until(lambda: stage.app.chat.state.last_user_text == "word59 said")
        assert stage.app.chat.has_older
        await stage.pilot.press("ctrl+f")
        await stage.type("word3 ")
        await until(lambda: "word3 said" in stage.shown_text())


@pytest.mark.ac("earlier-inputs")
async def test_an_earlier_input_is_searched_and_becomes_the_draft(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        for text in ("fix the retry loop", "write release notes\nshort ones", "deploy it"):
            stage.app.history.add(text)
        await stage.pilot.press("ctrl+r")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        await stage.type("release")
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.composer.draft == "write release notes\nshort ones")
        assert not stage.session.sent(Submit)


@pytest.mark.ac("draft-never-lost")
async def test_choosing_an_earlier_input_or_a_command_keeps_what_was_typed(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        composer = stage.app.chat.composer
        stage.app.history.add("deploy it")
        await stage.type("half a thought")
        await stage.pilot.press("ctrl+r")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert composer.draft == "half a thought"
        await stage.pilot.press("ctrl+r")
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        await stage.type("deploy")
        await stage.pilot.press("enter")
        await until(lambda: composer.draft == "deploy it")
        await stage.pilot.press("up")
        assert composer.draft == "half a thought"
        stage.app.palette.run("command:title")
        stage.app.palette.run("skill:pytest-triage")
        assert composer.draft == "/pytest-triage "
        assert "half a thought" in stage.app.history.entries


@pytest.mark.ac("draft-never-lost")
async def test_a_refused_message_does_not_overwrite_what_was_typed_meanwhile(home: Home) -> None:
    typed: list[Composer] = []

    def refuse(session: FakeSession, command: CoreCommand) -> Reply | None:
        if not isinstance(command, Submit):
            return None
        typed[0].set_draft("second")
        return Reply(ok=False, code="busy", text="Not now")

    async with staged(home, size=SIZE, react=refuse) as stage:
        typed.append(stage.app.chat.composer)
        await stage.send("first")
        await until(lambda: stage.app.chat.composer.draft == "first\n\nsecond")


async def test_ctrl_k_opens_the_models_and_cuts_where_something_is_typed(home: Home) -> None:
    async with staged(home, size=SIZE) as stage:
        stage.workspace.model_list = [ModelInfo(model="other-1", provider="openai")]
        await stage.type("keep this")
        await stage.pilot.press("home", "right", "right", "right", "right", "ctrl+k")
        await until(lambda: stage.app.chat.composer.draft == "keep")
        stage.app.chat.composer.clear()
        await stage.pilot.press("ctrl+k")
        await until(lambda: "other-1" in stage.shown_text())


async def test_the_whole_width_is_given_and_taken_back(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: "This turn" in stage.shown_text())
        await stage.pilot.press("f11")
        await until(lambda: "This turn" not in stage.shown_text())
        await stage.pilot.press("f11")
        await until(lambda: "This turn" in stage.shown_text())


@pytest.mark.ac("external-editor")
async def test_an_editor_changes_the_draft_and_a_failing_one_does_not(tmp_path: Path) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\ntail -c 1 "$1" | od -c | grep -q "n" && echo more >> "$1"\n')
    script.chmod(0o700)
    assert await edited("draft", [str(script)], nullcontext(), terminal=NOWHERE) == "draft\nmore"
    with pytest.raises(EditorFailed, match="draft is as it was"):
        await edited("draft", ["false"], nullcontext(), terminal=NOWHERE)
    with pytest.raises(EditorFailed, match="cannot be started"):
        await edited("draft", ["no-such-editor"], nullcontext(), terminal=NOWHERE)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "nano"}, ["code", "--wait"]),
        ({"EDITOR": "nano"}, ["nano"]),
        ({"VISUAL": " "}, ["vi"]),
    ],
)
def test_the_editor_is_the_one_the_environment_names(
    environ: dict[str, str], words: list[str]
) -> None:
    assert editor_command(environ) == words


def test_an_editor_named_with_an_open_quote_is_refused_with_the_way_out() -> None:
    with pytest.raises(EditorFailed, match="No closing quotation") as caught:
        editor_command({"EDITOR": "code '--wait"})
    assert caught.value.hint == "set VISUAL or EDITOR"


async def test_where_no_terminal_can_be_given_away_the_draft_stays_and_that_is_said(
    home: Home,
) -> None:
    async with staged(home) as stage:  # as in a browser
        await stage.type("half a")
        await stage.pilot.press("ctrl+g")
        await until(lambda: "no terminal here that an editor could have" in stage.shown_text())
        await stage.type(" draft")
        assert stage.app.chat.composer.draft == "half a draft"


def test_files_are_listed_near_ones_first_without_installed_packages(project: Path) -> None:
    assert listed(project) == ["README.md", "my notes.txt", "src/sync/pool.py", "src/sync/retry.py"]
    assert listed(project, limit=2) == ["README.md", "my notes.txt"]
    assert listed(project / "absent") == []


def test_a_list_of_files_is_young_for_a_while_and_of_one_folder(project: Path) -> None:
    now = [100.0]
    files = ProjectFiles(clock=lambda: now[0])
    assert not files.is_fresh(project)
    files.read(project)
    assert files.is_fresh(project)
    assert not files.is_fresh(project.parent)
    now[0] += 6
    assert not files.is_fresh(project)


def test_the_name_of_a_file_counts_more_than_its_folders() -> None:
    names = ["retry/docs/index.md", "src/sync/retry.py", "my notes.txt"]
    found = reference_completions("look at @retry", names)
    assert found[0].label == "src/sync/retry.py"
    assert found[0].insert == "look at @file:src/sync/retry.py "
    assert reference_completions("@notes", names)[0].insert == '@file:"my notes.txt" '
    assert reference_completions("mail me@example", names) == []
    assert mention("a @") == ""


def test_kinds_of_reference_are_offered_before_files_and_folders_by_their_kind() -> None:
    names = ["src/sync/retry.py", "diffs/a.md"]
    labels = [offer.label for offer in reference_completions("see @", names)]
    assert labels[:5] == ["@file:", "@folder:", "@diff", "@staged", "@git:"]
    assert labels[5:] == names
    inserts = [offer.insert for offer in reference_completions("@dif", names)]
    assert inserts == ["@diff ", "@file:diffs/a.md "]
    found = reference_completions("@folder:sy", names)
    assert [offer.insert for offer in found] == ["@folder:src/sync "]


def test_a_path_is_completed_with_folders_and_sizes(project: Path) -> None:
    offers = path_completions("open src/sy", project)
    assert [(offer.insert, offer.note) for offer in offers] == [("open src/sync/", "dir")]
    assert in_folder(project, "./RE") == [("./README.md", "1 kB")]
    assert path_completions("see https://a.b/c", project) == []
    assert path_completions("/he", project) == []


@pytest.mark.ac("file-completion")
async def test_a_mentioned_file_is_offered_and_taken(home: Home, project: Path) -> None:
    async with staged(home, size=SIZE) as stage:
        await _in_project(stage, project)
        await stage.type("see @ret")
        await until(lambda: "src/sync/retry.py" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: stage.app.chat.composer.draft == "see @file:src/sync/retry.py ")
        assert not stage.session.sent(Submit)


async def test_enter_sends_a_path_as_it_is_and_tab_completes_it(home: Home, project: Path) -> None:
    async with staged(home, size=SIZE) as stage:
        await _in_project(stage, project)
        await stage.type("see ./src/sync/re")
        await until(lambda: "./src/sync/retry.py" in stage.shown_text())
        await stage.pilot.press("tab")
        await until(lambda: stage.app.chat.composer.draft == "see ./src/sync/retry.py")
        stage.app.chat.composer.set_draft("see ./src/sync/p")
        await until(lambda: stage.app.chat.composer.menu.is_open)
        await stage.pilot.press("enter")
        await until(lambda: stage.session.sent(Submit))


async def _in_project(stage: Stage, project: Path) -> None:
    stage.app.chat.state.cwd = str(project)
