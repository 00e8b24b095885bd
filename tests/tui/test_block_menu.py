"""What the menu of a block does, and reading what is too long for the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hermes_core.commands import Branch, Retry
from hermes_core.events import (
    CoreEvent,
    FileDiff,
    MessageFinished,
    MessageStarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from hermes_core.paths import Home
from hermes_tui.copying import Copying
from hermes_tui.screens.diff import DiffScreen
from hermes_tui.screens.pager import PagerScreen
from hermes_tui.screens.pick import PickScreen
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged

SIZE = (110, 40)
CODES = "Take\n\n```py\none = 1\n```\n\nor\n\n```py\ntwo = 2\n```\n"


def said(turn: str, question: str, *events: CoreEvent) -> list[CoreEvent]:
    """A turn: a question, what was done, and its end."""
    return [
        *turns.user(int(turn), question),
        *events,
        TurnFinished(turn_id=f"t{turn}", outcome="completed", reason="text_response"),
    ]


def reply(message_id: str, text: str) -> list[CoreEvent]:
    """A reply, whole."""
    return [
        MessageStarted(message_id=message_id, role="assistant"),
        MessageFinished(message_id=message_id, role="assistant", text=text, final=True),
    ]


def ran(**more: object) -> list[CoreEvent]:
    """A command that printed a little."""
    facts: dict[str, object] = {
        "call_id": "c1",
        "name": "terminal",
        "ok": True,
        "duration_s": 0.1,
        "summary": "3 lines",
        "result_preview": "the beginning",
    }
    return [
        ToolStarted(call_id="c1", name="terminal", preview="make all"),
        ToolFinished(**(facts | more)),  # type: ignore[arg-type]  # fields by name
    ]


@asynccontextmanager
async def at_block(home: Home, kind: str, *events: CoreEvent) -> AsyncIterator[Stage]:
    """The block cursor on the newest block of a kind."""
    async with staged(home, size=SIZE) as stage:
        stage.session.say(*events)
        ended = sum(isinstance(event, TurnFinished) for event in events)
        await until(lambda: stage.app.chat.state.turns == ended)
        transcript = stage.app.chat.transcript
        await until(lambda: transcript.is_settled)
        await up_to(stage, kind)
        yield stage


async def up_to(stage: Stage, kind: str) -> None:
    """Move the block cursor up to the next block of a kind."""
    transcript = stage.app.chat.transcript
    for _ in range(transcript.block_count):
        await stage.pilot.press("alt+up")
        block = transcript.cursor_block
        if block is not None and block.kind == kind:
            return
    raise AssertionError(f"no {kind}\n{stage.shown_text()}")


async def pick(stage: Stage, words: str) -> None:
    """Open the menu and pick an entry by its words."""
    await stage.pilot.press("enter")
    await until(lambda: isinstance(stage.app.screen, PickScreen))
    await stage.pilot.pause()
    await stage.type(words)
    await stage.pilot.press("enter")


@pytest.mark.parametrize(
    ("entry", "copied"),
    [
        ("copy", CODES),
        ("copy all code", "one = 1\n\ntwo = 2"),
        ("copy code 1", "one = 1"),
        ("copy code 2", "two = 2"),
    ],
)
async def test_a_reply_is_copied_whole_or_code_by_code(home: Home, entry: str, copied: str) -> None:
    taken: list[str] = []

    def locally(text: str) -> bool:
        taken.append(text)
        return True

    async with at_block(home, "reply", *said("1", "how?", *reply("a1", CODES))) as stage:
        stage.app.copying = Copying(stage.app, locally=locally)
        await pick(stage, entry)
        await until(lambda: taken)
        assert [text.strip() for text in taken] == [copied.strip()]


async def test_the_only_code_of_a_reply_is_one_entry(home: Home) -> None:
    one = "Take\n\n```py\none = 1\n```\n"
    async with at_block(home, "reply", *said("1", "how?", *reply("a1", one))) as stage:
        await stage.pilot.press("enter")
        await until(lambda: "Copy code" in stage.shown_text())
        assert "Copy code 1" not in stage.shown_text()
        assert "Copy all code" not in stage.shown_text()


async def test_a_quoted_reply_stands_before_what_is_typed(home: Home) -> None:
    events = said("1", "how?", *reply("a1", "first\n\nsecond"))
    async with at_block(home, "reply", *events) as stage:
        stage.app.chat.composer.set_draft("why?")
        await pick(stage, "quote")
        composer = stage.app.chat.composer
        await until(lambda: composer.draft == "> first\n>\n> second\n\nwhy?")
        assert composer.area.has_focus


async def test_a_message_is_edited_from_its_menu(home: Home) -> None:
    async with at_block(home, "user", *said("1", "how?", *reply("a1", "so"))) as stage:
        await pick(stage, "edit and")
        await until(lambda: stage.app.chat.composer.draft == "how?")


async def test_from_a_reply_one_asks_its_question_again_and_branches_behind_it(home: Home) -> None:
    events = [*said("1", "first", *reply("a1", "one")), *said("2", "second")]
    async with at_block(home, "reply", *events) as stage:
        await pick(stage, "retry")
        await until(lambda: stage.session.sent(Retry))
        await pick(stage, "branch")
        await until(lambda: stage.session.sent(Branch))
        assert stage.session.sent(Retry) == [Retry(message_id="user-1", client="screen")]
        assert stage.session.sent(Branch) == [Branch(before_message_id="user-2", client="screen")]


async def test_a_tool_line_folds_from_its_menu(home: Home) -> None:
    async with at_block(home, "work", *said("1", "go", *ran())) as stage:
        assert "the beginning" not in stage.shown_text()
        await pick(stage, "unfold")
        await until(lambda: "the beginning" in stage.shown_text())
        await pick(stage, "fold")
        await until(lambda: "the beginning" not in stage.shown_text())


async def test_the_changes_of_a_turn_are_those_of_its_block(home: Home) -> None:
    def changed(turn_id: str, path: str, line: str) -> ToolFinished:
        text = f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-old\n+{line}\n"
        diff = FileDiff(path=path, unified=text, added=1, removed=1)
        return ToolFinished(
            turn_id=turn_id,
            call_id=path,
            name="patch",
            ok=True,
            duration_s=0.1,
            summary="+1 −1",
            diffs=(diff,),
        )

    events = [
        *said("1", "one", changed("t1", "a.py", "of one"), changed("t1", "b.py", "too")),
        *said("2", "two", changed("t2", "c.py", "of two")),
    ]
    async with at_block(home, "work", *events) as stage:
        await pick(stage, "all changes")
        await until(lambda: isinstance(stage.app.screen, DiffScreen))
        await until(lambda: "Changes of this turn" in stage.shown_text())
        assert "of two" in stage.shown_text()
        assert "b.py" not in stage.shown_text().partition("Changes of this turn")[2]
        await stage.pilot.press("escape")
        await up_to(stage, "work")
        await pick(stage, "all changes")
        await until(lambda: "a.py" in stage.shown_text().partition("Changes of this turn")[2])
        assert "b.py" in stage.shown_text().partition("Changes of this turn")[2]
        assert "c.py" not in stage.shown_text().partition("Changes of this turn")[2]


@pytest.mark.parametrize(
    ("kind", "title"), [("user", "Your message · 1 line"), ("reply", "Reply · 1 line")]
)
async def test_a_text_is_read_under_what_it_is(home: Home, kind: str, title: str) -> None:
    async with at_block(home, kind, *said("1", "so?", *reply("a1", "so."))) as stage:
        await stage.pilot.press("v")
        await until(lambda: title in stage.shown_text())


async def test_a_long_output_is_read_from_where_it_lies(home: Home, tmp_path: Path) -> None:
    spilled = tmp_path / "c1.txt"
    spilled.write_text("".join(f"row {n}\n" for n in range(9_000)))
    async with at_block(home, "work", *said("1", "go", *ran(spilled_path=str(spilled)))) as stage:
        await stage.pilot.press("v")
        await until(lambda: "make all" in stage.shown_text() and "9000 lines" in stage.shown_text())
        await stage.pilot.press("end")
        await until(lambda: "row 8999" in stage.shown_text())


async def test_an_output_that_was_cleared_away_is_read_as_far_as_it_is_known(
    home: Home, tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone.txt")
    async with at_block(home, "work", *said("1", "go", *ran(spilled_path=gone))) as stage:
        await stage.pilot.press("v")
        await until(lambda: isinstance(stage.app.screen, PagerScreen))
        await until(lambda: "the beginning" in stage.shown_text())
        assert "cannot be read any more: No such file or directory" in stage.shown_text()


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ('{"output": "the beginning\\nthe middle\\nthe end"}', "the end"),
        ("", "the beginning"),
    ],
)
async def test_a_result_that_was_cut_for_the_screen_is_read_from_the_store(
    home: Home, stored: str, read: str
) -> None:
    async with at_block(home, "work", *said("1", "go", *ran(result_ref="r1"))) as stage:
        stage.workspace.stored_texts["r1"] = stored
        await stage.pilot.press("v")
        await until(lambda: isinstance(stage.app.screen, PagerScreen))
        await until(lambda: read in stage.shown_text())


async def test_in_a_browser_the_menu_says_that_no_editor_can_be_had(home: Home) -> None:
    async with at_block(home, "reply", *said("1", "so?", *reply("a1", "so."))) as stage:
        await pick(stage, "open in an")
        await until(lambda: "no terminal here that an editor could have" in stage.shown_text())
