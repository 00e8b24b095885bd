"""What one second of a streamed answer writes to the terminal: bytes, and never a full clear.

    python benchmarks/stream_bytes.py [--rounds N] [--check]

The scripted model sends 200 tokens within a second; counted is everything the program
writes from the opening of the gate until the turn is over, at 120 x 40 cells. Over a
slow line these bytes are the speed of the program. The floor: the text alone, as a
program writes it that knows no screen. A full clear (`ESC [2J`, `ESC [3J`) makes terminals
flicker; one is reported as a result far beyond the budget.
"""

from __future__ import annotations

import sys

from benchmarks.ground import come_first, ground, model_server, tell_server
from benchmarks.harness import Result, arguments, report
from benchmarks.streaming import READY, open_turn

TOKENS = 200
BUDGET_KB = 40.0
CLEARS = (b"\x1b[2J", b"\x1b[3J", b"\x1bc")
REST_S = 0.7


def written() -> tuple[float, int]:
    """Kilobytes written for the answer, and full clears among them."""
    steps = [{"tokens": TOKENS, "before": "go", "interval_s": 1 / TOKENS}]
    with model_server(steps) as base_url, ground() as place:
        place.use_server(base_url)
        with place.program() as terminal:
            terminal.read_until(READY)
            open_turn(terminal)
            since = len(terminal.reads)
            tell_server(base_url, "release", {"name": "go"})
            terminal.read_until(f"token{TOKENS - 1}".encode(), since=since)
            terminal.quiet(REST_S)
            data = b"".join(piece for _, piece in terminal.reads[since:])
    return len(data) / 1000, sum(data.count(clear) for clear in CLEARS)


def measure(rounds: int) -> list[Result]:
    """Both rows; the most of the rounds counts."""
    found = [written() for _ in range(rounds)]
    text = sum(len(f"token{number} ") for number in range(TOKENS)) / 1000
    return [
        Result("bytes of a second of streaming", max(kb for kb, _ in found), text, BUDGET_KB, "kB"),
        Result("full clears while streaming", max(clears for _, clears in found), None, 0, "times"),
    ]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.rounds), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
