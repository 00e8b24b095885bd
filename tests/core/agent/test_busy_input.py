"""Messages sent while a turn runs, interrupts, and many tools at once."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from hermes_core.agent.workers import Workers
from hermes_core.commands import Interrupt, QueueEdit, QueueRemove, Submit, Undo
from hermes_core.events import (
    InputState,
    MessageFinished,
    Notice,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
)
from hermes_core.paths import Home
from hermes_core.providers.base import TextDelta
from tests.core.agent.rig import Echo, FakeTool, Rig, rig
from tests.fakes.scripted_provider import ScriptedProvider, calls, finish, text
from tests.support import until


async def users(r: Rig) -> list[str]:
    return [m.content for m in await r.messages() if m.role == "user"]


@pytest.mark.ac("ac-5-2")
async def test_steering_cuts_the_reply_short_and_goes_in_as_user_messages(home: Home) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([TextDelta("I will first"), hold, *finish()], text("As you like."))
    async with rig(home, provider) as r:
        await r.send(Submit(text="do it"))
        await until(lambda: "I will first" in str(r.events))
        for words in ("wait", "do this", "and that"):
            assert (await r.send(Submit(text=words))).ok
        await r.session.wait_idle()
        await r.settle()
        assert await users(r) == ["do it", "wait", "do this", "and that"]
        states = [(e.state, e.reason) for e in r.of(MessageFinished) if e.role == "assistant"]
        assert states == [("truncated", "steered"), ("complete", None)]
        kept = [m for m in await r.messages() if m.finish_reason == "steered"]
        assert [m.content for m in kept] == ["I will first"]


@pytest.mark.ac("ac-5-2")
async def test_queued_texts_run_one_turn_each_in_order(home: Home) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([hold, *text("one")], text("two"), text("three"), text("four"))
    async with rig(home, provider, busy_mode="queue") as r:
        await r.send(Submit(text="a"))
        for words in ("b", "c", "d"):
            await r.send(Submit(text=words))
        hold.set()
        await until(lambda: len(r.finishes) == 4)
        assert await users(r) == ["a", "b", "c", "d"]
        provider.assert_done()


@pytest.mark.ac("ac-5-2")
async def test_interrupting_texts_all_arrive_in_order_once(home: Home) -> None:
    def reply(request: Any) -> list[Any]:
        return text("ok")

    never = asyncio.Event()
    provider = ScriptedProvider([never], reply, reply, reply, reply)
    async with rig(home, provider, busy_mode="interrupt") as r:
        await r.send(Submit(text="a"))
        await until(lambda: provider.requests)
        for words in ("b", "c", "d"):
            await r.send(Submit(text=words))
        await until(lambda: r.finishes and r.finishes[-1].outcome == "completed")
        await r.session.wait_idle()
        assert await users(r) == ["a", "b", "c", "d"]


async def test_queue_can_be_edited_and_emptied_and_waits_after_an_interrupt(home: Home) -> None:
    hold = asyncio.Event()
    provider = ScriptedProvider([hold], text("later"), text("edited one"))
    async with rig(home, provider) as r:
        await r.send(Submit(text="a"))
        await until(lambda: provider.requests)
        first = await r.send(Submit(text="b", mode="queue"))
        second = await r.send(Submit(text="c", mode="queue"))
        assert (await r.send(QueueEdit(input_id=str(first.data["input_id"]), text="B"))).ok
        assert (await r.send(QueueRemove(input_id=str(second.data["input_id"])))).ok
        assert not (await r.send(QueueRemove(input_id="nothing"))).ok
        await r.send(Interrupt())
        await r.session.wait_idle()
        assert await users(r) == ["a"]
        await r.send(Submit(text="now"))
        await until(lambda: len(r.finishes) == 3)
        assert await users(r) == ["a", "now", "B"]
        states = [e.state for e in r.of(InputState)]
        assert states.count("cancelled") == 1


async def test_running_tool_finishes_and_waiting_calls_are_skipped_when_steered(
    home: Home,
) -> None:
    release = asyncio.Event()

    async def slow(args: Any, ctx: Any) -> str:
        await release.wait()
        return "finished"

    provider = ScriptedProvider(
        calls(("slow", {"text": "1"}), ("slow", {"text": "2"})), text("redirected")
    )
    async with rig(home, provider, tools=[FakeTool("slow", slow)]) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(ToolStarted))
        await r.send(Submit(text="stop after this one"))
        release.set()
        await r.session.wait_idle()
        await r.settle()
        results = [m.content for m in await r.messages() if m.role == "tool"]
        assert "finished" in results[0]
        assert "skipped due to a new message" in results[1]
        assert await users(r) == ["go", "stop after this one"]


@pytest.mark.ac("ac-5-1")
@pytest.mark.parametrize("parallel", ["never", "safe"])
async def test_interrupt_ends_stubborn_tools_within_half_a_second(
    home: Home, parallel: str
) -> None:
    async def stubborn(args: Any, ctx: Any) -> str:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if stop.is_set():
                    raise

    stop = asyncio.Event()
    tool = FakeTool("stubborn", stubborn, parallel=parallel)
    provider = ScriptedProvider(calls(("stubborn", {"text": "1"}), ("stubborn", {"text": "2"})))
    async with rig(home, provider, tools=[tool]) as r:
        await r.send(Submit(text="go"))
        await until(lambda: r.of(ToolStarted))
        before = time.monotonic()
        await r.send(Interrupt())
        await until(lambda: r.finishes)
        assert time.monotonic() - before < 0.5
        assert r.finishes[0].outcome == "interrupted"
        answered = {m.tool_call_id for m in await r.messages() if m.role == "tool"}
        assert answered == {"call_0", "call_1"}
        closed = {e.call_id for e in r.of(ToolFinished, ToolSkipped)}
        assert closed == {"call_0", "call_1"}
        stop.set()
        for task in list(r.session._parts.turn_parts.runner._left_behind):
            task.cancel()


@pytest.mark.ac("ac-5-3")
async def test_interrupt_of_one_session_leaves_another_alone(home: Home) -> None:
    holds = [asyncio.Event(), asyncio.Event()]
    first, second = ScriptedProvider([holds[0]]), ScriptedProvider([holds[1], *text("B done")])
    async with (
        rig(home, first) as a,
        rig(home, second, store=a.store, session_id="20261122_101500_ffffffff") as b,
    ):
        await a.send(Submit(text="a"))
        await b.send(Submit(text="b"))
        await until(lambda: first.requests and second.requests)
        await a.send(Interrupt())
        await until(lambda: a.finishes)
        holds[1].set()
        await until(lambda: b.finishes)
        assert [a.finishes[0].outcome, b.finishes[0].outcome] == ["interrupted", "completed"]


@pytest.mark.ac("ac-6-1")
@pytest.mark.ac("ac-6-2")
@pytest.mark.parametrize("at_once", [8, 1])
async def test_ten_safe_calls_overlap_but_never_more_than_wanted(home: Home, at_once: int) -> None:
    now, most = 0, 0

    async def count(args: Any, ctx: Any) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return str(args.text)

    wanted = [("count", {"text": str(n)}) for n in range(10)]
    provider = ScriptedProvider(calls(*wanted), text("done"))
    tools = [FakeTool("count", count, parallel="safe")]
    async with rig(home, provider, tools=tools, at_once=at_once) as r:
        await r.turn()
        assert most == at_once
        results = [m.content for m in await r.messages() if m.role == "tool"]
        assert results == [f'{{"result": "{n}"}}' for n in range(10)]


@pytest.mark.ac("ac-6-4")
async def test_very_long_result_reaches_the_model_as_a_short_block_with_a_path(
    home: Home,
) -> None:
    provider = ScriptedProvider(calls(("echo", {"text": "word ", "count": 60_000})), text("done"))
    async with rig(home, provider) as r:
        await r.turn()
        seen = provider.request.messages[-1].content
        assert len(seen) < 3_000
        path = seen.split("saved to: ")[1].splitlines()[0]
        with open(path, encoding="utf-8") as file:  # noqa: PTH123, ASYNC230  a test reads a file
            assert file.read().count("word") == 60_000


@pytest.mark.ac("ac-6-5")
async def test_tools_that_ignore_cancelling_do_not_block_the_next_turn(home: Home) -> None:
    workers = Workers()
    asyncio.get_running_loop().set_default_executor(workers)
    release = threading.Event()
    entered: list[int] = []

    async def deaf(args: Any, ctx: Any) -> str:
        await asyncio.to_thread(wait)
        return "at last"

    def wait() -> None:
        entered.append(1)
        release.wait()

    batch = [("deaf", {"text": str(n)}) for n in range(8)]
    more = [("deaf", {"text": str(n)}) for n in range(8, 16)]
    rest = [("deaf", {"text": str(n)}) for n in range(16, 20)]
    provider = ScriptedProvider(calls(*batch), text("fine"), calls(*more), calls(*rest),
                                calls(("deaf", {"text": "x"})), text("told"))  # fmt: skip
    tools = [Echo(), FakeTool("deaf", deaf, parallel="safe")]
    try:
        async with rig(home, provider, tools=tools, strays=lambda: workers.strays) as r:
            await self_interrupted(r, workers, entered, 8)
            assert (await r.turn("and now?")).outcome == "completed"
            await self_interrupted(r, workers, entered, 16)
            await self_interrupted(r, workers, entered, 20)
            done = await r.turn("once more")
            assert done.outcome == "completed"
            assert "still running" in provider.request.messages[-1].content
            assert "too_many_strays" in [e.code for e in r.of(Notice)]
    finally:
        release.set()


async def self_interrupted(r: Rig, workers: Workers, entered: list[int], strays: int) -> None:
    """Start a batch of deaf tools, interrupt it, and see the strays counted."""
    before = len(r.finishes)
    await r.send(Submit(text="go"))
    await until(lambda: len(entered) >= strays)
    await r.send(Interrupt())
    await until(lambda: len(r.finishes) > before)
    runner = r.session._parts.turn_parts.runner
    await until(lambda: workers.strays >= strays and not runner.left_behind)


async def test_undo_takes_the_last_exchange_out_of_history_and_store(home: Home) -> None:
    async with rig(home, ScriptedProvider(text("one"), text("two"), text("three"))) as r:
        await r.turn("a")
        await r.turn("b")
        reply = await r.send(Undo())
        assert (reply.ok, reply.data["text"]) == (True, "b")
        assert await users(r) == ["a"]
        await r.turn("c")
        assert [m.content for m in r.provider.request.messages] == ["a", "one", "c"]
