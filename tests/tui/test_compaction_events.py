"""What the screen says while and after a conversation is summarised."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_core.commands import Compact
from hermes_core.events import (
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    CoreEvent,
    Notice,
    RequestFailed,
    RequestStarted,
    SessionTitled,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.handlers import dispatch
from hermes_tui.session_state import Clocks, SessionState
from tests.support import until
from tests.tui.stage import staged


class NoticeView:
    """A transcript of which only the notices are looked at."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notice(self, notice: Notice) -> None:
        self.notices.append(notice)


def played(*events: CoreEvent) -> tuple[SessionState, list[Notice]]:
    """The state and the lines after some events."""
    state = SessionState(clocks=Clocks(steady=lambda: 1.0, wall=lambda: 1.0))
    view: Any = NoticeView()
    for event in events:
        dispatch.apply(event, state, view)
    return state, view.notices


STARTED = CompactionStarted(cause="manual", messages_before=101)
FINISHED = CompactionFinished(
    messages_before=101,
    messages_after=23,
    summary_ref="summary_1",
    tokens_before=64_200,
    tokens_after=9_100,
)


def test_each_event_has_a_line_and_the_screen_is_busy_in_between() -> None:
    state, lines = played(STARTED)
    assert state.is_busy
    assert state.word == "summarising"
    assert [line.text for line in lines] == ["Summarising the conversation, 101 messages so far"]
    state, lines = played(STARTED, FINISHED)
    assert not state.is_busy
    assert state.word == ""
    assert lines[-1].level == "info"
    assert lines[-1].text == (
        "Summarised the conversation: 101 messages became 23, about 64k tokens became 9.1k"
    )


def test_summary_without_a_model_is_a_warning() -> None:
    event = CompactionFinished(messages_before=9, messages_after=5, summary_ref="s", degraded=True)
    _, lines = played(STARTED, event)
    assert lines[-1].level == "warn"
    assert "without a model" in lines[-1].text


def test_failure_says_why_and_what_was_done_instead() -> None:
    event = CompactionFailed(error="The disk is full.", fallback="It is used until hermes ends.")
    state, lines = played(TurnStarted(), STARTED, event)
    assert state.word == "thinking"
    assert lines[-1].text.endswith("The disk is full. It is used until hermes ends.")


def test_requests_of_side_jobs_leave_the_word_and_the_connection_alone() -> None:
    asked = RequestStarted(attempt=1, provider="p", model="m", purpose="compression")
    failed = RequestFailed(reason="connection", purpose="compression")
    state, _ = played(STARTED, asked, failed)
    assert state.word == "summarising"
    assert not state.is_offline


async def test_compress_with_a_focus_is_sent_to_the_conversation(home: Home) -> None:
    async with staged(home) as s:
        await s.send("/compress database schema")
        await until(lambda: s.session.sent(Compact))
        assert s.session.sent(Compact) == [Compact(focus="database schema", client="screen")]


@pytest.mark.ac("auto-title")
async def test_title_that_arrives_is_shown_in_the_tab(home: Home) -> None:
    async with staged(home) as s:
        s.session.say(SessionTitled(title="Mend the parser"))
        await until(lambda: "Mend the parser" in s.shown_text().splitlines()[0])
