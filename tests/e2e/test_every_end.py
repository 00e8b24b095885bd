"""However the full screen ends, the terminal is as it was, and what was typed is kept."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable

import pytest
from psutil import process_iter

from tests.e2e.conftest import Machine
from tests.e2e.pty_screen import PtyProgram
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(300)

_ON_AT_REST = {"7", "25"}
"""Modes a terminal has by itself: it wraps lines and shows its cursor."""

CRASHING = """
import sys
from hermes_tui import __main__
from hermes_tui.launch import run_app
from hermes_tui.options import RunOptions

async def broken(home, options, stops):
    raise ZeroDivisionError("planted sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD")

sys.excepthook = __main__.report_crash
sys.exit(run_app(RunOptions(), load_core=lambda: broken))
"""


BREAKING = """
import sys
from hermes_tui import __main__
from hermes_tui.actions.action import Action, register_action
from hermes_tui.launch import run_app
from hermes_tui.options import RunOptions

def broken(host):
    host.call_next(lambda: 1 / 0)

register_action(Action(id="planted.break", label="Break", run=broken, keys="f12"))
sys.excepthook = __main__.report_crash
sys.exit(run_app(RunOptions()))
"""


def modes_left_on(raw: bytes) -> set[str]:
    """What differs from a terminal at rest after these bytes."""
    last: dict[str, bool] = {}
    for found in re.finditer(rb"\x1b\[\?([\d;]+)([hl])", raw):
        for mode in found[1].decode().split(";"):
            last[mode] = found[2] == b"h"
    left = {mode for mode, is_on in last.items() if is_on is not (mode in _ON_AT_REST)}
    pushed, popped = len(re.findall(rb"\x1b\[>\d+u", raw)), raw.count(b"\x1b[<u")
    return left | ({"keyboard"} if pushed > popped else set())


class Shell:
    """A shell in which the program is started and ended."""

    def __init__(self, screen: PtyProgram) -> None:
        self.screen = screen
        self._count = 0

    async def run(self, command: str) -> str:
        """Run a short command and return what it printed."""
        mark = await self.begin(command)
        return await self.ended(mark)

    async def settings(self) -> str:
        """All settings of the terminal, as the shell's own tool tells them."""
        found = re.search(r"[0-9a-f]+(:[0-9a-f]+){20,}", await self.run("stty -g"))
        assert found is not None, self.screen.raw
        return found[0]

    async def begin(self, command: str) -> str:
        """Type a command; its end will be marked."""
        self._count += 1
        mark = f"end{self._count}"
        self.screen.raw.clear()
        # The mark is put together by the shell, so that it is not found in the echo.
        self.screen.type(f"{command}; echo en''d{self._count}:$?:\r")
        return mark

    async def ended(self, mark: str) -> str:
        """Wait for the end of a command; return what was written meanwhile."""
        await self.screen.until(lambda _: f"{mark}:".encode() in self.screen.raw, timeout_s=60)
        return self.screen.raw.decode(errors="replace").replace("\r\n", "\n")

    def program(self) -> int:
        """The process id of the program in the foreground."""
        return os.tcgetpgrp(self.screen.fd)


async def at_rest(screen: PtyProgram) -> None:
    """Wait until the program takes messages; the emulator keeps the picture before it."""
    await screen.until(lambda _: b"ready" in screen.raw, timeout_s=60)


@pytest.mark.ac("terminal-restored")
async def test_the_terminal_is_as_it_was_after_every_end(machine: Machine) -> None:
    hermes = f"{sys.executable} -m hermes_tui"
    ends: dict[str, tuple[str, Callable[[Shell], None]]] = {
        "chosen": (hermes, lambda shell: shell.screen.press("ctrl+d")),
        "terminated": (hermes, lambda shell: os.kill(shell.program(), signal.SIGTERM)),
        "hung up": (hermes, lambda shell: os.kill(shell.program(), signal.SIGHUP)),
        "ctrl+c": (hermes, lambda shell: shell.screen.press("ctrl+c")),
    }
    async with machine.shell() as screen:
        shell = Shell(screen)
        before = await shell.settings()
        for name, (command, end) in ends.items():
            mark = await shell.begin(command)
            await at_rest(screen)
            end(shell)
            seen = await shell.ended(mark)
            assert f"{mark}:0:" in seen, name
            assert modes_left_on(bytes(screen.raw)) == set(), name
            assert "Goodbye." in seen, name
            assert await shell.settings() == before, name


