"""Start the full screen and say afterwards how to come back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, cast

import click
from msgspec import Struct
from rich.console import Console
from textual.constants import COLOR_SYSTEM
from textual.driver import Driver

from hermes_core.paths import Home
from hermes_tui import cycle_collection
from hermes_tui._version import VERSION
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.ending.farewell import summary_lines
from hermes_tui.launch_state import ExitState, LaunchState
from hermes_tui.options import RunOptions
from hermes_tui.terminal.terminal_background import Answer
from hermes_tui.terminal.terminal_guard import guarded_terminal
from hermes_widgets.fitting import clean

if TYPE_CHECKING:
    from hermes_tui.setup.desk import SetupDesk

SWITCH_S = 0.001
"""Longest time for which the loop keeps a thread waiting. With Python's 5 ms a key that
comes in the middle of a frame is read, and its cell written, 5 to 10 ms later."""

OpenCore = Callable[[Home, RunOptions, list[Callable[[], None]]], Awaitable[Workspace]]


class TabPlace(Struct, frozen=True, kw_only=True):
    """Draws in a browser tab in place of the terminal."""

    driver: type[Driver]
    size: tuple[int, int]
    """Columns and rows at the start."""


def run_app(
    options: RunOptions,
    answer: Answer | None = None,
    *,
    load_core: Callable[[], OpenCore] | None = None,
    tab: TabPlace | None = None,
) -> int:
    """Run the screen to its end and return the exit code.

    Args:
        options: What the command line asked for.
        answer: What the terminal said about itself.
        load_core: Imports what opens the core; blocks. None for the real one.
        tab: Where to draw if there is no terminal.
    """
    answer = answer or Answer()
    home = Home.find()
    home.create()
    session_id, newest = None, None
    if options.resume or options.continue_ is not None:
        # Before the screen takes the terminal, so that errors are readable.
        # measured: 60 ms, and only a resumed start needs it so early
        from hermes_tui.command_line.choosing import chosen_with_end

        session_id, newest = asyncio.run(chosen_with_end(home, options))
    launch = LaunchState(
        session_id=session_id,
        newest=newest,
        theme=os.environ.get("HERMES_TUI_THEME", ""),
        is_light_terminal=bool(answer.is_light),
        wide_glyphs=answer.wide_glyphs,
        colours=_colours(),
        typed=answer.typed,
        reduced_motion=answer.is_slow,
        version=VERSION,
        open_setup=lambda: _open_setup(home),
    )
    stops: list[Callable[[], None]] = []

    async def connect() -> Workspace:
        try:
            open_core = await asyncio.to_thread(load_core or _load_core)
            return await open_core(home, options, stops)
        finally:
            cycle_collection.begin()

    sys.setswitchinterval(SWITCH_S)
    app = HermesApp(connect, launch, driver_class=tab.driver if tab else None)
    try:
        with guarded_terminal(home.logs / "terminal.log", keeps_title=tab is None):
            left = app.run(size=tab.size if tab else None)
    finally:
        for stop in stops:
            stop()
    if app.failure is not None:
        raise app.failure
    if tab is None:
        _say_goodbye(left)
    return 0 if left is None or left.reason == "quit" else 1


def _say_goodbye(left: ExitState | None) -> None:
    text = [*left.text.split("\n"), ""] if left is not None and left.text else []
    with contextlib.suppress(OSError):  # a window that was closed takes nothing any more
        for line in (*text, *summary_lines(left)):
            click.echo(clean(line.expandtabs(4)))
        sys.stdout.flush()


def _colours() -> str:
    """How many colours the terminal has, by the rule the toolkit writes by."""
    wanted = cast(Literal["auto", "standard", "256", "truecolor"], COLOR_SYSTEM)
    return Console(color_system=wanted, force_terminal=True).color_system or "truecolor"


def _open_setup(home: Home) -> SetupDesk:
    from hermes_tui.setup.desk import SetupDesk  # clients of the providers, ruamel.yaml

    return SetupDesk(home, os.environ)


def _load_core() -> OpenCore:
    """Import the core; blocks, so it runs in a thread."""
    from hermes_tui.core_link.core_start import (
        open_core,  # measured: 0.3 s, more than the first paint
    )

    return open_core
