"""Summarising by hand on a real terminal, and going on after the program was killed at it."""

from __future__ import annotations

import json
import os
import signal

import pytest

from hermes_core.events import Notice
from hermes_core.messages import Message
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.e2e.conftest import Machine
from tests.fakes.model_server.script import Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(300)

SESSION = "20261122_120000_0a1b2c3d"


async def write_down(machine: Machine, count: int) -> None:
    """Leave a conversation in the home, as an earlier run would."""
    store = await Store.open(Home(machine.hermes))
    await store.create_session(SessionRecord(id=SESSION, source="cli", cwd=str(machine.work)))
    messages = [
        Message(
            role="assistant" if n % 2 else "user",
            content=f"words number {n} " + "and more " * 20,
            message_id=f"m{n}",
            timestamp=1_000.0 + n,
        )
        for n in range(count)
    ]
    begun = Notice(seq=1, session_id=SESSION, level="info", code="test", text="it began")
    await store.commit(SESSION, messages=messages, events=[begun])
    await store.aclose()


@pytest.mark.ac("compaction-by-hand")
async def test_compress_on_a_terminal_says_what_it_did_and_the_talk_goes_on(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    await write_down(machine, 60)
    model_server.add(say("## Goal\nThe schema of the database."), say("Going on from there."))
    async with machine.screen("--resume", SESSION, columns=120, rows=50) as screen:
        await screen.until("● ready")
        screen.type("/compress database schema")
        screen.press("enter")
        await screen.until("Summarised the conversation: 60 messages became 23")
        screen.type("where were we?")
        screen.press("enter")
        await screen.until("Going on from there.")
    summing, turn = (request.json["messages"] for request in model_server.requests)
    assert "database schema" in summing[-1]["content"]
    assert "The schema of the database." in json.dumps(turn)
    assert turn[-1]["content"] == "where were we?"


@pytest.mark.ac("compaction-killed")
async def test_program_killed_while_summarising_resumes_with_the_whole_conversation(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    await write_down(machine, 60)
    model_server.add(Reply(text=["Half of", " the notes"], gates={1: "never"}))
    async with machine.screen("--resume", SESSION, columns=120, rows=50) as screen:
        await screen.until("● ready")
        screen.type("/compress everything")
        screen.press("enter")
        await screen.until("Summarising the conversation")
        await until(lambda: model_server.requests)
        os.killpg(screen.pid, signal.SIGKILL)
        await screen.ended()

    model_server.add(say("All of it is here."))
    async with machine.screen("--resume", SESSION, columns=120, rows=50) as screen:
        await screen.until("The conversation could not be summarised")
        await screen.until("● ready")
        screen.type("go on")
        screen.press("enter")
        await screen.until("All of it is here.")
    sent = [m for m in model_server.request.json["messages"] if m["role"] != "system"]
    assert len(sent) == 61
    assert sent[0]["content"].startswith("words number 0 ")
