"""The line mode on a fake core: what is printed, and what becomes of a typed line."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hermes_core.commands import Answer, Interrupt, RunCommand, Submit
from hermes_core.events import (
    ApprovalFinding,
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    MessageFinished,
    QuestionAsked,
    TurnFinished,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.command_line.chat_command import wants_lines
from hermes_tui.core_link.workspace import SkillInfo, ToolInfo
from hermes_tui.plain.asker import Asker
from hermes_tui.plain.conversation import Conversation
from hermes_tui.plain.page import Page
from hermes_tui.plain.typed_lines import TypedLines
from hermes_tui.session_state import Clocks
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.line_stage import Stage, staged

GOLDEN = (Path(__file__).parents[1] / "core" / "golden" / "events.jsonl").read_bytes()
ASKED = ApprovalRequested(
    request_id="r1",
    subject="rm -rf build",
    findings=(ApprovalFinding(key="recursive delete", explanation="deletes build"),),
    shown_hash="h1",
)


def is_plain(text: str) -> bool:
    """Whether a text can neither colour nor move anything."""
    return all(char == "\n" or char.isprintable() for char in text)


@pytest.mark.ac("line-mode-bytes")
async def test_every_event_there_is_leaves_no_control_code(home: Home) -> None:
    async with staged(home) as stage:
        for line in GOLDEN.splitlines():
            event: CoreEvent = msgspec.json.decode(line, type=CoreEvent)
            stage.mode.door.conversation.take(event)
        evil = "\x1b[2Jred\x1b]0;title\x07 \x9b1A a\u202eb\r over"
        stage.session.say(
            MessageFinished(message_id="m9", role="assistant", text=f"before {evil}\n\tafter")
        )
        await stage.shows("after")
    assert is_plain(stage.text)
    assert stage.workspace.is_closed


@pytest.mark.ac("line-mode-bytes")
async def test_a_turn_is_told_line_by_line_and_each_tool_once(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.work_so_far())
        await stage.shows("[ok] $ pytest -q tests/ - 7 passed, 9.4 s")
        assert stage.text.count("working...") == 1
        assert "[failed] $ pytest -q tests/test_retry.py - exit 1, 3.8 s\n" in stage.text
        assert "[denied] $ git push --force origin main\n" in stage.text
        assert "Thought (4 s): the loop sleeps" in stage.text
        assert f"You: {turns.QUESTION}\n" in stage.text


@pytest.mark.ac("line-mode-answers")
async def test_a_number_decides_and_words_behind_it_are_the_reason(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(ASKED)
        await stage.shows("  4 deny")
        stage.type("4 too early")
        await until(lambda: stage.session.sent(Answer))
        assert stage.session.sent(Answer) == [
            Answer(
                request_id="r1",
                decision="deny",
                reason="too early",
                shown_hash="h1",
                client="line mode",
            )
        ]


@pytest.mark.ac("line-mode-answers")
async def test_a_message_typed_into_a_question_decides_nothing_and_is_sent_later(
    home: Home,
) -> None:
    async with staged(home) as stage:
        stage.session.say(ASKED)
        await stage.shows("Answer 1-4")
        stage.type("please look at the tests too")
        await stage.shows("it is kept")
        assert not stage.session.sent(Answer)
        stage.type("1")
        await until(lambda: stage.session.sent(Submit))
        assert [item.text for item in stage.session.sent(Submit) if isinstance(item, Submit)] == [
            "please look at the tests too"
        ]


@pytest.mark.ac("line-mode-answers")
async def test_what_is_typed_before_a_question_can_be_read_is_no_answer(home: Home) -> None:
    async with staged(home, grace_s=3600) as stage:
        stage.session.say(ASKED)
        await stage.shows("Answer 1-4")
        stage.type("1")
        await stage.shows("please answer again")
        assert not stage.session.sent(Answer)


@pytest.mark.ac("line-mode-answers")
async def test_two_requests_come_one_after_the_other_and_ctrl_c_denies(home: Home) -> None:
    async with staged(home) as stage:
        second = msgspec.structs.replace(ASKED, request_id="r2", subject="rm -rf dist")
        stage.session.say(TurnStarted(turn_id="t1"), ASKED, second)
        await stage.shows("rm -rf build")
        assert "rm -rf dist" not in stage.text
        stage.mode.interrupt()
        await stage.shows("rm -rf dist")
        stage.type("once")
        await until(lambda: len(stage.session.sent(Answer)) == 2)
        decisions = [
            item.decision for item in stage.session.sent(Answer) if isinstance(item, Answer)
        ]
        assert decisions == ["deny", "once"]
        assert not stage.session.sent(Interrupt)


@pytest.mark.ac("line-mode-answers")
async def test_a_request_that_another_screen_answered_is_closed_here(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(ASKED)
        await stage.shows("Answer 1-4")
        stage.session.say(ApprovalResolved(request_id="r1", decision="once", by="screen"))
        await stage.shows("Answered elsewhere by screen: once.")
        assert not stage.session.sent(Answer)


@pytest.mark.ac("line-mode-answers")
async def test_a_long_command_is_printed_whole_when_it_is_viewed(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(msgspec.structs.replace(ASKED, subject="echo one\n" * 9 + "rm end"))
        await stage.shows("  5 view")
        assert "rm end" not in stage.text
        stage.type("5")
        await stage.shows("rm end")


@pytest.mark.ac("line-mode-secret")
async def test_a_secret_is_sent_and_printed_nowhere(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(QuestionAsked(request_id="q1", kind="secret", question="Key?"))
        await stage.shows("Not shown while you type")
        stage.type("hunter2-secret")
        await until(lambda: stage.session.sent(Answer))
        assert [item.value for item in stage.session.sent(Answer) if isinstance(item, Answer)] == [
            "hunter2-secret"
        ]
        assert "hunter2" not in stage.text
    assert not home.input_history.exists() or "hunter2" not in home.input_history.read_text()


async def test_ctrl_c_stops_the_turn_and_leaves_when_it_comes_again(home: Home) -> None:
    stage = Stage(home)
    running = asyncio.create_task(stage.mode.run(None))
    try:
        await stage.shows("> ")
        stage.session.say(TurnStarted(turn_id="t1"))
        await stage.shows("working...")
        stage.mode.interrupt()
        await until(lambda: stage.session.sent(Interrupt))
        stage.mode.interrupt()
        async with asyncio.timeout(10):
            await running
    finally:
        running.cancel()
        stage.close()
    assert stage.workspace.is_closed


async def test_lines_of_a_pipe_wait_for_what_was_begun_before_them(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(TurnStarted(turn_id="t1"))
        await stage.shows("working...")
        for line in ("/busy", "second", "/stop"):
            stage.type(line)
        await until(lambda: stage.session.sent(Interrupt))  # about the turn that runs
        assert "While a turn runs" not in stage.text
        assert not stage.session.sent(Submit)
        stage.session.say(TurnFinished(outcome="interrupted", reason="user", turn_id="t1"))
        await stage.shows("> /busy\nWhile a turn runs Enter does: steer\n> second\n")
        await until(lambda: stage.session.sent(Submit))


async def test_nothing_is_done_behind_the_quit_of_a_pipe(home: Home) -> None:
    stage = Stage(home)
    running = asyncio.create_task(stage.mode.run(None))
    try:
        await stage.shows("> ")
        stage.type("/quit\nafter")
        async with asyncio.timeout(10):
            await running
        assert not stage.session.sent(Submit)
    finally:
        running.cancel()
        stage.close()


async def test_ctrl_c_in_a_question_of_ones_own_shows_the_prompt_again(home: Home) -> None:
    async with staged(home) as stage:
        stage.type("/yolo")
        await stage.shows("Answer 1-2: ")
        stage.mode.interrupt()
        await until(lambda: stage.text.endswith("Answer 1-2: \n> "))


async def test_what_another_process_runs_is_left_and_goes_on(home: Home) -> None:
    stage = Stage(home)
    running = asyncio.create_task(stage.mode.run(None))
    try:
        await stage.shows("> ")
        stage.session.is_owner = False
        stage.session.say(*turns.work_so_far())
        await stage.shows("working...")
        stage.lines.is_terminal = True
        stage.type("/quit")
        async with asyncio.timeout(10):
            left = await running
        assert left.goes_on
        assert not stage.session.sent(Interrupt)
    finally:
        running.cancel()
        stage.close()


async def test_the_end_of_the_input_waits_for_the_answer(home: Home) -> None:
    stage = Stage(home)
    running = asyncio.create_task(stage.mode.run(None))
    try:
        await stage.shows("> ")
        stage.session.say(TurnStarted(turn_id="t1"))
        await stage.shows("working...")
        stage.end()
        stage.session.say(ASKED)
        await stage.shows("Nobody can answer")
        await until(lambda: stage.session.sent(Answer))
        (answer,) = stage.session.sent(Answer)
        assert isinstance(answer, Answer)
        assert (answer.decision, answer.reason) == ("deny", "nobody was there to be asked")
        assert not running.done()
        stage.session.say(TurnFinished(outcome="completed", reason="text_response", turn_id="t1"))
        async with asyncio.timeout(10):
            await running
    finally:
        running.cancel()
        stage.close()


@pytest.mark.ac("line-mode-commands")
async def test_commands_of_the_screen_say_how_it_is_done_without_one(home: Home) -> None:
    async with staged(home) as stage:
        stage.type("/skin")
        await stage.shows("hermes config set display.skin NAME")
        stage.type("/modle")
        await stage.shows("did you mean /model?")
        stage.type("/title a good name")
        await until(lambda: stage.mode.door.state.title == "a good name")
        stage.type("/help rollback")
        await stage.shows("/rollback [N] [file]: restore files")


async def test_what_is_switched_by_a_command_is_in_force_and_said(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.settings["display.tool_progress"] = "all"
        stage.type("/busy queue")
        await stage.shows("While a turn runs Enter does: queue\n")
        stage.type("/verbose off")
        await stage.shows("Tool calls: off\n")
        stage.session.say(*turns.work_so_far())
        stage.session.say(MessageFinished(message_id="m9", role="assistant", text="That was all."))
        await stage.shows("That was all.")
        assert "$ pytest" not in stage.text


async def test_settings_that_are_read_again_are_in_force(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.settings["display.tool_progress"] = "new"
        stage.type("/reload")
        await stage.shows("Settings and keys are read again")
        assert stage.mode.door.conversation.transcript.progress == "new"


async def test_skills_are_listed_and_read_again(home: Home) -> None:
    async with staged(home) as stage:
        stage.type("/skills")
        await stage.shows(f"No skill is installed in {home.skills}")
        stage.workspace.installed = [SkillInfo(name="tidy", description="Tidies up.")]
        stage.type("/reload-skills")
        await stage.shows("1 skills · +tidy\n")
        stage.type("/skills")
        await stage.shows("/tidy: Tidies up.\n")


async def test_a_new_conversation_is_said(home: Home) -> None:
    async with staged(home) as stage:
        assert "A new conversation." not in stage.text
        stage.type("/new")
        await stage.shows("A new conversation.\n> ")


async def test_a_question_is_asked_again_behind_what_was_printed_meanwhile(home: Home) -> None:
    async with staged(home) as stage:
        stage.session.say(ASKED)
        await stage.shows("Answer 1-4: ")
        stage.type("/busy")
        await stage.shows("While a turn runs")
        await until(lambda: stage.text.endswith("\nAnswer 1-4: "))
        stage.type("/nonsense")
        await stage.shows("Unknown command")
        await until(lambda: stage.text.endswith("\nAnswer 1-4: "))


async def test_tools_are_listed_in_one_line_each(home: Home) -> None:
    words = "Reads a file with its lines numbered and counted, also long ones. Do not use cat."
    async with staged(home) as stage:
        stage.workspace.tool_list = [ToolInfo(name="read_file", description=words, toolset="file")]
        stage.type("/tools")
        await stage.shows(
            "  1 read_file, Reads a file with its lines numbered and counted, also long ones., file\n"
        )


async def test_the_sign_of_a_command_alone_says_what_it_is_for(home: Home) -> None:
    async with staged(home) as stage:
        stage.type("!")
        await until(lambda: stage.session.sent(Submit))  # a pipe runs nothing
        stage.lines.is_terminal = True
        stage.type("!")
        await stage.shows("!COMMAND runs it in the shell")
        assert not stage.session.sent(RunCommand)


@pytest.mark.ac("typed-command")
async def test_a_typed_command_prints_its_output_and_one_from_a_pipe_is_a_message(
    home: Home,
) -> None:
    async with staged(home) as stage:
        stage.session.say(*turns.typed("ls src", "one.py\ntwo.py"))
        await stage.shows("[ok] $ ls src - 2 lines\n    one.py\n    two.py\n")
        stage.type("!rm notes.txt")
        await until(lambda: stage.session.sent(Submit))
        assert not stage.session.sent(RunCommand)


@pytest.mark.ac("line-mode-commands")
async def test_commands_of_ones_own_run_here_too_and_keys_are_not_kept(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.settings["quick_commands"] = {
            "where": {"type": "exec", "command": "echo here I am"}
        }
        stage.type("/where")
        await stage.shows("Error: echo here I am was not run: No such file or directory")
        stage.mode.door.state.cwd = str(home.root.parent)
        stage.type("/where")
        await stage.shows("\nhere I am\n")
        stage.type("my key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD")
        await until(lambda: stage.session.sent(Submit))
    assert "/where" in home.input_history.read_text()
    assert "abcdefghij" not in home.input_history.read_text()


def test_a_reply_in_pieces_is_printed_by_whole_lines(home: Home) -> None:
    written: list[str] = []

    async def follow() -> None:
        page = Page(written.append)
        lines = TypedLines(os.pipe()[0])
        try:
            talk = Conversation(
                page, Asker(page, lines), clocks=Clocks(), start=lambda job: job.close()
            )
            view = talk.transcript
            view.begin_reply("m1")
            for piece in ("one \x1b", "[31mred", "\nhalf"):
                view.append_reply("m1", piece)
            assert "".join(written) == "Hermes: one red\n"
            view.finish_reply("m1", text="one red\nhalf")
        finally:
            lines.close()

    asyncio.run(follow())
    assert "".join(written) == "Hermes: one red\nhalf\n"


@pytest.mark.ac("line-mode-start")
@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"HERMES_TUI_PLAIN": "1", "TERM": "xterm"}, True),
        ({"HERMES_TUI_PLAIN": "0", "TERM": "xterm"}, False),
        ({"TERM": "dumb"}, True),
        ({"TERM": "xterm"}, False),
    ],
)
def test_the_environment_asks_for_lines(environ: dict[str, str], wanted: bool) -> None:
    assert wants_lines(environ) is wanted


@pytest.mark.ac("line-mode-start")
def test_the_line_mode_starts_without_the_toolkit_of_the_screen() -> None:
    script = "import sys, hermes_tui.plain.run; print('textual' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