@pytest.mark.ac("terminal-restored")
@pytest.mark.ac("crash-report")
async def test_a_crash_gives_the_terminal_back_and_names_its_report(machine: Machine) -> None:
    script = machine.work / "crashing.py"
    script.write_text(CRASHING)
    async with machine.shell() as screen:
        shell = Shell(screen)
        before = await shell.settings()
        seen = await shell.run(f"{sys.executable} {script}")
        assert modes_left_on(bytes(screen.raw)) == set()
        assert "Traceback" not in seen
        assert "Error: something unexpected happened: ZeroDivisionError" in seen
        assert await shell.settings() == before
    (report,) = (machine.hermes / "logs").glob("crash-*.txt")
    assert str(report) in seen.replace("\n", "")
    text = report.read_text()
    assert "Traceback" in text
    assert "abcdefghijklmnop" not in text + seen


@pytest.mark.ac("crash-report")
async def test_a_screen_that_breaks_in_a_turn_ends_with_all_that_it_started(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    command = "echo began > began.txt; sleep 600.25"
    model_server.add(Reply(calls=[Call(name="terminal", arguments={"command": command})]))
    script = machine.work / "breaking.py"
    script.write_text(BREAKING)
    async with machine.shell() as screen:
        shell = Shell(screen)
        mark = await shell.begin(f"{sys.executable} {script}")
        await at_rest(screen)
        screen.type("wait\r")
        await until((machine.work / "began.txt").exists)
        screen.type("\x1b[24~")
        seen = await shell.ended(mark)
        assert "Error: something unexpected happened: ZeroDivisionError" in seen
    running = [" ".join(process.info["cmdline"] or ()) for process in process_iter(["cmdline"])]
    assert not [line for line in running if "sleep 600.25" in line]


@pytest.mark.ac("terminal-restored")
async def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_the_screen_back(
    machine: Machine,
) -> None:
    async with machine.shell() as screen:
        shell = Shell(screen)
        before = await shell.settings()
        await shell.begin(f"{sys.executable} -m hermes_tui")
        await at_rest(screen)
        screen.type("half a thought")
        await screen.until("half a thought")
        screen.type("\x1a")
        await screen.until(lambda _: b"Stopped" in screen.raw, timeout_s=60)
        assert modes_left_on(bytes(screen.raw)) == set()
        assert await shell.settings() == before
        mark = await shell.begin("fg")
        await screen.until(lambda text: "● ready" in text and "half a thought" in text)
        os.kill(shell.program(), signal.SIGTERM)
        await shell.ended(mark)
        assert modes_left_on(bytes(screen.raw)) == set()


@pytest.mark.ac("unfinished-kept")
async def test_a_killed_program_offers_draft_and_conversation_at_the_next_start(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("An answer."))
    async with machine.screen(columns=100, rows=30) as screen:
        await screen.until("● ready")
        screen.type("a question\r")
        await screen.until("An answer.")
        await screen.until("● ready")
        screen.type("half a thought")
        await screen.until("half a thought")
        kept = machine.hermes / "unfinished"
        await until(
            lambda: any("half a thought" in file.read_text() for file in kept.glob("*.json"))
        )
        os.kill(screen.pid, signal.SIGKILL)
        await screen.ended()
    async with machine.screen(columns=100, rows=30) as screen:
        await screen.until("1 conversation, 1 draft")
        screen.type("/restore\r")
        await screen.until(lambda text: "An answer." in text and "half a thought" in text)
        await until(lambda: len(list(kept.glob("*.json"))) == 1)


@pytest.mark.ac("left-behind-text")
async def test_the_last_reply_and_the_way_back_stay_in_the_terminal(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(Reply(text=["The ", "answer.\n\nAnd more."]))
    async with machine.screen(columns=100, rows=30) as screen:
        await screen.until("● ready")
        screen.type("a question\r")
        await screen.until("And more.")
        await screen.until("● ready")
        screen.raw.clear()
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        await screen.until("tool calls)")
        left = screen.raw.decode().replace("\r\n", "\n").rpartition("\x1b[?1049l")[2]
    assert re.search(r"The answer\.\n\nAnd more\.\n\nResume with: hermes --resume \S+\n", left)
    assert "Messages: 2 (1 user, 0 tool calls)" in left


@pytest.mark.ac("mouse-filter")
async def test_a_report_of_the_mouse_that_is_none_types_nothing(machine: Machine) -> None:
    async with machine.screen(columns=100, rows=30) as screen:
        await screen.until("● ready")
        screen.type("be\x1b[<35;NaN;NaNM\x1b[<0;NaN;3Mfore")
        await screen.until("before")
        assert "NaN" not in screen.text
