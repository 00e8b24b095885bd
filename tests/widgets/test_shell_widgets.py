"""The small widgets of the shell, by their pure functions and in apps of a few lines."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual import events, on
from textual.app import App, ComposeResult
from textual.widgets import Static

from hermes_core.events import ApprovalFinding, QuestionAsked
from hermes_themes.roles import LAMPLIGHT
from hermes_themes.variables import variables
from hermes_widgets.approval_card import findings_content, subject_content
from hermes_widgets.clarify_card import ClarifyCard
from hermes_widgets.composing.composer import Composer
from hermes_widgets.composing.composer_history import HistoryWalk, InputHistory
from hermes_widgets.composing.composer_menu import Completion
from hermes_widgets.composing.composer_paste import PasteFold
from hermes_widgets.composing.hint_row import ComposerHint, hint_content
from hermes_widgets.drawing.cell_filters import PLAIN
from hermes_widgets.fitting import age, clean, clean_draft, fit, fit_left, seconds, tokens
from hermes_widgets.footer_keys import KeyLabel, footer_content
from hermes_widgets.gauge import gauge, gauge_style
from hermes_widgets.list_rows import Row, RowList, row_lines
from hermes_widgets.pane_head import head_content
from hermes_widgets.queue_strip import queue_content
from hermes_widgets.status_bar import Status, StatusBar, status_content
from hermes_widgets.tab_row import Place, Tab, tab_pieces
from tests.fakes.scripted_turns import approval
from tests.support import until

PASTE = "\n".join(f"line {number}" for number in range(84))


class Bench(App[None]):
    """Holds one widget and what it says."""

    def __init__(self, widget: Composer | RowList | StatusBar | ClarifyCard) -> None:
        super().__init__()
        self.widget = widget
        self.sent: list[str] = []
        self.chosen: list[str] = []

    def get_css_variables(self) -> dict[str, str]:
        """With our roles."""
        return {**variables(LAMPLIGHT), **super().get_css_variables()}

    def compose(self) -> ComposeResult:
        """The widget alone."""
        yield self.widget

    def on_composer_sent(self, event: Composer.Sent) -> None:
        """Note what was sent."""
        self.sent.append(event.text)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Note what was chosen."""
        self.chosen.append(event.key)


def test_text_is_shortened_by_cells_and_controls_are_dropped() -> None:
    assert fit("日本語テキスト", 7) == "日本語…"
    assert fit("short", 10) == "short"
    assert fit_left("~/code/very/long/path", 10) == "…long/path"
    assert clean("a\x1b[31mb\u202ec\td\ne") == "a[31mbc d e"


def test_units_read_as_in_the_columns() -> None:
    assert [seconds(value) for value in (0.12, 41.2, 65, 7380)] == [
        "0.1s",
        "41s",
        "1m 05s",
        "2h 03m",
    ]
    assert [age(value) for value in (5, 130, 7300, 90_000, 40 * 86_400)] == [
        "now",
        "2m",
        "2h",
        "1d",
        "5w",
    ]
    assert [tokens(value) for value in (980, 3_140, 62_000, 1_200_000)] == [
        "980",
        "3.1k",
        "62k",
        "1.2M",
    ]


def test_a_gauge_is_coloured_by_its_level_and_never_empty_above_zero() -> None:
    assert [gauge_style(share) for share in (0.1, 0.5, 0.8, 0.95)] == [
        "$h-ok",
        "$h-warn",
        "$h-bad",
        "$h-bad bold",
    ]
    assert gauge(0.001, 12).cell_length == 12
    assert gauge(0.001, 12).spans[0].end == 1


def test_what_is_free_of_a_gauge_is_told_without_colours() -> None:
    assert gauge(0.25, 8).plain == "━━──────"
    assert PLAIN["━"] != PLAIN["─"]


@pytest.mark.parametrize("width", [20, 36, 59, 60, 80, 100, 120, 200])
def test_every_row_is_exactly_as_wide_as_it_may_be(width: int) -> None:
    status = Status(
        phase="busy",
        word="running pytest -q tests/test_retry.py",
        since=0.0,
        hint="esc stops",
        model="hermes-4-405b",
        used_tokens=62_000,
        window_tokens=200_000,
        cost_usd=0.06,
    )
    assert status_content(status, width, frame=0, now=41.0).cell_length == width
    tabs = [Tab(key=str(n), title=f"conversation number {n}") for n in range(8)]
    place = Place(folder="~/code/sync", branch="main")
    pieces = tab_pieces(tabs, "5", place, width)
    if width >= 60:
        assert sum(piece.content.cell_length for piece in pieces) == width
        assert any("conversation" in piece.content.plain for piece in pieces)
    keys = [
        KeyLabel(*entry)
        for entry in (("^p", "commands"), ("^o", "unfold"), ("alt+2", "tools"), ("alt+3", "more"))
    ]
    footer = footer_content(keys, width)
    assert footer.cell_length == width
    assert footer.plain.rstrip().endswith("f1 help")
    row = Row(key="k", glyph="✓", text="日本語 " * 30, right="12s", note="note", detail="more")
    assert [line.cell_length for line in row_lines(row, width, cursor=True, focused=True)] == [
        width,
        width,
    ]


