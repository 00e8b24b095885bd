"""Processor time at rest, from 60 s after the last event on.

    python benchmarks/idle.py [--wait 60] [--seconds 20] [--check]

The program has answered one turn and is left alone; a Textual program of two widgets
runs beside it and is the floor. Both are measured over the same seconds. Cut down:
20 seconds instead of an hour.
"""

from __future__ import annotations

import sys
import time

from benchmarks.ground import PROMPT, come_first, ground, model_server
from benchmarks.harness import Result, arguments, report
from benchmarks.streaming import READY, open_turn

LIMIT_PERCENT = 0.3


def measure(wait_s: float, seconds: float) -> list[Result]:
    """One row."""
    with model_server([{"text": "That is all.", "repeat": True}]) as base_url, ground() as place:
        place.use_server(base_url)
        with place.script("two_widgets.py") as bare, place.program() as program:
            bare.read_until(PROMPT)
            program.read_until(READY)
            open_turn(program)
            program.read_until(b"That is all")
            program.read_for(wait_s)
            before = bare.cpu_s(), program.cpu_s()
            started = time.perf_counter()
            reads = len(program.reads)
            program.read_for(seconds)
            took = time.perf_counter() - started
            used = bare.cpu_s() - before[0], program.cpu_s() - before[1]
            print(f"frames drawn at rest: {len(program.reads) - reads}")
    floor, value = (100 * spent / took for spent in used)
    return [Result("idle", value, floor, LIMIT_PERCENT, "% CPU")]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--wait", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.wait, asked.seconds), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
