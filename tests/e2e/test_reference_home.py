"""A home the older program used: read, listed, continued, never changed."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.reference_home import ReferenceHome

pytestmark = pytest.mark.timeout(300)

OLD = "20250101_101010_abcdef"


def older_home(machine: Machine) -> ReferenceHome:
    """A version 6 store with one conversation, tools included."""
    machine.hermes.mkdir(mode=0o700, exist_ok=True)
    home = ReferenceHome(machine.hermes / "state.db", version=6)
    home.add_session(OLD, title="Milk plans", message_count=4, model="some/model")
    home.add_message(OLD, "user", "where is the milk?", timestamp=1001.0)
    home.add_message(
        OLD,
        "assistant",
        "I look.",
        timestamp=1002.0,
        tool_calls=[("call_1", "terminal", {"command": "ls fridge"})],
    )
    home.add_message(
        OLD, "tool", "milk\n", timestamp=1003.0, tool_call_id="call_1", tool_name="terminal"
    )
    home.add_message(OLD, "assistant", "In the fridge.", timestamp=1004.0, finish_reason="stop")
    return home


@pytest.mark.ac("older-home")
async def test_an_older_home_is_listed_continued_and_left_as_it_was(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    older = older_home(machine)
    before = older.checksum()
    model_server.add(say("Still in the fridge."), say("It is cold."))

    for _ in range(2):
        listed = await machine.run("sessions", "list")
        assert listed.code == 0, listed.err
        assert listed.out.count("Milk plans") == 1

    done = await machine.run("-r", "Milk plans", "chat", "-Q", "-q", "and now?")
    assert (done.code, done.out, done.session_id) == (0, "Still in the fridge.\n", OLD)
    sent = model_server.request.json["messages"]
    assert [message["role"] for message in sent][-5:] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert "where is the milk?" in json.dumps(sent)

    async with machine.screen("-r", OLD) as screen:
        shown = await screen.until("Still in the fridge.")
        for text in ("where is the milk?", "ls fridge", "In the fridge.", "and now?"):
            assert text in shown
        await screen.until("● ready")
        screen.type("is it cold?")
        screen.press("enter")
        await screen.until("It is cold.")
        await screen.until("● ready")
        screen.press("ctrl+d")
        assert await screen.ended() == 0

    listed = await machine.run("sessions", "list")
    assert listed.out.count("Milk plans") == 1
    assert older.checksum() == before
