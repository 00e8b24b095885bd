"""The way into the line mode, and out of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

import click

from hermes_core.paths import Home
from hermes_tui.command_line.choosing import chosen_in_home
from hermes_tui.core_link.core_start import open_core
from hermes_tui.ending.farewell import summary_lines
from hermes_tui.launch_state import ExitState
from hermes_tui.options import RunOptions
from hermes_tui.plain.line_mode import LineMode
from hermes_tui.plain.page import Page, plain
from hermes_tui.plain.typed_lines import TypedLines
from hermes_tui.terminal.terminal_guard import guarded_terminal


def run(options: RunOptions) -> int:
    """Talk in lines to the end and return the exit code.

    Raises:
        HermesError: Before anything was said, such as no model for a script.
        OSError: The home cannot be read or written.
    """
    home = Home.find()
    home.create()
    has_person = sys.stdin.isatty() and sys.stdout.isatty()
    while True:
        stops: list[Callable[[], None]] = []
        try:
            with guarded_terminal(home.logs / "terminal.log", keeps_title=False):
                left = asyncio.run(_talk(home, options, stops, has_person=has_person))
        finally:
            for stop in stops:
                stop()
        if left is not None:
            break
        _set_up(home)
    if left.reason == "failed":
        return 1
    with contextlib.suppress(OSError):  # a window that was closed takes nothing any more
        for line in summary_lines(left):
            click.echo(plain(line))
        sys.stdout.flush()
    return 0


async def _talk(
    home: Home, options: RunOptions, stops: list[Callable[[], None]], *, has_person: bool
) -> ExitState | None:
    """Run the conversation; None if a model is to be set up first."""
    session_id = await chosen_in_home(home, options)
    workspace = await open_core(home, options, stops, allow_demo=has_person)
    lines = TypedLines()
    try:
        mode = LineMode(workspace, Page(_write), lines, grace_s=0.3 if has_person else 0.0)
        is_chosen = options.provider == "demo" or workspace.setting("model.provider") == "demo"
        has_model = is_chosen or not workspace.start_info().demo
        left = await mode.run(
            session_id, offers_setup=has_person and not has_model and session_id is None
        )
    finally:
        lines.close()
    return None if mode.wants_setup else left


def _set_up(home: Home) -> None:
    """Ask what `hermes setup` asks; leaving it changes nothing."""
    # measured: the questions need ruamel.yaml and the clients of the providers
    from hermes_tui.setup.dialogue import TerminalDialogue
    from hermes_tui.setup.wizard import setup_wizard

    try:
        setup_wizard(home, TerminalDialogue(), os.environ).run()
    except click.Abort:
        click.echo("\nLeft; finished steps stay.")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
