"""Ownership: one living process has a session, a dead one loses it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import msgspec
import pytest

from hermes_core.paths import Home
from hermes_core.storage.owner import HEARTBEAT_LIMIT_S, current_owner, is_alive
from hermes_core.storage.records import Owner
from hermes_core.storage.store import Store

TAKER = textwrap.dedent(
    """
    import asyncio, sys, pathlib, time
    from hermes_core.paths import Home
    from hermes_core.storage.owner import current_owner
    from hermes_core.storage.store import Store

    async def main():
        store = await Store.open(Home(pathlib.Path(sys.argv[1])))
        lease = await store.take_lease("s1", current_owner("/other.sock"), now=time.time())
        print("held elsewhere" if lease.held_elsewhere else "mine", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await store.aclose()

    asyncio.run(main())
    """
)


@pytest.fixture
def taker(home: Home, store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that takes the lease, says so and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKER, str(home.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


async def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


@pytest.mark.ac("lease-one-owner")
@pytest.mark.ac("lease-take-over")
async def test_a_living_process_keeps_the_lease_and_a_killed_one_loses_it(
    store: Store, taker: subprocess.Popen[str]
) -> None:
    assert await said(taker) == "mine"
    me = current_owner("/me.sock")
    refused = await store.take_lease("s1", me, now=1e12)
    assert refused.held_elsewhere
    assert (refused.owner.pid, refused.owner.socket_path) == (taker.pid, "/other.sock")
    assert await store.live_sessions() == ["s1"]
    taker.kill()
    # Not reaped yet on purpose: a zombie is dead.
    async with asyncio.timeout(60):
        while (taken := await store.take_lease("s1", me, now=1e12)).held_elsewhere:  # noqa: ASYNC110  a process has no event
            await asyncio.sleep(0.01)
    assert taken.owner == me
    assert taken.taken_over_from == refused.owner
    assert (await store.take_lease("s1", me, now=1e12)).taken_over_from is None


async def test_of_two_processes_one_gets_the_lease(
    store: Store, taker: subprocess.Popen[str]
) -> None:
    mine = await store.take_lease("s1", current_owner("/me.sock"), now=1.0)
    words = {"mine" if not mine.held_elsewhere else "held elsewhere", await said(taker)}
    assert words == {"mine", "held elsewhere"}


async def test_a_lease_is_renewed_and_released_by_its_owner_alone(store: Store) -> None:
    me = current_owner("/me.sock")
    stranger = msgspec.structs.replace(me, pid=1, start_time="x")
    await store.take_lease("s1", me, now=1.0)
    assert await store.renew_lease("s1", me, now=2.0)
    assert not await store.renew_lease("s1", stranger, now=3.0)
    await store.release_lease("s1", stranger)
    lease = await store.lease("s1")
    assert lease is not None
    assert (lease.owner, lease.heartbeat) == (me, 2.0)
    await store.release_lease("s1", me)
    assert await store.lease("s1") is None
    assert not await store.renew_lease("s1", me, now=4.0)
    assert await store.live_sessions() == []


@pytest.mark.parametrize("field", ["machine_id", "pid_namespace"])
async def test_an_owner_elsewhere_is_judged_by_its_heartbeat(store: Store, field: str) -> None:
    me = current_owner("/me.sock")
    far = msgspec.structs.replace(me, **{field: "elsewhere"})
    await store.take_lease("s1", far, now=100.0)
    early = await store.take_lease("s1", me, now=100.0 + HEARTBEAT_LIMIT_S - 1)
    assert early.held_elsewhere
    late = await store.take_lease("s1", me, now=100.0 + HEARTBEAT_LIMIT_S)
    assert late.taken_over_from == far


def test_a_process_is_known_by_more_than_its_pid() -> None:
    me = current_owner("")
    assert is_alive(me)
    changed: list[Owner] = [
        msgspec.structs.replace(me, start_time="1"),
        msgspec.structs.replace(me, boot_id="other boot"),
        msgspec.structs.replace(me, pid=2**22 + 5),
    ]
    assert not any(is_alive(owner) for owner in changed)


@pytest.mark.ac("question-first-answer")
async def test_the_first_answer_closes_a_question(store: Store) -> None:
    await store.open_question("q1", "s1", b'{"a":1}')
    await store.open_question("q2", "s1", b"{}")
    await store.open_question("q1", "s1", b"again")
    assert await store.open_questions("s1") == [("q1", b'{"a":1}'), ("q2", b"{}")]
    answers = await asyncio.gather(
        *(store.resolve_question("q1", f'"{n}"'.encode()) for n in range(4))
    )
    assert sorted(answers) == [False, False, False, True]
    assert await store.open_questions("s1") == [("q2", b"{}")]
    assert not await store.resolve_question("unknown", b"1")
