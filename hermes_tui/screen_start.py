"""The way into the full screen: ask the terminal while the toolkit is loaded."""

from __future__ import annotations

from hermes_tui.options import RunOptions
from hermes_tui.terminal.terminal_background import ask


def run(options: RunOptions) -> int:
    """Run the screen to its end and return the exit code."""
    question = ask()
    try:
        from hermes_tui.launch import run_app  # measured: 0.2 s, in which the terminal answers
    finally:
        answer = question.answer()
    return run_app(options, answer)
