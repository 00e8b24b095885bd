"""The terminal tool against a real shell."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hermes_core.config.schema import Settings
from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.security.redaction import Redactor
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.registry import discover
from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions
from hermes_core.tools.shell.terminal import TerminalArgs, TerminalTool
from tests.fakes.tool_context import FakeCancel, FakeCheckpoints, FakePermissions, tool_context
from tests.support import until

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


class Bench:
    """The tool with its services and what it showed."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.shown: list[str] = []
        self.services: dict[type[Any], Any] = {
            TerminalSessions: TerminalSessions(),
            ProcessTable: ProcessTable(),
        }
        self.permissions = FakePermissions(
            environment={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        )
        self.checkpoints = FakeCheckpoints()
        self.cancel = FakeCancel()
        self.settings = Settings()

    def context(self) -> ToolContext:
        return tool_context(
            self.cwd,
            services=self.services,
            permissions=self.permissions,
            checkpoints=self.checkpoints,
            cancel=self.cancel,
            settings=self.settings,
            environ={"PATH": os.environ["PATH"], "LEAKED_KEY": "x"},
            output=lambda stream, chunk: self.shown.append(chunk),
        )

    async def run(self, command: str, **options: Any) -> ToolResult:
        return await TerminalTool().run(TerminalArgs(command=command, **options), self.context())

    async def aclose(self) -> None:
        for service in self.services.values():
            if hasattr(service, "aclose"):
                await service.aclose()


def saved_text(result: ToolResult) -> tuple[str, int]:
    """The whole output and the permissions of its file."""
    path = Path(result.data["full_output"])
    return path.read_text(), stat.S_IMODE(path.stat().st_mode)


def list_of(folder: Path) -> list[str]:
    """Names in a folder."""
    return [path.name for path in folder.iterdir()]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "work")
    yield made
    await made.aclose()


def test_the_tool_is_found_and_describes_itself() -> None:
    tool = discover().get("terminal")
    assert tool is not None
    schema = tool.schema()
    assert set(schema["parameters"]["properties"]) == {
        "command",
        "background",
        "timeout",
        "workdir",
        "pty",
        "notify_on_complete",
        "watch_patterns",
    }
    assert schema["parameters"]["required"] == ["command"]


async def test_output_without_colours_and_the_exit_code_come_back(bench: Bench) -> None:
    result = await bench.run("printf 'a\\033[31mb\\033]0;title\\007c\\n'; echo two; exit 3")
    assert result.data == {"output": "abc\ntwo", "exit_code": 3, "error": None}
    assert (result.ok, result.summary, result.preview) == (False, "exit 3", "abc\ntwo")


@pytest.mark.parametrize(
    ("command", "summary"), [("true", "no output"), ("echo", "no output"), ("seq 12", "12 lines")]
)
async def test_success_is_summed_up_by_its_lines(bench: Bench, command: str, summary: str) -> None:
    assert (await bench.run(command)).summary == summary


async def test_a_harmless_exit_code_is_explained(bench: Bench) -> None:
    result = await bench.run("echo a | grep b")
    assert result.data["exit_code_meaning"].startswith("no lines matched")
    assert (result.ok, result.summary) == (True, "exit 1")
    assert "exit_code_meaning" not in (await bench.run("false")).data


async def test_state_survives_and_workdir_is_for_one_call(bench: Bench) -> None:
    (bench.cwd / "s p (x)").mkdir()
    await bench.run("export A=1")
    there = await bench.run("pwd; echo $A", workdir="s p (x)")
    assert there.data["output"] == f"{bench.cwd}/s p (x)\n1"
    assert (await bench.run("pwd")).data["output"] == str(bench.cwd)
    assert bench.services[TerminalSessions].cwd == bench.cwd


@pytest.mark.ac("terminal-guard-first")
async def test_a_refused_command_does_not_run(bench: Bench) -> None:
    bench.permissions.blocked.add("touch made")
    with pytest.raises(ToolBlocked):
        await bench.run("touch made")
    assert list_of(bench.cwd) == []
    bench.permissions.blocked.add("touch made2")
    with pytest.raises(ToolBlocked):
        await bench.run("touch made2", background=True)
    assert bench.services[ProcessTable].processes() == []


