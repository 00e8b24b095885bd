"""The tool pane: from a call to its block, its output, failures, turns before this one."""

from __future__ import annotations

import pytest

from hermes_core.commands import Interrupt
from hermes_core.events import (
    BackgroundFinished,
    BackgroundStarted,
    MessageFinished,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.handlers import dispatch
from hermes_tui.panes.tools import ToolsPane, spelled_out
from hermes_tui.plain.page import Page
from hermes_tui.plain.transcript import PlainTranscript
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.pager import PagerScreen
from hermes_tui.session_state import SessionState
from hermes_widgets.blocks.tool_line import ToolLine
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import Stage, staged


@pytest.mark.ac("tools-pane")
async def test_a_call_leads_to_its_block_and_its_output_and_failures_stand_alone(
    home: Home,
) -> None:
    async with staged(home, size=(80, 24)) as stage:
        stage.session.say(*turns.work_so_far(), *turns.writing(), *turns.finished())
        stage.session.say(*turns.user(2, "and the changelog?"), TurnStarted(turn_id="t2"))
        stage.session.say(
            ToolStarted(call_id="d1", name="read_file", preview="CHANGELOG.md"),
            ToolFinished(call_id="d1", name="read_file", ok=True, result_ref="user-2"),
        )
        await stage.pilot.press("alt+2")
        await until(lambda: "CHANGELOG.md" in stage.shown_text())
        await stage.pilot.press("f3")
        await until(lambda: isinstance(stage.app.screen, PagerScreen))
        await until(lambda: "and the changelog?" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        await stage.pilot.press("f5")
        await until(lambda: "▸ Failed" in stage.shown_text())
        pane = stage.app.side_pane()
        assert pane is not None
        assert [row.key for row in pane.list.rows if row.key] == ["c3"]  # type: ignore[attr-defined]
        await stage.pilot.press("enter")
        await until(lambda: stage.app.shown_pane == "chat")
        await until(lambda: _chosen_call(stage) == "c3")
        await until(lambda: stage.app.focused is stage.app.chat.transcript)


def _chosen_call(stage: Stage) -> str:
    block = stage.app.chat.transcript.cursor_block
    return block.call_id if isinstance(block, ToolLine) else ""


async def test_a_call_that_is_drawn_no_more_is_drawn_again_to_be_gone_to(home: Home) -> None:
    async with staged(home, size=(200, 50)) as stage:
        stage.app.chat.transcript.prune_rows = 60
        chat = stage.app.chat
        stage.session.say(*turns.work_so_far(), *turns.writing(), *turns.finished())
        for number in range(2, 20):
            stage.session.say(*turns.user(number, "more"))
            for part in range(20):
                text = MessageFinished(message_id=f"{number}.{part}", role="assistant", text="so")
                stage.session.say(text)
            stage.session.say(
                TurnFinished(outcome="completed", reason="done", turn_id=f"t{number}")
            )
        await until(lambda: chat.state.turns == 19 and chat.transcript.is_settled)
        chat.transcript.go_to_end()
        await until(lambda: chat.has_older)
        assert not chat.transcript.show_call("c3")
        pane = stage.app.frame.rail("right").panes[0]
        assert isinstance(pane, ToolsPane)
        stage.app.show_pane("tools")
        await until(lambda: "c3" in [row.key for row in pane.list.rows])
        pane.list.point_at("c3")
        await stage.pilot.press("enter")
        await until(lambda: _chosen_call(stage) == "c3")
        await until(lambda: stage.app.focused is chat.transcript)


async def test_keys_that_mean_nothing_for_a_row_of_the_tool_pane_say_so(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        await stage.pilot.press("alt+2")
        await until(lambda: stage.app.shown_pane == "tools")
        for key, why in (
            ("f8", "Nothing runs here"),
            ("f3", "Nothing was answered here"),
        ):
            await stage.pilot.press(key)
            await until(lambda: _told(stage)[-1:] == [why])  # noqa: B023  waited for at once


def _told(stage: Stage) -> list[str]:
    return [toast.message for toast in stage.app._notifications]


@pytest.mark.ac("process-ended-by-key")
async def test_a_process_beside_the_conversation_is_listed_and_ended(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        label = "npm run dev -- --port 5173"
        stage.session.say(BackgroundStarted(task_id="proc_1", kind="process", label=label))
        await stage.pilot.press("alt+2")
        await until(lambda: label in stage.shown_text())
        await stage.pilot.press("f8")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.pause()
        await stage.pilot.press("e")
        await until(lambda: stage.session.sent(Interrupt))
        (sent,) = stage.session.sent(Interrupt)
        assert isinstance(sent, Interrupt)
        assert (sent.scope, sent.child_id) == ("child", "proc_1")
        stage.session.say(BackgroundFinished(task_id="proc_1", status="exit -15"))
        await until(lambda: not stage.app.chat.state.background)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("plain words", "plain words"),
        ('{"output": "a\\nb", "exit_code": 1}', "output\na\nb\nexit_code: 1"),
        ("[1, 2]", "[1, 2]"),
        ("", "It answered nothing."),
    ],
)
def test_an_answer_is_spelled_out_for_people(answer: str, shown: str) -> None:
    assert spelled_out(answer) == shown


@pytest.mark.parametrize(
    ("wanted", "told"),
    [("all", ["exit 0", "exit 1"]), ("result", ["exit 0", "exit 1"]), ("error", ["exit 1"])],
)
def test_the_setting_says_which_ends_of_processes_are_told(wanted: str, told: list[str]) -> None:
    lines: list[str] = []
    state, view = SessionState(process_notices=wanted), PlainTranscript(Page(lines.append))
    for number, status in enumerate(("exit 0", "exit 1")):
        task_id = f"proc_{number}"
        begun = BackgroundStarted(task_id=task_id, kind="process", label="make")
        dispatch.apply(begun, state, view)
        dispatch.apply(BackgroundFinished(task_id=task_id, status=status), state, view)
    text = "".join(lines)
    assert [status for status in ("exit 0", "exit 1") if f"make: {status}" in text] == told
    assert not state.background
