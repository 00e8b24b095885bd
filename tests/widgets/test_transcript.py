"""What the transcript does: following, folding, the cursor, copying, robustness."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Offset
from textual.selection import Selection

from hermes_core.events import (
    MessageFinished,
    Notice,
    ReasoningFinished,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_themes.roles import LAMPLIGHT, PAPER
from hermes_widgets.blocks.error_card import CardAction
from hermes_widgets.blocks.selecting import row_key
from hermes_widgets.blocks.start_card import RecentSession, StartCardInfo
from hermes_widgets.theme import palette_of, use_palette
from hermes_widgets.transcript import Transcript
from tests.support import until
from tests.widgets.transcript_stage import (
    REPLY,
    Stage,
    seen,
    settled,
    tell_patch,
    tell_turn,
    tell_work,
    tool_done,
    turn_end,
)


@dataclass
class _Rows:
    """Many short exchanges."""

    count: int
    prefix: str = "q"

    def __call__(self, transcript: Transcript) -> None:
        for number in range(self.count):
            transcript.add_user(f"{self.prefix}{number}", f"{self.prefix} question {number}")
            transcript.finish_reply(f"{self.prefix}r{number}", text=f"answer {number}")


async def test_the_number_edge_is_four_cells_from_the_right() -> None:
    async with Stage(tell_work).run_test(size=(84, 40)) as pilot:
        lines = await settled(pilot)

    assert {len(line) for line in lines if line.endswith("s") and "✓" in line} == {81}
    assert all(line[4] != " " for line in lines if "read" in line or "nightly" in line)


async def test_a_reply_appears_with_its_first_character() -> None:
    async with Stage().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        app.transcript.begin_reply("m1")
        assert (await settled(pilot))[0] == ""
        app.transcript.append_reply("m1", "Hel")
        app.transcript.append_reply("m1", "lo")
        assert (await settled(pilot))[0] == "    Hello▍"
        app.transcript.finish_reply("m1", text="Hello")
        assert (await settled(pilot))[0] == "    Hello"


async def test_a_discarded_reply_leaves_nothing_and_stays_away() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.append_reply("m1", "half of")
        transcript.finish_reply("m1", state="discarded", reason="connection")
        transcript.append_reply("m1", " more")
        assert await settled(pilot) == [""] * 24
        assert transcript.block_count == 0


async def test_a_truncated_reply_says_why() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.append_reply("m1", "half of")
        transcript.finish_reply("m1", state="truncated", text="half of", reason="interrupted")
        lines = await settled(pilot)
        assert lines[0] == "    half of"
        assert lines[2] == "    ⊘ stopped by you"


async def test_reading_an_event_twice_changes_nothing() -> None:
    def twice(transcript: Transcript) -> None:
        tell_turn(transcript)
        tell_turn(transcript)

    async with Stage(tell_turn).run_test(size=(100, 40)) as pilot:
        once = await settled(pilot)
    async with Stage(twice).run_test(size=(100, 40)) as pilot:
        assert await settled(pilot) == once


@pytest.mark.ac("transcript-unknown-ids")
async def test_unknown_ids_never_raise() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.tool_output("?", "x")
        transcript.tool_waiting("?", True)
        transcript.finish_reply("?", text="")
        transcript.finish_reasoning("?", "", 1.0)
        transcript.rewind("?")
        transcript.move_cursor(-1)
        transcript.finish_tool(tool_done("late", "read_file", True, 0.1, "3 lines"))
        transcript.skip_tool(ToolSkipped(call_id="never", name="patch", cause="lost"))
        lines = await settled(pilot)
        assert any("3 lines" in line for line in lines)
        assert any("outcome unknown" in line for line in lines)


async def test_late_reasoning_stands_before_its_reply() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.append_reply("m1", "The answer")
        transcript.finish_reasoning("m1", "because of this", 2.0)
        lines = await settled(pilot)
        assert "thought 2 s" in lines[0]
        assert any("The answer" in line for line in lines[1:])


async def test_tools_of_the_machinery_are_not_shown() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.start_tool("c", "_thinking", "x")
        assert await settled(pilot) == [""] * 24


async def test_a_failure_the_model_got_over_turns_quiet_at_the_end() -> None:
    async with Stage(tell_work).run_test(size=(100, 40)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        assert any("31 lines more" in line for line in await settled(pilot))
        transcript.finish_turn(turn_end(outcome="failed", turn_id="a"))
        assert any("31 lines more" in line for line in await settled(pilot))


async def test_a_running_tool_of_an_ended_turn_is_stopped() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.start_tool("c", "terminal", "sleep 9")
        await settled(pilot)
        assert transcript.is_spinning
        transcript.finish_turn(turn_end(outcome="interrupted"))
        lines = await settled(pilot)
        assert any("⊘ $" in line and "stopped" in line for line in lines)
        assert any("stopped by you" in line for line in lines)
        await until(lambda: not transcript.is_spinning)


async def test_a_turn_that_ended_with_its_process_was_stopped_by_nobody() -> None:
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.finish_turn(turn_end(outcome="interrupted", reason="owner_lost"))
        lines = await settled(pilot)
        assert any("hermes stopped here" in line for line in lines)
        assert not any("by you" in line for line in lines)


async def test_the_seconds_of_a_running_tool_are_live() -> None:
    async with Stage().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        app.transcript.reduced_motion = False
        app.transcript.start_tool("c", "terminal", "sleep 9")
        app.clock.now += 12
        await until(lambda: any(line.endswith("12s") for line in seen(app.transcript)))
        app.transcript.finish_tool(tool_done("c", "terminal", True, 12.4, ""))
        await until(lambda: not app.transcript.is_spinning)


# --- following -------------------------------------------------------------------------


async def test_scrolling_up_releases_and_counts_what_is_new() -> None:
    async with Stage(_Rows(20)).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        assert transcript.is_following
        transcript.scroll_to(y=5, animate=False)
        before = await settled(pilot)
        transcript.add_user("new", "one more")
        transcript.finish_reply("newer", text="and its answer")
        after = await settled(pilot)
        assert not transcript.is_following
        assert after[:-1] == before[:-1]
        assert after[-1].endswith("↓ 2 new")
        transcript.go_to_end()
        assert "and its answer" in (await settled(pilot))[-1]
        assert transcript.new_blocks == 0


async def test_older_history_in_front_moves_nothing_that_is_seen() -> None:
    async with Stage(_Rows(20, "new")).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        transcript.scroll_to(y=3, animate=False)
        before = await settled(pilot)
        history: list[Any] = []
        for number in range(30):
            history += [
                MessageFinished(message_id=f"u{number}", role="user", text=f"old {number}"),
                ReasoningFinished(message_id=f"a{number}", text="hm " * 50, seconds=1.0),
                ToolStarted(call_id=f"c{number}", name="read_file", preview="a.py"),
                ToolFinished(call_id=f"c{number}", name="read_file", ok=True, summary="1 line"),
                MessageFinished(message_id=f"a{number}", role="assistant", text="so " * 90),
                TurnFinished(turn_id=f"t{number}", outcome="completed", reason="text_response"),
            ]
        transcript.prepend_history(history)
        assert await settled(pilot) == before
        transcript.prepend_history(history)
        count = transcript.block_count
        assert count == 40 + 30 * 5
        transcript.action_top()
        assert "old 0" in "\n".join(await settled(pilot))


async def test_coming_close_to_the_top_asks_for_history_once() -> None:
    async with Stage(_Rows(20)).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        await settled(pilot)
        for y in (4, 2, 0):
            app.transcript.scroll_to(y=y, animate=False)
            await pilot.pause()
        wanted = [item for item in app.said if isinstance(item, Transcript.HistoryWanted)]
        assert len(wanted) == 1


async def test_another_width_keeps_what_is_at_the_top() -> None:
    def fill(transcript: Transcript) -> None:
        for number in range(40):
            transcript.finish_reply(f"r{number}", text=f"start {number} " + "word " * 60)

    async with Stage(fill).run_test(size=(100, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        transcript.scroll_to(y=30, animate=False)
        before = next(line for line in await settled(pilot) if "start" in line).split()[1]
        await pilot.resize_terminal(70, 24)
        after = next(line for line in await settled(pilot) if "start" in line).split()[1]
        assert before == after


async def test_the_question_is_pinned_once_it_is_scrolled_off() -> None:
    async with Stage(tell_turn).run_test(size=(100, 30)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.append_reply("m2", "line\n\n" * 20)
        lines = await settled(pilot)
        assert lines[0].startswith("  ▌ The nightly sync")
        assert lines[0].endswith("↑")
        assert lines[1] == ""
        transcript.scroll_to_last_user()
        assert "The nightly sync" in (await settled(pilot))[0]
        assert not (await settled(pilot))[0].endswith("↑")


async def test_a_rewind_takes_the_message_and_all_after_it() -> None:
    async with Stage(_Rows(4)).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        transcript.rewind("q2")
        text = "\n".join(await settled(pilot))
        assert "question 1" in text
        assert "question 2" not in text
        assert transcript.block_count == 4


# --- folding, cursor, copying ------------------------------------------------------------


async def test_folding_all_hides_diffs_and_output() -> None:
    async with Stage(tell_patch).run_test(size=(100, 40)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        assert any("OSError" in line for line in await settled(pilot))
        transcript.fold_all(True)
        assert not any("OSError" in line for line in await settled(pilot))
        transcript.fold_all(False)
        assert any("OSError" in line for line in await settled(pilot))
        assert transcript.has_unfolded_tools


async def test_a_click_on_a_tool_line_opens_it() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.finish_tool(tool_done("c", "terminal", True, 0.1, "ok", "first\nsecond"))

    async with Stage(fill).run_test() as pilot:
        await settled(pilot)
        await pilot.click(Transcript, offset=(20, 0))
        lines = await settled(pilot)
        assert lines[1].endswith("first")
        assert lines[2].endswith("second")


async def test_the_cursor_walks_over_blocks_and_copies_their_source() -> None:
    async with Stage(tell_turn).run_test(size=(100, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        await settled(pilot)
        await pilot.press("alt+up", "alt+up", "y", "c", "enter")
        for _ in range(9):
            await pilot.press("alt+up")
        await pilot.press("e", "escape")
        await pilot.pause()
        copied, code, menu, edit = app.said
        assert copied == Transcript.CopyRequested(REPLY, "block")
        assert isinstance(code, Transcript.CopyRequested)
        assert code.text.startswith("def backoff(")
        assert isinstance(menu, Transcript.MenuRequested)
        assert (menu.kind, menu.message_id) == ("reply", "m1")
        assert isinstance(edit, Transcript.EditRequested)
        assert edit.message_id == "u1"
        assert app.transcript.cursor_block is None


async def test_letters_press_the_buttons_of_a_card() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.error("It broke", "Try again.", "trace", [CardAction("r", "retry", "retry")])

    async with Stage(fill).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        await settled(pilot)
        await pilot.press("alt+up", "r")
        await pilot.pause()
        assert app.said == [Transcript.ActionChosen("retry", "It broke\nTry again.\ntrace")]


async def test_a_click_on_a_recent_session_chooses_it_and_work_ends_the_card() -> None:
    info = StartCardInfo(
        model="m", recent=(RecentSession(session_id="s9", title="Old work", age="2 h"),)
    )

    async with Stage(lambda transcript: transcript.show_start_card(info)).run_test() as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        lines = await settled(pilot)
        row = next(number for number, line in enumerate(lines) if "Old work" in line)
        await pilot.click(Transcript, offset=(10, row))
        await pilot.pause()
        assert app.said == [Transcript.SessionChosen("s9")]
        app.transcript.add_user("u", "hello")
        assert (await settled(pilot))[0] == "  ▌ hello"
        assert app.transcript.block_count == 1


@pytest.mark.ac("copy-clean")
async def test_selected_text_has_no_gutters_and_wrapped_lines_are_joined() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.add_user("u", "What is it?")
        transcript.finish_reply("m", text="one two three " * 10 + "\n\n```\ncode  line\n```")

    async with Stage(fill).run_test(size=(60, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        found = transcript.get_selection(Selection(None, None))
        assert found is not None
        assert found[0] == "What is it?\n\n" + ("one two three " * 10).strip() + "\n\ncode  line"
        first = transcript.get_selection(Selection(Offset(6, row_key(0, 0)), Offset(11, 0)))
        assert first is not None
        assert first[0] == "at is"


async def test_dragging_selects_text_and_the_view_stands_still() -> None:
    async with Stage(_Rows(20)).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        lines = await settled(pilot)
        row = next(number for number, line in enumerate(lines) if "answer" in line)
        await pilot.mouse_down(Transcript, offset=(4, row))
        await pilot.hover(Transcript, offset=(10, row))
        await pilot.mouse_up(Transcript, offset=(10, row))
        await pilot.pause()
        assert pilot.app.screen.get_selected_text() == "answer"
        transcript.add_user("more", "and more")
        assert await settled(pilot) == lines
        pilot.app.screen.clear_selection()
        await until(lambda: "and more" in seen(transcript)[-1])


# --- looks -----------------------------------------------------------------------------


async def test_another_palette_colours_what_is_there() -> None:
    async with Stage(tell_work).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        use_palette(pilot.app, PAPER)
        await settled(pilot)
        assert palette_of(pilot.app) == PAPER
        style = next(iter(transcript.render_line(0))).style
        assert style is not None
        assert style.bgcolor is not None
        assert style.bgcolor.name == PAPER.canvas.lower()


async def test_a_palette_edited_under_its_name_is_applied_in_place() -> None:
    async with Stage(tell_work).run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        use_palette(pilot.app, replace(LAMPLIGHT, canvas="#010203"))
        await settled(pilot)
        style = next(iter(transcript.render_line(0))).style
        assert style is not None
        assert style.bgcolor is not None
        assert style.bgcolor.name == "#010203"


async def test_plain_characters_replace_every_glyph() -> None:
    async with Stage(tell_work).run_test(size=(100, 30)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.use_ascii = True
        text = "".join(await settled(pilot))
        assert set(text) - {"±", "…"} <= {chr(code) for code in range(32, 127)}


async def test_progress_off_shows_replies_and_failures_alone() -> None:
    async with Stage(tell_work).run_test(size=(100, 30)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.progress = "off"
        lines = await settled(pilot)
        assert not any("58 lines" in line for line in lines)
        assert any("exit 1" in line for line in lines)


@pytest.mark.ac("foreign-text")
async def test_foreign_text_is_never_markup_or_escape_codes() -> None:
    rude = "[bold red]x[/] \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202eevil \x9b5m [@click=app.quit]"

    def fill(transcript: Transcript) -> None:
        transcript.add_user("u", rude)
        transcript.finish_reasoning("m", rude, 1.0)
        transcript.start_tool("c", "terminal", rude, {"command": rude})
        transcript.finish_tool(tool_done("c", "terminal", False, 0.1, rude, rude))
        transcript.finish_reply(
            "m", text=f"{rude}\n\n`{rude}`\n\n```\n{rude}\n```\n\n|a|\n|-|\n|{rude}|"
        )
        transcript.notice(Notice(level="error", code="x", text=rude))
        transcript.error(rude, rude, rude, [CardAction("r", "retry", "retry")])

    async with Stage(fill).run_test(size=(120, 60)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.fold_all(False)
        text = "\n".join(await settled(pilot))
        assert "[bold red]x[/]" in text
        assert not any(ord(char) < 32 and char != "\n" for char in text)
        assert not set(text) & {"\x7f", "\x9b", "\u202e"}


@pytest.mark.ac("random-streams")
async def test_random_streams_and_sizes_never_raise_nor_show_controls() -> None:
    chance = random.Random(20260)
    scraps = [
        "word ", "**bold", "** ", "`code", "` ", "\n", "\n\n", "```py\n", "\n```\n", "- item\n",
        "1. one\n", "> quote\n", "| a | b |\n", "|--|--|\n", "\x1b[31m", "日本語", "👩‍💻", "[x](",
        "http://a.b) ", "# head\n", "\t", "\r", "    ", "~~~\n", "***\n", "\x00", "<b>", "🇩🇪 ",
    ]  # fmt: skip
    async with Stage().run_test() as pilot:
        transcript = pilot.app.query_one(Transcript)
        for step in range(96):
            reply = f"m{chance.randrange(6)}"
            call = f"c{chance.randrange(8)}"
            text = "".join(chance.choice(scraps) for _ in range(chance.randrange(1, 14)))
            for action in chance.sample(range(12), 3):
                _act(transcript, action, reply, call, text, step)
            if step % 12 == 0:
                await pilot.resize_terminal(chance.randrange(4, 180), chance.randrange(2, 60))
            if step % 4 == 0:
                shown = "".join(await settled(pilot))
                assert not any(ord(char) < 32 for char in shown)
        assert transcript.block_count > 5


def _act(transcript: Transcript, action: int, reply: str, call: str, text: str, step: int) -> None:
    match action:
        case 0 | 1 | 2:
            transcript.append_reply(reply, text)
        case 3:
            transcript.finish_reply(reply, text="")
        case 4:
            transcript.add_user(f"u{step}", text)
        case 5:
            transcript.start_tool(call, "terminal", text, {"command": text}, depth=step % 3)
        case 6:
            transcript.tool_output(call, text)
        case 7:
            transcript.finish_tool(tool_done(call, "terminal", step % 2 == 0, 0.1, text, text * 9))
        case 8:
            transcript.append_reasoning(reply, text)
        case 9:
            transcript.fold_all(step % 2 == 0)
        case 10:
            transcript.move_cursor(-1)
        case 11:
            transcript.scroll_to(y=step, animate=False)


@pytest.mark.ac("long-session")
async def test_five_thousand_messages_lay_out_only_what_is_seen() -> None:
    def fill(transcript: Transcript) -> None:
        transcript.prune_rows = 100_000
        _Rows(2500)(transcript)

    async with Stage(fill).run_test(size=(120, 40)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        await settled(pilot)
        assert transcript.block_count == 5000
        assert transcript.laid_out_blocks < 100
        assert len(list(transcript.walk_children())) <= 3
        transcript.action_top()
        assert "question 0" in (await settled(pilot))[0]
        for y in range(0, 4000, 40):
            transcript.scroll_to(y=y, animate=False)
            await asyncio.sleep(0)
        assert transcript.laid_out_blocks <= 450


@pytest.mark.ac("follow-the-end")
async def test_the_last_lines_are_in_view_however_they_come_together() -> None:
    """Bursts of blocks, heights that change while they come, a view that shrinks and grows."""
    choice = random.Random(20_260_101)
    async with Stage(lambda _: None).run_test(size=(80, 20)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        for number in range(5):
            transcript.add_user(f"u{number}", "go on\n" * choice.randint(1, 4))
            for call in range(choice.randint(1, 3)):
                call_id = f"c{number}-{call}"
                transcript.start_tool(call_id, "terminal", f"command {call}")
                transcript.append_reply(f"a{number}-{call}", "word " * choice.randint(0, 200))
                if choice.random() < 0.5:
                    await pilot.pause()
                if choice.random() < 0.3:
                    await pilot.resize_terminal(80, choice.randint(10, 30))
                transcript.finish_tool(
                    ToolFinished(
                        call_id=call_id,
                        name="terminal",
                        ok=choice.random() < 0.5,
                        result_preview="line\n" * choice.randint(0, 9),
                    )
                )
            transcript.finish_turn(
                TurnFinished(outcome="interrupted", reason="interrupted", turn_id=f"t{number}")
            )
            transcript.notice(Notice(level="info", code="x", text=f"the end of {number}"))
            shown = await settled(pilot)
            assert transcript.is_following
            assert any(f"the end of {number}" in line for line in shown[-2:]), shown


def _tell_reads(transcript: Transcript, count: int, *, turn: str = "t1") -> None:
    for number in range(count):
        call = f"{turn}-{number}"
        path = f"src/file{number}.py"
        transcript.start_tool(call, "read_file", path, {"path": path}, (path,), kind="read")
        transcript.finish_tool(tool_done(call, "read_file", True, 0.1, "58 lines"))


@pytest.mark.ac("read-runs")
async def test_files_read_one_after_the_other_become_one_line_that_opens() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        _tell_reads(transcript, 5)
        assert sum("read" in line for line in await settled(pilot)) == 5
        transcript.start_tool("c1", "terminal", "ls", kind="execute")
        lines = await settled(pilot)
        told = [line for line in lines if "read" in line]
        assert [line.split() for line in told] == [["▏", "✓", "read", "5", "files", "0.5s"]]
        assert len(told[0]) == 81
        transcript.move_cursor(-1)
        transcript.move_cursor(-1)
        transcript.action_fold()
        assert sum("src/file" in line for line in await settled(pilot)) == 5
        transcript.fold_all(True)
        assert sum("read" in line for line in await settled(pilot)) == 1
        transcript.finish_turn(turn_end())
        _tell_reads(transcript, 3, turn="t2")
        transcript.finish_turn(turn_end(turn_id="t2"))
        assert sum("src/file" in line for line in await settled(pilot)) == 3


@pytest.mark.ac("progress-modes")
async def test_the_mode_new_shows_a_tool_called_again_once() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        _tell_reads(transcript, 3)
        transcript.start_tool("c1", "terminal", "false", kind="execute")
        transcript.finish_tool(tool_done("c1", "terminal", False, 0.1, "exit 1"))
        transcript.start_tool("c2", "terminal", "false", kind="execute")
        transcript.finish_tool(tool_done("c2", "terminal", False, 0.1, "exit 1"))
        transcript.progress = "new"
        lines = await settled(pilot)
        assert sum("src/file" in line for line in lines) == 1
        assert sum("exit 1" in line for line in lines) == 2
        transcript.progress = "all"
        assert sum("src/file" in line for line in await settled(pilot)) == 3


@pytest.mark.ac("reasoning-modes")
async def test_thinking_is_one_line_open_or_hidden_until_folded_by_hand() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.finish_reasoning("m1", "first thought\nsecond thought", 4.0)
        transcript.finish_reply("m1", text="done")
        assert "second thought" not in "\n".join((await settled(pilot))[1:])
        transcript.reasoning = "expanded"
        assert any(line.endswith("second thought") for line in await settled(pilot))
        transcript.reasoning = "hidden"
        assert (await settled(pilot))[0] == "    done"
        transcript.reasoning = "expanded"
        transcript.move_cursor(-1)
        transcript.move_cursor(-1)
        transcript.action_fold()
        assert not any(line.endswith("second thought") for line in (await settled(pilot))[1:])


@pytest.mark.ac("display-keys")
async def test_replies_may_wait_until_complete_and_diffs_until_opened() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        transcript.streaming = transcript.inline_diffs = False
        transcript.preview_chars = 8
        tell_patch(transcript)
        transcript.append_reply("m1", "half")
        lines = await settled(pilot)
        assert [line for line in lines if line.strip()] == [lines[0]]
        assert "…etry.py" in lines[0]
        transcript.finish_reply("m1", text="half and half")
        assert "    half and half" in await settled(pilot)
        transcript.move_cursor(-1)
        transcript.move_cursor(-1)
        transcript.action_fold()
        assert any("except OSError" in line for line in await settled(pilot))


@pytest.mark.ac("wide-blocks")
async def test_wide_code_is_folded_until_it_is_moved_sideways() -> None:
    async with Stage().run_test(size=(60, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        code = "x = " + "a" * 40 + "b" * 40
        transcript.finish_reply("m1", text=f"```python\n{code}\n```")
        assert len([line for line in await settled(pilot) if line.strip()]) == 2
        transcript.move_cursor(-1)
        await pilot.press("right")
        lines = [line.strip(" ▌") for line in await settled(pilot) if line.strip()]
        assert lines == ["a" * 36 + "b" * 13]
        await pilot.press("left")
        assert len([line for line in await settled(pilot) if line.strip()]) == 2


@pytest.mark.ac("copy-rendered")
async def test_a_copied_reply_is_its_markdown_or_what_is_seen() -> None:
    async with Stage().run_test(size=(60, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, Stage)
        text = "Some **bold** words that are long enough to be wrapped in this narrow column."
        app.transcript.finish_reply("m1", text=text)
        await settled(pilot)
        app.transcript.move_cursor(-1)
        app.transcript.action_copy("block")
        app.transcript.copies_rendered = True
        app.transcript.action_copy("block")
        await pilot.pause()
        copied = [said.text for said in app.said if isinstance(said, Transcript.CopyRequested)]
        assert copied == [text, text.replace("**", "")]


@pytest.mark.ac("plan-in-blocks")
async def test_a_plan_stands_below_its_line_until_it_is_folded() -> None:
    async with Stage().run_test(size=(84, 24)) as pilot:
        transcript = pilot.app.query_one(Transcript)
        items = [
            {"id": "1", "content": "Read [b]the loop[/b]", "status": "completed"},
            {"id": "2", "content": "Back off", "status": "in_progress"},
        ]
        transcript.start_tool("p", "todo", "Back off", {"todos": items})
        transcript.finish_tool(tool_done("p", "todo", True, 0.1, "1/2"))
        lines = [line.strip(" ▏") for line in await settled(pilot)]
        assert lines[1:3] == ["✓ Read [b]the loop[/b]", "▸ Back off"]
        transcript.move_cursor(-1)
        transcript.action_fold()
        assert not any("Read" in line for line in await settled(pilot))
