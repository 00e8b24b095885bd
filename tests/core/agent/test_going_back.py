"""Going back to an earlier message, branching there, and holding the queue."""

from __future__ import annotations

import asyncio

import pytest

from hermes_core.commands import (
    Branch,
    Interrupt,
    QueuePause,
    QueueReorder,
    Retry,
    Rewind,
    Submit,
)
from hermes_core.events import ContextGauge, InputState, SessionRewound
from hermes_core.paths import Home
from tests.core.agent.rig import Rig, rig
from tests.fakes.scripted_provider import ScriptedProvider, text
from tests.support import until


async def _users(r: Rig) -> dict[str, str]:
    return {m.content: m.message_id for m in await r.messages() if m.role == "user"}


@pytest.mark.ac("rewind-anywhere")
async def test_a_rewind_goes_back_to_any_message_of_the_person(home: Home) -> None:
    script = ScriptedProvider(text("one"), text("two"), text("three"), text("four"))
    async with rig(home, script) as r:
        for words in ("a", "b", "c"):
            await r.turn(words)
        second = (await _users(r))["b"]
        reply = await r.send(Rewind(message_id=second))
        assert (reply.ok, reply.data["text"]) == (True, "b")
        await r.settle()
        assert [(e.from_message_id, e.cause) for e in r.of(SessionRewound)] == [(second, "rewind")]
        await r.turn("d")
        assert [m.content for m in script.request.messages] == ["a", "one", "d"]
        gone = await r.send(Rewind(message_id=second))
        assert (gone.ok, gone.code) == (False, "not_found")


async def test_after_a_rewind_the_window_holds_what_is_left(home: Home) -> None:
    script = ScriptedProvider(text("one " * 400), text("two " * 400))
    async with rig(home, script) as r:
        await r.turn("a")
        await r.turn("b")
        assert (await r.send(Rewind(message_id=(await _users(r))["b"]))).ok
        await until(lambda: len(r.of(ContextGauge)) == 3)
        assert 400 < r.of(ContextGauge)[-1].used < 800


async def test_a_retry_from_an_earlier_message_sends_that_one_again(home: Home) -> None:
    script = ScriptedProvider(text("one"), text("two"), text("again"))
    async with rig(home, script) as r:
        await r.turn("a")
        await r.turn("b")
        assert (await r.send(Retry(message_id=(await _users(r))["a"]))).ok
        await until(lambda: len(r.finishes) == 3)
        assert [m.content for m in script.request.messages] == ["a"]
        assert list(await _users(r)) == ["a"]


@pytest.mark.ac("branch-session")
async def test_a_branch_begins_with_what_was_said_before_a_message(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("one"), text("two"))) as r:
        await r.turn("a")
        await r.turn("b")
        await r.store.set_title(r.session.session_id, "sync")
        reply = await r.send(Branch(before_message_id=(await _users(r))["b"]))
        assert reply.ok
        new_id = str(reply.data["session_id"])
        record = await r.store.session(new_id)
        old = await r.store.session(r.session.session_id)
        assert (record.kind, record.parent_session_id, record.title) == (
            "branch",
            old.id,
            "sync #2",
        )
        assert record.system_prompt == old.system_prompt
        assert [m.content for m in await r.store.messages(new_id)] == ["a", "one"]
        assert list(await _users(r)) == ["a", "b"]
        assert not (await r.send(Branch(before_message_id="nobody"))).ok
        assert len(await r.store.session_ids()) == 2


@pytest.mark.ac("queue-held")
async def test_a_held_queue_waits_until_it_may_go_on(home: Home) -> None:
    hold = asyncio.Event()
    script = ScriptedProvider([hold, *text("one")], text("two"), text("three"))
    async with rig(home, script, busy_mode="queue") as r:
        await r.send(Submit(text="a"))
        first = (await r.send(Submit(text="b"))).data["input_id"]
        second = (await r.send(Submit(text="c"))).data["input_id"]
        await r.send(QueuePause())
        await r.send(QueueReorder(input_ids=(str(second), str(first))))
        hold.set()
        await r.session.wait_idle()
        await r.settle()
        told = [(e.input_id, e.state) for e in r.of(InputState) if e.state != "delivered"]
        assert told[-2:] == [(second, "held"), (first, "held")]
        assert len(r.finishes) == 1
        await r.send(QueuePause(paused=False))
        await until(lambda: len(r.finishes) == 3)
        assert list(await _users(r)) == ["a", "c", "b"]


async def test_an_interrupt_holds_the_queue_and_says_so(home: Home) -> None:
    script = ScriptedProvider([asyncio.Event()], text("next"), text("last"))
    async with rig(home, script, busy_mode="queue") as r:
        await r.send(Submit(text="a"))
        await until(lambda: script.requests)
        await r.send(Submit(text="b"))
        await r.send(Interrupt())
        await r.session.wait_idle()
        await r.settle()
        assert [e.state for e in r.of(InputState)][-1] == "held"
        await r.send(Submit(text="c"))
        await until(lambda: len(r.finishes) == 3)
        assert list(await _users(r)) == ["a", "c", "b"]