@pytest.mark.ac("terminal-checkpoint")
async def test_a_destructive_command_is_preceded_by_a_checkpoint(bench: Bench) -> None:
    await bench.run("mkdir sub; touch sub/a; ls sub")
    assert bench.checkpoints.taken == []
    await bench.run("rm a", workdir="sub")
    assert bench.checkpoints.taken == [((bench.cwd / "sub",), "terminal: rm a")]


async def test_an_approval_is_named_in_the_result(bench: Bench) -> None:
    bench.permissions.approval = "once"
    assert (await bench.run("true")).data["approval"] == "Approved by the user for this call."
    bench.permissions.approval = "yolo"
    assert "approval" not in (await bench.run("true")).data


async def test_the_environment_is_the_guards_alone(bench: Bench) -> None:
    bench.permissions.environment["SEEN"] = "yes"
    result = await bench.run('echo "$SEEN ${LEAKED_KEY-none}"')
    assert result.data["output"] == "yes none"


async def test_a_home_folder_in_the_data_home_becomes_home(bench: Bench) -> None:
    own = bench.context().home.root / "home"
    own.mkdir(parents=True)
    assert (await bench.run("echo $HOME")).data["output"] == str(own)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"command": "sleep 1", "timeout": 601}, "above the longest foreground time of 600 s"),
        ({"command": "  "}, "empty"),
        ({"command": "a\0b"}, "NUL"),
    ],
)
async def test_impossible_arguments_are_refused(
    bench: Bench, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolError, match=words):
        await bench.run(**options)
    assert bench.permissions.commands == []


async def test_another_backend_says_it_is_not_there(bench: Bench) -> None:
    bench.settings = Settings.model_validate({"terminal": {"backend": "modal"}})
    with pytest.raises(ToolError, match="modal") as caught:
        await bench.run("true")
    assert caught.value.code == "disabled"


async def test_a_timeout_keeps_what_was_printed(bench: Bench) -> None:
    result = await bench.run("echo early; sleep 60", timeout=1)
    assert result.data["output"] == "early\n[Command timed out after 1s]"
    assert result.data["exit_code"] == 124
    assert result.data["error"] == "Command timed out after 1 seconds"
    assert (result.ok, result.summary) == (False, "timeout")


@pytest.mark.ac("terminal-tool-cancel")
async def test_an_interrupt_is_answered_within_half_a_second(bench: Bench) -> None:
    running = asyncio.create_task(bench.run("echo begun; trap '' TERM; sleep 60; sleep 60"))
    await until(lambda: "begun\n" in bench.shown)
    began = time.monotonic()
    bench.cancel.set()
    result = await running
    assert time.monotonic() - began < 0.5
    assert result.data["output"] == "begun\n[Command interrupted]"
    assert result.data["exit_code"] == 130
    assert result.summary == "interrupted"


@pytest.mark.ac("terminal-live-output")
async def test_output_is_shown_live_at_a_bearable_rate(bench: Bench) -> None:
    result = await bench.run("for i in $(seq 300); do printf '\\033[1mline %s\\033[0m\\n' $i; done")
    assert result.summary == "300 lines"
    assert (len(result.preview.splitlines()), result.lines) == (20, 300)
    assert "".join(bench.shown).split() == [w for i in range(1, 301) for w in ("line", str(i))]
    assert len(bench.shown) < 60


async def test_live_output_of_a_flood_is_cut(bench: Bench) -> None:
    await bench.run("head -c 2000000 /dev/zero | tr '\\0' x")
    assert "bytes not shown live" in "".join(bench.shown)
    assert max(map(len, bench.shown)) < 40_000


@pytest.mark.ac("terminal-output-cap")
async def test_long_output_is_cut_in_the_middle_and_saved_whole(bench: Bench) -> None:
    result = await bench.run("seq 1 20000; echo -e '\\xff\\xfe end'")
    text = result.data["output"]
    assert text.startswith("1\n2\n")
    assert text.endswith("20000\n\ufffd\ufffd end")
    assert "chars omitted out of" in text
    assert 50_000 < len(text) < 50_200
    whole, mode = saved_text(result)
    assert whole.splitlines()[9_999] == "10000"
    assert mode == 0o600
    assert result.summary == "20001 lines"


