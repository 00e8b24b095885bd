"""Logging in at a provider on a terminal: what is shown, and what may be handed back."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TextIO

import click

from hermes_core.providers.logins.steps import EnterCode, LoggedIn, LoginStep, OpenPage
from hermes_core.providers.logins.tokens import Tokens
from hermes_tui.browsing import has_browser


async def follow(
    steps: AsyncGenerator[LoginStep, None],
    *,
    open_page: Callable[[str], bool],
    say: Callable[[str], None] = click.echo,
) -> Tokens:
    """Show each step and return what the last one brings.

    Args:
        steps: Of one login.
        open_page: Opens a browser; False if it did not.
        say: Tells a line.

    Raises:
        LoginError: The login failed.
    """
    try:
        async for step in steps:
            match step:
                case EnterCode():
                    page = step.whole_url or step.url
                    say(f"Open {step.url} and type this code: {step.code}")
                    if open_page(page):
                        say("A browser was opened there.")
                    minutes = max(1, round(step.expires_in_s / 60))
                    say(f"Waiting, at most {minutes} min; Ctrl+C leaves.")
                case OpenPage():
                    say(f"Log in on this page:\n\n  {step.url}\n")
                    if open_page(step.url):
                        say("A browser was opened there.")
                    if sys.stdin.isatty():
                        say(
                            "If your browser runs elsewhere, paste the address it ends at"
                            " (or the code shown) here and press Enter."
                        )
                    say("Waiting; Ctrl+C leaves.")
                case LoggedIn():
                    return step.tokens
    finally:
        await steps.aclose()
    raise AssertionError("a login ends with tokens or an error")


def browser(environ: Mapping[str, str], *, allowed: bool) -> Callable[[str], bool]:
    """Return what opens a page: nothing over SSH, without a display, or when not allowed."""
    if not allowed or not has_browser(environ):
        return lambda _: False
    return webbrowser.open


def typed_lines(source: TextIO | None = None) -> Callable[[str], Awaitable[str]] | None:
    """Return what waits for a line from the terminal; None without one.

    Args:
        source: Where lines are typed; None for the input of this process.
    """
    source = source or sys.stdin
    if not source.isatty():
        return None
    descriptor = source.fileno()

    async def line(problem: str) -> str:
        if problem:
            click.echo(problem)
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(descriptor)
        # A terminal hands out whole lines; an address may be longer than one read.
        return os.read(descriptor, 65_536).decode("utf-8", "replace")

    return line
