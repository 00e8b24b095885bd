"""Child agents through the composition root, with a model behind HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import msgspec
import psutil
import pytest

from hermes_core.commands import Answer, Interrupt, Submit
from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    ApprovalRequested,
    ApprovalResolved,
    MessageDelta,
    RequestFinished,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.host import HostOptions
from hermes_core.paths import Home
from tests.core.agent.host_rig import HostRig, opened, options
from tests.fakes.model_server.script import Call, Reply, call, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

TOOLSETS = ("delegation", "terminal", "todo")


def wanted(home: Home, server: ModelServer, *, yolo: bool = True, **settings: Any) -> HostOptions:
    made = options(home, server.base_url, toolsets=TOOLSETS, yolo=yolo)
    extra = {f"delegation.{name}": value for name, value in settings.items()}
    extra["approvals.timeout"] = 3_600  # beyond the patience of the clock: never reached
    return msgspec.structs.replace(made, overrides={**made.overrides, **extra})


def delegate(*goals: str, **rest: Any) -> Reply:
    return call("delegate_task", {"tasks": [{"goal": goal, **rest} for goal in goals]})


def results(server: ModelServer) -> dict[str, Any]:
    """What the parent's newest request says its children brought."""
    found = [m for m in server.request.json["messages"] if m["role"] == "tool"]
    answer: dict[str, Any] = json.loads(found[-1]["content"])
    return answer


def system(request: Any) -> str:
    return str(request.json["messages"][0]["content"])


async def until_asleep(mark: str) -> None:
    while not await asyncio.to_thread(processes, mark):  # noqa: ASYNC110  another process
        await asyncio.sleep(0.02)


def processes(mark: str) -> list[int]:
    lines = (" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"]))
    return [len(line) for line in lines if mark in line and "pytest" not in line]


