"""One conversation, several processes: one owner at a time, and what its death leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hermes_core.commands import Answer, Submit
from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    MessageDelta,
    MessageFinished,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_core.storage.store import Store
from tests.core.agent.screen_model import ScreenModel
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.processes import Node
from tests.fakes.session_node import Options
from tests.support import until

SESSION = "20261122_101500_0000e2e0"


class Place:
    """A home, a model server, and the processes on them."""

    def __init__(self, home: Home, folder: Path, server: ModelServer) -> None:
        self.home = home
        self.server = server
        self.folder = folder
        self.work = Path.cwd()
        self.nodes: list[Node] = []

    def options(self, client: str, *, yolo: bool = True) -> Options:
        return Options(
            home=str(self.home.root),
            cwd=str(self.work),
            session_id=SESSION,
            base_url=self.server.base_url,
            client=client,
            yolo=yolo,
        )

    async def node(self, client: str, *, yolo: bool = True) -> Node:
        node = await Node.start(self.options(client, yolo=yolo), self.folder)
        self.nodes.append(node)
        return node

    async def pair(self, *, yolo: bool = True) -> tuple[Node, Node]:
        owner = await self.node("owner", yolo=yolo)
        other = await self.node("other", yolo=yolo)
        assert (owner.is_owner, other.is_owner) == (True, False)
        return owner, other

    async def store(self) -> Store:
        return await Store.open(self.home)


@pytest.fixture
async def place(home: Home, tmp_path: Path, model_server: ModelServer) -> AsyncIterator[Place]:
    folder = tmp_path / "nodes"
    folder.mkdir()
    made = Place(home, folder, model_server)
    yield made
    await asyncio.gather(*(node.aclose() for node in reversed(made.nodes)))


def run(command: str, call_id: str) -> Reply:
    """The model asks for a command."""
    return Reply(calls=[Call(name="terminal", arguments={"command": command}, id=call_id)])


def turns_of(node: Node) -> list[str]:
    return [type(e).__name__ for e in node.of(TurnStarted, TurnFinished)]


@pytest.mark.ac("ac-20-3")
@pytest.mark.ac("ac-2-2")
async def test_two_processes_submit_at_once_and_one_turn_runs_at_a_time(place: Place) -> None:
    owner, other = await place.pair()
    place.server.add(say("first answer"), say("second answer"))
    owner.post(Submit(text="from the owner", mode="queue"))
    other.post(Submit(text="from the other", mode="queue"))
    await until(lambda: len(owner.of(TurnFinished)) == 2)
    await until(lambda: len(other.of(TurnFinished)) == 2)
    assert turns_of(owner) == turns_of(other) == ["TurnStarted", "TurnFinished"] * 2
    assert ScreenModel().take_all(owner.events).shown() == (
        ScreenModel().take_all(other.events).shown()
    )
    store = await place.store()
    users = [m.content for m in await store.messages(SESSION) if m.role == "user"]
    await store.aclose()
    assert sorted(users) == ["from the other", "from the owner"]


@pytest.mark.ac("ac-20-3")
async def test_killed_owner_is_taken_over_within_two_seconds(place: Place) -> None:
    owner, other = await place.pair()
    hold = asyncio.Event()
    place.server.add(say("a long story", pieces=3, gates={2: hold}), say("here again"))
    owner.post(Submit(text="tell me"))
    await until(lambda: other.of(MessageDelta))
    killed = time.monotonic()
    owner.kill()
    await until(lambda: other.of(TurnFinished), timeout_s=5)
    assert time.monotonic() - killed < 2
    assert other.of(TurnFinished)[0].outcome == "interrupted"
    assert other.of(TurnFinished)[0].reason == "owner_lost"
    hold.set()
    assert (await other.send(Submit(text="are you there?")))["ok"]
    await until(lambda: len(other.of(TurnFinished)) == 2)
    model = ScreenModel().take_all(other.events)
    assert (model.problems, model.left_open()) == ([], [])
    store = await place.store()
    stored = await store.events(SESSION)
    await store.aclose()
    outcomes = [e.outcome for e in stored if isinstance(e, TurnFinished)]
    assert outcomes == ["interrupted", "completed"]
    assert [e.seq for e in stored] == list(range(1, len(stored) + 1))


@pytest.mark.ac("ac-20-4")
async def test_two_screens_answer_one_approval_and_it_runs_once(place: Place) -> None:
    owner, other = await place.pair(yolo=False)
    (place.work / "junk").mkdir()
    command = "rm -rf junk && echo gone >> ran.txt"
    place.server.add(run(command, "call_a"), say("done"))
    owner.post(Submit(text="clean up"))
    await until(lambda: owner.of(ApprovalRequested) and other.of(ApprovalRequested))
    asked = other.of(ApprovalRequested)[0]

    def answer(shown_hash: str) -> Answer:
        return Answer(request_id=asked.request_id, decision="once", shown_hash=shown_hash)

    stale = await other.send(answer("0" * 16))
    assert (stale["ok"], stale["code"]) == (False, "stale_answer")
    replies = await asyncio.gather(
        owner.send(answer(asked.shown_hash)), other.send(answer(asked.shown_hash))
    )
    assert sorted(reply["ok"] for reply in replies) == [False, True]
    assert {reply["code"] for reply in replies} == {"", "already_resolved"}
    await until(lambda: owner.of(TurnFinished) and other.of(TurnFinished))
    winner = "owner" if replies[0]["ok"] else "other"
    resolved = [node.of(ApprovalResolved)[0] for node in (owner, other)]
    assert [(e.decision, e.by) for e in resolved] == [("once", winner)] * 2
    assert (place.work / "ran.txt").read_text() == "gone\n"


@pytest.mark.ac("ac-2-1")
@pytest.mark.parametrize("moment", ["streaming", "tool", "between", "asking"])
async def test_killed_process_keeps_every_finished_step_once(place: Place, moment: str) -> None:
    node = await place.node("first", yolo=moment != "asking")
    hold = asyncio.Event()
    place.server.add(run("echo one >> ran.txt", "call_a"))
    match moment:
        case "streaming":
            place.server.add(say("half an answer", pieces=4, gates={3: hold}))
        case "tool":
            command = "echo two >> ran.txt; sleep 60"
            place.server.add(run(command, "call_b"))
        case "between":
            place.server.add(say("never seen", before=hold))
        case "asking":
            place.server.add(run("rm -rf junk", "call_b"))
    node.post(Submit(text="work"))
    await until(lambda: _reached(node, moment, place.work))
    node.kill()
    await node.process.wait()
    again = await place.node("second")
    assert again.is_owner
    await until(lambda: again.of(TurnFinished))
    hold.set()
    model = ScreenModel().take_all(again.events)
    assert (model.problems, model.left_open()) == ([], [])
    assert [e.outcome for e in again.of(TurnFinished)] == ["interrupted"]
    store = await place.store()
    messages = await store.messages(SESSION)
    open_questions = await store.open_questions(SESSION)
    await store.aclose()
    results = {m.tool_call_id: m.content for m in messages if m.role == "tool"}
    assert "Outcome unknown" not in results["call_a"]
    assert open_questions == []
    ran = (place.work / "ran.txt").read_text().split()
    if moment == "tool":
        assert "Outcome unknown" in results["call_b"]
        assert ran == ["one", "two"]
        assert [e.cause for e in again.of(ToolSkipped)] == ["lost"]
    else:
        assert ran == ["one"]
    assert len({m.message_id for m in messages}) == len(messages)
    assert [m.role for m in messages][:3] == ["user", "assistant", "tool"]
    if moment == "asking":
        assert again.of(ApprovalResolved)[0].decision == "cancelled"


def _reached(node: Node, moment: str, work: Path) -> bool:
    first_done = bool(node.of(ToolFinished))
    match moment:
        case "streaming":
            return first_done and bool(node.of(MessageDelta))
        case "tool":
            ran = work / "ran.txt"
            return len(node.of(ToolStarted)) == 2 and "two" in ran.read_text()
        case "asking":
            return bool(node.of(ApprovalRequested))
    return first_done and len([e for e in node.events if type(e).__name__ == "StepStarted"]) == 2


@pytest.mark.ac("ac-2-3")
async def test_second_process_sends_the_same_prompt_bytes_and_the_same_beginning(
    place: Place,
) -> None:
    place.server.add(say("one"), say("two"))
    first = await place.node("first")
    await first.send(Submit(text="hello"))
    await until(lambda: first.of(TurnFinished))
    await first.aclose()
    (place.home.root / "SOUL.md").write_text("Somebody else.")
    second = await place.node("second")
    await second.send(Submit(text="hello again"))
    await until(lambda: len(second.of(TurnFinished)) == 2)
    before, after = (request.json["messages"] for request in place.server.requests)
    assert before[0]["role"] == "system"
    assert before[0] == after[0]
    assert after[: len(before)] == before
    assert [e.text for e in second.of(MessageFinished) if e.role == "assistant"] == ["one", "two"]