def test_the_status_row_drops_whole_fields_and_keeps_what_goes_on() -> None:
    status = Status(phase="busy", word="writing", since=0.0, hint="esc stops", model="m" * 40)
    assert "writing · 41s · esc stops" in status_content(status, 80, frame=0, now=41.0).plain
    assert "esc stops" not in status_content(status, 40, frame=0, now=41.0).plain


def test_waiting_messages_are_three_rows_and_a_count() -> None:
    plain = queue_content(["one", "two", "three", "four", "five"], 60).plain
    assert plain.count("\n") == 2
    assert "^x drop" in plain
    assert "+2" in plain


def test_a_heading_keeps_its_count_at_the_number_edge_with_and_without_the_keyboard() -> None:
    for is_lit in (False, True):
        head = head_content("Sessions", "12", 20, is_lit=is_lit)
        assert head.cell_length == 20
        assert head.plain.endswith("12  ")
    assert "▸ Sessions" in head_content("Sessions", "12", 20, is_lit=True).plain


def test_risky_words_are_marked_wherever_they_stand_and_explained_in_a_column() -> None:
    request = approval()
    content = subject_content(request.subject, request.findings)
    marked = {content.plain[span.start : span.end] for span in content.spans if "bad" in str(span)}
    assert marked == {"--delete", "sudo"}
    lines = findings_content(request.findings, 80).plain.split("\n")
    assert lines[0].index("removes") == lines[1].index("runs as root")


def test_a_note_of_which_only_the_first_letters_would_be_seen_is_left_out() -> None:
    row = Row(text="pytest-triage", note="Find why a test fails.", right="1.0.0")

    def shown(width: int) -> str:
        return row_lines(row, width, cursor=False, focused=False, note_at=20)[0].plain

    assert "Find why a test fails." in shown(60)
    assert "Find why a test…" in shown(47)
    assert "Find" not in shown(40)


def test_brackets_in_foreign_text_are_data() -> None:
    row = row_lines(Row(text="[bold]x[/bold] [/]"), 40, cursor=False, focused=False)[0]
    assert "[bold]x[/bold] [/]" in row.plain
    assert "[red]" in hint_content(ComposerHint(mode="manual", text="[red]"), 40).plain


def test_no_dot_stands_before_nothing() -> None:
    assert hint_content(ComposerHint(mode="manual", text=""), 40).plain.rstrip() == "manual"
    assert hint_content(ComposerHint(mode="manual", text="demo"), 40).plain.startswith(
        "manual · demo"
    )


def test_a_long_paste_becomes_a_label_and_is_whole_again_when_sent() -> None:
    fold = PasteFold(5)
    label = fold.fold(PASTE)
    assert label == "[Pasted text #1 · 84 lines]"
    assert fold.expand(f"look: {label}!") == f"look: {PASTE}!"
    assert fold.expand("[Pasted text #9 · 3 lines]") == "[Pasted text #9 · 3 lines]"
    assert fold.fold("a\nb") == "a\nb"
    assert clean_draft("a\r\nb\rc\ud800") == "a\nb\nc"


def test_history_walks_back_and_returns_to_the_draft() -> None:
    history = InputHistory(["one", "two"])
    walk = HistoryWalk(history)
    assert walk.newer("draft") is None
    assert walk.older("draft") == "two"
    assert walk.older("two") == "one"
    assert walk.older("one") is None
    assert walk.newer("one") == "two"
    assert walk.newer("two") == "draft"
    assert walk.newer("draft") is None
    assert history.suggestion("tw") == "o"


@pytest.mark.ac("draft-never-lost")
def test_what_is_changed_on_the_way_through_history_is_not_lost() -> None:
    history = InputHistory(["one", "two"])
    walk, other = HistoryWalk(history), HistoryWalk(history)
    walk.older("draft")
    walk.older("two, changed")
    assert other.older("of another field") == "two"
    assert other.newer("two") == "of another field"
    assert walk.newer("one") == "two, changed"
    walk.older("two, changed")
    walk.end("one")
    assert history.entries == ("one", "two", "two, changed", "draft")
    assert walk.older("") == "draft"


@pytest.mark.ac("composer-newline-keys")
@pytest.mark.parametrize("key", ["ctrl+j", "alt+enter", "shift+enter"])
async def test_enter_sends_and_the_other_keys_break_the_line(key: str) -> None:
    bench = Bench(Composer())
    async with bench.run_test() as pilot:
        bench.query_one(Composer).focus_field()
        await pilot.press("a", key, "b", "enter")
        await until(lambda: bench.sent == ["a\nb"])
        await pilot.press("space", "enter")
        await pilot.pause()
        assert bench.sent == ["a\nb"]


