"""A conversation of 5,000 messages: a window of it is at hand, the rest is read when wanted."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import pytest
from textual.widget import Widget

from hermes_core.events import (
    CoreEvent,
    MessageFinished,
    SessionRewound,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from hermes_core.paths import Home
from hermes_tui.handlers.past import Walk, newest_part
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession, FakeStored
from tests.support import until
from tests.tui.stage import staged


def _exchange(number: int) -> list[CoreEvent]:
    return [
        *turns.user(number, f"question {number}"),
        MessageFinished(message_id=f"a{number}", role="assistant", text=f"answer {number}"),
        TurnFinished(outcome="completed", reason="done", turn_id=f"t{number}"),
    ]


@pytest.mark.ac("long-window")
async def test_only_a_window_is_drawn_and_what_was_let_go_comes_back(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        chosen = stage.app.chosen
        chosen.prune_lines = 200
        past = [event for n in range(2_500) for event in _exchange(n)]
        session = stage.workspace.add_session("old", title="Old", events=past)
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.last_user_text == "question 2499")
        chat = stage.app.chat
        transcript = chat.transcript
        await until(lambda: transcript.is_settled and transcript.block_count > 0)
        await stage.pilot.pause()
        window = transcript.block_count
        assert window <= 3 * 10 + 1
        assert chat.has_older

        transcript.action_top()
        await until(lambda: transcript.block_count > window)
        assert transcript.block_count <= window + 3 * 20
        assert chat.has_older

        for number in range(2_500, 2_600):
            session.say(*_exchange(number))
        await until(lambda: chat.state.last_user_text == "question 2599")
        await until(lambda: transcript.is_settled)
        before = transcript.block_count
        assert before > 300
        transcript.go_to_end()
        await until(lambda: transcript.block_count < before)
        assert transcript.block_count <= 200

        await stage.pilot.press("ctrl+f")
        await stage.type("answer 2490")
        await until(lambda: transcript.found_count == 1)
        await until(lambda: "question 2490" in stage.shown_text())
        await stage.pilot.press("escape")
        transcript.go_to_end()
        await until(lambda: transcript.block_count <= 200)


@pytest.mark.parametrize("key", ["home", "ctrl+home"])
async def test_the_first_message_of_all_is_one_key_away(home: Home, key: str) -> None:
    async with staged(home, size=(80, 24)) as stage:
        past = [event for n in range(300) for event in _exchange(n)]
        stage.workspace.add_session("old", title="Old", events=past)
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.last_user_text == "question 299")
        await until(lambda: "answer 299" in stage.shown_text())
        await stage.pilot.press(key)
        await until(lambda: "question 0 " in stage.shown_text())
        assert not stage.app.chat.has_older
        await stage.pilot.press("end")
        await until(lambda: "answer 299" in stage.shown_text())


def _stored(*events: CoreEvent) -> FakeStored:
    session = FakeSession("old").begin()
    session.say(*events)
    return FakeStored({"old": session}, "old", "")


def _texts(events: Sequence[CoreEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, MessageFinished)]


async def _walked(stored: FakeStored, size: int) -> list[str]:
    walk = Walk(stored, await stored.last_seq() + 1)
    found: list[str] = []
    while not walk.is_done:
        found[:0] = _texts(await walk.page(size))
    return found


@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_what_was_taken_back_is_not_read_whatever_the_pages(size: int) -> None:
    events = [*_exchange(1), *_exchange(2), *_exchange(3)]
    events.append(SessionRewound(from_message_id="user-3", cause="undo"))
    events += _exchange(4)
    events.append(SessionRewound(from_message_id="user-2", cause="rewind"))
    events += _exchange(5)

    found = await _walked(_stored(*events), size)

    assert found == ["question 1", "answer 1", "question 5", "answer 5"]


async def test_a_message_unknown_to_the_log_takes_nothing_along() -> None:
    events = [*_exchange(1), SessionRewound(from_message_id="gone", cause="undo"), *_exchange(2)]

    found = await _walked(_stored(*events), 4)

    assert found == ["question 1", "answer 1", "question 2", "answer 2"]


async def test_the_end_of_a_long_past_is_read_without_the_rest() -> None:
    stored = _stored(*(event for n in range(500) for event in _exchange(n)))

    newest = await newest_part(stored, 20)

    assert _texts(newest.shown)[0] == "question 490"
    assert len(_texts(newest.shown)) == 20
    assert newest.upto == await stored.last_seq()
    assert sum(upto - after for after, upto in stored.read) < 300


async def test_a_turn_longer_than_a_page_is_drawn_from_its_question_on() -> None:
    calls = [
        event
        for n in range(300)
        for event in (
            ToolStarted(call_id=f"c{n}", name="read_file"),
            ToolFinished(call_id=f"c{n}", name="read_file", ok=True),
        )
    ]
    newest = await newest_part(_stored(*_exchange(1), *turns.user(2, "look"), *calls), 2)

    assert _texts(newest.shown) == ["question 1", "answer 1", "look"]


async def test_nothing_of_a_closed_conversation_stays_in_memory(home: Home) -> None:
    async with staged(home) as stage:
        gone: list[weakref.ref[Widget]] = []
        for _ in range(3):
            await stage.send("hello")
            await until(lambda: stage.app.chat.state.has_content)
            await stage.app.open_new()
            pane = stage.app.sessions.panes[0]
            gone += [weakref.ref(widget) for widget in pane.query(Widget)]
            await stage.app.sessions.close(pane)
            del pane
        await stage.pilot.pause()
        first = gone[: len(gone) // 3]

        def is_free() -> bool:
            gc.collect()
            return all(widget() is None for widget in first)

        await until(is_free)


@pytest.mark.ac("closed-screens-freed")
async def test_nothing_that_a_closed_screen_drew_stays_in_memory(home: Home) -> None:
    async with staged(home) as stage:
        drawn: list[weakref.ref[object]] = []
        for key in ("f1", "ctrl+p", "f1"):
            await stage.pilot.press(key)
            await until(lambda: stage.app.is_modal_open)
            await stage.pilot.pause()
            drawn += [
                weakref.ref(one._styles_cache) for one in stage.app.screen.walk_children(Widget)
            ]
            await stage.pilot.press("escape")
            await until(lambda: not stage.app.is_modal_open)
            await stage.pilot.pause()
        assert len(drawn) > 6

        def is_free() -> bool:
            gc.unfreeze()
            gc.collect()
            return all(rows() is None for rows in drawn)

        await until(is_free)
