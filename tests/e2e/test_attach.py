"""Two screens on one conversation."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Machine

pytestmark = pytest.mark.timeout(300)


@pytest.mark.ac("attach")
async def test_attached_screen_shows_the_same_and_can_speak(machine: Machine) -> None:
    (machine.work / "notes.txt").write_text("remember the milk\n")
    async with machine.screen() as owner:
        await owner.until("● ready")
        owner.type("list the files here")
        owner.press("enter")
        await owner.until("notes.txt")
        async with machine.screen("attach") as guest:
            await guest.until("notes.txt")
            guest.type("read notes.txt")
            guest.press("enter")
            await guest.until("remember the milk")
            await owner.until("remember the milk")
            await guest.until("● ready")
            guest.press("ctrl+d")
            assert await guest.ended() == 0
        assert owner.exit_code is None


@pytest.mark.ac("attach")
async def test_attach_without_a_running_conversation_says_so(machine: Machine) -> None:
    done = await machine.run("attach")
    assert done.code == 1
    assert "No conversation is running" in done.err
    assert "Traceback" not in done.err
