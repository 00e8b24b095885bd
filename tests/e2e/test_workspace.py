"""The workspace as a new user meets it, on a real pseudo-terminal, with the demo model."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Machine

pytestmark = pytest.mark.timeout(120)


@pytest.mark.ac("first-run")
async def test_first_run_lists_files_asks_and_can_be_resumed(machine: Machine) -> None:
    (machine.work / "notes.txt").write_text("remember the milk\n")
    (machine.work / "build").mkdir()
    async with machine.screen() as screen:
        await screen.until("demo model")
        screen.type("list the files here")
        screen.press("enter")
        await screen.until("notes.txt")
        await screen.until("● ready")
        screen.type("run rm -rf build")
        screen.press("enter")
        await screen.until("Run this command?")
        screen.press("d")
        await screen.until("denied by you")
        assert (machine.work / "build").is_dir()
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0
        assert "hermes --resume" in screen.text
    async with machine.screen("-c") as screen:
        await screen.until("denied by you")
        shown = await screen.until("notes.txt")
        assert "run rm -rf build" in shown


@pytest.mark.ac("first-run")
async def test_escape_interrupts_a_running_command(machine: Machine) -> None:
    async with machine.screen() as screen:
        await screen.until("demo model")
        screen.type("run sleep 60")
        screen.press("enter")
        await screen.until("sleep 60")
        await screen.until("esc stops")
        screen.press("escape")
        await screen.until("stopped by you")
        await screen.until("● ready")


async def test_twenty_by_six_terminal_still_works(machine: Machine) -> None:
    async with machine.screen(columns=20, rows=6) as screen:
        await screen.until("❯")
        screen.type("hi")
        await screen.until("hi")
        screen.press("enter")
        await screen.until(lambda text: "demo" in text or "hi" in text)
        assert screen.exit_code is None
