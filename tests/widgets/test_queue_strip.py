"""Waiting messages above the field: what keys and clicks ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from hermes_themes.roles import LAMPLIGHT
from hermes_themes.variables import variables
from hermes_widgets.queue_strip import QueueStrip
from tests.support import until

WIDTH = 80
FOUR = {"a": "first", "b": "second", "c": "third", "d": "fourth"}


class StripApp(App[None]):
    """The strip alone, with a field beside it; notes what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.strip = QueueStrip()
        self.asked: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.strip
        yield Input()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(QueueStrip.EditAsked)
    @on(QueueStrip.DropAsked)
    @on(QueueStrip.OrderAsked)
    @on(QueueStrip.PauseAsked)
    @on(QueueStrip.Left)
    def _note(self, message: Message) -> None:
        self.asked.append(message)

    def get_css_variables(self) -> dict[str, str]:
        return {**variables(LAMPLIGHT), **super().get_css_variables()}

    def rows(self) -> list[str]:
        """What stands on the screen in the rows of the strip."""
        strips = self.screen._compositor.render_strips()
        return [strip.text for strip in strips[: self.strip.size.height]]


@asynccontextmanager
async def waiting(
    items: dict[str, str], *, held: bool = False, width: int = WIDTH
) -> AsyncIterator[tuple[StripApp, Pilot[None]]]:
    """Show some messages that wait."""
    app = StripApp()
    async with app.run_test(size=(width, 12)) as pilot:
        app.strip.show(items, held=held)
        await pilot.pause()
        yield app, pilot


def told(message: Message) -> tuple[str, object]:
    """What a message asks for, in short."""
    match message:
        case QueueStrip.EditAsked():
            return "edit", message.text
        case QueueStrip.DropAsked():
            return "drop", message.input_id
        case QueueStrip.OrderAsked():
            return "order", "".join(message.input_ids)
        case QueueStrip.PauseAsked():
            return "pause", message.paused
        case _:
            return "left", None


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        (["e"], [("edit", "first")]),
        (["down", "enter"], [("edit", "second")]),
        (["down", "down", "up", "x"], [("drop", "b")]),
        (["up", "delete"], [("drop", "a")]),
        (["J"], [("order", "bacd")]),
        (["down", "ctrl+up"], [("order", "bacd")]),
        (["K"], []),
        (["down", "down", "down", "J"], []),
        (["down", "down", "down", "down"], [("left", None)]),
        (["p"], [("pause", True)]),
        (["escape"], [("left", None)]),
    ],
)
async def test_a_key_asks_for(keys: list[str], asked: list[tuple[str, object]]) -> None:
    async with waiting(FOUR) as (app, pilot):
        app.strip.focus()
        await pilot.pause()
        await pilot.press(*keys)
        assert [told(message) for message in app.asked] == asked


async def test_after_a_drop_the_next_one_is_under_the_cursor() -> None:
    async with waiting(FOUR) as (app, pilot):
        app.strip.focus()
        await pilot.press("down", "x")
        app.strip.show({key: text for key, text in FOUR.items() if key != "b"})
        await pilot.press("e")
        assert [told(message) for message in app.asked] == [("drop", "b"), ("edit", "third")]


async def test_the_last_one_gone_gives_the_keyboard_back_and_takes_no_room() -> None:
    async with waiting({"a": "only"}) as (app, pilot):
        app.strip.focus()
        await pilot.press("x")
        app.strip.show({})
        await until(lambda: [told(one) for one in app.asked] == [("drop", "a"), ("left", None)])
        await pilot.pause()
        assert not app.strip.display


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("word", "row", "asked"),
    [
        ("edit", 1, ("edit", "second")),
        ("move", 1, None),
        ("x drop", 1, ("drop", "b")),
        ("p ", 1, ("pause", None)),
    ],
)
async def test_a_word_behind_the_chosen_row_does_what_it_says(
    held: bool, word: str, row: int, asked: tuple[str, object] | None
) -> None:
    async with waiting(FOUR, held=held) as (app, pilot):
        app.strip.focus()
        await pilot.press("down")
        line = app.rows()[row]
        assert "second" in line
        await pilot.click(offset=(line.rindex(word) + 1, row))
        expected = ("pause", not held) if asked == ("pause", None) else asked
        assert [told(message) for message in app.asked] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("queued", [("pause", True)]),
        ("first", []),
        ("^x drop", [("drop", "a")]),
    ],
)
async def test_a_click_without_the_keyboard_means_the_words_it_hits(
    words: str, asked: list[tuple[str, object]]
) -> None:
    async with waiting(FOUR) as (app, pilot):
        await pilot.click(offset=(app.rows()[0].index(words) + 1, 0))
        await until(lambda: app.strip.has_focus)
        assert [told(message) for message in app.asked] == asked


@pytest.mark.parametrize("row", [1, 2])
@pytest.mark.parametrize("column", [3, 30, WIDTH - 3])
async def test_a_click_into_the_empty_part_of_a_row_chooses_it_and_no_more(
    row: int, column: int
) -> None:
    async with waiting(FOUR) as (app, pilot):
        await pilot.click(offset=(column, row))
        await until(lambda: "e edit" in app.rows()[row])
        assert app.asked == []
        await pilot.press("e")
        assert told(app.asked[0]) == ("edit", list(FOUR.values())[row])


async def test_the_cursor_moves_what_is_seen_along() -> None:
    async with waiting(FOUR | {"e": "fifth"}) as (app, pilot):
        assert "+2" in app.rows()[2]
        app.strip.focus()
        await pilot.press(*["down"] * 4)
        rows = app.rows()
        assert [word in row for word, row in zip(["3", "4", "5 fifth"], rows, strict=True)] == [
            True
        ] * 3


async def test_in_a_narrow_strip_the_message_goes_before_the_keys() -> None:
    async with waiting(FOUR, width=30) as (app, pilot):
        app.strip.focus()
        await pilot.pause()
        assert "first" in app.rows()[0]
        assert "edit" not in app.rows()[0]
        await pilot.click(offset=(28, 0))
        assert app.asked == []
