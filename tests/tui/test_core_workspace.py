"""What the screen asks of the core, answered by a whole one."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hermes_core.errors import HermesError, SessionNotFound, TitleTaken
from hermes_core.events import SessionTitled
from hermes_core.host import Host, HostOptions
from hermes_core.messages import Message, ToolCall
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.place import git_branch
from hermes_tui.core_link.workspace import GrantInfo, Workspace

SAID = [
    Message(role="user", content="list it", message_id="m1"),
    Message(
        role="assistant",
        message_id="m2",
        tool_calls=(ToolCall(id="c1", name="terminal", arguments='{"command": "ls ü"}'),),
    ),
    Message(role="tool", content="a\nb", message_id="m3", tool_call_id="c1", tool_name="terminal"),
    Message(role="assistant", content="Two files.", message_id="m4"),
]


@pytest.fixture
async def host(home: Home, tmp_path: Path) -> AsyncIterator[Host]:
    options = HostOptions(home=home, environ={}, cwd=tmp_path / "work", allow_demo=True)
    made = await Host.open(options)
    yield made
    await made.aclose()


@pytest.fixture
async def workspace(host: Host) -> Workspace:
    await host.store.create_session(SessionRecord(id="s1", source="cli", title="The files"))
    await host.store.commit("s1", messages=SAID)
    return CoreWorkspace(host, host.resolve().runtime)


async def test_a_conversation_is_written_as_markdown_with_its_calls(
    workspace: Workspace, tmp_path: Path
) -> None:
    written = await workspace.export("s1")
    assert written == tmp_path / "work" / "hermes_s1.md"
    text = written.read_text()
    assert text.startswith("# The files\n\n## user\n\nlist it\n")
    assert "- `terminal` " in text
    assert "ls ü" in text
    assert text.rstrip().endswith("Two files.")
    assert "a\nb" not in text
    assert await workspace.export("s1") == written  # of the same conversation: anew


async def test_a_conversation_is_written_over_nothing_that_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    target = tmp_path / "mine.md"
    target.write_text("mine")
    with pytest.raises(HermesError, match=r"mine.md is there already") as caught:
        await workspace.export("s1", target)
    assert caught.value.hint == "name another file"
    assert target.read_text() == "mine"
    with pytest.raises(HermesError, match="cannot be written: No such file"):
        await workspace.export("s1", tmp_path / "nowhere" / "mine.md")
    with pytest.raises(SessionNotFound):
        await workspace.export("gone", tmp_path / "other.md")
    assert not (tmp_path / "other.md").exists()
    assert list((tmp_path / "work").iterdir()) == []


async def test_where_the_folder_takes_no_file_that_is_an_error_of_ours(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "work").rmdir()
    with pytest.raises(HermesError, match=r"hermes_s1.md cannot be written"):
        await workspace.export("s1")


async def test_what_is_not_there_is_said_and_nothing_is_begun(workspace: Workspace) -> None:
    with pytest.raises(SessionNotFound):
        await workspace.open("gone")
    with pytest.raises(SessionNotFound):
        await workspace.message_text("s1", "gone")
    assert [summary.id for summary in await workspace.recent()] == ["s1"]


async def test_whole_messages_and_the_title_of_the_past_are_read(workspace: Workspace) -> None:
    assert await workspace.message_text("s1", "m3") == "a\nb"
    assert [message.content for message in await workspace.messages("s1")] == [
        message.content for message in SAID
    ]
    *_, last = await workspace.past_events("s1")
    assert isinstance(last, SessionTitled)
    assert last.title == "The files"


async def test_a_branch_is_a_conversation_of_its_own(workspace: Workspace) -> None:
    new_id = await workspace.branch("s1")
    assert new_id != "s1"
    assert [m.content for m in await workspace.messages(new_id)] == [m.content for m in SAID]
    await workspace.delete("s1")
    assert [summary.id for summary in await workspace.recent()] == [new_id]


async def test_a_title_is_given_once(workspace: Workspace, host: Host) -> None:
    await host.store.create_session(SessionRecord(id="s2", source="cli"))
    await workspace.rename("s2", "Others")
    assert {summary.title for summary in await workspace.recent()} == {"The files", "Others"}
    with pytest.raises(TitleTaken):
        await workspace.rename("s2", "The files")


async def test_tools_say_whether_they_are_offered_here(workspace: Workspace) -> None:
    await workspace.set_setting("platform_toolsets.cli", ["file"])
    tools = {tool.name: tool for tool in await workspace.tools()}
    assert tools["read_file"].is_available
    assert not tools["terminal"].is_available
    assert tools["terminal"].reason == "not offered here"
    assert all(tool.description and "\n" not in tool.description for tool in tools.values())


async def test_what_was_allowed_for_good_is_listed_in_words(workspace: Workspace) -> None:
    assert await workspace.grants("s1") == []
    await workspace.set_setting("command_allowlist", ["cmd:git push *"])
    (grant,) = await workspace.grants("s1")
    assert isinstance(grant, GrantInfo)
    assert (grant.key, grant.scope) == ("cmd:git push *", "always")
    assert "git push" in grant.pattern


async def test_a_configuration_is_read_again_or_stays_with_the_reason(
    workspace: Workspace, home: Home
) -> None:
    home.config_file.write_text("display:\n  show_cost: false\n")
    assert await workspace.reread_settings() == ""
    assert workspace.setting("display.show_cost") is False
    home.config_file.write_text("display: [\n")
    assert "config.yaml" in await workspace.reread_settings()
    assert workspace.setting("display.show_cost") is False


async def test_a_setting_is_typed_listed_and_taken_out_again(
    workspace: Workspace, home: Home
) -> None:
    async def value() -> tuple[str, str]:
        found = {info.key: info for info in await workspace.list_settings()}
        return found["tui.theme"].value, found["tui.theme"].origin

    before = await value()
    await workspace.type_setting("tui.theme", "paper")
    assert await value() == ("paper", "config.yaml")
    await workspace.unset_setting("tui.theme")
    assert await value() == before
    with pytest.raises(HermesError):
        await workspace.type_setting("tui.mouse", "perhaps")


async def test_models_and_providers_are_known_without_asking_anybody(workspace: Workspace) -> None:
    models = await workspace.models()
    assert models[0].provider == "demo"
    providers = {info.provider: info for info in await workspace.providers()}
    assert providers["demo"].is_ready
    assert not providers["openai"].is_ready


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
async def test_snapshots_are_listed_and_say_what_restoring_would_change(
    workspace: Workspace, host: Host, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[project]\n")
    (project / "a.py").write_text("a = 1\n")
    await host.checkpoints.snapshot(project, cause="before patch", session_id="s1")
    (project / "a.py").write_text("a = 2\n")
    (shot,) = await workspace.checkpoints("s1")
    assert shot.cause == "before patch"
    assert shot.directory.endswith("project")
    assert await workspace.checkpoints("other") == []
    diff = await workspace.checkpoint_diff("s1", shot.checkpoint_id)
    assert {"-a = 2", "+a = 1"} <= set(diff.splitlines())
    (file,) = await workspace.checkpoint_files("s1", shot.checkpoint_id)
    assert (file.path, file.added, file.removed) == ("a.py", 1, 1)


async def test_a_conversation_that_took_nothing_has_no_usage(workspace: Workspace) -> None:
    usage = await workspace.usage("s1")
    assert usage.uses == ()
    assert (await workspace.insights(days=7)).total.sessions == 0


@pytest.mark.parametrize(
    ("head", "branch"),
    [
        ("ref: refs/heads/feature/x\n", "feature/x"),
        ("0123456789abcdef0123\n", "01234567"),
        (None, ""),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_the_branch_is_read_from_the_files_of_git(
    tmp_path: Path, head: str | None, branch: str, linked: bool
) -> None:
    work = tmp_path / "tree"
    deep = work / "src" / "deep"
    deep.mkdir(parents=True)
    place = work / ".git"
    if linked:
        place.write_text("gitdir: ../main.git/worktrees/tree\n")
        place = tmp_path / "main.git" / "worktrees" / "tree"
    place.mkdir(parents=True)
    if head is not None:
        (place / "HEAD").write_text(head)
    assert git_branch(deep) == branch
    assert git_branch(tmp_path) == ""
