"""The line mode as a way to work: coming, asking, waiting, leaving."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from hermes_core.commands import Answer, Interrupt, Reply, Submit
from hermes_core.errors import OwnerLost, StoreError
from hermes_core.events import (
    InputAccepted,
    InputState,
    QuestionAsked,
    SessionTitled,
    TurnFinished,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.launch_state import ExitState
from hermes_tui.plain.line_mode import LineMode
from hermes_tui.plain.page import Page
from hermes_tui.plain.typed_lines import TypedLines
from tests.fakes import scripted_turns as turns
from tests.fakes.fake_session import FakeWorkspace
from tests.support import until
from tests.tui.line_stage import Stage, staged


@dataclass
class Run:
    """A line mode with a person at a terminal, that may end by itself."""

    stage: Stage
    task: asyncio.Task[ExitState]

    def type(self, text: str) -> None:
        """Type a line, echoed as a terminal does."""
        self.stage.written.append(f"{text}\n")
        self.stage.type(text)

    async def left(self) -> ExitState:
        """Wait until the program has ended."""
        async with asyncio.timeout(10):
            return await self.task

    async def begin_turn(self) -> None:
        """Let a turn run."""
        self.stage.session.say(TurnStarted(turn_id="t1"))
        await self.stage.shows("working...")

    def end_turn(self) -> None:
        """Let it end."""
        self.stage.session.say(
            TurnFinished(outcome="completed", reason="text_response", turn_id="t1")
        )


@asynccontextmanager
async def at_terminal(
    home: Home, session_id: str | None = None, *, offers_setup: bool = False
) -> AsyncIterator[Run]:
    """Run the line mode at a terminal."""
    stage = Stage(home)
    stage.lines.is_terminal = True
    task = asyncio.create_task(stage.mode.run(session_id, offers_setup=offers_setup))
    try:
        yield Run(stage, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stage.close()


# --- coming ------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["1", "set", "SETUP"])
async def test_without_a_model_setting_one_up_is_the_first_choice(home: Home, answer: str) -> None:
    async with at_terminal(home, offers_setup=True) as run:
        await run.stage.shows(
            "No model is set up yet.\n  1 Set one up now\n  2 Go on with the demo"
        )
        run.type(answer)
        await run.left()
        assert run.stage.mode.wants_setup
        assert not run.stage.workspace.sessions


async def test_who_goes_on_with_the_demo_is_not_asked_again(home: Home) -> None:
    async with at_terminal(home, offers_setup=True) as run:
        await run.stage.shows("Answer 1-2: ")
        run.type("demo")
        await until(lambda: run.stage.workspace.sessions)
        run.type("hello")
        await until(lambda: run.stage.session.sent(Submit))
        assert not run.stage.mode.wants_setup


async def test_a_conversation_that_cannot_be_opened_ends_with_the_reason(home: Home) -> None:
    async with at_terminal(home, "gone") as run:
        assert (await run.left()).reason == "failed"
        assert "Error: No conversation has the id gone\n" in run.stage.text
        assert run.stage.workspace.is_closed


async def test_warnings_of_the_start_are_told_at_the_top(home: Home) -> None:
    stage = Stage(home)
    stage.workspace.info = replace(stage.workspace.info, warnings=("display.skim is unknown",))
    task = asyncio.create_task(stage.mode.run(None))
    await stage.shows("Warning: display.skim is unknown\n")
    stage.mode.finish()
    await task
    stage.close()


async def test_a_resumed_conversation_shows_its_end_and_counts_the_rest(home: Home) -> None:
    stage = Stage(home)
    events = [SessionTitled(title="Release notes")]
    for number in range(1, 10):
        events += turns.user(number, f"question {number}")  # type: ignore[arg-type]  # all events
    stage.workspace.add_session("s9", title="Release notes", events=events)
    task = asyncio.create_task(stage.mode.run("s9"))
    await stage.shows('Resumed session s9 "Release notes" (9 user messages, 9 in all)\n')
    await stage.shows("You: question 9\n")
    assert "... 3 earlier messages\n" in stage.text
    assert "question 3" not in stage.text
    stage.mode.finish()
    await task
    stage.close()


# --- asking ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "typed", "value"),
    [
        (("red", "blue"), "2", "blue"),
        (("red", "blue"), "Red", "red"),
        (("red, dark", "blue"), "red", "red, dark"),
        (("use red", "use blue"), "use", "use"),
        (("red", "red wine"), "red", "red"),
        (("red", "blue"), "3", "3"),
        (("red", "blue"), "green please", "green please"),
        ((" ", "blue"), "green", "green"),
        ((), "anything", "anything"),
    ],
)
async def test_a_question_takes_a_number_a_plain_word_or_words_of_ones_own(
    home: Home, choices: tuple[str, ...], typed: str, value: str
) -> None:
    async with staged(home) as stage:
        stage.session.say(
            QuestionAsked(request_id="q1", kind="choice", question="Which?", choices=choices)
        )
        await stage.shows("Question: Which?")
        await until(lambda: stage.text.rpartition("\n")[2].startswith("Answer"))
        stage.type(typed)
        await until(lambda: stage.session.sent(Answer))
        (answer,) = stage.session.sent(Answer)
        assert isinstance(answer, Answer)
        assert answer.value == value


async def test_a_list_is_searched_until_one_is_left_to_choose(home: Home) -> None:
    async with staged(home) as stage:
        for number in range(45):
            stage.workspace.add_session(f"s{number}", title=f"talk {number}", at=number)
        stage.workspace.add_session("s99", title="release notes", at=99)
        stage.type("/sessions")
        await stage.shows("Conversations\nA number chooses, words search, Enter alone leaves.\n")
        stage.type("nothing like it")
        await stage.shows("Nothing matches nothing like it.\n")
        stage.type("RELEASE")
        await stage.shows("  1 release notes, s99\nAnswer 1: ")
        stage.type("1")
        await until(lambda: stage.mode.door.state.session_id == "s99")
        await until(lambda: stage.text.endswith("> "))
        stage.type("/sessions release")  # the one that is open is not offered again
        await stage.shows("Conversations\nThere is nothing to choose from.\n")


async def test_enter_alone_leaves_a_list(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.add_session("s99", title="release notes")
        before = stage.mode.door.state.session_id
        stage.type("/sessions")
        await stage.shows("Answer 1: ")
        stage.type("")
        await until(lambda: stage.text.endswith("> "))
        assert stage.mode.door.state.session_id == before


async def test_a_long_list_is_cut_and_says_so(home: Home) -> None:
    async with staged(home) as stage:
        for number in range(50):
            stage.session.say(*turns.user(number, f"question {number}"))
        await until(lambda: len(stage.mode.door.state.asked) == 50)
        stage.type("/rewind")
        await stage.shows("The first 40 of 50:\n")
        assert "  40 question 10" in stage.text
        assert "  41 " not in stage.text


# --- meanwhile ---------------------------------------------------------------------------


async def test_what_becomes_of_a_line_while_a_turn_runs_is_said(home: Home) -> None:
    async with at_terminal(home) as run:
        await run.stage.shows("> ")
        await run.begin_turn()
        run.stage.session.say(InputAccepted(input_id="i1", mode="steer", text="rather"))
        await run.stage.shows("Sent into the running turn.\n")
        run.stage.session.say(
            InputAccepted(input_id="i2", mode="queue", text="then"),
            InputState(input_id="i2", state="queued"),
        )
        await run.stage.shows("Queued: 1 waiting.\n")


@pytest.mark.parametrize(
    ("line", "printed"),
    [("hello", "Error: Not now\nNot sent: hello\n"), ("!ls", "Error: Not now\n")],
)
async def test_a_refused_line_is_printed_with_the_reason(
    home: Home, line: str, printed: str
) -> None:
    async with staged(home, react=lambda *_: Reply(ok=False, code="no", text="Not now")) as stage:
        stage.lines.is_terminal = True
        stage.type(line)
        await stage.shows(printed)


async def test_a_skill_is_used_by_its_name_also_where_it_still_needs_something(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.installed = [
            SkillInfo(name="tidy", description="Tidies up."),
            SkillInfo(name="hue", state="needs", needs="needs HUE_KEY"),
            SkillInfo(name="sleepy", state="off"),
        ]
        stage.type("/reload-skills")
        await stage.shows("3 skills")
        for name in ("tidy", "hue"):
            stage.type(f"/{name} my desk")
            await until(lambda: len(stage.session.sent(Submit)) == (1 if name == "tidy" else 2))  # noqa: B023  waited for at once
        sent = [one for one in stage.session.sent(Submit) if isinstance(one, Submit)]
        assert [one.context for one in sent] == ["How to do tidy.", "How to do hue."]
        stage.type("/sleepy now")
        await stage.shows("Unknown command: /sleepy")
        stage.type("/help")
        await stage.shows("/tidy [instruction]: skill\n/hue [instruction]: skill\n")
        assert "/sleepy [" not in stage.text
        stage.type("/help HU")
        await until(lambda: stage.text.count("/hue [instruction]: skill\n") == 2)
        assert stage.text.count("/tidy [") == 1


async def test_a_skill_that_is_gone_gives_the_line_back(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.installed = [SkillInfo(name="tidy")]
        stage.type("/reload-skills")
        await stage.shows("1 skills")
        stage.workspace.installed = []
        stage.type("/tidy my desk")
        await stage.shows("Error: There is no skill tidy.\n")
        await stage.shows("Taken back: /tidy my desk\n")


async def test_a_history_that_cannot_be_written_keeps_nobody_from_talking(home: Home) -> None:
    home.input_history.mkdir()
    async with staged(home) as stage:
        stage.type("hello")
        await until(lambda: stage.session.sent(Submit))


@pytest.mark.parametrize(
    ("end", "why"),
    [(None, "The process that ran this conversation has ended."), ("reading", "the disk is gone")],
)
async def test_a_conversation_that_is_lost_says_how_to_go_on(
    home: Home, end: str | None, why: str
) -> None:
    async with at_terminal(home) as run:
        await run.stage.shows("> ")
        await run.begin_turn()
        if end is None:
            run.stage.session.end()
        else:
            run.stage.session.break_off(StoreError(why))
        session_id = run.stage.mode.door.state.session_id
        await run.stage.shows(f"Error: {why}\n/resume {session_id} opens it again\n")
        run.stage.session.fail_with = OwnerLost("It has ended.")
        run.type("still there?")
        await run.stage.shows("Error: It has ended.\nNot sent: still there?\n")
        run.type("/quit")
        await run.left()


# --- leaving -----------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["exit", "QUIT", ":q", "/quit", "/q"])
async def test_a_word_leaves_and_what_was_said_is_counted(home: Home, word: str) -> None:
    async with at_terminal(home) as run:
        await run.stage.shows("> ")
        run.type(word)
        assert (await run.left()).reason != "failed"
        assert not run.stage.session.sent(Submit)
        assert run.stage.workspace.is_closed


@pytest.mark.parametrize(
    ("answer", "told"),
    [("1", "Leaving when it is done"), ("2", None), ("3", "stays"), ("^C", "stays")],
)
async def test_leaving_while_something_runs_asks_what_to_do(
    home: Home, answer: str, told: str | None
) -> None:
    async with at_terminal(home) as run:
        await run.stage.shows("> ")
        await run.begin_turn()
        run.type("exit")
        await run.stage.shows("Something still runs.\n  1 Wait until it is done, then leave\n")
        await run.stage.shows("Answer 1-3: ")
        if answer == "^C":
            run.stage.mode.interrupt()
        else:
            run.type(answer)
        if told is None:
            await run.left()
            assert run.stage.session.sent(Interrupt)
        elif told == "stays":
            await until(lambda: not run.stage.mode.door.is_working)
            run.end_turn()
            await run.stage.shows("Done.")
            run.type("another one")
            await until(lambda: run.stage.session.sent(Submit))
            assert not run.task.done()
        else:
            await run.stage.shows(told)
            assert not run.task.done()
            run.end_turn()
            await run.left()
            assert not run.stage.session.sent(Interrupt)


@pytest.mark.parametrize(
    ("wanted", "busy", "asks"),
    [("never", True, False), ("always", False, True), ("when busy", False, False)],
)
async def test_whether_leaving_asks_is_a_setting(
    home: Home, wanted: str, busy: bool, asks: bool
) -> None:
    async with at_terminal(home) as run:
        run.stage.workspace.settings["tui.confirm_exit"] = wanted
        await run.stage.shows("> ")
        if busy:
            await run.begin_turn()
        run.type("exit")
        if asks:
            await run.stage.shows("Leave?\nThe conversation is kept.\n  1 Leave\n")
            run.type("2")
            await until(lambda: run.stage.text.endswith("> "))
            run.type("exit")
            await until(lambda: run.stage.text.endswith("Answer 1-2: "))
            run.type("1")
        await run.left()


async def test_ctrl_c_at_rest_says_that_a_second_one_leaves(home: Home) -> None:
    async with at_terminal(home) as run:
        await run.stage.shows("> ")
        run.stage.mode.interrupt()
        await run.stage.shows("Ctrl+C again leaves.\n")
        assert not run.task.done()
        run.stage.mode.interrupt()
        await run.left()


async def test_input_that_cannot_be_read_ends_the_program_with_the_error(home: Home) -> None:
    class Broken(TypedLines):
        async def next(self) -> str | None:
            raise OSError("the terminal is gone")

    end, start = os.pipe()
    lines = Broken(end)
    try:
        mode = LineMode(FakeWorkspace(home), Page(lambda text: None), lines)
        with pytest.raises(OSError, match="the terminal is gone"):
            async with asyncio.timeout(10):
                await mode.run(None)
    finally:
        lines.close()
        os.close(end)
        os.close(start)
