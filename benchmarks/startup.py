"""How long the program takes to say its version and to offer its prompt.

    python benchmarks/startup.py [--rounds N] [--check]

`hermes --version` against `python -c pass`, both without a terminal. The prompt is
ready when a key typed as soon as the prompt stood on the screen has been drawn; the
floor is a Textual program of two widgets, measured alike. Both alternate, so that
the load of the machine meets them alike; the least of the rounds counts, because
noise only adds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pyte

from benchmarks.ground import PROMPT, Ground, come_first, ground
from benchmarks.harness import Result, arguments, report
from benchmarks.terminal import Terminal

VERSION_FACTOR = 6.0
PROMPT_FACTOR = 2.0
KEY = "§"
"""Stands nowhere on the screen by itself."""


def _command_s(command: list[str], place: Ground) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, env=place.environ, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _has_key(screen: pyte.Screen) -> bool:
    return any(KEY in line for line in screen.display)


def prompt_s(terminal: Terminal) -> float:
    """Start a program and return the seconds until a typed key is drawn."""
    with terminal:
        terminal.read_until(PROMPT)
        since = len(terminal.reads)
        terminal.send(KEY)
        terminal.read_until(KEY.encode(), since=since)
        return terminal.shown_at(_has_key) - terminal.started


def measure(rounds: int) -> list[Result]:
    """Both rows."""
    program = str(Path(sys.executable).with_name("hermes"))
    nothing, version, floors, prompts = [], [], [], []
    with ground() as place:
        for _ in range(rounds):
            nothing.append(_command_s([sys.executable, "-c", "pass"], place))
            version.append(_command_s([program, "--version"], place))
        for _ in range(rounds):
            floors.append(prompt_s(place.script("two_widgets.py")))
            prompts.append(prompt_s(place.program()))
    return [
        Result(
            "hermes --version",
            min(version) * 1000,
            min(nothing) * 1000,
            min(nothing) * 1000 * VERSION_FACTOR,
        ),
        Result(
            "start to prompt ready",
            min(prompts) * 1000,
            min(floors) * 1000,
            min(floors) * 1000 * PROMPT_FACTOR,
        ),
    ]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.rounds), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
