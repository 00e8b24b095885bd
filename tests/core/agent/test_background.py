"""Work beside the conversation through the composition root, with a model behind HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hermes_core.commands import AskSide, Interrupt, SpawnBackground, Submit
from hermes_core.events import (
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    MessageFinished,
    RequestFinished,
    TurnFinished,
)
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import Reply, fail, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

SESSION = "20261122_101500_0a1b2c3d"


@pytest.mark.ac("ac-18-1")
async def test_background_task_and_conversation_work_at_once_and_stay_apart(
    home: Home, model_server: ModelServer
) -> None:
    late = asyncio.Event()
    model_server.add(
        Reply(to="count the lines", text=["There are 12."], before=late),
        Reply(to="hello", text=["Hi there."], repeat=True),
    )
    async with opened(options(home, model_server.base_url)) as r:
        reply = await r.send(SpawnBackground(prompt="count the lines"))
        task_id = str(reply.data["task_id"])
        assert task_id.startswith("bg_")
        assert (await r.turn("hello")).outcome == "completed"
        assert not r.of(BackgroundFinished)
        late.set()
        await until(lambda: r.of(BackgroundFinished))
        ended = r.of(BackgroundFinished)[0]
        assert (ended.task_id, ended.status, ended.summary) == (
            task_id,
            "completed",
            "There are 12.",
        )
        await r.turn("hello again")
        said = json.dumps(model_server.request.json["messages"])
        assert "count the lines" not in said
        assert "There are 12." not in said
        theirs = await r.host.store.messages(task_id)
        assert [m.content for m in theirs] == ["count the lines", "There are 12."]
        record = await r.host.store.session(task_id)
        assert (record.kind, record.source, record.api_calls) == ("root", "background", 1)
        assert task_id in [one.id for one in await r.host.store.list_sessions()]


@pytest.mark.ac("background-many")
async def test_several_run_at_once_one_fails_one_is_stopped(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    wrong = fail(401, {"error": {"message": "bad key", "type": "auth", "code": None}})
    model_server.add(
        Reply(to="job one", text=["one done"]),
        Reply(to="job two", status=wrong.status, body=wrong.body),
        Reply(to="job three", before=never),
    )
    async with opened(options(home, model_server.base_url)) as r:
        ids = [
            str((await r.send(SpawnBackground(prompt=f"job {n}"))).data["task_id"])
            for n in ("one", "two", "three")
        ]
        await until(lambda: len(r.of(BackgroundFinished)) == 2)
        await until(lambda: len(model_server.requests) == 3)
        assert (await r.send(Interrupt(scope="child", child_id=ids[2]))).ok
        await until(lambda: len(r.of(BackgroundFinished)) == 3)
        ended = {e.task_id: e for e in r.of(BackgroundFinished)}
        assert [ended[one].status for one in ids] == ["completed", "failed", "interrupted"]
        assert ended[ids[1]].summary
        assert not r.of(TurnFinished, AgentSpawned)
        assert not (await r.send(Interrupt(scope="child", child_id=ids[2]))).ok
    never.set()


@pytest.mark.ac("background-ends")
async def test_work_ends_with_its_conversation_and_what_a_crash_ended_is_told(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(say("hi"), Reply(before=never))
    async with opened(options(home, model_server.base_url), SESSION) as r:
        await r.turn("hello")
        await r.send(SpawnBackground(prompt="for ever"))
        await until(lambda: len(model_server.requests) == 2)
    never.set()
    store = await Store.open(home)
    assert [e.status for e in await _ended(store, SESSION)] == ["interrupted"]
    crashed = "20261122_101500_ffffffff"
    begun = BackgroundStarted(seq=1, session_id=crashed, task_id="bg_1", kind="prompt", label="x")
    await store.create_session(SessionRecord(id=crashed, source="cli", title="crashed"))
    await store.commit(crashed, events=[begun])
    await store.aclose()
    async with opened(options(home, model_server.base_url), crashed) as r:
        await until(lambda: r.of(BackgroundFinished))
        assert r.of(BackgroundFinished)[0].status == "lost"
        assert "not begun again" in r.of(BackgroundFinished)[0].summary


async def _ended(store: Store, session_id: str) -> list[Any]:
    return list(await store.events_of(session_id, ("background.finished",)))


@pytest.mark.ac("side-question")
async def test_side_question_is_answered_from_the_history_without_tools_or_trace(
    home: Home, model_server: ModelServer
) -> None:
    busy = asyncio.Event()
    model_server.add(
        say("The port is 8080."),
        Reply(to="long work", text=["worked"], before=busy),
        Reply(to="which port", text=["8080."]),
        say("bye"),
    )
    async with opened(options(home, model_server.base_url)) as r:
        await r.turn("what port is it?")
        await r.send(Submit(text="long work"))
        await until(lambda: len(model_server.requests) == 2)
        reply = await r.send(AskSide(question="which port was it?"))
        assert str(reply.data["task_id"]).startswith("btw_")
        await until(lambda: r.of(BackgroundFinished))
        assert r.of(BackgroundFinished)[0].summary == "8080."
        asked = model_server.request.json
        assert "The port is 8080." in json.dumps(asked["messages"])
        assert "tools" not in asked
        busy.set()
        await until(lambda: len(r.of(TurnFinished)) == 2)
        await r.turn("bye")
        assert "which port" not in json.dumps(model_server.request.json["messages"])
        assert not [e for e in r.of(MessageFinished) if e.text == "8080."]
        assert "side_question" in [e.purpose for e in r.of(RequestFinished)]
        assert (await r.host.store.session(r.handle.session_id)).api_calls == 4
