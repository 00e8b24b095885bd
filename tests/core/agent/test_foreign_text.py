"""Texts that are too long, too strange or not text at all: shown, stored whole, never fatal."""

from __future__ import annotations

import pytest

from hermes_core.agent.stream.event_shape import presentable
from hermes_core.commands import Submit
from hermes_core.events import (
    MAX_STORED_BYTES,
    FileDiff,
    InputAccepted,
    MessageFinished,
    ToolAnnounced,
    ToolFinished,
    ToolStarted,
    decode_event,
    encode_event,
)
from hermes_core.paths import Home
from hermes_core.tools.base import ToolContext, ToolResult
from tests.core.agent.rig import FakeTool, TextArgs, rig
from tests.core.agent.screen_model import ScreenModel
from tests.fakes.scripted_provider import ScriptedProvider, calls, text


@pytest.mark.ac("foreign-text")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("lone \ud83d surrogate", "lone  surrogate"),
        ("nul \x00 byte", "nul \x00 byte"),
        ("\u202eright to left\u202c 😀", "\u202eright to left\u202c 😀"),
        ("\udc80" + "x" * 20_000, "x" * 20_000),
    ],
)
async def test_strange_characters_are_stored_and_answered(home: Home, sent: str, kept: str) -> None:
    async with rig(home, ScriptedProvider(text("fine"))) as r:
        assert (await r.turn(sent)).outcome == "completed"
        assert (await r.messages())[0].content == kept
        assert r.provider.request.messages[0].content == kept.strip()
        for event in r.events:
            assert decode_event(encode_event(event)) == event


@pytest.mark.ac("foreign-text")
async def test_paste_of_ten_megabytes_is_stored_whole_and_events_stay_small(home: Home) -> None:
    paste = "0123456789ü" * 900_000
    async with rig(home, ScriptedProvider(text("that is a lot"))) as r:
        assert (await r.turn(paste)).outcome == "completed"
        assert (await r.messages())[0].content == paste
        accepted, shown = r.of(InputAccepted)[0], r.of(MessageFinished)[0]
        assert paste.startswith(accepted.text)
        assert shown.text_ref == (await r.messages())[0].message_id
        stored = [e for e in r.events if e.stored]
        assert max(len(encode_event(e)) for e in stored) <= MAX_STORED_BYTES
    assert not list((home.spills / r.session.session_id).glob("input_*")), "delivered, so gone"


async def test_long_answer_is_streamed_whole_and_its_event_refers_to_the_store(
    home: Home,
) -> None:
    whole = "word " * 50_000
    async with rig(home, ScriptedProvider(text(*([whole[:5] * 100] * 500)))) as r:
        await r.turn()
        finished = r.of(MessageFinished)[-1]
        assert finished.text_ref == finished.message_id
        assert len(encode_event(finished)) <= MAX_STORED_BYTES
        stored = await r.store.message(r.session.session_id, finished.message_id)
        assert stored is not None
        assert stored.content == whole
        live = ScreenModel().take_all(r.events)
        assert live.rows[1].text == whole


async def test_tool_that_returns_nonsense_is_answered(home: Home) -> None:
    def nonsense(args: TextArgs, ctx: ToolContext) -> ToolResult:
        diff = FileDiff(path="p\udcff" * 3_000, unified="+\ud800\n" * 9_000, added=1, removed=0)
        ctx.output("stdout", "out \udcff put\n")
        return ToolResult(
            data={"name": "file\udcff"},
            summary="\ud800" * 100,
            preview="\udcff" + "y" * 9_000,
            diffs=(diff,) * 30,
        )

    provider = ScriptedProvider(calls(("nonsense", {"text": "\ud800"})), text("I see"))
    async with rig(home, provider, tools=[FakeTool("nonsense", nonsense)]) as r:
        assert (await r.turn()).outcome == "completed"
        assert r.of(ToolFinished)[0].ok
        for event in (e for e in r.events if e.stored):
            assert len(encode_event(event)) <= MAX_STORED_BYTES


async def test_tool_name_of_a_megabyte_does_not_reach_the_store(home: Home) -> None:
    provider = ScriptedProvider(calls(("x" * 1_000_000, {})), text("sorry"))
    async with rig(home, provider) as r:
        assert (await r.turn()).outcome == "completed"
        stored = await r.store.events(r.session.session_id)
        assert max(len(encode_event(e)) for e in stored) <= MAX_STORED_BYTES
        assert not r.of(ToolStarted)


def test_event_that_is_fine_is_left_as_it_is() -> None:
    event = ToolAnnounced(call_id="a", name="x" * 5_000)
    assert presentable(event) is event


def test_event_with_thousands_of_paths_is_cut() -> None:
    event = ToolStarted(call_id="a", name="x", paths=("/some/where/" * 10,) * 5_000)
    assert len(encode_event(presentable(event))) <= MAX_STORED_BYTES


async def test_message_with_nothing_but_surrogates_is_nothing_to_send(home: Home) -> None:
    async with rig(home, ScriptedProvider()) as r:
        reply = await r.send(Submit(text="\ud800 "))
        assert (reply.ok, reply.code) == (False, "empty")
