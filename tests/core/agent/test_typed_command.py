"""Shell commands that the person types, through the composition root and a real shell."""

from __future__ import annotations

import json

import pytest

from hermes_core.commands import Answer, Interrupt, RunCommand, Submit
from hermes_core.events import (
    ApprovalRequested,
    MessageFinished,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.paths import Home
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.support import until


@pytest.mark.ac("typed-command")
async def test_a_typed_command_runs_is_shown_and_is_known_to_the_model(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("I see it."))
    async with opened(options(home, model_server.base_url)) as r:
        reply = await r.send(RunCommand(text="echo one two; exit 3"))
        assert reply.ok
        assert reply.data["input_id"]
        await until(lambda: r.of(TurnFinished))
        started, finished = r.of(ToolStarted)[0], r.of(ToolFinished)[0]
        assert (started.name, started.by_person) == ("terminal", True)
        assert (finished.ok, finished.summary) == (False, "exit 3")
        assert "one two" in finished.result_preview
        assert r.of(MessageFinished)[0].text == "!echo one two; exit 3"
        assert r.of(TurnFinished)[0].outcome == "completed"
        assert not model_server.requests
        session_id = r.handle.session_id
    async with opened(options(home, model_server.base_url), session_id) as r:
        await r.turn("what was that?")
        said = json.dumps(model_server.request.json["messages"])
        assert "!echo one two; exit 3" in said
        assert "I ran this in the shell myself. Exit code 3." in said


@pytest.mark.ac("typed-command")
async def test_the_guard_asks_about_a_typed_command_too(
    home: Home, model_server: ModelServer
) -> None:
    async with opened(options(home, model_server.base_url, yolo=False)) as r:
        await r.send(RunCommand(text="rm -rf ./build"))
        await until(lambda: r.of(ApprovalRequested))
        asked = r.of(ApprovalRequested)[0]
        assert asked.subject == "rm -rf ./build"
        await r.send(
            Answer(request_id=asked.request_id, decision="deny", shown_hash=asked.shown_hash)
        )
        await until(lambda: r.of(TurnFinished))
        assert r.of(ToolSkipped)[0].cause == "denied"


@pytest.mark.ac("typed-command")
async def test_a_typed_command_can_be_stopped_and_a_message_waits_for_its_end(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("Good morning."))
    async with opened(options(home, model_server.base_url)) as r:
        await r.send(RunCommand(text="sleep 600"))
        await until(lambda: r.of(ToolStarted))
        assert (await r.send(RunCommand(text="ls"))).code == "busy"
        await r.send(Submit(text="are you there?"))
        await r.send(Interrupt())
        await until(lambda: len(r.of(TurnFinished)) == 2)
        assert [one.outcome for one in r.of(TurnFinished)] == ["interrupted", "completed"]


async def test_a_typed_command_needs_a_shell_and_words(
    home: Home, model_server: ModelServer
) -> None:
    async with opened(options(home, model_server.base_url, toolsets=("file",))) as r:
        assert "the tool is off" in (await r.send(RunCommand(text="ls"))).text
        assert "no command" in (await r.send(RunCommand(text=" "))).text