@pytest.mark.ac("terminal-masks-before-cutting")
async def test_a_secret_at_the_cut_is_masked_whole(bench: Bench) -> None:
    bench.services[Redactor] = Redactor(["known-secret-value-of-ours"])
    for at in range(19_960, 20_000, 6):
        command = (
            f"head -c {at} /dev/zero | tr '\\0' '\\n'; echo {TOKEN} known-secret-value-of-ours"
        )
        result = await bench.run(f"{command}; seq 20000")
        everything = result.data["output"] + saved_text(result)[0]
        assert not any(TOKEN[i : i + 12] in everything for i in range(6, len(TOKEN) - 16))
        assert "known-secret" not in everything


async def test_a_login_with_a_token_gets_no_terminal(bench: Bench) -> None:
    result = await bench.run("test -t 1 || echo gh auth login --with-token", pty=True)
    assert result.data["output"] == "gh auth login --with-token"
    assert "pty_note" in result.data
    assert (await bench.run("test -t 1 && echo tty", pty=True)).data["output"] == "tty"


async def test_binary_output_does_no_harm(bench: Bench) -> None:
    result = await bench.run("printf 'a\\0b\\xc3'; printf '\\x80\\xe2\\x82'")
    assert result.data["output"] == "ab\u00c0\ufffd"


async def test_a_background_start_returns_at_once(bench: Bench) -> None:
    await bench.run("export A=5; mkdir in; cd in")
    result = await bench.run("echo $A $PYTHONUNBUFFERED; pwd; sleep 60", background=True)
    assert result.data["output"] == "Background process started"
    assert result.data["session_id"].startswith("proc_")
    assert len(result.data["session_id"]) == 17
    process = bench.services[ProcessTable].get(result.data["session_id"])
    assert process.pid == result.data["pid"]
    await until(lambda: process.output().count("\n") == 2)
    assert process.output() == f"5 1\n{bench.cwd}/in\n"


class IdleHours:
    """A clock that stands until the test moves it on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits = 0
        self._moved = asyncio.Condition()

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        end = self.seconds + seconds
        self.waits += 1
        async with self._moved:
            await self._moved.wait_for(lambda: self.seconds >= end)

    async def move(self, seconds: float) -> None:
        async with self._moved:
            self.seconds += seconds
            self._moved.notify_all()

    async def move_to_next_wait(self, seconds: float) -> None:
        waits = self.waits
        await self.move(seconds)
        await until(lambda: self.waits > waits)


class IdleBench(Bench):
    """A shell on such a clock; its private files show whether it remembers anything."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clock = IdleHours()
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.settings = Settings.model_validate({"terminal": {"scratch_dir": str(self.scratch)}})
        self.services[TerminalSessions] = TerminalSessions(
            now=self.clock.now, sleep=self.clock.sleep
        )

    def remembers(self) -> bool:
        return any(self.scratch.iterdir())


@pytest.mark.ac("terminal-idle")
async def test_an_idle_shell_begins_anew_in_its_folder_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    bench = IdleBench(tmp_path)
    try:
        await bench.run("cd below; SECRET=1")
        await until(lambda: bench.clock.waits)
        await bench.clock.move(299)
        assert (await bench.run("echo $SECRET")).data["output"] == "1"
        await bench.clock.move_to_next_wait(1)
        assert bench.remembers()
        await bench.clock.move(299)
        await until(lambda: not bench.remembers())
        first = (await bench.run("pwd; echo [$SECRET]")).data
        assert first["output"].split() == [str(tmp_path / "below"), "[]"]
        assert "began anew" in first["shell_note"]
        assert "shell_note" not in (await bench.run("true")).data
    finally:
        await bench.aclose()


@pytest.mark.ac("terminal-idle")
@pytest.mark.parametrize("background", [True, False])
async def test_a_shell_is_kept_while_something_it_started_runs(
    tmp_path: Path, background: bool
) -> None:
    bench = IdleBench(tmp_path)
    wait = f"until [ -e {tmp_path}/done ]; do sleep 0.05; done"
    try:
        await bench.run(wait if background else f"({wait}) &", background=background)
        await until(lambda: bench.clock.waits)
        for _ in range(3):
            await bench.clock.move_to_next_wait(300)
        assert bench.remembers()
        (tmp_path / "done").touch()
        while bench.remembers():
            await bench.clock.move(300)
            await asyncio.sleep(0.01)
    finally:
        await bench.aclose()
