"""A conversation of 5,000 messages: a window of it is at hand, the rest is read when wanted."""

from __future__ import annotations

import gc
import weakref

import pytest
from textual.widget import Widget

from hermes_core.events import CoreEvent, MessageFinished, SessionRewound, TurnFinished
from hermes_core.paths import Home
from hermes_tui.panes.past import without_taken_back
from tests.fakes import scripted_turns as turns
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


def test_what_was_taken_back_is_not_drawn_from_the_past() -> None:
    events = [*_exchange(1), *_exchange(2), *_exchange(3)]
    events.append(SessionRewound(from_message_id="user-2", cause="rewind"))
    events += _exchange(4)
    texts = [e.text for e in without_taken_back(events) if isinstance(e, MessageFinished)]
    assert texts == ["question 1", "answer 1", "question 4", "answer 4"]


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
