"""What lies behind a drawer shows whole words alone."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from hermes_widgets.drawing.sparing_compositor import SparingCompositor
from hermes_widgets.drawing.whole_words import whole_words


@pytest.mark.parametrize(
    ("text", "edges", "left"),
    [
        ("the loop slept", [6], "the      slept"),
        ("the loop slept", [4], "the loop slept"),
        ("the loop slept", [8], "the loop slept"),
        ("the loop slept", [0, 14, 99], "the loop slept"),
        ("the loop slept", [1, 11], "    loop      "),
        ("unbroken", [3], "        "),
        ("一二三 four", [2], "       four"),
        ("一二三 four", [3], "       four"),
        ("a 👩‍👩‍👧✈️ over", [3], "a      over"),
        ("to the e\u0301nd", [8], "to the    "),
        ("", [0, 1], ""),
    ],
)
def test_a_word_that_an_edge_cuts_is_blank_on_both_sides(
    text: str, edges: list[int], left: str
) -> None:
    strip = whole_words(Strip([Segment(text)]), edges)

    assert strip.text == left
    assert strip.cell_length == Strip([Segment(text)]).cell_length


def test_a_blank_place_keeps_the_styles_of_the_word() -> None:
    red, blue = Style(bgcolor="red"), Style(bgcolor="blue")

    strip = whole_words(Strip([Segment("ab", red), Segment("cd", blue), Segment(" e")]), [1])

    assert [(part.text, part.style) for part in strip if part.text.strip(" ") != "e"] == [
        ("  ", red),
        ("  ", blue),
    ]


class SparingScreen(Screen[None]):
    """A screen put together as the workspace is."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SparingCompositor()


class Covered(App[None]):
    """A line of words, and a drawer that can lie over its left part."""

    CSS = """
    Screen { layers: base above; }
    #drawer { layer: above; dock: left; width: 8; height: 1; }
    .stepped-back { opacity: 38%; }
    """

    def get_default_screen(self) -> SparingScreen:
        return SparingScreen()

    def compose(self) -> ComposeResult:
        yield Static("the nightly sync keeps dying", id="words")
        yield Static("drawer", id="drawer")

    def first_row(self) -> str:
        return self.screen._compositor.render_strips()[0].text.rstrip()


async def test_only_what_has_stepped_back_loses_its_cut_words() -> None:
    async with Covered().run_test(size=(40, 3)) as pilot:
        app = pilot.app
        assert isinstance(app, Covered)
        assert app.first_row() == "drawer  tly sync keeps dying"

        app.query_one("#words").add_class("stepped-back")
        await pilot.pause()

        assert app.first_row() == "drawer      sync keeps dying"
