"""From a key written to the terminal until its cell is shown, while much goes on.

    python benchmarks/key_latency.py [--keys 300] [--messages 5000] [--check]

Above the field stand 5,000 messages (resumed, the newest part drawn), below them an
answer of 500 tokens a second is written. The floor: the same keys in an empty
conversation at rest. Keys come every 40 to 50 ms, which is faster than people type.
Two budgets for the 95th percentile: 25 ms, and twice the floor. The keys are taken in
three parts, of which the quickest counts on both sides, because noise only adds.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

import pyte

from benchmarks.ground import PROMPT, Ground, come_first, ground, model_server, tell_server
from benchmarks.harness import Result, arguments, percentile, report
from benchmarks.long_session import LAST_WORDS, SESSION_ID, build
from benchmarks.streaming import READY, open_turn
from benchmarks.terminal import ROWS, Terminal

LIMIT_MS = 25.0
FACTOR = 2.0
TOKENS_PER_S = 500
PARTS = 3
GAP_S = (0.040, 0.050)
KEY = "§"
LOWER = 14
"""Rows at the bottom in which the field stands."""


def press_keys(terminal: Terminal, count: int) -> list[float]:
    """Type so many keys; return when each was written."""
    source = random.Random(5)
    pressed = []
    for _ in range(count):
        pressed.append(terminal.send(KEY))
        terminal.read_for(source.uniform(*GAP_S))
    terminal.read_for(1.0)
    return pressed


def latencies_ms(terminal: Terminal, pressed: Sequence[float]) -> list[float]:
    """Milliseconds until the cell of each key was shown.

    Raises:
        SystemExit: Some key never was.
    """
    shown: list[float] = []
    for moment, screen in terminal.replay():
        if moment < pressed[0]:
            continue
        shown += [moment] * (_keys_on(screen) - len(shown))
        if len(shown) >= len(pressed):
            break
    if len(shown) < len(pressed):
        raise SystemExit(f"{len(shown)} of {len(pressed)} keys\n{terminal.screen_text()}")
    return [(after - before) * 1000 for before, after in zip(pressed, shown, strict=False)]


def _keys_on(screen: pyte.Screen) -> int:
    return sum(
        cell.data == KEY for row in range(ROWS - LOWER, ROWS) for cell in _cells(screen.buffer[row])
    )


def _cells(line: Mapping[int, pyte.screens.Char]) -> Iterator[pyte.screens.Char]:
    yield from line.values()


def at_rest(place: Ground, keys: int) -> list[float]:
    """The floor."""
    with place.program() as terminal:
        terminal.read_until(PROMPT)
        terminal.read_until(READY)
        terminal.quiet(1.0)
        return latencies_ms(terminal, press_keys(terminal, keys))


def while_streaming(place: Ground, base_url: str, keys: int) -> tuple[list[float], float]:
    """Latencies below the long conversation, and the tokens that came each second."""
    with place.program("--resume", SESSION_ID) as terminal:
        terminal.read_until(LAST_WORDS.encode())
        open_turn(terminal)
        tell_server(base_url, "release", {"name": "go"})
        terminal.read_until(b"token1")
        terminal.read_for(1.0)
        started, cpu = time.perf_counter(), terminal.cpu_s()
        first = _newest_token(terminal)
        pressed = press_keys(terminal, keys)
        took = time.perf_counter() - started
        rate = (_newest_token(terminal) - first) / took
        share = (terminal.cpu_s() - cpu) / took
        print(f"tokens came at {rate:.0f}/s; the program used {share:.0%} of a core")
        return latencies_ms(terminal, pressed), rate


def _newest_token(terminal: Terminal) -> int:
    tail = b"".join(data for _, data in terminal.reads[-400:])
    numbers = (piece.split(b" ")[0] for piece in tail.split(b"token")[1:])
    return max((int(number) for number in numbers if number.isdigit()), default=0)


def _least_p95(values: Sequence[float]) -> float:
    size = len(values) // PARTS
    return min(percentile(values[at * size :][:size], 0.95) for at in range(PARTS))


def measure(keys: int, messages: int) -> list[Result]:
    """Both rows."""
    needed = int((keys * max(GAP_S) + 6) * TOKENS_PER_S)
    step = {"tokens": needed, "before": "go", "interval_s": 1 / TOKENS_PER_S}
    with model_server([step]) as base_url:
        with ground() as place:
            place.use_server(base_url)
            floors = at_rest(place, keys)
        with ground() as place:
            build(place.home, messages)
            place.use_server(base_url)
            busy, _ = while_streaming(place, base_url, keys)
    floor, value = _least_p95(floors), _least_p95(busy)
    print(
        f"medians: at rest {percentile(floors, 0.5):.1f} ms,"
        f" streaming {percentile(busy, 0.5):.1f} ms; longest {max(busy):.0f} ms"
    )
    name = "key to its cell, streaming, p95"
    return [
        Result(name, value, floor, LIMIT_MS),
        Result(f"{name}, against rest", value, floor, floor * FACTOR),
    ]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--messages", type=int, default=5_000)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.keys, asked.messages), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
