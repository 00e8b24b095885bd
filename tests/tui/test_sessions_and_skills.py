"""The session pane and the skill pane: what they list, and what is done in them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hermes_core.errors import ConfigError
from hermes_core.host import Host, HostOptions
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.installed_skills import activation_text, installed_skills, skill_file_text
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.screens.pager import PagerScreen
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import staged


@pytest.mark.ac("sessions-branch-and-folder")
async def test_conversations_are_branched_and_listed_by_folder(home: Home) -> None:
    async with staged(home, size=(120, 40)) as stage:
        stage.workspace.add_session("a", title="Over there", cwd="/elsewhere")
        stage.workspace.add_session("b", title="Over here", events=turns.user(1, "hello"))
        stage.workspace.summaries = [
            msgspec.structs.replace(item, estimated_cost_usd=0.06)
            for item in stage.workspace.summaries
        ]
        await stage.pilot.press("alt+3")
        await until(lambda: "Over there" in stage.shown_text())
        await until(lambda: "$0.06" in stage.shown_text())
        await stage.pilot.press("f5")
        await until(lambda: "Over there" not in stage.shown_text())
        await until(lambda: "1 here" in stage.shown_text())
        assert stage.workspace.settings["tui.sessions_scope"] == "cwd"
        await stage.pilot.press("f7")
        await until(lambda: stage.app.chat.state.session_id == "b-branch")
        await until(lambda: stage.app.chat.state.last_user_text == "hello")


@pytest.mark.ac("sessions-found-by-words")
async def test_the_words_around_a_hit_are_shown_with_folder_and_cost(
    home: Home, tmp_path: Path
) -> None:
    options = HostOptions(home=home, environ={}, cwd=tmp_path, allow_demo=True)
    host = await Host.open(options)
    workspace: Workspace = CoreWorkspace(host, host.resolve().runtime)
    try:
        for name, folder in (("here", str(tmp_path)), ("there", "/elsewhere")):
            await host.store.create_session(SessionRecord(id=name, cwd=folder, title=name))
            said = Message(role="user", content=f"tell me {name} about the albatross")
            answer = Message(role="assistant", content="It glides for hours over the sea.")
            await host.store.commit(name, messages=[said, answer], cost_usd=0.25)
        await host.store.reindex()
        found = {item.id: item for item in await workspace.recent(text="glides")}
        assert set(found) == {"here", "there"}
        assert "glides for hours" in found["here"].preview
        assert found["here"].estimated_cost_usd == 0.25
        assert found["here"].message_count == 2
        only = await workspace.recent(text="glides", here=True)
        assert [item.id for item in only] == ["here"]
        assert [item.id for item in await workspace.recent(here=True)] == ["here"]
        branch = await workspace.branch("here")
        assert (await host.store.session(branch)).title == "here #2"
    finally:
        await workspace.close()


@pytest.mark.ac("skills-read-and-switched")
async def test_a_skill_is_read_and_switched_off_and_on_by_key(home: Home) -> None:
    async with staged(home) as stage:
        await stage.pilot.press("alt+4")
        await until(lambda: "2 off" in stage.shown_text())
        await stage.type("pytest")
        await stage.pilot.press("f3")
        await until(lambda: isinstance(stage.app.screen, PagerScreen))
        await until(lambda: "How to pytest-triage" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        await stage.pilot.press("f5")
        await until(lambda: "3 off" in stage.shown_text())
        await stage.pilot.press("escape")
        await stage.send("/pytest-triage now")
        await until(lambda: stage.app.chat.composer.draft.startswith("/pytest-triage"))
        assert not stage.app.chat.state.last_user_text


def _skill(folder: Path, name: str, head: str) -> None:
    place = folder / "coding" / name
    place.mkdir(parents=True)
    (place / "SKILL.md").write_text(f"---\nname: {name}\n{head}---\n# {name}\n", "utf-8")


@pytest.mark.ac("skills-state")
def test_what_a_skill_needs_and_whether_it_is_on_is_known(tmp_path: Path) -> None:
    _skill(tmp_path, "plain", "description: does it\nversion: 1.2\n")
    _skill(
        tmp_path, "keyed", "required_environment_variables: [HUE_KEY, {name: B, optional: true}]\n"
    )
    _skill(tmp_path, "old", "prerequisites:\n  env_vars: [OLD_KEY]\n")
    _skill(tmp_path, "gone", "")
    _skill(tmp_path, "alien", "platforms: [windows]\n")
    found = installed_skills(
        [tmp_path], disabled=["gone"], has_value=lambda name: name == "OLD_KEY"
    )
    assert {skill.name: (skill.state, skill.needs) for skill in found} == {
        "plain": ("on", ""),
        "keyed": ("needs", "needs HUE_KEY"),
        "old": ("on", ""),
        "gone": ("off", ""),
    }
    assert skill_file_text([tmp_path], "plain").endswith("# plain\n")
    with pytest.raises(ConfigError, match="no skill nothing"):
        skill_file_text([tmp_path], "nothing")


@pytest.mark.parametrize(
    "head", ["since: 2024-13-45\n", f"size: {'1' * 5000}\n", "a: [\n", "a: !!python/x 1\n", "- a\n"]
)
def test_a_skill_whose_head_cannot_be_read_is_listed_by_its_folder(
    tmp_path: Path, head: str
) -> None:
    _skill(tmp_path, "odd", f"description: does it\n{head}")
    (skill,) = installed_skills([tmp_path])
    assert (skill.name, skill.state) == ("odd", "on")
    assert "# odd" in activation_text([tmp_path], "odd")


@pytest.mark.ac("skills-external")
async def test_skills_of_further_folders_are_offered_and_those_of_the_home_win(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shared, team = tmp_path / "shared", tmp_path / "team"
    _skill(home.skills, "mine", "description: of the home\n")
    _skill(shared, "mine", "description: of others\n")
    _skill(shared, "theirs", "description: first\n")
    _skill(team, "theirs", "description: second\n")
    _skill(team / ".git", "hidden", "")
    folders = "[~/shared, '${TEAM}/team', /nowhere/at/all, ~/shared]"
    home.config_file.write_text(f"skills:\n  external_dirs: {folders}\n", "utf-8")
    environ = {"TEAM": str(tmp_path)}
    host = await Host.open(HostOptions(home=home, environ=environ, allow_demo=True))
    workspace: Workspace = CoreWorkspace(host, host.resolve().runtime)
    try:
        assert workspace.start_info().skill_count == 2
        found = {
            skill.name: (skill.description, skill.source) for skill in await workspace.skills()
        }
        assert found == {"mine": ("of the home", "local"), "theirs": ("first", "external")}
        assert "description: first" in await workspace.skill_page("theirs")
        assert "# theirs" in await workspace.skill_text("theirs")
    finally:
        await host.aclose()


async def test_switching_a_skill_is_written_where_the_settings_are(home: Home) -> None:
    home.config_file.write_text("# mine\nskills:\n  disabled: [other]\n", "utf-8")
    _skill(home.skills, "mine", "")
    host = await Host.open(HostOptions(home=home, environ={}, allow_demo=True))
    workspace: Workspace = CoreWorkspace(host, host.resolve().runtime)
    try:
        await workspace.set_skill("mine", is_on=False)
        assert [skill.state for skill in await workspace.skills()] == ["off"]
        assert workspace.setting("skills.disabled") == ("other", "mine")
        await workspace.set_skill("mine", is_on=True)
        assert [skill.state for skill in await workspace.skills()] == ["on"]
        assert home.config_file.read_text("utf-8").startswith("# mine\n")
    finally:
        await workspace.close()


async def test_what_is_typed_while_a_conversation_opens_goes_behind_the_draft(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.add_session("old", title="an earlier one")
        empty = stage.app.chat
        await stage.type("ask ")
        stage.workspace.door.clear()
        stage.app.resume("old")
        await until(lambda: stage.app.chat is not empty)
        await stage.type("more")
        stage.workspace.door.set()
        await until(lambda: empty not in stage.app.open_panes())
        assert stage.app.chat.state.session_id == "old"
        assert stage.app.chat.composer.draft == "ask more"
