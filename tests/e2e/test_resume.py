"""A long conversation that is opened again on a real terminal."""

from __future__ import annotations

import os
import signal

import pytest

from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.storage.projection import events_from_messages
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

pytestmark = pytest.mark.timeout(300)

SESSION = "20261122_120000_0a1b2c3d"
COUNT = 300


async def _write_down(machine: Machine) -> None:
    """Leave a conversation in the home, as an earlier run would."""
    messages = [
        Message(
            role="assistant" if n % 2 else "user",
            content=f"words number {n}.",
            message_id=f"m{n}",
            timestamp=1_000.0 + n,
        )
        for n in range(COUNT)
    ]
    runtime = Runtime(model="scripted-model", provider="custom")
    events = events_from_messages(messages, session_id=SESSION, runtime=runtime)
    store = await Store.open(Home(machine.hermes))
    await store.create_session(SessionRecord(id=SESSION, source="cli", cwd=str(machine.work)))
    await store.commit(SESSION, messages=messages, events=events)
    await store.aclose()


@pytest.mark.ac("resume-whole-history")
async def test_a_message_sent_at_once_is_asked_with_all_that_was_said_and_survives_a_kill(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    await _write_down(machine)
    model_server.add(say("I remember."), say("Still here."))
    async with machine.screen("--resume", SESSION, columns=120, rows=40) as first:
        await first.until(f"words number {COUNT - 1}.")
        first.type("do you remember?")
        first.press("enter")
        await first.until("I remember.")

        async with machine.screen("--resume", SESSION, columns=120, rows=40) as second:
            await second.until("I remember.")
            second.type("both of us?")
            second.press("enter")
            await second.until("Still here.")
            await first.until("Still here.")
        os.killpg(first.pid, signal.SIGKILL)
        await first.ended()

    asked = [request.json["messages"] for request in model_server.requests]
    said = [one["content"] for one in asked[0] if one["role"] != "system"]
    assert said == [*(f"words number {n}." for n in range(COUNT)), "do you remember?"]
    assert [one["content"] for one in asked[1]][-2:] == ["I remember.", "both of us?"]

    async with machine.screen("--resume", SESSION, columns=120, rows=40) as again:
        await again.until("Still here.")
        again.type("\x06")
        await again.until("find words in this conversation")
        again.type("words number 1.")
        await again.until("1 of 1")


async def test_deleting_asks_and_ctrl_c_or_no_keeps_the_conversation(machine: Machine) -> None:
    made = await machine.run("chat", "--provider", "demo", "-Q", "-q", "hello")
    async with machine.screen("sessions", "delete", made.session_id) as screen:
        await screen.until(lambda shown: "(hello)? [y/N]" in shown)
        os.kill(screen.pid, signal.SIGINT)
        assert await screen.ended() == 130
    async with machine.screen("sessions", "delete", made.session_id) as screen:
        await screen.until(lambda shown: "[y/N]" in shown)
        screen.type("n\r")
        assert "terminal" not in await screen.until("Nothing was deleted.")
        assert await screen.ended() == 1
    async with machine.screen("sessions", "delete", made.session_id) as screen:
        await screen.until(lambda shown: "[y/N]" in shown)
        screen.type("y\r")
        assert await screen.ended() == 0
    assert "hello" not in (await machine.run("sessions", "list")).out
