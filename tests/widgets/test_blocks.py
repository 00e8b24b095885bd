"""The pieces below the transcript: wrapping, foreign text, diffs, the ledger."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from hermes_core.events import FileDiff, ToolFinished
from hermes_themes.mixing import contrast
from hermes_themes.roles import LAMPLIGHT, PALETTES
from hermes_widgets.blocks.block import Block
from hermes_widgets.blocks.diff_view import diff_rows
from hermes_widgets.blocks.hunks import changed_words, read_hunks
from hermes_widgets.blocks.ledger import KEPT_BLOCKS, Ledger
from hermes_widgets.blocks.notice_line import NoticeLine
from hermes_widgets.blocks.tool_line import ToolLine
from hermes_widgets.blocks.tool_output import argument_rows
from hermes_widgets.blocks.tool_words import tool_verb
from hermes_widgets.blocks.turn_end import spoken_seconds
from hermes_widgets.blocks.user_block import UserBlock
from hermes_widgets.blocks.wordmark import WORDMARK
from hermes_widgets.drawing.column import text_column
from hermes_widgets.drawing.foreign import lines_of, one_line, output_lines, visible
from hermes_widgets.drawing.glyphs import ASCII, UNICODE
from hermes_widgets.drawing.pens import TEXT, Pen, Styles, plain
from hermes_widgets.drawing.rows import Sheet
from hermes_widgets.drawing.wrapping import fold, wrap
from hermes_widgets.scroll_bar import thumb
from tests.widgets.transcript_stage import DIFF


def sheet(width: int = 84) -> Sheet:
    """A page of some width."""
    return Sheet(text_column(width), Styles(LAMPLIGHT))


def test_wrapped_lines_fit_and_join_to_the_source() -> None:
    chance = random.Random(11)
    scraps = ["a", "word", " ", "  ", "日本", "👩‍💻", "x" * 30, "é", "-"]
    for _ in range(500):
        text = "".join(chance.choice(scraps) for _ in range(chance.randrange(1, 40)))
        cut = chance.randrange(len(text))
        width = chance.randrange(2, 25)
        runs = [(text[:cut], TEXT), (text[cut:], Pen("gold"))]
        lines = wrap(runs, width)
        joined = "".join(plain(line.runs) + (line.joint or "") for line in lines)
        assert joined.strip() == text.strip()
        assert all(cell_len(plain(line.runs)) <= width for line in lines)
        folded = fold(runs, width)
        assert "".join(plain(line) for line in folded) == text
        assert all(cell_len(plain(line)) <= width for line in folded)


def test_columns_follow_the_grid() -> None:
    wide = text_column(84)
    assert (wide.left, wide.bar, wide.right) == (4, 2, 81)
    narrow = text_column(59)
    assert (narrow.left, narrow.bar, narrow.narrow) == (1, 0, True)
    capped = text_column(150, screen_width=150)
    assert (capped.left, capped.text) == (4, 110)
    centred = text_column(122, screen_width=200)
    assert (centred.left, centred.text) == (6, 110)


def test_controls_of_foreign_text_stay_visible_and_harmless() -> None:
    assert visible("a\x1b[2Jb\x7f\x85\u202e") == "a␛[2Jb␡��"
    assert one_line(" a\n\tb  c ") == "a b c"
    assert lines_of("a\tb\r\nc") == ["a   b", "c"]
    assert len(lines_of("x" * 9000)[0]) == 4097


def test_output_is_what_a_terminal_would_leave() -> None:
    assert output_lines("\x1b[1;31mred\x1b[0m\n10%\r50%\r100%\r\n\x1b]8;;http://x\x07link") == [
        "red",
        "100%",
        "link",
    ]


def test_hunks_know_numbers_gaps_and_changed_words() -> None:
    first, second = read_hunks(DIFF.unified)

    removed = [line for line in first.lines if line.sign == "-"]
    added = [line for line in first.lines if line.sign == "+"]
    assert [line.old for line in removed] == [22, 23, 24]
    assert [line.new for line in added] == [22, 23, 24, 25]
    assert second.skipped == 15
    start, end = added[0].changed[0]
    assert added[0].text[start:end] == " as error"
    sleep = next(line for line in added if "sleep" in line.text)
    ((start, end),) = sleep.changed
    assert sleep.text[start:end] == "backoff(attempt))"


def test_unlike_lines_have_no_marked_words() -> None:
    (hunk,) = read_hunks("@@ -1 +1 @@\n-alpha beta gamma\n+0123456789\n")

    assert all(line.changed == () for line in hunk.lines)
    assert changed_words("a b", "a c") == (((2, 3),), ((2, 3),))


def test_a_diff_splits_where_each_half_gets_48_cells() -> None:
    def is_split(width: int) -> bool:
        rows = diff_rows(DIFF, sheet(width), indent=2)
        return any(row.strip.text.count("fetch(url: str") == 2 for row in rows)

    assert not is_split(2 * 48 + 1 + 2 + 7 - 1)
    assert is_split(2 * 48 + 1 + 2 + 7)


def test_every_row_of_a_diff_is_as_wide_as_the_page() -> None:
    wide = FileDiff(
        path="a.py", unified="@@ -1 +1 @@\n-" + "x" * 300 + "\n+\t日本" * 40, added=1, removed=1
    )
    for width in (50, 84, 150):
        page = sheet(width)
        for split in (True, False):
            rows = diff_rows(wide, page, indent=2, split=split)
            assert {row.strip.cell_length for row in rows} == {page.column.drawn}


def test_tool_lines_never_cut_result_or_time() -> None:
    for width in (40, 60, 72, 80, 84, 120):
        line = ToolLine("c", "terminal", now=0)
        line.start("x" * 300, {}, (), "execute", 0)
        line.finish(
            ToolFinished(call_id="c", name="terminal", ok=False, duration_s=65, summary="exit 137")
        )
        page = sheet(width)
        (row,) = line.rows(page)
        text = row.strip.text.rstrip()
        assert text.endswith("1m 05s")
        assert "exit 137" in text
        assert len(text) == page.column.right


def test_long_facts_of_a_success_go_first_in_a_narrow_column() -> None:
    line = ToolLine("c", "web_search", now=0)
    line.finish(
        ToolFinished(call_id="c", name="web_search", ok=True, summary="about 40,000 results")
    )

    assert "40,000" not in line.rows(sheet(70))[0].strip.text
    assert "40,000" in line.rows(sheet(100))[0].strip.text


def test_paths_are_shortened_from_the_left() -> None:
    line = ToolLine("c", "read_file", now=0)
    path = "/".join(["deep"] * 40) + "/file.py"
    line.start(path, {}, (path,), "read", 0)

    assert "/file.py" in line.rows(sheet())[0].strip.text


def test_the_count_of_lines_left_out_is_that_of_the_whole_output() -> None:
    tail = "\n".join(f"line {number}" for number in range(281, 301))
    for ok, opened, said in (
        (False, False, "298 lines more"),
        (True, True, "280 lines more · v shows the whole"),
    ):
        line = ToolLine("c", "terminal", now=0)
        line.start("seq", {}, ("seq",), "execute", 0)
        done = ToolFinished(
            call_id="c", name="terminal", ok=ok, result_preview=tail, result_lines=300
        )
        line.finish(done)
        if opened:
            line.fold(False)
        assert said in line.rows(sheet())[-1].strip.text


def test_an_output_that_is_known_whole_says_nothing_of_more() -> None:
    line = ToolLine("c", "terminal", now=0)
    line.start("seq", {}, ("seq",), "execute", 0)
    line.finish(
        ToolFinished(call_id="c", name="terminal", ok=True, result_preview="a\nb", result_lines=2)
    )
    line.fold(False)
    assert "more" not in "".join(row.strip.text for row in line.rows(sheet()))


def test_tools_we_do_not_know_are_named_whole() -> None:
    line = ToolLine("c", "hue_set_scene", now=0)
    line.start("evening", {}, (), "execute", 0)

    assert "run     hue_set_scene evening" in line.rows(sheet())[0].strip.text
    assert tool_verb("mcp_github_search") == "github"


def test_long_pastes_are_chips_and_long_messages_fold() -> None:
    block = UserBlock("u", "look [Pasted text #1: 84 lines → /tmp/p.txt]\n" + "line\n" * 30)
    rows = block.rows(sheet())

    assert " Pasted text #1 · 84 lines " in rows[0].strip.text
    assert "lines more" in rows[-1].strip.text
    block.toggle()
    assert len(block.rows(sheet())) == 31


@pytest.mark.parametrize(
    ("value", "said"), [(0.04, "0.0 s"), (41.2, "41 s"), (125, "2 min 05 s"), (3720, "1 h 02 min")]
)
def test_durations_read_like_speech(value: float, said: str) -> None:
    assert spoken_seconds(value) == said


def test_glyphs_of_both_sets_are_one_cell() -> None:
    for glyphs in (UNICODE, ASCII):
        for name in glyphs.__struct_fields__:
            assert {cell_len(char) for char in getattr(glyphs, name)} == {1}, name


def test_the_wordmark_is_three_rows_of_equal_width() -> None:
    assert len(WORDMARK) == 3
    assert len({len(line) for line in WORDMARK}) == 1


def test_every_hue_can_be_read_on_the_tints_of_a_diff() -> None:
    lifted = 0
    for palette in PALETTES.values():
        styles = Styles(palette)
        for role in ("gold", "info", "ok", "warn", "bad", "lilac", "muted", "faint"):
            for plane in ("add_row", "add_word", "del_row", "del_word"):
                style = styles.style(Pen(role, plane=plane))
                assert style.color is not None
                assert contrast(style.color.name, getattr(palette, plane)) >= 4.5
                lifted += style.color.name == palette.text.lower()
    assert lifted > 0


def test_the_thumb_stays_inside_its_bar() -> None:
    assert thumb(20, 100, 20, 0) == (0, 4)
    assert thumb(20, 100, 20, 80) == (16, 20)
    assert thumb(20, 20_000, 20, 19_980) == (19, 20)
    assert thumb(20, 10, 20, 0) == (0, 0)


# --- the ledger --------------------------------------------------------------------------


def test_positions_agree_with_rows_whatever_changes() -> None:
    chance = random.Random(5)
    ledger, page = Ledger(), sheet()
    for step in range(300):
        block = NoticeLine("info", "\n".join(["x"] * chance.randrange(1, 5)))
        match chance.randrange(5):
            case 0 | 1:
                ledger.append(block)
            case 2:
                ledger.prepend([block, UserBlock(str(step), "hello")])
            case 3 if len(ledger):
                ledger.insert_before(chance.choice(ledger.blocks), block)
            case 4 if len(ledger) > 3:
                ledger.remove(chance.choice(ledger.blocks))
        for index in range(len(ledger)):
            ledger.rows(index, page)
        expected: list[tuple[Block, int]] = []
        for index, shown in enumerate(ledger.blocks):
            height = ledger.gap(index, page) + len(shown.rows(page))
            expected += [(shown, row) for row in range(height)]
        assert ledger.total(page) == len(expected)
        for y in chance.sample(range(len(expected)), min(5, len(expected))):
            spot = ledger.spot(y, page)
            assert spot is not None
            assert (ledger.blocks[spot.block], spot.row) == expected[y]
        serials = [ledger.serial(index) for index in range(len(ledger))]
        assert serials == sorted(set(serials))


def test_blocks_long_out_of_sight_give_their_rows_back() -> None:
    ledger, page = Ledger(), sheet()
    for number in range(KEPT_BLOCKS + 50):
        ledger.append(UserBlock(str(number), "hello"))
        ledger.rows(number, page)
    total = ledger.total(page)
    ledger.release_unused()

    assert ledger.laid_out == KEPT_BLOCKS
    assert not ledger.blocks[0].is_laid_out(page)
    assert ledger.total(page) == total


def test_a_row_below_the_end_is_nowhere() -> None:
    ledger = Ledger()
    assert ledger.spot(0, sheet()) is None


def test_names_of_arguments_are_foreign_text_too() -> None:
    page = sheet(60)
    (row,) = argument_rows({"\u202e\x1b[2J\n" + "n" * 90: "said"}, "", page)
    shown = row.strip.text
    assert "�␛[2J n" in shown
    assert "said" in shown
    assert cell_len(shown) <= 60
