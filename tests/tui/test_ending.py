"""What is kept when the program ends, and what brings it back."""

from __future__ import annotations

import pytest

from hermes_core.errors import OwnerLost
from hermes_core.events import MessageFinished, MessageStarted
from hermes_core.paths import Home
from hermes_tui.ending.farewell import summary_lines
from hermes_tui.ending.keeper import counted
from hermes_tui.ending.unfinished import OpenTab, RunFile, take_left_behind
from hermes_tui.launch_state import ExitState, LaunchState
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.terminal.mouse_filter import MouseFilter
from tests.fakes import scripted_turns as turns
from tests.support import until
from tests.tui.stage import build, staged

TAB = OpenTab(session_id="s1", draft="half a thought", is_shown=True)


@pytest.mark.ac("unfinished-kept")
def test_the_file_of_a_living_run_is_left_alone_and_that_of_a_gone_one_is_taken(
    home: Home,
) -> None:
    living, gone = RunFile(home.unfinished), RunFile(home.unfinished)
    living.write([OpenTab(draft="mine")])
    gone.write([TAB])
    gone.close()
    assert take_left_behind(home.unfinished) == [TAB]
    assert take_left_behind(home.unfinished) == []
    living.close()
    assert take_left_behind(home.unfinished) == [OpenTab(draft="mine")]
    assert list(home.unfinished.iterdir()) == []


@pytest.mark.ac("unfinished-kept")
def test_a_file_that_is_no_json_is_left_where_it_is(home: Home) -> None:
    home.unfinished.mkdir(parents=True)
    (home.unfinished / "run-1-1.json").write_text("{half")
    assert take_left_behind(home.unfinished) == []
    assert (home.unfinished / "run-1-1.json").exists()


@pytest.mark.ac("unfinished-kept")
async def test_a_run_that_is_broken_off_is_offered_and_restored_with_its_place(
    home: Home,
) -> None:
    past = [*turns.work_so_far(), *turns.writing(), *turns.finished()]
    first, workspace = build(home, launch=LaunchState(session_id="s1"))
    workspace.add_session("s1", title="one", events=past)
    async with first.run_test(size=(80, 24)) as pilot:
        page = first.chat.transcript
        await until(lambda: first.chat.state.turns == 1 and page.max_scroll_y > 5)
        first.chat.composer.set_draft("half a thought")
        await pilot.pause()
        page.scroll_to(y=page.max_scroll_y - 5, animate=False)
        await until(lambda: not page.is_following)
        await first.leaving.break_off()
    app, workspace = build(home)
    workspace.add_session("s1", title="one", events=past)
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.keeper.left)
        assert counted(app.keeper.left) == "1 conversation, 1 draft"
        assert [tab.rows_above_end for tab in app.keeper.left] == [5]
        await app.keeper.restore()
        await until(lambda: app.chat.state.turns == 1)
        assert app.chat.composer.draft == "half a thought"
        assert app.keeper.left == []


@pytest.mark.ac("unfinished-kept")
async def test_a_conversation_that_is_opened_again_has_its_draft(home: Home) -> None:
    file = RunFile(home.unfinished)
    file.write([TAB])
    file.close()
    app, workspace = build(home, launch=LaunchState(session_id="s1"))
    workspace.add_session("s1", title="one", events=turns.work_so_far())
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.chat.composer.draft == "half a thought")


@pytest.mark.ac("unfinished-kept")
async def test_leaving_by_choice_leaves_nothing_but_drafts(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: stage.app.chat.state.has_content)
        await stage.app.keeper.save()
        await stage.app.leaving.finish()
    assert take_left_behind(home.unfinished) == []


