"""The title a new conversation gets, and everything that must not come of it."""

from __future__ import annotations

import asyncio

import pytest

from hermes_core.agent.side.titles import MAX_CHARS, clean_title, first_exchange, title_request
from hermes_core.commands import SetTitle, Submit
from hermes_core.errors import ProviderError
from hermes_core.events import RequestFinished, SessionTitled
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.core.agent.rig import SESSION, Rig, rig
from tests.fakes.scripted_provider import ScriptedProvider, calls, text, usage
from tests.support import until

RUNTIME = Runtime(model="m", provider="p")


async def titled(r: Rig) -> str | None:
    """The title in the store once the side job is over."""
    titles = r.session._parts.titles
    assert titles is not None
    task = titles._task
    if task is not None:
        await asyncio.wait({task})
    await r.session._journal.flush()
    return (await r.store.session(SESSION)).title


@pytest.mark.ac("auto-title")
async def test_first_exchange_gives_the_conversation_a_title(home: Home) -> None:
    side = ScriptedProvider(text('"Renaming the users table."', used=usage(60, 9)))
    async with rig(home, ScriptedProvider(text("Done.")), side_model=side, titles=True) as r:
        await r.turn("Please rename the table users to people")
        assert await titled(r) == "Renaming the users table"
        await r.settle()
        assert [e.title for e in r.of(SessionTitled)] == ["Renaming the users table"]
        assert [e.purpose for e in r.of(RequestFinished)] == ["turn", "title_generation"]
        assert (await r.store.session(SESSION)).output_tokens == 10 + 9
    asked = side.request.messages[0].content
    assert "rename the table users" in asked
    assert "Done." in asked


@pytest.mark.ac("auto-title")
async def test_nobody_waits_for_the_title_and_the_next_turn_runs_beside_it(home: Home) -> None:
    side = ScriptedProvider([asyncio.Event()])
    provider = ScriptedProvider(text("one"), text("two"))
    async with rig(home, provider, side_model=side, titles=True) as r:
        await r.turn("first")
        await until(lambda: side.requests)
        assert not r.session.is_busy
        assert (await r.turn("second")).outcome == "completed"
    assert side.aborted == 1


async def test_second_exchange_asks_for_no_other_title(home: Home) -> None:
    side = ScriptedProvider(text("One title"))
    async with rig(home, ScriptedProvider(text("a"), text("b")), side_model=side, titles=True) as r:
        await r.turn("first")
        assert await titled(r) == "One title"
        await r.turn("second")
    side.assert_done()


async def test_conversation_with_a_title_keeps_it(home: Home) -> None:
    side = ScriptedProvider()
    async with rig(home, ScriptedProvider(text("a")), side_model=side, titles=True) as r:
        await r.send(SetTitle(title="Mine"))
        await r.turn("first")
        assert await titled(r) == "Mine"
    side.assert_done()


async def test_title_given_while_one_is_written_wins(home: Home) -> None:
    hold = asyncio.Event()
    side = ScriptedProvider([hold, *text("Theirs")])
    async with rig(home, ScriptedProvider(text("a")), side_model=side, titles=True) as r:
        await r.turn("first")
        await until(lambda: side.requests)
        await r.send(SetTitle(title="Mine"))
        hold.set()
        assert await titled(r) == "Mine"
        assert [e.title for e in r.of(SessionTitled)] == ["Mine"]


async def test_failing_model_leaves_no_title_and_nothing_else(home: Home) -> None:
    side = ScriptedProvider(ProviderError("no", reason="auth", status=401))
    async with rig(home, ScriptedProvider(text("a"), text("b")), side_model=side, titles=True) as r:
        await r.turn("first")
        assert await titled(r) is None
        assert (await r.turn("second")).outcome == "completed"


async def test_turn_that_failed_is_not_named_but_the_next_one_is(home: Home) -> None:
    side = ScriptedProvider(text("At last"))
    broken = ProviderError("no", reason="auth", status=401)
    provider = ScriptedProvider(broken, calls(("echo", {"text": "x"})), text("works now"))
    async with rig(home, provider, side_model=side, titles=True) as r:
        assert (await r.turn("first")).outcome == "failed"
        await r.send(Submit(text="again"))
        await r.session.wait_idle()
        assert await titled(r) == "At last"


async def test_title_that_is_taken_gets_a_number(home: Home) -> None:
    store = await Store.open(home)
    await store.create_session(SessionRecord(id="other"))
    await store.set_title("other", "Same thing")
    side = ScriptedProvider(text("Same thing"))
    async with rig(
        home, ScriptedProvider(text("a")), side_model=side, titles=True, store=store
    ) as r:
        await r.turn("first")
        assert await titled(r) == "Same thing #2"
    await store.aclose()


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Mending the parser", "Mending the parser"),
        ('"Mending the parser."', "Mending the parser"),
        ("Title: **Mending**\n\nBecause…", "Mending"),
        ("\n\n  spaced   out \n", "spaced out"),
        ("« Réparer »", "Réparer"),
        ("...", ""),
        ("", ""),
    ],
)
def test_reply_becomes_a_title(reply: str, title: str) -> None:
    assert clean_title(reply) == title


def test_long_reply_is_cut_at_a_word() -> None:
    title = clean_title("word " * 60)
    assert len(title) <= MAX_CHARS
    assert title.endswith("word…")


def test_each_side_of_the_exchange_is_cut() -> None:
    request = title_request(RUNTIME, "a" * 5_000, "b" * 5_000)
    assert len(request.messages[0].content) < 1_200
    assert request.purpose == "title_generation"


def test_old_conversations_are_not_new() -> None:
    exchange = [
        Message(role="user", content="q", message_id="1"),
        Message(role="assistant", content="a", message_id="2"),
    ]
    assert first_exchange(exchange) == ("q", "a")
    assert first_exchange(exchange * 4) is None
    assert first_exchange(exchange[:1]) is None
    summary = Message(role="user", content="s", message_id="summary_1")
    assert first_exchange([summary, *exchange]) is None
