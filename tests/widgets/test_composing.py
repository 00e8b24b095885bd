"""The composer's field under keys: chips, cutting, vi, arguments, attachments."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from hermes_core.messages import Attachment
from hermes_themes.roles import LAMPLIGHT
from hermes_themes.variables import variables
from hermes_widgets.composing.composer import Composer
from hermes_widgets.composing.composer_history import InputHistory
from hermes_widgets.composing.composer_menu import Complete, Completion
from hermes_widgets.composing.cutting import REACHES, Cuttings
from hermes_widgets.composing.hint_row import ComposerHint, badges_content, hint_content

PASTE = "\n".join(f"line {number}" for number in range(8))
LABEL = "[Pasted text #1 · 8 lines]"


class Bench(App[None]):
    """A composer alone."""

    def __init__(
        self,
        *,
        vi: bool = False,
        past: tuple[str, ...] = (),
        complete: Complete | None = None,
    ) -> None:
        super().__init__()
        self.composer = Composer(complete=complete, history=InputHistory(past))
        self.vi = vi
        self.sent: list[Composer.Sent] = []

    def get_css_variables(self) -> dict[str, str]:
        """With our roles."""
        return {**variables(LAMPLIGHT), **super().get_css_variables()}

    def compose(self) -> ComposeResult:
        """The composer."""
        yield self.composer

    def on_mount(self) -> None:
        """Take the keyboard."""
        self.composer.use_vi(self.vi)
        self.composer.focus_field()

    def on_composer_sent(self, event: Composer.Sent) -> None:
        """Note what was sent."""
        self.sent.append(event)

    @property
    def draft(self) -> str:
        """What stands in the field."""
        return self.composer.draft


async def _type(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", ".": "full_stop", "$": "dollar_sign", "^": "circumflex_accent"}
    await pilot.press(*[names.get(char, char) for char in text])


@pytest.mark.ac("paste-chip")
async def test_a_chip_is_stepped_over_unfolded_and_deleted_whole() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "see ")
        app.composer.area.post_message(events.Paste(PASTE))
        await pilot.pause()
        assert app.draft == f"see {LABEL}"
        await pilot.press("left")
        assert app.composer.area.cursor_location == (0, 4)
        assert "space unfolds" in "".join(s.text for s in app.screen._compositor.render_strips())
        await pilot.press("right", "right", "left", "delete")
        assert app.draft == "see "
        await pilot.press("ctrl+underscore")
        assert app.draft == f"see {LABEL}"
        await pilot.press("end", "left", "enter")
        assert app.draft == f"see {PASTE}"
        await pilot.press("ctrl+underscore", "ctrl+e", "ctrl+w")
        assert app.draft == "see "


async def test_enter_sends_what_was_typed_before_it_and_not_what_came_after() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        for key in ("o", "n", "e", "enter", "t", "w", "o"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert [item.text for item in app.sent] == ["one"]
        assert app.draft == "two"


async def test_enter_right_after_the_letter_that_closes_the_menu_sends() -> None:
    def complete(text: str) -> tuple[Completion, ...]:
        return (Completion(insert="/skin ares", label="ares"),) if text == "/skin" else ()

    app = Bench(complete=complete)
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "/skin")
        assert app.composer.menu.is_open
        for key, character in (("space", " "), ("enter", None)):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        assert [item.text for item in app.sent] == ["/skin"]
        assert app.composer.area.has_focus


async def test_what_was_cut_in_a_row_is_put_back_as_one_piece() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "one two/three four")
        await pilot.press("ctrl+w", "ctrl+w", "ctrl+y")
        assert app.draft == "one two/three four"
        await pilot.press("alt+backspace", "alt+backspace")
        assert app.draft == "one two/"
        await pilot.press("alt+b", "alt+b", "alt+f", "ctrl+k")
        assert app.draft == "one"
        await pilot.press("home", "ctrl+y")
        assert app.draft == " two/one"
        await pilot.press("ctrl+u")
        assert app.draft == "one"
        await pilot.press("ctrl+e", "ctrl+u")
        assert app.draft == ""


@pytest.mark.parametrize(
    ("reach", "text", "at", "end"),
    [
        ("line-end", "one\ntwo", 3, 4),
        ("line-end", "one\ntwo", 7, 7),
        ("line-start", "one\ntwo", 4, 3),
        ("line-start", "one", 0, 0),
        ("word-ahead", "one  two", 3, 8),
        ("word-ahead", "one  ", 3, 5),
        ("word-behind", "", 0, 0),
    ],
)
def test_a_cut_ends_at_words_and_lines(reach: str, text: str, at: int, end: int) -> None:
    assert REACHES[reach](text, at) == end


def test_a_cut_after_something_else_begins_anew() -> None:
    cuttings = Cuttings()
    left = cuttings.cut("one two three", 13, "word-behind")
    left = cuttings.cut(*left, "word-behind")
    assert (left, cuttings.text) == (("one ", 4), "two three")
    cuttings.cut(left[0] + "x", 5, "word-behind")
    assert cuttings.text == "x"


async def test_the_last_word_of_earlier_inputs_comes_back_one_by_one() -> None:
    app = Bench(past=('open "my notes.txt"', "run tests/unit"))
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "see ")
        await pilot.press("alt+full_stop")
        assert app.draft == "see tests/unit"
        await pilot.press("alt+full_stop")
        assert app.draft == 'see "my notes.txt"'
        await pilot.press("alt+full_stop")
        assert app.draft == 'see "my notes.txt"'


async def test_offers_that_come_twice_keep_the_first_one_chosen() -> None:
    app = Bench()
    app.composer = Composer(complete=lambda draft: [Completion(insert="@file:a.py ", label="a.py")])
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "a")
        app.composer.offer()  # as when files are listed in the background
        await pilot.press("tab")
        assert app.draft == "@file:a.py "


async def test_a_draft_that_was_chosen_is_written_on_in_vi_mode_too() -> None:
    app = Bench(vi=True)
    async with app.run_test(size=(60, 16)) as pilot:
        await _type(pilot, "half a thought")
        await pilot.press("escape")
        app.composer.replace_draft("/plan ")
        await _type(pilot, "dw it")
        assert app.draft == "/plan dw it"


@pytest.mark.ac("vi-in-the-field")
async def test_vi_keys_edit_undo_select_and_show_their_mode() -> None:
    app = Bench(vi=True, past=("an earlier one",))
    async with app.run_test(size=(60, 16)) as pilot:

        def row() -> str:
            return "".join(strip.text for strip in app.screen._compositor.render_strips())

        await _type(pilot, "one two")
        assert "insert" in row()
        await pilot.press("escape")
        await _type(pilot, "0dw")
        assert (app.draft, app.composer.area.cursor_location) == ("two", (0, 0))
        assert "normal" in row()
        await _type(pilot, "u")
        assert app.draft == "one two"
        await _type(pilot, "0ve")
        assert app.composer.area.selected_text == "one"
        await _type(pilot, "x")
        assert app.draft == " two"
        await _type(pilot, "k")
        assert app.draft == "an earlier one"
        await pilot.press("enter")
        assert [event.text for event in app.sent] == ["an earlier one"]
        await _type(pilot, "in")
        assert app.draft == "in"


@pytest.mark.ac("attachment-badges")
async def test_attached_files_are_shown_sent_once_and_taken_back_by_backspace() -> None:
    app = Bench()
    first, second = (Attachment(path=f"/tmp/{name}.png", media_type="image/png") for name in "ab")
    async with app.run_test(size=(90, 16)) as pilot:
        app.composer.attach(first, second, first)
        await pilot.pause()
        text = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert " a.png  " in text
        assert " b.png " in text
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert [(event.text, event.attachments) for event in app.sent] == [("", (first,))]
        assert app.composer.attachments == ()


def test_badges_shrink_to_the_first_and_a_count_and_then_to_a_count() -> None:
    names = ["shot.png", "b.png", "c.png"]
    assert badges_content(names, 100).plain == " shot.png   b.png   c.png "
    assert badges_content(names, 70).plain == " shot.png   +2 "
    assert badges_content(names, 40).plain == " 3 files "
    row = hint_content(ComposerHint(mode="manual", text="x" * 90), 60, badges=names)
    assert row.cell_length <= 60
    assert row.plain.endswith(" +2 ")
