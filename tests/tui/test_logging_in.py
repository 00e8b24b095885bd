"""Logging in on a terminal: what is shown at each step, and what is handed back."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import AsyncGenerator

import pytest

from hermes_core.errors import LoginError
from hermes_core.providers.logins.steps import EnterCode, LoggedIn, LoginStep, OpenPage
from hermes_core.providers.logins.tokens import Tokens
from hermes_tui.command_line.logging_in import follow, typed_lines

TOKENS = Tokens(access="a", refresh="r")
CODE = EnterCode(url="https://x.example/activate", code="AB-12", expires_in_s=900)
WHOLE = EnterCode(url="https://x.example", code="AB-12", whole_url="https://x.example?c=AB-12")
PAGE = OpenPage("https://x.example/authorize?state=1")


async def steps(*wanted: LoginStep | Exception) -> AsyncGenerator[LoginStep, None]:
    """One login, played."""
    for step in wanted:
        if isinstance(step, Exception):
            raise step
        yield step


@pytest.mark.parametrize(
    ("step", "opens", "page", "said"),
    [
        (CODE, True, CODE.url, ["type this code: AB-12", "A browser was opened", "at most 15 min"]),
        (CODE, False, CODE.url, ["type this code: AB-12", "at most 15 min"]),
        (WHOLE, True, WHOLE.whole_url, ["Open https://x.example and", "opened", "at most 1 min"]),
        (PAGE, True, PAGE.url, ["Log in on this page:", "A browser was opened", "Ctrl+C leaves"]),
        (PAGE, False, PAGE.url, [f"Log in on this page:\n\n  {PAGE.url}", "Ctrl+C leaves"]),
    ],
)
async def test_each_step_is_shown_and_its_page_opened(
    step: LoginStep, opens: bool, page: str, said: list[str]
) -> None:
    lines: list[str] = []
    opened: list[str] = []

    def open_page(url: str) -> bool:
        opened.append(url)
        return opens

    tokens = await follow(steps(step, LoggedIn(TOKENS)), open_page=open_page, say=lines.append)
    assert tokens == TOKENS
    assert opened == [page]
    assert len(lines) == len(said)
    for line, words in zip(lines, said, strict=True):
        assert words in line


async def test_a_login_that_fails_ends_its_steps() -> None:
    ended = asyncio.Event()

    async def failing() -> AsyncGenerator[LoginStep, None]:
        try:
            yield CODE
            raise LoginError("It was declined.")
        finally:
            ended.set()

    with pytest.raises(LoginError, match="declined"):
        await follow(failing(), open_page=lambda url: False, say=lambda line: None)
    assert ended.is_set()


async def test_on_a_terminal_a_line_of_any_length_is_handed_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    typing, reading = pty.openpty()
    with os.fdopen(reading) as stream:
        line = typed_lines(stream)
        assert line is not None
        asked = asyncio.ensure_future(line("That was no address."))
        address = f"http://127.0.0.1:1/callback?code={'x' * 3_000}"
        os.write(typing, f"{address}\n".encode())
        async with asyncio.timeout(10):
            assert (await asked).strip() == address
        assert "That was no address." in capsys.readouterr().out
    os.close(typing)


async def test_without_a_terminal_nothing_can_be_handed_back() -> None:
    assert not sys.stdin.isatty()
    assert typed_lines() is None
