"""Going back, snapshots, other conversations and records, by slash command at both doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.commands import (
    CoreCommand,
    Reply,
    Rewind,
    Rollback,
    Submit,
    Undo,
)
from hermes_core.errors import StoreError
from hermes_core.events import TurnFinished, TurnStarted
from hermes_core.paths import Home
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.both_doors import (
    DOORS,
    DoorName,
    furnish,
    opened,
    submits,
    with_changes,
    with_turns,
)

both = pytest.mark.parametrize("door", DOORS)


# --- going back --------------------------------------------------------------------------


@both
async def test_undo_gives_the_message_back(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "make it blue")
        await place.send("/undo")
        await until(lambda: place.session.sent(Undo))
        await until(lambda: place.given_back() == "make it blue")


@both
async def test_rewind_goes_back_to_a_message_by_its_number(home: Home, door: DoorName) -> None:
    def take_back(session: FakeSession, command: CoreCommand) -> Reply | None:
        return Reply(ok=True, data={"text": "first"}) if isinstance(command, Rewind) else None

    async with opened(door, home, react=take_back) as place:
        await with_turns(place, "first", "second")
        await place.send("/rewind 2")
        await place.shows("Back to before “first”")
        await place.pick("The conversation")
        await place.agree()
        await until(lambda: place.session.sent(Rewind))
        (sent,) = place.session.sent(Rewind)
        assert isinstance(sent, Rewind)
        assert sent.message_id == "user-1"
        await until(lambda: place.given_back() == "first")


@both
@pytest.mark.parametrize(
    ("picked", "asked"),
    [
        ("Conversation and files", [Rollback, Rollback, Rewind]),
        ("The files", [Rollback, Rollback]),
    ],
)
async def test_going_back_restores_the_first_snapshot_of_each_folder(
    home: Home, door: DoorName, picked: str, asked: list[type[CoreCommand]]
) -> None:
    async with opened(door, home) as place:
        await with_changes(place)
        await place.send("/rewind")
        await place.shows("Go back to before")
        await place.pick("make it blue")
        await place.shows("Back to before “make it blue”")
        await place.pick("Show what would change")
        await place.shows("Going back would change")
        await place.leave_reading()
        await place.pick(picked)
        await place.agree()
        await until(lambda: len(place.session.commands) == len(asked))
        assert [type(command) for command in place.session.commands] == asked
        restored = [one for one in place.session.commands if isinstance(one, Rollback)]
        assert [(one.checkpoint_id, one.scope) for one in restored] == [
            ("here-1", "files"),
            ("there-1", "files"),
        ]


@both
async def test_where_a_file_cannot_be_restored_the_conversation_stays_too(
    home: Home, door: DoorName
) -> None:
    def refuse(session: FakeSession, command: CoreCommand) -> Reply | None:
        if isinstance(command, Rollback):
            return Reply(ok=False, code="failed", text="The folder is gone")
        return None

    async with opened(door, home, react=refuse) as place:
        await with_changes(place)
        await place.send("/rewind 1")
        await place.pick("Conversation and files")
        await place.agree()
        await place.shows("The folder is gone")
        assert len(place.session.sent(Rollback)) == 1
        assert not place.session.sent(Rewind)


# --- snapshots ---------------------------------------------------------------------------


@both
async def test_a_snapshot_is_restored_after_a_yes_alone(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send("/rollback 2")
        await place.shows("Restore this snapshot?")
        await place.shows("all files it holds and take the turn back")
        await place.decline()
        await place.send("/rollback abc1 src/retry.py")
        await place.shows("restores src/retry.py")
        await place.agree()
        await until(lambda: place.session.sent(Rollback))
        (sent,) = place.session.sent(Rollback)
        assert isinstance(sent, Rollback)
        assert (sent.checkpoint_id, sent.path) == ("abc123", "src/retry.py")


@both
async def test_what_a_snapshot_would_change_is_read_as_a_diff(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        furnish(place)
        await place.send("/rollback diff")
        await place.shows("Restoring “patch retry.py” would change")
        await place.shows("new")
        assert not place.session.sent(Rollback)


@both
async def test_without_snapshots_rollback_says_when_the_first_comes(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await place.send("/rollback")
        await place.shows("No snapshots yet; the first is taken before the first change")


# --- conversations -----------------------------------------------------------------------


@both
async def test_new_with_words_sends_them_into_the_new_conversation(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        await place.send("/new and now this")
        await place.settle()
        assert [one.text for one in submits(place)] == ["and now this"]
        assert not before.sent(Submit)


@both
@pytest.mark.parametrize("line", ["/new and now this", "/clear"])
async def test_where_no_new_conversation_can_be_begun_the_present_one_stays(
    home: Home, door: DoorName, line: str
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        place.workspace.open_problem = StoreError("the disk is full")
        await place.send(line)
        if line == "/clear":
            await place.agree()
        await place.shows("the disk is full")
        assert place.session is before
        assert not before.sent(Submit)
        assert not before.released


@both
async def test_clear_asks_first_where_something_was_said(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        before = place.session
        await place.send("/clear")
        await place.shows("The present one stays in the list of sessions.")
        await place.decline()
        assert place.session is before
        await place.send("/clear")
        await place.agree()
        await until(lambda: before.released)
        await place.settle()
        assert place.session is not before


async def test_in_lines_a_new_conversation_waits_for_the_turn_and_takes_no_words(
    home: Home,
) -> None:
    async with opened("lines", home) as place:
        place.workspace.settings["platform_toolsets.cli"] = ["hermes-cli"]
        furnish(place)
        place.session.say(TurnStarted(turn_id="t1"))
        await until(lambda: place.state.is_busy)
        await place.send("/new and now this")
        await place.shows("Error: A turn is running here\n/stop ends it")
        await place.send("/tools enable plan")
        await place.shows("plan: offered from the next conversation on")
        assert not place.session.sent(Submit)
        place.session.say(TurnFinished(outcome="completed", reason="done", turn_id="t1"))
        await until(lambda: not place.state.is_busy)
        await place.send("/tools disable plan")
        await place.shows("plan: no longer offered from this conversation on")


@both
async def test_a_conversation_is_resumed_by_its_title(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        place.workspace.add_session("s8", title="Release notes for 2.4", events=turns.writing("x"))
        place.workspace.add_session("s9", title="release notes", events=turns.writing("y"))
        await place.send("/resume Release Notes")
        await until(lambda: place.state.session_id == "s9")


@both
async def test_a_conversation_whose_process_ended_is_opened_again(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        await with_turns(place, "said before")
        place.session.end()
        await until(lambda: place.state.is_closed)
        await place.send("/reopen")
        await place.settle()
        assert not place.state.is_closed
        await place.send("still there?")
        await until(lambda: place.session.sent(Submit))


# --- writing down ------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/save nowhere/talk.json", "nowhere/talk.json cannot be written: No such file"),
        ("/save ~nobody-of-that-name/talk.json", "talk.json cannot be written: No such file"),
        ("/export there.md", "there.md is there already"),
        ("/export", "Written to "),
        ("/history", "you: remember the milk"),
    ],
)
async def test_a_record_is_written_or_said_why_not(
    home: Home, tmp_path: Path, door: DoorName, line: str, said: str
) -> None:
    (tmp_path / "there.md").write_text("mine")
    async with opened(door, home) as place:
        await with_turns(place, "remember the milk")
        place.state.cwd = str(tmp_path)
        await place.send(line)
        await place.shows(said)
        assert (tmp_path / "there.md").read_text() == "mine"


async def test_history_of_nothing_leads_to_earlier_conversations(home: Home) -> None:
    async with opened("lines", home) as place:
        place.workspace.add_session("s9", title="release notes", events=turns.writing("y"))
        await place.send("/history")
        await place.shows("  1 release notes")
        await place.send("1")
        await until(lambda: place.state.session_id == "s9")
