"""`@` references: what is one, what it brings, what is refused, and that it is sent once."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from hermes_core.agent.references.attaching import Expansion, expand
from hermes_core.agent.references.parsing import references
from hermes_core.agent.references.reading import Reader
from hermes_core.commands import Retry, Submit
from hermes_core.events import MessageFinished, Notice, TurnFinished
from hermes_core.paths import Home
from hermes_core.security.approvals import ApprovalPolicy
from hermes_core.security.paths import PathRules
from hermes_core.security.permissions import SessionPermissions, Surroundings
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.request import Recorded
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.tool_context import FakeCancel
from tests.support import until


@pytest.mark.ac("ref-reading")
@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("look at @file:src/a.py please", ["@file:src/a.py"]),
        ("(see @file:src/a.py:10-20), @diff.", ["@file:src/a.py:10-20", "@diff"]),
        ('@file:"my notes.md":3 and @folder:src/', ["@file:my notes.md:3", "@folder:src/"]),
        ("@git:99 @git:0 @staged!", ["@git:10", "@git:1", "@staged"]),
        ("@file:a(1).py) @file:a.py?", ["@file:a(1).py", "@file:a.py"]),
        ("@file:a.py twice @file:a.py", ["@file:a.py"]),
        ("me@file:x a/@diff @@diff @differ @diff:x @git:many @nobody", []),
    ],
)
def test_a_reference_is_told_from_other_words(text: str, labels: list[str]) -> None:
    assert [reference.label for reference in references(text)] == labels


@seed(20_261_128)
@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="@filedrtgs:/.-\"'`()[]{}, 0129\n", max_size=60))
def test_any_text_can_be_looked_through(text: str) -> None:
    for reference in references(text):
        assert reference.label.startswith(f"@{reference.kind}")
        assert reference.kind not in ("file", "folder") or reference.path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("".join(f"line {number}\n" for number in range(1, 31)))
    (root / "blob.bin").write_bytes(b"\0\1\2")
    (root / ".env").write_text("TOKEN=canary\n")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_rsa").write_text("canary key")
    (root / "notes").symlink_to(tmp_path / ".ssh/id_rsa")
    (tmp_path / "outside.txt").write_text("canary outside")
    os.mkfifo(root / "pipe")  # nobody writes into it
    return root


def _git(root: Path, *words: str) -> None:
    names = ("-c", "user.name=T", "-c", "user.email=t@example.invalid")
    subprocess.run(["git", *names, *words], cwd=root, check=True, capture_output=True)


async def _expanded(
    root: Path,
    text: str,
    *,
    window: int = 100_000,
    path: str | None = None,
    cancel: FakeCancel | None = None,
) -> Expansion:
    user = root.parent
    environ = dict(os.environ) | ({} if path is None else {"PATH": path})
    reader = Reader(
        root=root,
        permissions=SessionPermissions(
            policy=ApprovalPolicy(mode="manual"),
            paths=PathRules(home=user, data_home=user / ".hermes"),
            surroundings=Surroundings(cwd=root, home=user, environ=environ),
        ),
        max_chars=window * 2,
        cancel=cancel or FakeCancel(),
    )
    return await expand(text, reader, window_tokens=window)


@pytest.mark.ac("ref-brings")
async def test_files_lines_and_folders_are_attached_with_what_they_are(work: Path) -> None:
    found = await _expanded(work, "@file:src/a.py:3-4 @folder:.")
    assert "--- Attached Context ---" in found.text
    assert "@file:src/a.py:3-4 (2 lines)\n```py\nline 3\nline 4\n```" in found.text
    assert "- src/\n  - a.py (30 lines)\n- blob.bin" in found.text
    assert ".env" not in found.text
    assert [notice.level for notice in found.notices] == ["info"]
    assert "src/a.py:3-4 (2 lines)" in found.notices[0].text


@pytest.mark.ac("ref-brings")
async def test_changes_and_commits_are_those_of_git(work: Path) -> None:
    for words in (["init", "-q"], ["add", "src"], ["commit", "-qm", "first words"]):
        _git(work, *words)
    (work / "src/a.py").write_text("changed\n")
    (work / "src/b.py").write_text("new\n")
    _git(work, "add", "src/b.py")
    found = await _expanded(work, "@diff and @staged and @git:1")
    diff, _, rest = found.text.partition("@staged (")
    staged, _, log = rest.partition("@git:1 (")
    assert "+changed" in diff
    assert "+new" in staged
    assert "first words" in log
    assert "+new" not in diff + log
    _git(work, "add", ".")
    assert "there are no changes" in (await _expanded(work, "@diff")).text


@pytest.mark.ac("ref-refused")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@file:../outside.txt", "outside the allowed workspace"),
        ("@file:~/outside.txt", "outside the allowed workspace"),
        ("@file:notes", "outside the allowed workspace"),
        ("@file:.env", "sensitive credential file"),
        ("@file:blob.bin", "binary files are not supported"),
        ("@file:absent.py", "file not found"),
        ("@file:src", "path is not a file"),
        ("@folder:absent", "folder not found"),
        ("@file:src/a.py:90", "no such lines"),
        ("@diff", "not a git repository"),
        ("@file:pipe", "path is not a file"),
        ("@folder:src/a.py", "folder not found"),
        ('@file:"a\0b"', "the path cannot be resolved"),
        ("@file:~nobody-there/a.py", "file not found"),
    ],
)
async def test_what_may_not_be_read_brings_a_reason(work: Path, text: str, reason: str) -> None:
    found = await _expanded(work, text)
    assert reason.casefold() in found.notices[0].text.casefold()
    assert reason.casefold() in found.text.casefold()
    assert "canary" not in found.text


@pytest.mark.ac("ref-brings")
@pytest.mark.parametrize(
    ("text", "brought"),
    [
        ("@file:one.md", "@file:one.md (1 line)\n````md\n```\n````"),
        ("@file:src/a.py:30", "@file:src/a.py:30 (1 line)\n```py\nline 30\n```"),
        ("@file:src/a.py:29-99", "(2 lines)\n```py\nline 29\nline 30\n```"),
        ("@file:empty", "@file:empty (0 lines)"),
        ("@folder:nothing", "@folder:nothing (0 entries)\n(empty)"),
        ("@folder:few", "@folder:few (1 entry)\n- x (1 line)"),
        ("@folder:many", "@folder:many (more than 200 entries)\n- f000 (0 lines)\n"),
    ],
)
async def test_one_none_and_many_are_told_apart(work: Path, text: str, brought: str) -> None:
    (work / "one.md").write_text("```")
    (work / "empty").touch()
    for name in ("nothing", "few", "many"):
        (work / name).mkdir()
    (work / "few/x").write_text("one")
    for number in range(250):
        (work / f"many/f{number:03}").touch()
    found = await _expanded(work, text)
    assert brought in found.text
    if text == "@folder:many":
        assert found.text.endswith("- f199 (0 lines)\n- ...")


@pytest.mark.ac("ref-refused")
async def test_a_git_that_is_not_there_or_is_stopped_brings_a_reason(
    work: Path, tmp_path: Path
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    found = await _expanded(work, "@diff", path=str(bin_folder))
    assert "git cannot be started" in found.text
    git = bin_folder / "git"
    git.write_text(f"#!/bin/sh\ntouch {bin_folder}/began\nexec /bin/sleep 60\n")
    git.chmod(0o755)
    cancel = FakeCancel()
    reading = asyncio.create_task(
        _expanded(work, "@diff", path=f"{bin_folder}:/bin:/usr/bin", cancel=cancel)
    )
    await until((bin_folder / "began").exists)
    cancel.set()
    async with asyncio.timeout(10):
        assert "git failed" in (await reading).text


@pytest.mark.ac("ref-size")
async def test_half_of_the_window_is_the_limit_and_a_quarter_is_told(work: Path) -> None:
    (work / "large.txt").write_text("x" * 10_000_000)
    refused = await _expanded(work, "@file:src/a.py @file:large.txt")
    assert refused.text == ""
    assert refused.notices[0].text.startswith("@ context injection refused: 2500000 tokens")
    (work / "half.txt").write_text("word " * 1_000)
    assert "refused" in (await _expanded(work, "@file:half.txt", window=2_000)).notices[0].text
    told = await _expanded(work, "@file:half.txt", window=4_000)
    assert "takes 3" in told.notices[1].text


@pytest.mark.ac("ref-once")
async def test_a_reference_is_sent_behind_the_words_the_same_at_every_step_and_once(
    home: Home, work: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    server = model_server
    server.add(*[say("fine")] * 4)
    async with opened(options(home, server.base_url)) as rig:
        await rig.turn("explain @file:src/a.py:1-2 now")
        (work / "src/a.py").write_text("changed\n")
        await rig.turn("go on")
        session_id = rig.handle.session_id
        shown = [event.text for event in rig.of(MessageFinished) if event.role == "user"]
        assert shown == ["explain @file:src/a.py:1-2 now", "go on"]
        assert any("src/a.py:1-2" in notice.text for notice in rig.of(Notice))
    async with opened(options(home, server.base_url), session_id) as rig:
        await rig.turn("and on")
        await rig.send(Retry())
        await until(lambda: len(server.requests) == 4 and len(rig.of(TurnFinished)) == 4)
    first = [_first_user(request) for request in server.requests]
    assert first[0].startswith("explain @file:src/a.py:1-2 now\n\n--- Attached Context ---")
    assert first[0].count("line 2") == 1
    assert first == [first[0]] * 4


async def test_text_that_belongs_to_a_message_stays_with_it(
    home: Home, model_server: ModelServer
) -> None:
    server = model_server
    server.add(say("fine"), say("fine"))
    async with opened(options(home, server.base_url)) as rig:
        await rig.send(Submit(text="/greet Ann", context="How to greet: bow."))
        await until(lambda: rig.of(TurnFinished))
        session_id = rig.handle.session_id
    async with opened(options(home, server.base_url), session_id) as rig:
        await rig.turn("again")
    for request in server.requests:
        assert _first_user(request) == "/greet Ann\n\nHow to greet: bow."


def _first_user(request: Recorded) -> str:
    messages = request.json["messages"]
    content = next(one["content"] for one in messages if one["role"] == "user")
    return str(content)
