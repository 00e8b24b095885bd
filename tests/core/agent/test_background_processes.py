"""Processes beside the conversation: told when they begin and end, ended by command."""

from __future__ import annotations

import pytest

from hermes_core.agent.sessions.recovery import closing_events, remains_of
from hermes_core.commands import Interrupt
from hermes_core.events import BackgroundFinished, BackgroundStarted, CoreEvent
from hermes_core.paths import Home
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until


@pytest.mark.ac("process-ended-by-key")
async def test_a_process_is_told_and_ended_by_its_id(home: Home, model_server: ModelServer) -> None:
    run = Call(name="terminal", arguments={"command": "sleep 600", "background": True})
    model_server.add(Reply(calls=[run]), say("it runs"))
    async with opened(options(home, model_server.base_url)) as r:
        await r.turn("start the server")
        await until(lambda: r.of(BackgroundStarted))
        (started,) = r.of(BackgroundStarted)
        assert (started.kind, started.label) == ("process", "sleep 600")
        unknown = await r.send(Interrupt(scope="child", child_id="proc_none"))
        assert (unknown.ok, unknown.code) == (False, "not_found")
        assert (await r.send(Interrupt(scope="child", child_id=started.task_id))).ok
        await until(lambda: r.of(BackgroundFinished))
        assert r.of(BackgroundFinished)[0].task_id == started.task_id
        again = await r.send(Interrupt(scope="child", child_id=started.task_id))
        assert not again.ok


def test_what_ran_beside_a_lost_owner_is_closed() -> None:
    events: list[CoreEvent] = [
        BackgroundStarted(task_id="a", kind="process"),
        BackgroundStarted(task_id="b", kind="process"),
        BackgroundFinished(task_id="a", status="exit 0"),
    ]
    closing = closing_events(remains_of(events).open)
    (lost,) = closing
    assert isinstance(lost, BackgroundFinished)
    assert (lost.task_id, lost.status) == ("b", "lost")
