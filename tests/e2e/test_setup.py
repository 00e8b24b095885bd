"""Setting up on a real terminal, then asking the model that was set up."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer


@pytest.mark.ac("setup-terminal")
async def test_a_new_user_sets_up_a_server_and_gets_an_answer(
    machine: Machine, model_server: ModelServer
) -> None:
    async with machine.screen("setup") as screen:
        await screen.until("Provider (number")
        screen.type("another\r")
        await screen.until("Address, e.g.")
        screen.type(f"{model_server.url}\r")
        await screen.until("Model (number")
        screen.type("\r")
        await screen.until("is saved in")
        assert await screen.ended() == 0

    model_server.add(say("It works."))
    done = await machine.run("chat", "-Q", "-q", "hi")
    assert (done.code, done.out) == (0, "It works.\n")


@pytest.mark.ac("setup-terminal")
async def test_a_key_is_not_echoed_and_ctrl_c_leaves(machine: Machine) -> None:
    machine.extra["DEEPSEEK_BASE_URL"] = "http://127.0.0.1:9/v1"
    async with machine.screen("setup") as screen:
        await screen.until("Provider (number")
        screen.type("(deepseek)\r")
        await screen.until("Key for DeepSeek")
        screen.type("sk-never-on-the-screen\r")
        await screen.until("without having tried it?")
        assert b"never-on-the-screen" not in screen.raw
        os.kill(screen.pid, signal.SIGINT)  # what Ctrl+C does on a controlling terminal
        assert await screen.ended() == 130
    assert not (machine.hermes / ".env").exists()
