"""A long conversation that is opened again: its end is drawn first, the rest is taken in later."""

from __future__ import annotations

import asyncio

import pytest

from hermes_core.commands import Submit
from hermes_core.events import (
    BackgroundStarted,
    CheckpointCreated,
    CoreEvent,
    FileDiff,
    MessageFinished,
    MessageStarted,
    SessionRewound,
    TodoChanged,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import Message, Runtime, TodoItem, Usage
from hermes_core.paths import Home
from hermes_core.storage.projection import events_from_messages
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from hermes_tui.app import HermesApp
from hermes_tui.core_link.stored_past import StoredPast
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.handlers import dispatch
from hermes_tui.handlers.past import FIRST_MESSAGES, NewestPart, newest_part
from hermes_tui.launch_state import LaunchState
from hermes_tui.panes.past import Past
from hermes_tui.session_state import SessionState
from hermes_tui.terminal.terminal_link import TerminalLink
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession, FakeWorkspace
from tests.support import until
from tests.tui.stage import STILL, Stage, staged

TURNS = 120


def _turn(number: int) -> list[CoreEvent]:
    """A question, a call that changes a file, an answer."""
    diff = FileDiff(path=f"src/part{number % 7}.py", unified="", added=2, removed=1)
    call = f"c{number}"
    return [
        TurnStarted(turn_id=f"t{number}", input_ids=(f"in{number}",)),
        *turns.user(number, f"question {number}"),
        ToolStarted(call_id=call, name="patch", preview=diff.path),
        ToolFinished(call_id=call, name="patch", ok=True, diffs=(diff,)),
        MessageFinished(message_id=f"a{number}", role="assistant", text=f"answer {number}."),
        TurnFinished(
            outcome="completed",
            reason="done",
            turn_id=f"t{number}",
            usage=Usage(input_tokens=10),
            cost_usd=0.5,
        ),
    ]


def _long_past() -> list[CoreEvent]:
    """Events whose traces reach from the oldest part into the newest."""
    events: list[CoreEvent] = [
        TodoChanged(items=(TodoItem(id="1", content="from long ago"),)),
        BackgroundStarted(task_id="p1", kind="process", label="npm run dev"),
    ]
    for number in range(TURNS):
        events += _turn(number)
        if number == 3:
            events.append(CheckpointCreated(checkpoint_id="s3", directory="/w", cause="patch"))
    events.append(SessionRewound(from_message_id=f"user-{TURNS - 40}", cause="rewind"))
    for number in range(TURNS, TURNS + 30):
        events += _turn(number)
    return events


class _Start:
    """A program whose core comes when it is let in."""

    def __init__(self, home: Home) -> None:
        self.workspace = FakeWorkspace(home)
        self.door = asyncio.Event()
        self.session = self.workspace.add_session("old", title="Old", events=_long_past())

    async def newest(self) -> NewestPart:
        return await newest_part(self.workspace.stored("old"), FIRST_MESSAGES)

    async def app(self) -> HermesApp:
        async def connect() -> Workspace:
            await self.door.wait()
            return self.workspace

        return HermesApp(
            connect, LaunchState(session_id="old", newest=await self.newest()), grace_s=0.0
        )


def _replayed(session: FakeSession) -> SessionState:
    state = SessionState(clocks=STILL)
    for event in session.stored:
        dispatch.apply(event, state, None)
    return state


@pytest.mark.ac("resume-newest-first")
async def test_the_newest_words_are_drawn_before_the_core_is_loaded(home: Home) -> None:
    start = _Start(home)
    app = await start.app()
    async with app.run_test(size=(100, 30)) as pilot:
        stage = Stage(app, pilot, start.workspace)
        await until(lambda: f"answer {TURNS + 29}." in stage.shown_text())
        assert not app.is_ready
        assert app.chat.handle is None
        assert app.chat.state.shown_title == "Old"

        # A message sent meanwhile waits for the conversation, and goes to it once.
        await stage.send("and now?")
        start.session.say(*_turn(900))  # said by another process since it was read
        await pilot.pause()
        assert not start.session.sent(Submit)

        start.door.set()
        await until(lambda: bool(start.session.sent(Submit)))
        await until(lambda: "and now?" in stage.shown_text())
        assert len(start.session.sent(Submit)) == 1

        app.chat.transcript.find("answer 900.")
        assert app.chat.transcript.found_count == 1
        app.chat.transcript.find(f"answer {TURNS + 29}.")
        assert app.chat.transcript.found_count == 1


@pytest.mark.ac("resume-same-state")
async def test_what_is_known_in_the_end_is_what_all_events_tell(home: Home) -> None:
    start = _Start(home)
    app = await start.app()
    app.clocks = STILL
    async with app.run_test(size=(100, 30)):
        start.door.set()
        await until(lambda: app.is_ready and app.chat.state.last_seq > 0)
        state, whole = app.chat.state, _replayed(start.session)

        for name in SessionState.__struct_fields__:
            if name in ("clocks", "session_id", "title", "is_closed", "inputs", "queued"):
                continue
            assert getattr(state, name) == getattr(whole, name), name
        assert state.is_whole
        assert len(state.asked) == TURNS - 40 + 30
        assert "p1" in state.background
        assert [shot.checkpoint_id for shot in state.snapshots] == ["s3"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tui.history_window": 8}, 4),
        ({"display.resume_display": "minimal"}, 1),
        ({"tui.history_window": 60}, 30),
    ],
)
async def test_the_window_that_is_set_counts_once_the_settings_are_known(
    home: Home, settings: dict[str, object], expected: int
) -> None:
    start = _Start(home)
    start.workspace.settings.update(settings)
    app = await start.app()
    async with app.run_test(size=(100, 30)):
        start.door.set()
        await until(lambda: app.is_ready and app.chat.state.last_seq > 0)
        transcript = app.chat.transcript
        transcript.find("question")
        await until(lambda: transcript.found_count == expected)
        assert app.chat.has_older


