"""The local terminal against a real bash."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hermes_core.errors import Cancelled
from hermes_core.terminals.base import CommandOutcome, CommandRequest, TerminalOptions
from hermes_core.terminals.local import LocalTerminal, open_terminal
from tests.fakes.tool_context import FakeCancel
from tests.support import until


class Shell:
    """A local terminal with short calls for tests."""

    def __init__(self, terminal: LocalTerminal, environ: dict[str, str]) -> None:
        self.terminal = terminal
        self.environ = environ
        self.cancel = FakeCancel()
        self.live: list[bytes] = []

    async def run(
        self, command: str, *, timeout_s: float = 20, cwd: str | None = None, pty: bool = False
    ) -> CommandOutcome:
        request = CommandRequest(command=command, environ=self.environ, cwd=cwd, pty=pty)
        return await self.terminal.run(
            request, timeout_s=timeout_s, cancel=self.cancel, on_output=self.live.append
        )

    async def says(self, command: str) -> str:
        return (await self.run(command)).captured.text().strip()


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    terminal = open_terminal(TerminalOptions(cwd=tmp_path / "work", scratch=tmp_path))
    yield Shell(terminal, environment())
    await terminal.aclose()


def session_folders(scratch: Path) -> list[Path]:
    """Private folders of open terminals."""
    return list(scratch.glob("hermes-shell-*"))


def processes_in(folder: Path) -> list[int]:
    """Living processes whose folder is `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return [pid for pid in found if pid != os.getpid()]


async def test_a_command_returns_its_output_and_exit_code(shell: Shell) -> None:
    outcome = await shell.run("echo out; echo err >&2; exit 3")
    assert outcome.captured.text() == "out\nerr\n"
    assert (outcome.exit_code, outcome.state) == (3, "exited")


@pytest.mark.ac("terminal-state-persists")
async def test_folder_variables_functions_aliases_and_options_survive(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "work" / "a b").mkdir()
    await shell.run("cd 'a b'; export A='x  y'; plain=$'two\\nlines'; list=(1 '2 3')")
    await shell.run(
        "f() { echo \"f:$1\"; }; alias hi='echo hello'; set -o pipefail; shopt -s extglob"
    )
    await shell.run("true")
    assert await shell.says("pwd") == str(tmp_path / "work" / "a b")
    assert (
        await shell.says('printenv A; echo "$plain"; echo "${list[1]}"') == "x  y\ntwo\nlines\n2 3"
    )
    assert await shell.says(
        "f 1; hi; false | true; echo $?; case ab in @(ab|c)) echo glob;; esac"
    ) == ("f:1\nhello\n1\nglob")


async def test_an_unset_inherited_variable_stays_unset(shell: Shell) -> None:
    shell.environ["GIVEN"] = "1"
    assert await shell.says("echo $GIVEN; unset GIVEN") == "1"
    assert await shell.says('echo "[${GIVEN-none}]"') == "[none]"


@pytest.mark.ac("terminal-exit-keeps-state")
@pytest.mark.parametrize("leave", ["exit 3", "exec sh -c 'exit 3'", "kill -KILL $$"])
async def test_a_command_that_leaves_the_shell_changes_nothing(
    shell: Shell, leave: str, tmp_path: Path
) -> None:
    await shell.run("export A=before")
    outcome = await shell.run(f"cd /; export A=after; {leave}")
    assert outcome.exit_code in (3, -9)
    assert await shell.says("pwd; echo $A") == f"{tmp_path / 'work'}\nbefore"


async def test_errexit_and_xtrace_survive_without_noise(shell: Shell) -> None:
    await shell.run("set -x")
    assert (await shell.run("echo a")).captured.text() == "++ echo a\na\n"
    await shell.run("set +x; set -e")
    outcome = await shell.run("false; echo never")
    assert (outcome.exit_code, outcome.captured.text()) == (1, "")


async def test_error_messages_count_the_lines_of_the_command(shell: Shell) -> None:
    assert (
        await shell.says("true\nnosuchprogram") == "bash: line 2: nosuchprogram: command not found"
    )


async def test_odd_values_and_options_survive(shell: Shell) -> None:
    await shell.run(
        "set -u; IFS=,; export RAW=$'\\xff\\xfe'; readonly FIXED=5; set -o posix; umask 027"
    )
    await shell.run("shopt -s failglob; trap 'echo bye' EXIT; alias echo='printf aliased'")
    said = await shell.says(
        'printf \'%s\\n\' "$IFS" $FIXED; printf %s "$RAW" | od -An -tx1; umask; echo'
    )
    assert said.split() == [",", "5", "ff", "fe", "0027", "aliased"]


@pytest.mark.parametrize("command", ["echo (", "if true; then", "echo 'open", 'echo "$(open', "{"])
async def test_a_syntax_error_is_reported_and_state_survives(shell: Shell, command: str) -> None:
    await shell.run("A=1")
    outcome = await shell.run(command)
    assert outcome.exit_code != 0
    text = outcome.captured.text()
    assert "syntax error" in text or "unexpected EOF" in text
    assert "hermes" not in text
    assert "command not found" not in text
    assert await shell.says("echo $A") == "1"


async def test_the_folder_of_one_call_does_not_become_the_session_folder(
    shell: Shell, tmp_path: Path
) -> None:
    odd = tmp_path / "work" / "né (1) $x;'"
    odd.mkdir()
    outcome = await shell.run("pwd; export KEPT=yes", cwd=str(odd))
    assert outcome.captured.text().strip() == str(odd)
    assert await shell.says("pwd; echo $KEPT") == f"{tmp_path / 'work'}\nyes"


async def test_a_missing_folder_is_named_and_the_session_moves_up(
    shell: Shell, tmp_path: Path
) -> None:
    assert (await shell.run("pwd", cwd=str(tmp_path / "nowhere"))).exit_code == 126
    await shell.run("mkdir gone; cd gone; rmdir ../gone")
    outcome = await shell.run("pwd")
    assert outcome.exit_code == 126
    assert "no such folder" in outcome.captured.text()
    assert await shell.says("pwd") == str(tmp_path / "work")


@pytest.mark.ac("terminal-b09-marker")
async def test_output_that_looks_like_a_marker_changes_no_folder(
    shell: Shell, tmp_path: Path
) -> None:
    text = "__HERMES_CWD_abc__/etc__HERMES_CWD_abc__"
    assert await shell.says(f"echo {text}") == text
    assert await shell.says("pwd") == str(tmp_path / "work")


@pytest.mark.ac("terminal-b10-serial")
async def test_parallel_commands_do_not_mix(shell: Shell, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "work" / name).mkdir()
    where = tmp_path / "work"
    first, second = await asyncio.gather(
        *(shell.run(f"cd {where}/{n}; for i in 1 2 3; do echo {n}; done") for n in "ab")
    )
    assert first.captured.text() == "a\n" * 3
    assert second.captured.text() == "b\n" * 3
    assert await shell.says("pwd") in (str(where / "a"), str(where / "b"))


@pytest.mark.ac("terminal-background-job-returns")
@pytest.mark.parametrize("pty", [False, True])
async def test_a_background_job_does_not_hold_the_call(shell: Shell, pty: bool) -> None:
    await shell.run("true")
    began = time.monotonic()
    outcome = await shell.run("sleep 60 & echo hi", pty=pty)
    assert outcome.captured.text().strip() == "hi"
    assert time.monotonic() - began < 2


async def test_closing_ends_background_jobs_and_removes_the_files(
    shell: Shell, tmp_path: Path
) -> None:
    await shell.run("sleep 60 & sleep 61 &")
    assert len(processes_in(tmp_path / "work")) == 2
    await shell.terminal.aclose()
    assert processes_in(tmp_path / "work") == []
    assert session_folders(tmp_path) == []


@pytest.mark.ac("terminal-cancel")
@pytest.mark.parametrize(
    "command",
    [
        "sleep 60",
        "trap '' TERM; sleep 60 & while true; do sleep 1; done",
        "bash -c 'sleep 60 & wait' | cat",
        "(setsid sleep 60 &) ; (setsid bash -c \"trap '' TERM; sleep 60; sleep 60\" &); sleep 60",
    ],
)
async def test_an_interrupted_command_answers_at_once_and_its_tree_is_gone(
    shell: Shell, tmp_path: Path, command: str
) -> None:
    running = asyncio.create_task(shell.run(f"echo started; {command}"))
    await until(lambda: b"started" in b"".join(shell.live))
    began = time.monotonic()
    shell.cancel.set()
    outcome = await running
    assert time.monotonic() - began < 0.5
    assert (outcome.exit_code, outcome.state) == (130, "interrupted")
    assert outcome.captured.text() == "started\n"
    await until(lambda: not processes_in(tmp_path / "work"), timeout_s=2)
    assert time.monotonic() - began < 2


async def test_a_call_that_waits_for_its_turn_can_be_interrupted(shell: Shell) -> None:
    first = asyncio.create_task(shell.run("echo started; sleep 60"))
    await until(lambda: shell.live)
    second = asyncio.create_task(shell.run("echo never"))
    await asyncio.sleep(0)
    shell.cancel.set()
    with pytest.raises(Cancelled):
        await second
    assert (await first).state == "interrupted"
    shell.cancel = FakeCancel()
    assert await shell.says("echo again") == "again"


async def test_cancelling_the_task_ends_the_tree(shell: Shell, tmp_path: Path) -> None:
    running = asyncio.create_task(shell.run("echo started; sleep 60"))
    await until(lambda: shell.live)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not processes_in(tmp_path / "work"), timeout_s=2)


@pytest.mark.ac("terminal-timeout-flood")
async def test_a_flood_of_output_times_out_in_bounded_memory(shell: Shell) -> None:
    await shell.run("true")
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    request = CommandRequest(command="yes", environ=shell.environ)
    outcome = await shell.terminal.run(
        request, timeout_s=1, cancel=shell.cancel, on_output=lambda data: None
    )
    assert time.monotonic() - began < 3
    assert (outcome.exit_code, outcome.state) == (124, "timeout")
    assert outcome.captured.dropped_bytes > 0
    assert psutil.Process().memory_info().rss - before < 50 * 1024 * 1024


async def test_all_output_of_a_finished_command_is_read(shell: Shell) -> None:
    outcome = await shell.run("head -c 3000000 /dev/zero | tr '\\0' x")
    assert outcome.captured.total_bytes == 3_000_000


async def test_standard_input_is_at_its_end(shell: Shell) -> None:
    assert await shell.says("cat; read x || echo none") == "none"


async def test_a_pseudo_terminal_is_the_controlling_one(shell: Shell) -> None:
    outcome = await shell.run("test -t 0 && test -t 1 && stty size </dev/tty; cd /", pty=True)
    assert outcome.captured.text() == "30 120\r\n"
    assert await shell.says("pwd; test -t 1 || echo pipe") == "/\npipe"


@pytest.mark.ac("terminal-private-files")
async def test_session_files_are_private(shell: Shell, tmp_path: Path) -> None:
    await shell.run("export SECRET_THING=1")
    (folder,) = session_folders(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    states = list(folder.glob("*.state"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in states] == [0o600]
    assert "SECRET_THING" in states[0].read_text()
    assert list(folder.iterdir()) == states


async def test_folders_of_killed_programs_are_removed(shell: Shell, tmp_path: Path) -> None:
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    (tmp_path / f"hermes-shell-{gone.pid}-x").mkdir()
    (tmp_path / f"hermes-shell-{os.getppid()}-x").mkdir()
    await shell.run("true")
    names = {path.name.split("-")[2] for path in session_folders(tmp_path)}
    assert names == {str(os.getppid()), str(os.getpid())}


async def test_the_login_profile_adds_but_does_not_override(tmp_path: Path) -> None:
    profile = Path(os.environ["HOME"]) / ".bash_profile"
    profile.write_text(
        "echo noise; greet() { echo greeting; }; alias ll='echo long'\n"
        "export FROM_PROFILE=1 GIVEN=profile LEAKED=secret; PATH=/profile/bin\n"
    )
    terminal = open_terminal(TerminalOptions(cwd=tmp_path / "work", scratch=tmp_path))
    environ = environment() | {"GIVEN": "launch"}
    request = CommandRequest(
        command='greet; ll; echo "$FROM_PROFILE $GIVEN [${LEAKED-}]"; echo $PATH',
        environ=environ,
        dropped=frozenset({"LEAKED"}),
    )
    outcome = await terminal.run(
        request, timeout_s=10, cancel=FakeCancel(), on_output=lambda data: None
    )
    await terminal.aclose()
    lines = outcome.captured.text().splitlines()
    assert lines[:3] == ["greeting", "long", "1 launch []"]
    assert lines[3].startswith(environ["PATH"])
    assert lines[3].endswith(":/profile/bin")


async def test_without_a_persistent_shell_only_folder_and_exports_survive(tmp_path: Path) -> None:
    terminal = open_terminal(
        TerminalOptions(cwd=tmp_path / "work", scratch=tmp_path, persistent=False)
    )
    shell = Shell(terminal, environment())
    await shell.run("cd /; export A=1; B=2; f() { echo x; }")
    assert await shell.says('pwd; echo "$A [${B-}]"; type f >/dev/null 2>&1 || echo gone') == (
        "/\n1 []\ngone"
    )
    await terminal.aclose()


async def test_a_started_command_uses_a_copy_of_the_state(shell: Shell, tmp_path: Path) -> None:
    await shell.run('export A=1; f() { cat; echo "$A $PWD"; }; cd /')
    got: list[bytes] = []
    request = CommandRequest(command="f; A=2", environ=shell.environ)
    running = await shell.terminal.start(request, on_output=got.append)
    assert running.exit_code is None
    assert abs(running.started_at - time.time()) < 5
    running.write(b"typed\n")
    running.close_input()
    assert await running.wait() == 0
    assert b"".join(got) == b"typed\n1 /\n"
    assert await shell.says("echo $A") == "1"
    (folder,) = session_folders(tmp_path)
    assert len(list(folder.iterdir())) == 1


async def test_killing_a_started_command_takes_its_children(shell: Shell, tmp_path: Path) -> None:
    got: list[bytes] = []
    request = CommandRequest(
        command="trap '' TERM; sleep 60 & echo up; wait", environ=shell.environ
    )
    running = await shell.terminal.start(request, on_output=got.append)
    await until(lambda: got)
    await running.kill(grace_s=0.1)
    assert await running.wait() < 0
    assert processes_in(tmp_path / "work") == []