@pytest.mark.ac("ac-17-1")
async def test_more_tasks_than_allowed_are_an_error_and_nothing_starts(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(delegate("one", "two", "three", "four"), say("I see."))
    async with opened(wanted(home, model_server)) as r:
        await r.turn("do four things")
        assert "delegation.max_concurrent_children is 3" in results(model_server)["error"]
        assert not r.of(AgentSpawned)
        assert len(model_server.requests) == 2


@pytest.mark.ac("ac-17-2")
async def test_child_has_no_tool_its_parent_lacks_and_none_that_is_blocked(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(
        delegate("look it up", toolsets=["web", "terminal", "delegation"]),
        say("done"),
        say("thanks"),
    )
    async with opened(wanted(home, model_server)) as r:
        await r.turn("go")
        parent, child, _ = model_server.requests
        names = [tool["function"]["name"] for tool in child.json["tools"]]
        assert names == ["process", "terminal"]
        assert "delegate_task" in [tool["function"]["name"] for tool in parent.json["tools"]]
        assert "no tools of: web" in system(child)


@pytest.mark.ac("delegate-children")
async def test_children_work_at_once_and_report_in_the_order_of_their_tasks(
    home: Home, model_server: ModelServer
) -> None:
    both = asyncio.Event()
    model_server.add(
        delegate("find the cause", "list the callers", context="see jobs/"),
        Reply(to="# Task\\n\\nfind the cause", text=["It was DNS."], before=both),
        Reply(to="# Task\\n\\nlist the callers", calls=[Call(name="terminal", id="call_0",
              arguments={"command": "echo a.py"})]),
        Reply(to="# Task\\n\\nlist the callers", text=["Only a.py."]),
        say("It was DNS, and a.py calls it."),
    )  # fmt: skip
    (home.root / "SOUL.md").write_text("You are a poet.")
    async with opened(wanted(home, model_server)) as r:
        await r.send(Submit(text="go"))
        await until(lambda: len(r.of(AgentFinished)) == 1)
        both.set()
        await until(lambda: r.of(TurnFinished))
        brought = results(model_server)["results"]
        assert [one["summary"] for one in brought] == ["It was DNS.", "Only a.py."]
        assert [one["status"] for one in brought] == ["completed", "completed"]
        assert brought[1]["tool_trace"][0]["tool"] == "terminal"
        assert (brought[1]["api_calls"], brought[1]["tokens"]["output"]) == (2, 16)

        child = model_server.requests[1]
        assert "see jobs/" in system(child)
        assert str(r.cwd) in system(child)
        assert "poet" not in system(child)

        # the stream of the parent: calls with the path of the child, no words, no output
        spawned = {e.goal: e.child_id for e in r.of(AgentSpawned)}
        theirs = [e for e in r.of(ToolStarted, ToolFinished) if e.agent]
        assert [e.call_id for e in theirs] == [f"{spawned['list the callers']}:call_0"] * 2
        assert {e.agent for e in theirs} == {(spawned["list the callers"],)}
        assert not [e for e in r.of(MessageDelta, ToolOutput) if e.agent]
        await _check_rows_and_sums(r, list(spawned.values()))


async def _check_rows_and_sums(r: HostRig, children: list[str]) -> None:
    store, parent_id = r.host.store, r.handle.session_id
    listed = [one.id for one in await store.list_sessions()]
    assert listed == [parent_id]
    for child_id in children:
        record = await store.session(child_id)
        assert (record.kind, record.parent_session_id) == ("subagent", parent_id)
    finish = r.of(TurnFinished)[-1]
    assert finish.usage.requests == 5
    purposes = [e.purpose for e in r.of(RequestFinished)]
    assert sorted(purposes) == ["delegation"] * 3 + ["turn"] * 2
    assert (await store.session(parent_id)).api_calls == 5
    assert sum(use.usage.requests for use in await store.request_uses()) == 5


@pytest.mark.ac("ac-17-3")
async def test_silent_child_is_given_up_and_its_sibling_and_parent_go_on(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(
        delegate("hang", "work"),
        Reply(to="# Task\\n\\nhang", before=never),
        Reply(to="# Task\\n\\nwork", text=["worked"]),
        say("One of two."),
    )
    async with opened(wanted(home, model_server, child_timeout_seconds=0.4)) as r:
        finish = await r.turn("go")
        assert finish.outcome == "completed"
        brought = results(model_server)["results"]
        assert [one["status"] for one in brought] == ["timeout", "completed"]
        assert brought[1]["summary"] == "worked"
        assert "No sign of life" in brought[0]["error"]
        assert {e.status for e in r.of(AgentFinished)} == {"timeout", "completed"}
    never.set()


@pytest.mark.ac("ac-17-4")
async def test_interrupt_reaches_every_child_and_its_processes(
    home: Home, model_server: ModelServer
) -> None:
    async with opened(wanted(home, model_server)) as r:
        for attempt in range(4):  # a machine with other work may need more than one
            if await _interrupted_s(r, model_server, attempt) < 0.5:
                break
        else:
            pytest.fail("no interrupt was told within half a second")
        begun = [e.call_id for e in r.of(ToolStarted)]
        assert sorted(begun) == sorted(e.call_id for e in r.of(ToolFinished, ToolSkipped))


async def _interrupted_s(r: HostRig, server: ModelServer, attempt: int) -> float:
    """Interrupt a turn whose two children sleep; the seconds until all are told."""
    mark = f"61{attempt}.{time.monotonic_ns() % 10**9:09d}"
    server.add(
        delegate(f"one {mark}", f"two {mark}"),
        Reply(to=f"# Task\\n\\none {mark}", calls=[_sleep(f"{mark}1")]),
        Reply(to=f"# Task\\n\\ntwo {mark}", calls=[_sleep(f"{mark}2")]),
    )
    ended, children = len(r.of(TurnFinished)), len(r.of(AgentFinished))
    await r.send(Submit(text=f"go {attempt}"))
    await asyncio.gather(until_asleep(f"{mark}1"), until_asleep(f"{mark}2"))
    pressed = time.monotonic()
    await r.send(Interrupt())
    await until(lambda: len(r.of(TurnFinished)) > ended)
    took = time.monotonic() - pressed
    assert [e.status for e in r.of(AgentFinished)[children:]] == ["interrupted"] * 2
    while await asyncio.to_thread(processes, mark):
        assert time.monotonic() - pressed < 2.0 + took
    return took


def _sleep(mark: str) -> Call:
    return Call(name="terminal", arguments={"command": f"sh -c 'sleep {mark} & wait'"})


@pytest.mark.ac("delegate-approval")
async def test_approval_of_a_child_is_asked_in_the_parents_conversation(
    home: Home, model_server: ModelServer
) -> None:
    (home.root.parent.parent / "work" / "old").mkdir()
    model_server.add(
        delegate("tidy up"),
        call("terminal", {"command": "rm -r old"}),
        say("removed"),
        say("all tidy"),
    )
    async with opened(wanted(home, model_server, yolo=False)) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(ApprovalRequested))
        (request,), (child,) = r.of(ApprovalRequested), r.of(AgentSpawned)
        assert (request.asked_by, request.agent) == ("tidy up", (child.child_id,))
        assert request.call_id in [e.call_id for e in r.of(ToolStarted)]
        await r.send(
            Answer(request_id=request.request_id, decision="once", shown_hash=request.shown_hash)
        )
        await until(lambda: r.of(TurnFinished))
        assert r.of(ApprovalResolved)[0].agent == (child.child_id,)
        assert results(model_server)["results"][0]["summary"] == "removed"
        assert not (r.cwd / "old").exists()


@pytest.mark.ac("delegate-children")
async def test_one_child_is_stopped_and_its_parent_goes_on(
    home: Home, model_server: ModelServer
) -> None:
    never = asyncio.Event()
    model_server.add(delegate("hang"), Reply(before=never), say("It was stopped."))
    async with opened(wanted(home, model_server)) as r:
        await r.send(Submit(text="go"))
        await until(lambda: len(model_server.requests) == 2)
        child_id = r.of(AgentSpawned)[0].child_id
        assert not (await r.send(Interrupt(scope="child", child_id="nobody"))).ok
        assert (await r.send(Interrupt(scope="child", child_id=child_id))).ok
        await until(lambda: r.of(TurnFinished))
        assert r.of(TurnFinished)[0].outcome == "completed"
        assert results(model_server)["results"][0]["status"] == "interrupted"
    never.set()


@pytest.mark.ac("delegate-model")
async def test_children_ask_the_model_that_is_set_for_them_with_its_own_key(
    home: Home, model_server: ModelServer
) -> None:
    other = await ModelServer([say("from elsewhere")], api_key="child-key").start()
    model_server.add(delegate("go"), say("done"))
    settings: dict[str, Any] = {
        "base_url": other.base_url,
        "api_key": "child-key",
        "model": "small-model",
    }
    async with opened(wanted(home, model_server, **settings)) as r:
        await r.turn("go")
        brought = results(model_server)["results"][0]
        assert (brought["summary"], brought["model"]) == ("from elsewhere", "small-model")
    await other.aclose()
    other.assert_done()