async def test_scrolling_up_before_the_core_is_there_brings_older_messages_with_it(
    home: Home,
) -> None:
    start = _Start(home)
    app = await start.app()
    async with app.run_test(size=(100, 30)):
        transcript = app.chat.transcript
        await until(lambda: transcript.is_settled and transcript.block_count > 0)
        transcript.action_top()
        before = transcript.block_count
        start.door.set()
        await until(lambda: transcript.block_count > before)


async def test_what_was_taken_back_stays_away_although_only_the_end_is_read(home: Home) -> None:
    async with staged(home) as stage:
        events = [event for number in range(30) for event in _turn(number)]
        events += [SessionRewound(from_message_id="user-1", cause="rewind"), *_turn(50)]
        stage.workspace.add_session("old", title="Old", events=events)
        stage.app.resume("old")
        await until(lambda: "answer 50." in stage.shown_text())

        await until(lambda: "answer 0." in stage.shown_text())
        assert "answer 29." not in stage.shown_text()


async def test_turns_of_the_past_ring_no_bell(home: Home) -> None:
    rung: list[int] = []
    async with staged(home) as stage:
        stage.app.link = TerminalLink(stage.app, ring=lambda: rung.append(1))
        stage.app.chosen.rings = True
        session = stage.workspace.add_session("old", title="Old", events=_long_past())
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.turns > 100)
        await stage.pilot.pause()
        assert rung == []

        session.say(*_turn(901))
        await until(lambda: rung == [1])


async def test_a_turn_that_runs_is_seen_as_running_after_its_beginning_was_drawn(
    home: Home,
) -> None:
    async with staged(home) as stage:
        turn = _turn(200)
        running = turn[: next(n for n, one in enumerate(turn) if isinstance(one, ToolFinished))]
        stage.workspace.add_session("old", title="Old", events=[*_long_past(), *running])
        stage.app.resume("old")
        await until(lambda: stage.app.chat.state.is_busy)
        assert stage.app.chat.state.last_user_text == "question 200"
        await until(lambda: "src/part4.py" in stage.shown_text())


async def test_parts_of_a_stored_past_hold_whole_texts_and_know_where_messages_begin(
    home: Home,
) -> None:
    texts = ["look", "a " * 9_000 + "needle", "and?", "that."]
    messages = [
        Message(role="assistant" if n % 2 else "user", content=text, message_id=f"m{n}")
        for n, text in enumerate(texts)
    ]
    runtime = Runtime(model="m", provider="custom")
    events = events_from_messages(messages, session_id="old", runtime=runtime)
    store = await Store.open(home)
    try:
        await store.create_session(SessionRecord(id="old", title="Old"))
        await store.commit("old", messages=messages, events=events)
        stored = StoredPast(store, "old")

        upto = await stored.last_seq()
        assert upto == len(events)
        begins = await stored.start_of("m2", before=upto + 1)
        assert isinstance(events[begins - 1], MessageStarted)
        assert await stored.start_of("m2", before=begins) == 0
        assert await stored.start_of("m", before=upto + 1) == 0

        said = [e.text for e in await stored.between(0, begins) if isinstance(e, MessageFinished)]
        assert said == texts[:2]
        assert [e.seq for e in await stored.between(begins, begins + 1)] == [begins + 1]
        assert await stored.between(upto, upto) == []

        past = Past()
        past.begin(begins)
        past.read_from(stored)
        found = await past.down_from("NEEDLE")
        assert [e.text for e in found if isinstance(e, MessageFinished)] == texts[:2]
    finally:
        await store.aclose()
