"""The bytes a real terminal gets while the person looks at another window."""

from __future__ import annotations

import base64
import os
import signal

import pytest

from hermes_tui.terminal.desktop_notice import PROGRESS_OFF, PROGRESS_ON
from tests.e2e.conftest import Machine
from tests.support import until

pytestmark = pytest.mark.timeout(300)

FOCUS_OUT = "\x1b[O"


@pytest.mark.ac("notice-when")
async def test_an_approval_that_nobody_sees_is_told_to_the_desktop(machine: Machine) -> None:
    machine.extra["ITERM_SESSION_ID"] = "w0t0p0"
    async with machine.screen() as screen:
        await screen.until("● ready")
        screen.type("run rm -rf build")
        screen.press("enter")
        screen.type(FOCUS_OUT)
        await until(lambda: b"needs your decision\x07" in screen.raw)
        assert b"\x1b]9;hermes: " in screen.raw
        assert b"\x1b]0;? " in screen.raw


@pytest.mark.ac("copy-osc52")
async def test_a_copy_over_ssh_goes_through_tmux_and_is_called_sent(machine: Machine) -> None:
    (machine.work / "notes.txt").touch()
    machine.extra["SSH_CONNECTION"] = "10.0.0.1 4000 10.0.0.2 22"
    machine.extra["HERMES_TUI_OSC52"] = "tmux"
    async with machine.screen() as screen:
        await screen.until("● ready")
        screen.type("list the files here")
        screen.press("enter")
        await screen.until("• notes.txt")
        await screen.until("● ready")
        screen.type("/copy ")
        screen.press("enter")
        await screen.until("Sent to terminal")
        head, end = b"\x1bPtmux;\x1b\x1b]52;c;", b"\x07\x1b\\"
        sent = bytes(screen.raw).split(head)[1].split(end)[0]
        assert "notes.txt" in base64.b64decode(sent).decode()


@pytest.mark.ac("terminal-progress")
async def test_the_progress_mark_does_not_outlive_a_terminated_program(machine: Machine) -> None:
    machine.configure({"tui": {"terminal_progress": True}})
    async with machine.screen() as screen:
        await screen.until("● ready")
        screen.type("run rm -rf build")
        screen.press("enter")
        await until(lambda: PROGRESS_ON.encode() in screen.raw)
        os.kill(screen.pid, signal.SIGTERM)
        await screen.ended()
        await until(lambda: PROGRESS_OFF.encode() in screen.raw)
        assert screen.raw.rindex(PROGRESS_OFF.encode()) > screen.raw.rindex(PROGRESS_ON.encode())
