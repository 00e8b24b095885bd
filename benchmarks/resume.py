"""From `hermes --resume` of a long conversation to the screen with its newest words.

    python benchmarks/resume.py [--messages 5000] [--rounds N] [--check]

Time runs from the start of the process. The floor is sqlite3 reading the rows of the
conversation's messages. The least of the rounds counts. Printed beside: the same from
a start that has the prompt already, the start of an empty program taken off.
"""

from __future__ import annotations

import sqlite3
import sys
import time

from benchmarks.ground import PROMPT, Ground, come_first, ground
from benchmarks.harness import Result, arguments, report
from benchmarks.long_session import LAST_WORDS, SESSION_ID, build

LIMIT_MS = 1_000.0


def rows_ms(place: Ground) -> float:
    """Milliseconds sqlite3 needs for the rows."""
    started = time.perf_counter()
    with sqlite3.connect(place.home.database) as raw:
        raw.execute(
            "SELECT * FROM messages WHERE session_id = ? ORDER BY id", (SESSION_ID,)
        ).fetchall()
    raw.close()
    return (time.perf_counter() - started) * 1000


def resume_ms(place: Ground) -> tuple[float, float]:
    """Milliseconds to the prompt and to the newest words."""
    with place.program("--resume", SESSION_ID) as terminal:
        shown = terminal.read_until(LAST_WORDS.encode())
        prompt = terminal.read_until(PROMPT)
        return (prompt - terminal.started) * 1000, (shown - terminal.started) * 1000


def measure(messages: int, rounds: int) -> list[Result]:
    """One row."""
    with ground() as place:
        build(place.home, messages)
        place.use_server("http://127.0.0.1:9/v1")
        floor = min(rows_ms(place) for _ in range(rounds))
        both = [resume_ms(place) for _ in range(rounds)]
    prompt = min(prompt for prompt, _ in both)
    print(f"to the prompt: {prompt:.0f} ms (least of {rounds})")
    least = min(shown for _, shown in both)
    return [Result(f"resume of {messages} messages", least, floor, LIMIT_MS)]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.messages, asked.rounds), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
