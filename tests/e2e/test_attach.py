"""Two screens on one conversation."""

from __future__ import annotations

import asyncio
import contextlib

import httpx2
import pytest

from tests.e2e.conftest import Machine
from tests.e2e.pty_screen import PtyProgram
from tests.e2e.test_serve import serving
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(300)


async def press_until_shown(pressed: PtyProgram, key: str, seen: PtyProgram, wanted: str) -> None:
    """Press a key that a fresh request ignores until its effect is seen."""
    async with asyncio.timeout(30):
        while wanted not in seen.text:
            pressed.press(key)
            with contextlib.suppress(AssertionError):
                await seen.until(wanted, timeout_s=1)


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


@pytest.mark.ac("attach")
async def test_a_conversation_of_the_api_is_joined_live_and_its_question_answered_there(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    (machine.work / "build").mkdir()
    command = {"command": "rm -rf build"}
    model_server.add(
        Reply(
            text=["One moment, ", "cleaning."],
            calls=[Call(name="terminal", arguments=command)],
            before="go",
        )
    )
    model_server.add(say("The folder is gone."))
    machine.extra["API_SERVER_KEY"] = "key-of-this-test"
    async with serving(machine) as (_process, url), httpx2.AsyncClient(timeout=60) as http:
        asked = asyncio.create_task(
            http.post(
                f"{url}/chat/completions",
                json={"messages": [{"role": "user", "content": "clean up, please"}]},
                headers={"Authorization": "Bearer key-of-this-test"},
            )
        )
        await until(lambda: model_server.requests, timeout_s=30)
        async with machine.screen("attach") as guest:
            await guest.until("clean up, please")
            await guest.until("esc stops")  # seen before, it is not joined yet
            model_server.gate("go").set()
            await guest.until("cleaning.")
            await guest.until("rm -rf build")
            await guest.until("Run this command?")
            await press_until_shown(guest, "o", guest, "The folder is gone.")
            answer = (await asked).json()
            assert answer["choices"][0]["message"]["content"].endswith("The folder is gone.")
            assert not (machine.work / "build").exists()


@pytest.mark.ac("attach")
async def test_two_terminals_see_one_question_and_the_first_answer_with_its_name(
    machine: Machine,
) -> None:
    (machine.work / "build").mkdir()
    async with machine.screen() as owner:
        await owner.until("● ready")
        owner.type("run rm -rf build")
        owner.press("enter")
        await owner.until("Run this command?")
        async with machine.screen("attach") as guest:
            await guest.until("Run this command?")
            await press_until_shown(guest, "d", owner, "Denied by terminal pts/")
        assert (machine.work / "build").exists()


@pytest.mark.ac("attach")
async def test_attach_to_a_conversation_that_rests_names_the_way_to_go_on(
    machine: Machine,
) -> None:
    asked = await machine.run("chat", "-Q", "-q", "hello", "--provider", "demo")
    done = await machine.run("attach", asked.session_id)
    assert done.code == 1
    assert f"hermes --resume {asked.session_id}" in done.err
    missing = await machine.run("attach", "no-such-session")
    assert missing.code == 1
    assert "No session found matching 'no-such-session'" in missing.err