@pytest.mark.ac("composer-paste-whole")
async def test_a_paste_is_a_chip_that_goes_whole_with_backspace_and_is_sent_whole() -> None:
    composer = Composer()
    bench = Bench(composer)
    async with bench.run_test() as pilot:
        composer.focus_field()
        composer.area.post_message(events.Paste(PASTE))
        await until(lambda: composer.draft == "[Pasted text #1 · 84 lines]")
        await pilot.press("backspace")
        assert composer.draft == ""
        composer.area.post_message(events.Paste(PASTE))
        await until(lambda: "#2" in composer.draft)
        await pilot.press("enter")
        await until(lambda: bench.sent == [PASTE])


async def test_the_menu_takes_arrows_and_tab_and_enter_sends_what_needs_no_more() -> None:
    def complete(text: str) -> list[Completion]:
        if not text.startswith("/"):
            return []
        return [
            Completion(insert="/help", label="/help", sends=True),
            Completion(insert="/queue ", label="/queue <message>"),
        ]

    composer = Composer(complete=complete)
    bench = Bench(composer)
    async with bench.run_test() as pilot:
        composer.focus_field()
        await pilot.press("slash", "down", "tab")
        await until(lambda: composer.draft == "/queue ")
        composer.clear()
        await pilot.press("slash", "enter")
        await until(lambda: bench.sent == ["/help"])


async def test_the_cursor_of_a_list_skips_headings_and_a_click_chooses() -> None:
    rows = RowList()
    bench = Bench(rows)
    async with bench.run_test(size=(40, 10)) as pilot:
        rows.show([Row(text="Head"), Row(key="a", text="A"), Row(), Row(key="b", text="B")])
        rows.focus()
        assert rows.chosen_key == "a"
        await pilot.press("down")
        assert rows.chosen_key == "b"
        await pilot.press("down", "enter")
        await until(lambda: bench.chosen == ["b"])
        await pilot.click(RowList, offset=(5, 1))
        await until(lambda: bench.chosen == ["b", "a"])


@pytest.mark.ac("no-timer-at-rest")
async def test_the_status_row_has_a_timer_only_while_something_runs() -> None:
    bar = StatusBar(clock=lambda: 0.0)
    bench = Bench(bar)
    async with bench.run_test():
        bar.status = Status(phase="busy", word="writing", since=0.0)
        assert len(bar._timers) == 1
        bar.status = Status(phase="ready")
        await until(
            lambda: not any(timer._task and not timer._task.done() for timer in bar._timers)
        )


def test_a_long_reason_is_wrapped_beside_its_words() -> None:
    finding = ApprovalFinding(
        key="rm", fragment="rm -rf", explanation="deletes build with all inside"
    )
    lines = findings_content((finding,), 30).plain.split("\n")
    assert lines == ["rm -rf deletes build with all", "       inside"]


def test_what_has_no_room_among_the_reasons_ends_in_an_ellipsis() -> None:
    finding = ApprovalFinding(
        key="rm", explanation="deletes build with everything inside", fragment="rm -rf build"
    )
    assert findings_content((finding,), 36, 1).plain == "rm -rf build deletes build with …"
    two = findings_content((finding, finding), 80, 1).plain
    assert two == "rm -rf build deletes build with everything inside …"
    assert "…" not in findings_content((finding, finding), 80, 2).plain


class AskingBench(Bench):
    """Notes what a question was answered with."""

    def __init__(self, card: ClarifyCard) -> None:
        super().__init__(card)
        self.values: list[str | None] = []

    @on(ClarifyCard.Answered)
    def _answered(self, event: ClarifyCard.Answered) -> None:
        self.values.append(event.value)


@pytest.mark.ac("question-countdown")
async def test_a_question_counts_down_in_its_last_seconds_and_spares_early_keys() -> None:
    now = [100.0]
    question = QuestionAsked(
        request_id="q", kind="choice", question="Where?", choices=("here",), expires_at=1110.0
    )
    card = ClarifyCard(
        question, grace_s=0.3, clock=lambda: now[0], wall_clock=lambda: 900.0 + now[0]
    )
    app = AskingBench(card)
    async with app.run_test() as pilot:
        card.take_focus()
        await pilot.press("1")
        assert app.values == []
        hint = card.query_one("#clarify-hint", Static)
        assert "goes on without" not in str(hint.render())
        now[0] = 198.0
        card.refresh_hint()
        assert "goes on without an answer in 12s" in str(hint.render())
        await pilot.press("1")
        await until(lambda: app.values == ["here"])


@pytest.mark.parametrize("place", ["text", "right", "detail", "note"])
def test_no_text_of_a_row_reaches_the_terminal_as_it_came(place: str) -> None:
    row = replace(Row(key="k", text="name"), **{place: "a\u202eb\x1b]0;t\x07c"})
    lines = row_lines(row, 60, cursor=False, focused=False)
    shown = "".join(line.plain for line in lines)
    assert "ab]0;tc" in shown
    assert not {"\u202e", "\x1b", "\x07"} & set(shown)
