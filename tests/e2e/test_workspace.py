"""The workspace as a new user meets it, on a real pseudo-terminal, with the demo model."""

from __future__ import annotations

import sys

import psutil
import pytest
import yaml

from tests.e2e.conftest import Machine
from tests.e2e.pty_screen import PtyProgram
from tests.support import until

pytestmark = pytest.mark.timeout(300)

ASKED = "Run this command?"
REMOVE = "run rm -rf build"


async def say(screen: PtyProgram, text: str) -> None:
    """Send a message once the conversation is at rest, whatever stands in the field."""
    await screen.until("● ready")
    screen.press("ctrl+u")
    screen.type(text)
    screen.press("enter")


@pytest.mark.ac("first-run")
async def test_first_run_lists_files_and_comes_back_with_continue(machine: Machine) -> None:
    (machine.work / "notes.txt").write_text("remember the milk\n")
    async with machine.screen() as screen:
        await screen.until("demo: a built-in script")
        await say(screen, "list the files here")
        await screen.until("There is 1 file in this folder")
        await screen.until("• notes.txt")
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        hint = await screen.until("hermes --resume ")
        session_id = hint.split("hermes --resume ")[1].split()[0]
    async with machine.screen("-c") as screen:
        shown = await screen.until("There is 1 file in this folder")
        assert "list the files here" in shown
        (machine.work / "second.txt").touch()
        await say(screen, "list the files here")
        await screen.until("There are 2 files in this folder")
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        assert f"hermes --resume {session_id}" in await screen.until("hermes --resume ")


@pytest.mark.ac("approval-choices")
async def test_deny_once_and_session_do_what_they_say(machine: Machine) -> None:
    build = machine.work / "build"
    build.mkdir()
    async with machine.screen() as screen:
        await say(screen, REMOVE)
        await screen.until(ASKED)
        await screen.press_until("d", ASKED)
        await screen.until("denied by you")
        await screen.until("● ready")
        assert build.is_dir()

        await say(screen, REMOVE)
        await screen.until(ASKED)
        assert build.is_dir()
        await screen.press_until("o", ASKED)
        await until(lambda: not build.exists())

        build.mkdir()
        await say(screen, REMOVE)
        await screen.until(ASKED)
        await screen.press_until("s", ASKED)
        await until(lambda: not build.exists())

        build.mkdir()
        await say(screen, REMOVE)
        await until(lambda: not build.exists())
        await screen.until("● ready")
        assert ASKED not in screen.text
    config = machine.hermes / "config.yaml"
    assert not config.exists() or "command_allowlist" not in config.read_text()


@pytest.mark.ac("approval-choices")
async def test_always_stands_in_the_settings_and_is_asked_no_more(machine: Machine) -> None:
    build = machine.work / "build"
    build.mkdir()
    async with machine.screen() as screen:
        await say(screen, REMOVE)
        await screen.until(ASKED)
        await screen.press_until("a", ASKED)
        await until(lambda: not build.exists())
        await screen.until("● ready")
    settings = yaml.safe_load((machine.hermes / "config.yaml").read_text())
    assert len(settings["command_allowlist"]) == 1
    build.mkdir()
    async with machine.screen() as screen:
        await say(screen, REMOVE)
        await until(lambda: not build.exists())
        await screen.until("● ready")
        assert ASKED not in screen.text


@pytest.mark.ac("first-run")
async def test_escape_interrupts_a_running_command(machine: Machine) -> None:
    async with machine.screen() as screen:
        await say(screen, "run sleep 60")
        await screen.until("esc stops")
        screen.press("escape")
        await screen.until("stopped by you")
        await screen.until("● ready")


@pytest.mark.ac("any-size")
async def test_twenty_by_six_terminal_still_works(machine: Machine) -> None:
    (machine.work / "notes.txt").touch()
    async with machine.screen(columns=20, rows=6) as screen:
        await screen.until("❯")
        screen.type("list files")
        await screen.until("list files")
        screen.press("enter")
        await screen.until("notes.txt")
        await screen.until("● ready")  # before that it asks what is to become of the turn
        assert screen.exit_code is None
        screen.press("ctrl+d")
        assert await screen.ended() == 0


@pytest.mark.ac("any-size")
async def test_a_storm_of_resizes_leaves_a_working_screen(machine: Machine) -> None:
    (machine.work / "notes.txt").touch()
    async with machine.screen() as screen:
        await screen.until("● ready")
        for step in range(60):
            screen.resize(20 + step * 7 % 160, 6 + step * 5 % 45)
        screen.resize(100, 30)
        await say(screen, "list the files here")
        await screen.until("• notes.txt")
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0


@pytest.mark.ac("window-closed")
async def test_a_closed_window_stops_the_turn_and_ends_the_program(machine: Machine) -> None:
    async with machine.screen() as screen:
        await say(screen, "run sleep 4711")
        program = psutil.Process(screen.pid)
        await until(lambda: any(one.name() == "sleep" for one in program.children(recursive=True)))
        children = program.children(recursive=True)
        screen.close_window()
        assert await screen.ended() == 0
    await until(lambda: not any(one.is_running() for one in children))
    assert "run sleep 4711" in (await machine.run("sessions", "list")).out


async def test_the_screen_is_drawn_while_stderr_leads_into_a_file(machine: Machine) -> None:
    program = PtyProgram(
        ("-c", 'exec "$0" -m hermes_tui 2>errors.txt', sys.executable),
        environ=machine.environ,
        cwd=machine.work,
        command=("sh",),
    )
    async with program as screen:
        await say(screen, "list the files here")
        await screen.until("• errors.txt")
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        await screen.until("hermes --resume ")
    assert (machine.work / "errors.txt").read_text() == ""
