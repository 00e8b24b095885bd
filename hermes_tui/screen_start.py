"""The way into the full screen: ask the terminal while the toolkit is loaded."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from hermes_tui.options import RunOptions
from hermes_tui.terminal.terminal_background import ask


def run(options: RunOptions) -> int:
    """Run the screen to its end and return the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # The terminal is in an unusual state from here on: end in order, not at once.
        signal.signal(number, _end)
    question = ask()
    try:
        from hermes_tui.launch import run_app  # measured: 0.2 s, in which the terminal answers
    finally:
        answer = question.answer()
    return run_app(options, answer)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
