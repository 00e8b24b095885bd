"""Lines as a terminal or a pipe gives them."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import Iterator

import pytest

from hermes_tui.plain.typed_lines import TypedLines


class Terminal:
    """A pseudo-terminal: what is typed at one end is read at the other."""

    def __init__(self) -> None:
        self.typing, self.reading = pty.openpty()

    def type(self, text: str) -> None:
        """Type, all at once."""
        os.write(self.typing, text.encode())

    @property
    def echoes(self) -> bool:
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self.reading)[3] & termios.ECHO)

    def hang_up(self) -> None:
        """Close the window."""
        if self.typing >= 0:
            os.close(self.typing)
            self.typing = -1


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    found = Terminal()
    yield found
    found.hang_up()
    os.close(found.reading)


async def read(lines: TypedLines) -> str | None:
    """The next text, or a failure if none comes."""
    async with asyncio.timeout(10):
        return await lines.next()


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("one line\n", "one line"),
        ("\n", ""),
        ("goes on \\\nin the next\n", "goes on \nin the next"),
        ("pasted\ntogether\n", "pasted\ntogether"),
        ("pasted \\\ntogether\n", "pasted \\\ntogether"),
        ("wíde 日本\n", "wíde 日本"),
    ],
)
async def test_a_text_of_a_terminal_is_a_line_or_what_was_pasted_together(
    terminal: Terminal, typed: str, read_as: str
) -> None:
    lines = TypedLines(terminal.reading)
    try:
        assert lines.is_terminal
        if typed.startswith("goes on"):  # typed, not pasted: one line after the other
            first, _, second = typed.partition("\n")
            reading = asyncio.create_task(read(lines))
            terminal.type(f"{first}\n")
            await asyncio.sleep(0.1)  # longer than what counts as pasted
            terminal.type(second)
            assert await reading == read_as
        else:
            terminal.type(typed)
            assert await read(lines) == read_as
    finally:
        lines.close()


async def test_ctrl_d_is_an_end_that_can_be_thought_over(terminal: Terminal) -> None:
    lines = TypedLines(terminal.reading)
    try:
        terminal.type("\x04")
        assert await read(lines) is None
        terminal.type("still here\n")
        assert await read(lines) == "still here"
        terminal.type("half a line\x04\x04")
        assert [await read(lines) for _ in range(2)] == ["half a line", None]
        terminal.type("the last one\n\x04")
        assert [await read(lines) for _ in range(2)] == ["the last one", None]
    finally:
        lines.close()


async def test_a_window_that_is_closed_is_the_end(terminal: Terminal) -> None:
    lines = TypedLines(terminal.reading)
    terminal.hang_up()
    try:
        assert await read(lines) is None
    finally:
        lines.close()


async def test_what_must_not_be_seen_is_not_echoed_and_what_follows_is(
    terminal: Terminal,
) -> None:
    lines = TypedLines(terminal.reading)
    try:
        assert terminal.echoes
        with lines.unseen():
            assert not terminal.echoes
        assert terminal.echoes
    finally:
        lines.close()


async def test_lines_of_a_pipe_are_texts_of_their_own_and_a_last_half_counts() -> None:
    end, start = os.pipe()
    lines = TypedLines(end)
    try:
        assert not lines.is_terminal
        os.write(start, b"one\r\ntwo\n\nha")
        assert [await read(lines) for _ in range(3)] == ["one", "two", ""]
        os.write(start, b"lf \xff")
        os.close(start)
        assert [await read(lines) for _ in range(2)] == ["half \ufffd", None]
        with lines.unseen():
            pass  # nothing echoes there
    finally:
        lines.close()
        os.close(end)


async def test_what_was_not_read_yet_stays_for_others() -> None:
    end, start = os.pipe()
    lines = TypedLines(end)
    lines.close()
    os.write(start, b"for somebody else\n")
    assert os.read(end, 100) == b"for somebody else\n"
    os.close(end)
    os.close(start)
