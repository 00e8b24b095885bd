"""`hermes chat`, and the start of everything that is not a subcommand."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from hermes_tui import cycle_collection
from hermes_tui.command_line import offers
from hermes_tui.options import RunOptions

Starter = Callable[[RunOptions], int]
"""Runs to the end and returns the exit code."""

SCREEN = "hermes_tui.screen_start:run"
LINES = "hermes_tui.plain.run:run"
ASK = "hermes_tui.commands.chat:command"
SERVE = "hermes_tui.commands.serve:run"


def csv(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
    """Read `a,b` and repeated options as one tuple without duplicates."""
    if value is None:
        return None
    pieces = [value] if isinstance(value, str) else list(value)
    names = [name.strip() for piece in pieces for name in piece.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


@click.command()
@click.option("-q", "--query", metavar="TEXT", help="Ask once, print the answer, leave.")
@click.option(
    "--image",
    metavar="PATH",
    help="A picture that goes with the question.",
    shell_complete=offers.files,
)
@click.option("-m", "--model", metavar="ID", help="Model for this run.")
@click.option(
    "--provider",
    metavar="NAME",
    help="Provider for this run.",
    shell_complete=offers.providers,
)
@click.option("-t", "--toolsets", metavar="CSV", callback=csv, help="Toolsets for this run.")
@click.option("-s", "--skills", metavar="NAME", multiple=True, callback=csv, help="Load skills.")
@click.option("--max-turns", type=click.IntRange(min=1), help="Tool rounds of one turn.")
@click.option(
    "--max-cost",
    metavar="USD",
    type=click.FloatRange(min=0, min_open=True),
    help="Most the conversation may cost.",
)
@click.option(
    "--max-tokens",
    metavar="N",
    type=click.IntRange(min=1),
    help="Most tokens the conversation may use, in and out.",
)
@click.option("--checkpoints/--no-checkpoints", default=None, help="Snapshot files first.")
@click.option("--source", default="cli", show_default=True, metavar="TAG", help="Kept with it.")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "stream-json"]),
    default="text",
    show_default=True,
    help="What is printed with -q.",
)
@click.option("-Q", "--quiet", is_flag=True, help="Print the reply and nothing else.")
@click.option("-v", "--verbose", is_flag=True, help="Debug messages on the console.")
@click.option("-r", "--resume", metavar="ID|TITLE", help="Go on with a conversation.")
@click.option("-c", "--continue", "continue_", metavar="[NAME]", help="Go on with the newest.")
@click.option("--yolo", is_flag=True, help="Never ask before a dangerous command.")
@click.option("--plain", is_flag=True, help="Plain lines in place of the screen.")
@click.pass_context
def command(context: click.Context, /, **asked: Any) -> None:
    """Talk to the agent: full screen, or one question with -q."""
    options = combined(context.obj or {}, asked)
    if options.query is None and (options.quiet or options.format != "text"):
        raise click.UsageError("--quiet and --format need a question: -q TEXT.")
    if options.query is None and options.image:
        raise click.UsageError("--image needs a question: -q TEXT.")
    context.exit(start(options))


def combined(outer: Mapping[str, Any], asked: Mapping[str, Any]) -> RunOptions:
    """Put the options before and behind the command together; those behind win.

    An empty text counts as given: `-c` alone means the newest conversation.
    """
    given = {name: value for name, value in asked.items() if value not in (None, False, ())}
    return RunOptions(**{**asked, **outer, **given})


def start(options: RunOptions) -> int:
    """Run what was asked for and return the exit code."""
    if options.yolo:
        os.environ["HERMES_YOLO_MODE"] = "1"
    cycle_collection.postpone()
    target = _target(options)
    run = _starter(target)
    if target != SCREEN:  # which loads most of what it needs after its first paint
        cycle_collection.begin()
    return run(options)


def _target(options: RunOptions) -> str:
    if options.serve is not None:
        return SERVE
    if options.query is not None:
        return ASK
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if options.plain or not is_terminal or wants_lines(os.environ):
        return LINES
    return SCREEN


def wants_lines(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for lines: a choice, or a terminal that can do no more."""
    chosen = environ.get("HERMES_TUI_PLAIN", "").strip().casefold()
    return chosen in ("1", "true", "yes", "on") or environ.get("TERM") == "dumb"


def _starter(target: str) -> Starter:
    """Load one way to run; each alone, because the engine and Textual cost start-up time."""
    module, _, attribute = target.partition(":")
    starter: Starter = getattr(importlib.import_module(module), attribute)
    return starter