@pytest.mark.ac("restart-card")
async def test_a_lost_conversation_goes_on_in_place_and_keeps_what_was_typed(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        app, session = stage.app, stage.session
        session.say(*turns.work_so_far())
        await stage.type("typed meanwhile")
        session.end()
        await until(lambda: app.chat.state.is_closed)
        await stage.pilot.pause()
        await until(lambda: "restart" in stage.shown_text())
        before = app.chat.transcript.block_count
        await app.sessions.reopen(app.chat)
        assert not app.chat.state.is_closed
        session.say(
            MessageStarted(message_id="m2", role="assistant"),
            MessageFinished(message_id="m2", role="assistant", text="I am back."),
        )
        await until(lambda: app.chat.state.last_reply == "I am back.")
        assert app.chat.transcript.block_count == before + 1
        assert app.chat.composer.draft == "typed meanwhile"


@pytest.mark.ac("restart-card")
async def test_a_process_that_cannot_be_reached_again_is_told(home: Home) -> None:
    async with staged(home, size=(80, 24)) as stage:
        app = stage.app
        stage.session.end()
        await until(lambda: app.chat.state.is_closed)
        stage.session.fail_with = OwnerLost("gone")
        stage.workspace.sessions.clear()
        await app.sessions.reopen(app.chat)
        await until(lambda: "No conversation has the id" in stage.shown_text())
        assert app.chat.state.is_closed


@pytest.mark.ac("left-behind-text")
@pytest.mark.parametrize(
    ("wanted", "has_reply", "has_question"),
    [("last", True, False), ("all", True, True), ("none", False, False)],
)
async def test_what_stays_in_the_terminal_is_a_choice(
    home: Home, wanted: str, has_reply: bool, has_question: bool
) -> None:
    app, workspace = build(home)
    workspace.settings["tui.leave_transcript"] = wanted
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        session = workspace.sessions[app.chat.state.session_id]
        session.say(*turns.work_so_far(), *turns.writing(), *turns.finished())
        await until(lambda: app.chat.state.turns == 1)
        await app.leaving.finish()
    left = app.return_value
    assert left is not None
    assert ("twice as long" in left.text) is has_reply
    assert (turns.QUESTION in left.text) is has_question


@pytest.mark.ac("confirm-exit")
async def test_leaving_asks_as_it_was_chosen(home: Home) -> None:
    app, workspace = build(home)
    workspace.settings["tui.confirm_exit"] = "always"
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.is_ready and app.chat.state.runtime is not None)
        app.run_worker(app.leave())
        await until(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape")
        session = workspace.sessions[app.chat.state.session_id]
        session.say(*turns.work_so_far())
        await until(lambda: app.chat.state.is_busy and not app.is_modal_open)
        app.chosen.confirm_exit = "never"
        await app.leave()
    assert app.return_value is not None


async def test_keys_on_their_way_while_the_program_ends_open_and_close_nothing(
    home: Home,
) -> None:
    async with staged(home) as stage:
        app = stage.app
        await app.leaving.finish()
        await app.open_new()
        await app.close_shown()
        await app.leaving.finish()
        assert len(app.open_panes()) == 1
        assert stage.session.released == 1
    assert app.failure is None


@pytest.mark.ac("exit-summary")
def test_the_summary_says_how_to_come_back_and_to_what() -> None:
    left = ExitState(
        session_id="20260101_1",
        title='say "hi"',
        seconds=3725,
        user_messages=2,
        replies=3,
        tool_calls=1,
    )
    assert summary_lines(left) == [
        "Resume with: hermes --resume 20260101_1",
        '         or: hermes -c "say \\"hi\\""',
        "Session:  20260101_1",
        'Title:    say "hi"',
        "Duration: 1h 2m 5s",
        "Messages: 5 (2 user, 1 tool call)",
    ]
    assert summary_lines(ExitState()) == ["Goodbye."]


@pytest.mark.ac("mouse-filter")
@pytest.mark.parametrize(
    ("pieces", "passed"),
    [
        (["a\x1b[<0;5;5Mb"], "a\x1b[<0;5;5Mb"),
        (["a\x1b[<0;NaN;NaNMb"], "ab"),
        (["a\x1b[<0;5", ";5Mb"], "a\x1b[<0;5;5Mb"),
        (["a\x1b[<0;Na", "N;1mb"], "ab"),
        (["\x1b[<0;-3;1M"], "\x1b[<0;-3;1M"),
        (["\x1b[A\x1b", "x"], "\x1b[A\x1bx"),
    ],
)
def test_only_whole_and_valid_reports_of_the_mouse_pass(pieces: list[str], passed: str) -> None:
    reports = MouseFilter()
    assert "".join(map(reports.feed, pieces)) == passed


async def test_leaving_names_every_conversation_that_still_works(home: Home) -> None:
    async with staged(home, size=(100, 30)) as stage:
        stage.session.say(*turns.work_so_far())
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.pilot.press("ctrl+d")
        await until(lambda: "“fix the retry loop” has not finished." in stage.shown_text())
        assert "Stop it and leave" in stage.shown_text()
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        await stage.app.open_new()
        stage.session.say(*turns.work_so_far(question="second"))
        await until(lambda: stage.app.chat.state.is_busy)
        await stage.pilot.press("ctrl+d")
        await until(lambda: " have not finished." in stage.shown_text())
        assert "“fix the retry loop” and “" in stage.shown_text()
        assert "Wait until they are done, then leave" in stage.shown_text()
