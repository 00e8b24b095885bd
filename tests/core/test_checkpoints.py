"""Snapshots before changes, and the way back."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from hermes_core.checkpoints.destructive import looks_destructive
from hermes_core.checkpoints.git import CheckpointError
from hermes_core.checkpoints.roots import root_of
from hermes_core.checkpoints.snapshots import Checkpoint, Limits
from hermes_core.checkpoints.store import CheckpointStore, SessionCheckpoints
from hermes_core.paths import Home

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / "src" / "a.py").write_text("a = 1\n")
    (folder / "src" / "b.py").write_text("b = 1\n")
    return folder


@pytest.fixture
def store(home: Home) -> CheckpointStore:
    return CheckpointStore(home, Limits())


def git(folder: Path, *words: str) -> str:
    environment = os.environ | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "u",
        "GIT_AUTHOR_EMAIL": "u@x",
        "GIT_COMMITTER_NAME": "u",
        "GIT_COMMITTER_EMAIL": "u@x",
    }
    return subprocess.run(
        ["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


async def taken(store: CheckpointStore, folder: Path, cause: str = "test") -> Checkpoint:
    checkpoint = await store.snapshot(folder, cause=cause)
    assert checkpoint is not None
    return checkpoint


@needs_git
@pytest.mark.ac("ac-19-1")
async def test_restore_brings_back_changed_and_deleted_files_and_removes_new_ones(
    store: CheckpointStore, project: Path
) -> None:
    before = contents(project)
    checkpoint = await taken(store, project, "before write_file")
    (project / "src" / "a.py").write_text("a = 2\n")
    (project / "src" / "b.py").unlink()
    (project / "new").mkdir()
    (project / "new" / "c.py").write_text("c = 1\n")
    changed = contents(project)

    paths = await store.restore(checkpoint.id)

    assert contents(project) == before
    assert paths == ["new/c.py", "src/a.py", "src/b.py"]
    assert not (project / "new").exists()
    newest, oldest = await store.list(project)
    assert newest.cause.startswith("before rollback")
    assert oldest.id == checkpoint.id
    assert (newest.files_changed, newest.added, newest.removed) == (3, 2, 2)

    await store.restore(newest.id)

    assert contents(project) == changed


@needs_git
@pytest.mark.ac("ac-19-2")
async def test_the_users_repository_shows_no_trace(store: CheckpointStore, project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "src/a.py")
    git(project, "commit", "-q", "-m", "one")
    (project / "src" / "a.py").write_text("a = 3\n")
    state = git(project, "status", "--porcelain=v2", "--branch")
    index = (project / ".git" / "index").read_bytes()

    checkpoint = await taken(store, project)
    (project / "src" / "a.py").write_text("a = 4\n")
    await store.restore(checkpoint.id)

    assert (project / ".git" / "index").read_bytes() == index
    assert git(project, "status", "--porcelain=v2", "--branch") == state
    assert git(project, "for-each-ref").count("\n") == 1


@needs_git
async def test_bytes_survive_line_end_and_filter_rules_of_the_project(
    store: CheckpointStore, project: Path
) -> None:
    (project / ".gitattributes").write_text("* text=auto eol=lf filter=x ident\n")
    body = b"one\r\ntwo $Id$\r\n\xff\xfe"
    (project / "crlf.txt").write_bytes(body)
    checkpoint = await taken(store, project)
    (project / "crlf.txt").write_bytes(b"gone")

    await store.restore(checkpoint.id)

    assert (project / "crlf.txt").read_bytes() == body


@needs_git
async def test_one_file_is_restored_alone(store: CheckpointStore, project: Path) -> None:
    checkpoint = await taken(store, project)
    (project / "src" / "a.py").write_text("a = 2\n")
    (project / "src" / "b.py").write_text("b = 2\n")

    assert await store.restore(checkpoint.id, path="src/a.py") == ["src/a.py"]

    assert (project / "src" / "a.py").read_text() == "a = 1\n"
    assert (project / "src" / "b.py").read_text() == "b = 2\n"


@needs_git
@pytest.mark.parametrize("wrong", ["--patch", "zzzz", "12", "abcd"])
async def test_ids_that_are_no_known_hash_are_refused(
    store: CheckpointStore, project: Path, wrong: str
) -> None:
    await taken(store, project)
    with pytest.raises(CheckpointError):
        await store.restore(wrong)


@needs_git
@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "src/../../x", "-f", "", ".."])
async def test_paths_outside_the_folder_are_refused(
    store: CheckpointStore, project: Path, path: str
) -> None:
    checkpoint = await taken(store, project)
    with pytest.raises(CheckpointError):
        await store.restore(checkpoint.id, path=path)


@needs_git
async def test_a_path_through_a_link_out_of_the_folder_is_refused(
    store: CheckpointStore, project: Path, tmp_path: Path
) -> None:
    (project / "out").symlink_to(tmp_path)
    checkpoint = await taken(store, project)
    with pytest.raises(CheckpointError, match="not a path inside"):
        await store.restore(checkpoint.id, path="out/x")


@needs_git
async def test_an_unchanged_folder_is_not_saved_again(
    store: CheckpointStore, project: Path
) -> None:
    await taken(store, project)
    assert await store.snapshot(project, cause="again") is None


@needs_git
async def test_secrets_caches_and_large_files_are_left_out(home: Home, project: Path) -> None:
    store = CheckpointStore(home, Limits(max_file_bytes=1000))
    (project / ".env").write_text("TOKEN=x")
    (project / "node_modules").mkdir()
    (project / "node_modules" / "m.js").write_text("x")
    (project / "large.bin").write_bytes(b"x" * 2000)
    checkpoint = await taken(store, project)
    for name in (".env", "node_modules/m.js", "large.bin"):
        (project / name).write_text("changed")

    assert await store.restore(checkpoint.id) == []

    for name in (".env", "node_modules/m.js", "large.bin"):
        assert (project / name).read_text() == "changed"


@needs_git
async def test_an_ignored_file_is_saved_when_it_is_what_changes(
    store: CheckpointStore, project: Path
) -> None:
    (project / ".gitignore").write_text("*.local\n")
    (project / "x.local").write_text("old")
    checkpoint = await store.snapshot(project, cause="t", touched=[project / "x.local"])
    assert checkpoint is not None
    (project / "x.local").write_text("new")

    await store.restore(checkpoint.id)

    assert (project / "x.local").read_text() == "old"


@needs_git
async def test_names_of_any_bytes_and_executables_come_back(
    store: CheckpointStore, project: Path
) -> None:
    odd = project / os.fsdecode(b"caf\xe9 \n x")
    odd.write_text("odd")
    tool = project / "tool.sh"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o750)
    checkpoint = await taken(store, project)
    odd.unlink()
    tool.write_text("changed")

    await store.restore(checkpoint.id)

    assert odd.read_text() == "odd"
    assert tool.stat().st_mode & 0o777 == 0o750


@needs_git
async def test_a_repository_inside_does_not_stop_the_snapshot(
    store: CheckpointStore, project: Path
) -> None:
    inner = project / "vendor" / "lib"
    inner.mkdir(parents=True)
    git(inner, "init", "-q")
    (inner / "x.c").write_text("x")
    checkpoint = await taken(store, project)
    (project / "src" / "a.py").unlink()

    assert await store.restore(checkpoint.id) == ["src/a.py"]
    assert (inner / "x.c").read_text() == "x"


@needs_git
async def test_diff_shows_what_changed_since(store: CheckpointStore, project: Path) -> None:
    checkpoint = await taken(store, project)
    (project / "src" / "a.py").write_text("a = 2\n")

    diff = await store.diff(checkpoint.id[:8])

    assert "-a = 1\n+a = 2\n" in diff


@needs_git
@pytest.mark.ac("ac-19-3")
async def test_pruning_keeps_count_age_and_size(home: Home, project: Path) -> None:
    store = CheckpointStore(home, Limits(max_snapshots=20, max_total_bytes=200_000))
    for number in range(25):
        (project / "noise.bin").write_bytes(os.urandom(12_000) + bytes([number]))
        await taken(store, project)
    newest = (await store.list(project))[0]
    await store.close()

    await store.prune()

    kept = await store.list(project)
    assert 5 < len(kept) < 20
    assert kept[0].id == newest.id
    assert await store.size_bytes() <= 200_000
    (project / "noise.bin").unlink()
    await store.restore(newest.id)
    assert (project / "noise.bin").stat().st_size == 12_001


@needs_git
async def test_a_folder_can_be_saved_after_all_its_snapshots_went(
    home: Home, project: Path
) -> None:
    store = CheckpointStore(home, Limits(max_age_s=-1))
    await taken(store, project)
    assert await store.prune() == 1
    assert await store.list() == []
    assert await store.snapshot(project, cause="again") is not None


@needs_git
async def test_forgetting_a_session_drops_its_snapshots_only(
    store: CheckpointStore, project: Path
) -> None:
    await store.snapshot(project, cause="t", session_id="one")
    (project / "src" / "a.py").write_text("a = 2\n")
    await store.snapshot(project, cause="t", session_id="two")

    assert await store.forget_session("one") == 1

    assert [c.session_id for c in await store.list()] == ["two"]


@needs_git
async def test_two_stores_on_one_home_save_at_the_same_time(home: Home, project: Path) -> None:
    stores = [CheckpointStore(home, Limits()) for _ in range(2)]
    other = project.parent / "other"
    shutil.copytree(project, other)
    failures: list[Exception] = []

    def work(store: CheckpointStore, folder: Path) -> None:
        note = Checkpoint(id="", directory="", created_at=0.0, cause="t")
        try:
            for number in range(4):
                (folder / "n.txt").write_text(str(number))
                store._snapshots.take(folder, note, always=False)
        except CheckpointError as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=pair)
        for pair in zip(stores, (project, other), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(await stores[0].list()) == 8


@needs_git
async def test_a_session_saves_each_folder_once_a_step(
    store: CheckpointStore, project: Path
) -> None:
    seen: list[Checkpoint] = []
    session = SessionCheckpoints(store, session_id="s", on_created=seen.append)
    target = project / "src" / "a.py"
    session.new_step("t1")
    await session.before_change([target], cause="before patch")
    target.write_text("a = 2\n")
    await session.before_change([target], cause="before patch")
    assert len(seen) == 1

    session.new_step("t2")
    await session.before_change([target], cause="before write_file")

    assert [(c.cause, c.turn_id, c.session_id) for c in seen] == [
        ("before patch", "t1", "s"),
        ("before write_file", "t2", "s"),
    ]
    assert seen[0].directory == str(project)


async def test_without_git_tools_go_on_and_the_reason_is_logged_once(
    home: Home, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(home, Limits(), {"PATH": "/nowhere", "HOME": "/home/nobody"})
    session = SessionCheckpoints(store, session_id="s")
    for _ in range(2):
        session.new_step()
        await session.before_change([project / "src" / "a.py"], cause="t")

    assert not store.is_usable
    assert caplog.text.count("not installed") == 1


@needs_git
async def test_a_folder_with_too_many_files_is_skipped(home: Home, project: Path) -> None:
    store = CheckpointStore(home, Limits(max_files=2))
    with pytest.raises(CheckpointError, match="more than 2 files"):
        await store.snapshot(project, cause="t")


def test_the_root_is_the_project_but_never_the_users_home(tmp_path: Path) -> None:
    user = tmp_path / "u"
    (user / "proj" / "src").mkdir(parents=True)
    (user / "proj" / "Makefile").touch()
    (user / "loose").mkdir()
    (user / ".git").mkdir()

    assert root_of(user / "proj" / "src" / "new" / "x.c", user_home=user) == user / "proj"
    assert root_of(user / "loose" / "x", user_home=user) == user / "loose"
    assert root_of(user / "x", user_home=user) is None
    assert root_of(Path("/x"), user_home=user) is None


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf x",
        "cd a && rm x",
        "sudo rm x",
        "find . -name '*.o' | xargs rm",
        "find . -delete",
        "rmdir x",
        "mv a b",
        "sed -i s/a/b/ x",
        "sed -Ei 's/a/b/' x",
        "sed --in-place=.bak s/a/b/ x",
        "truncate -s0 x",
        "dd if=a of=b",
        "shred x",
        "git reset --hard",
        "git -C sub clean -fd",
        "git checkout .",
        "echo x > file",
        "echo x >file",
        "make 2>err.log",
        "A=1 /bin/rm x",
        "for f in *; do rm $f; done",
        "bash -c 'rm x'",
        "echo $(rm x)",
        "cat x >| y",
    ],
)
def test_destructive_commands_are_seen(command: str) -> None:
    assert looks_destructive(command)


@pytest.mark.parametrize(
    "command",
    [
        "ls -la",
        "echo rm",
        "echo 'a > b'",
        "cat x >> y",
        "make 2>&1",
        "make >/dev/null 2>&1",
        "grep -rn rm src",
        "sed -n 1,5p x",
        "git status",
        "git log --oneline",
        "python -c 'print(1 > 0)'",
        "test a -gt b",
        "find . -name '*.py'",
        "diff <(ls a) <(ls b)",
        "node -e 'x => y'",
    ],
)
def test_harmless_commands_pass(command: str) -> None:
    assert not looks_destructive(command)
