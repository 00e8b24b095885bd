"""Agents on the screen: children under their call, work beside, results, ending one."""

from __future__ import annotations

import pytest

from hermes_core.commands import AskSide, Interrupt, SpawnBackground
from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    CoreEvent,
    Heartbeat,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from hermes_core.paths import Home
from hermes_tui.plain.transcript import as_lines
from hermes_tui.screens.confirm import ConfirmScreen
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import NOW, STILL, staged

CALLERS, CAUSE = "20261122_101500_aaaaaaaa", "20261122_101500_bbbbbbbb"


def delegated() -> list[CoreEvent]:
    """A turn with one child that is done, one that works, and a task in the background."""

    def call(child: str, number: int, name: str, preview: str) -> list[CoreEvent]:
        call_id = f"{child}:call_{number}"
        return [
            ToolStarted(call_id=call_id, name=name, preview=preview, agent=(child,), ts=NOW - 20),
            ToolFinished(call_id=call_id, name=name, ok=True, duration_s=0.4, agent=(child,)),
        ]

    return [
        *turns.user(1, "Find out why the nightly sync dies, and who calls the retry loop."),
        TurnStarted(turn_id="t1"),
        BackgroundStarted(
            task_id="bg_1", kind="prompt", label="count the open issues", ts=NOW - 90
        ),
        Heartbeat(state="working", tool="terminal gh issue list", agent=("bg_1",)),
        ToolStarted(call_id="d1", name="delegate_task", preview="2 tasks", ts=NOW - 31),
        AgentSpawned(child_id=CALLERS, goal="list all callers of retry()", ts=NOW - 30),
        AgentSpawned(child_id=CAUSE, goal="find why the sync dies on flaky hosts", ts=NOW - 30),
        *call(CALLERS, 1, "search_files", '"retry(" in src/'),
        *call(CAUSE, 1, "read_file", "src/sync/retry.py"),
        *call(CALLERS, 2, "read_file", "jobs/nightly.py"),
        AgentFinished(child_id=CALLERS, status="completed", summary="Two: a.py, b.py", ts=NOW - 9),
        *call(CAUSE, 2, "terminal", "pytest -q tests/test_retry.py"),
    ]


RESULT = BackgroundFinished(
    task_id="bg_1", status="completed", summary="There are **12** open issues."
)


@pytest.mark.ac("agents-shown")
async def test_children_stand_under_their_call_and_one_is_ended_from_the_list(
    home: Home,
) -> None:
    async with staged(home, size=(160, 40), clocks=STILL) as stage:
        stage.session.say(*delegated())
        await until(lambda: "2 calls" in stage.shown_text())
        lines = [line for line in stage.shown_text().splitlines() if "╰" in line]
        chat = [line for line in lines if "flaky hosts" in line or "callers of retry" in line]
        assert len(chat) >= 2
        assert "2 calls" in next(line for line in chat if "callers" in line)
        await until(lambda: "╰ read  jobs/nightly.py" in stage.shown_text())  # the tool pane
        await stage.send("/agents")
        await until(lambda: stage.app.is_modal_open)
        await until(lambda: "count the open issues" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("e")
        await until(lambda: stage.session.sent(Interrupt))
        (asked,) = stage.session.sent(Interrupt)
        assert isinstance(asked, Interrupt)
        assert (asked.scope, asked.child_id) == ("child", CAUSE)


@pytest.mark.ac("agents-shown")
async def test_background_and_side_answers_are_blocks_of_their_own_in_the_smallest_window_too(
    home: Home,
) -> None:
    async with staged(home, size=(80, 24), clocks=STILL) as stage:
        await stage.send("/background count the open issues")
        await until(lambda: stage.session.sent(SpawnBackground))
        await stage.send("/btw which port was it?")
        await until(lambda: stage.session.sent(AskSide))
        stage.session.say(
            *delegated(),
            RESULT,
            BackgroundStarted(task_id="btw_1", kind="side", label="which port was it?"),
            BackgroundFinished(task_id="btw_1", status="failed", summary="No answer came."),
        )
        await until(lambda: "failed on the side" in stage.shown_text())
        shown = stage.shown_text()
        assert "◆ count the open issues  in the background" in shown
        assert "There are 12 open issues." in shown
        assert not stage.app.chat.state.background


@pytest.mark.ac("agents-shown")
def test_line_mode_tells_the_end_of_each_child_and_the_answers_beside() -> None:
    printed = as_lines([*delegated(), RESULT])
    assert "[ok] agent list all callers of retry()" in printed
    assert "nightly.py" not in printed
    assert "In the background: count the open issues [completed]\nThere are **12**" in printed
