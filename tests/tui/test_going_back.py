"""Going back from the blocks: edit and resend, retry, rewind with files, branch; the queue."""

from __future__ import annotations

import pytest

from hermes_core.commands import (
    Branch,
    CoreCommand,
    QueueEdit,
    QueuePause,
    QueueRemove,
    QueueReorder,
    Reply,
    Retry,
    Rewind,
    Rollback,
    Submit,
)
from hermes_core.events import (
    CheckpointCreated,
    InputAccepted,
    InputState,
    SessionRewound,
    TurnFinished,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.diff import DiffScreen
from hermes_tui.screens.pick import PickScreen
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeSession
from tests.support import until
from tests.tui.stage import Stage, staged

SMALL = (80, 24)


def _react(session: FakeSession, command: CoreCommand) -> Reply | None:
    """Take back like the real session, and branch into a conversation that is there."""
    if isinstance(command, Rewind):
        session.say(SessionRewound(from_message_id=command.message_id, cause="rewind"))
        return Reply(ok=True, data={"text": "as it was asked"})
    if isinstance(command, Branch):
        return Reply(ok=True, data={"session_id": "copy"})
    return None


async def _two_turns(stage: Stage) -> None:
    for number, words in enumerate(("first question", "second question"), 1):
        stage.session.say(*turns.user(number, words))
        stage.session.say(
            CheckpointCreated(checkpoint_id=f"c{number}", directory="/work", cause="patch")
        )
        stage.session.say(TurnFinished(outcome="completed", reason="done", turn_id=f"t{number}"))
    await until(lambda: stage.app.chat.state.turns == 2)
    await until(lambda: stage.app.chat.transcript.is_settled)


async def _at(stage: Stage, words: str) -> str:
    """Put the block cursor on the block with these words; returns its message."""
    transcript = stage.app.chat.transcript
    for _ in range(transcript.block_count):
        await stage.pilot.press("alt+up")
        block = transcript.cursor_block
        if block is not None and words in block.source:
            return block.message_id
    raise AssertionError(words)


async def _pick(stage: Stage, words: str) -> None:
    await until(lambda: isinstance(stage.app.screen, PickScreen))
    await stage.pilot.pause()
    await stage.type(words)
    await stage.pilot.press("enter")


@pytest.mark.ac("edit-resend")
async def test_an_edited_message_takes_the_place_of_the_old_one(home: Home) -> None:
    async with staged(home, size=SMALL, react=_react) as stage:
        await _two_turns(stage)
        asked = await _at(stage, "first question")
        await stage.pilot.press("e")
        composer = stage.app.chat.composer
        await until(lambda: composer.draft == "first question")
        composer.clear()
        await until(lambda: stage.app.chat.state.rewriting == "")
        await stage.send("something else")
        await until(lambda: stage.session.sent(Submit))
        assert not stage.session.sent(Rewind)

        asked = await _at(stage, "first question")
        await stage.pilot.press("e")
        await until(lambda: composer.area.has_focus and composer.draft == "first question")
        await stage.pilot.press("exclamation_mark", "enter")
        await until(lambda: len(stage.session.sent(Submit)) == 2)
        sent = [type(command) for command in stage.session.commands[-2:]]
        assert sent == [Rewind, Submit]
        assert stage.session.sent(Rewind) == [Rewind(message_id=asked, client="screen")]
        await until(lambda: "second question" not in stage.shown_text())


@pytest.mark.ac("rewind-with-files")
async def test_a_rewind_takes_files_along_after_showing_what_changes(home: Home) -> None:
    async with staged(home, size=SMALL, react=_react) as stage:
        await _two_turns(stage)
        asked = await _at(stage, "first question")
        await stage.pilot.press("enter")
        await _pick(stage, "rewind")
        await _pick(stage, "show")
        await until(lambda: isinstance(stage.app.screen, DiffScreen))
        await until(lambda: "retry.py" in stage.shown_text())
        await stage.pilot.press("escape")
        await _pick(stage, "conversation and files")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("g")
        await until(lambda: stage.session.sent(Rewind))
        assert stage.session.sent(Rollback) == [
            Rollback(checkpoint_id="c1", scope="files", client="screen")
        ]
        assert stage.session.sent(Rewind) == [Rewind(message_id=asked, client="screen")]
        await until(lambda: stage.app.chat.composer.draft == "as it was asked")
        assert not stage.app.chat.state.asked


async def test_retry_and_branch_begin_at_the_block_under_the_cursor(home: Home) -> None:
    async with staged(home, size=SMALL, react=_react) as stage:
        stage.workspace.add_session("copy", title="the copy", events=turns.user(1, "copied"))
        await _two_turns(stage)
        session = stage.session
        first = await _at(stage, "first question")
        await stage.pilot.press("enter")
        await _pick(stage, "retry")
        await until(lambda: session.sent(Retry))
        assert session.sent(Retry) == [Retry(message_id=first, client="screen")]
        await stage.pilot.press("escape")
        second = await _at(stage, "second question")
        await stage.pilot.press("enter")
        await _pick(stage, "branch")
        await until(lambda: stage.app.chat.state.session_id == "copy")
        assert session.sent(Branch) == [Branch(before_message_id=second, client="screen")]


@pytest.mark.ac("block-mouse-menu")
async def test_the_right_button_opens_the_menu_of_the_block_under_it(home: Home) -> None:
    async with staged(home, size=SMALL) as stage:
        await _two_turns(stage)
        rows = stage.shown_text().split("\n")
        y = next(at for at, row in enumerate(rows) if "first question" in row)
        await stage.pilot.click(offset=(10, y), button=3)
        await until(lambda: isinstance(stage.app.screen, PickScreen))
        await until(lambda: "Edit and resend" in stage.shown_text())


@pytest.mark.ac("queue-strip")
async def test_waiting_messages_are_edited_moved_held_and_dropped_by_key(home: Home) -> None:
    async with staged(home, size=SMALL) as stage:
        stage.session.say(TurnStarted(turn_id="t1"))
        for name in ("one", "two"):
            stage.session.say(
                InputAccepted(input_id=name, mode="queue", text=f"text {name}"),
                InputState(input_id=name, state="queued"),
            )
        await until(lambda: len(stage.app.chat.state.queued) == 2)
        await stage.pilot.press("alt+q")
        strip = stage.app.chat.queue
        await until(lambda: strip.has_focus)
        await stage.pilot.press("J")
        await until(lambda: stage.session.sent(QueueReorder))
        assert stage.session.sent(QueueReorder) == [
            QueueReorder(input_ids=("two", "one"), client="screen")
        ]
        for name in ("two", "one"):
            stage.session.say(InputState(input_id=name, state="held"))
        await until(lambda: list(stage.app.chat.state.queued) == ["two", "one"])
        await until(lambda: "paused" in stage.shown_text())
        await stage.pilot.press("p")
        await until(lambda: stage.session.sent(QueuePause))
        assert stage.session.sent(QueuePause) == [QueuePause(paused=False, client="screen")]
        await stage.pilot.press("ctrl+x")
        await until(lambda: stage.session.sent(QueueRemove))
        assert stage.session.sent(QueueRemove) == [QueueRemove(input_id="one", client="screen")]
        await stage.pilot.press("e")
        composer = stage.app.chat.composer
        await until(lambda: composer.draft == "text two")
        await stage.pilot.press("exclamation_mark", "enter")
        await until(lambda: stage.session.sent(QueueEdit))
        assert stage.session.sent(QueueEdit) == [
            QueueEdit(input_id="two", text="text two!", client="screen")
        ]
        assert not stage.session.sent(Submit)


async def test_escape_holds_the_queue_before_it_stops_the_turn(home: Home) -> None:
    async with staged(home, size=SMALL) as stage:
        stage.session.say(
            TurnStarted(turn_id="t1"),
            InputAccepted(input_id="one", mode="queue", text="later"),
            InputState(input_id="one", state="queued"),
        )
        await until(lambda: stage.app.chat.state.queued)
        await stage.pilot.press("escape")
        await until(lambda: stage.session.commands)
        assert stage.session.commands == [QueuePause(client="screen")]
