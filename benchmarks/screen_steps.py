"""What a person waits for on the screen: a new window size, and each pane.

    python benchmarks/screen_steps.py [--messages 5000] [--rounds N] [--check]

The real program resumes a conversation of 5,000 messages in a process of its own. Each
step is taken in it: the size of the window changes, or the key of a pane is pressed; time
runs until the last byte of the frame was written, the program being silent for a while
afterwards. The floor is the same step in the two-widget program, in the same run. The
least of the rounds counts on both sides.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable

from benchmarks.ground import PROMPT, come_first, ground, model_server
from benchmarks.harness import Result, arguments, report
from benchmarks.long_session import LAST_WORDS, SESSION_ID, build
from benchmarks.terminal import COLUMNS, ROWS, Terminal

RESIZE_MS = 50.0
PANE_MS = 50.0
SILENCE_S = 0.4
"""A step is over when nothing was written for so long."""
PANES = {"tools": "\x1b2", "sessions": "\x1b3", "skills": "\x1b4", "approvals": "\x1b5"}
CHAT = "\x1b1"


def step_ms(terminal: Terminal, act: Callable[[], object]) -> float:
    """Milliseconds from an act to the last byte that it makes the program write."""
    terminal.quiet(SILENCE_S)
    since = len(terminal.reads)
    started = time.perf_counter()
    act()
    terminal.quiet(SILENCE_S)
    if len(terminal.reads) == since:
        raise SystemExit(f"nothing was drawn\n{terminal.screen_text()}")
    return (terminal.reads[-1][0] - started) * 1000


def resize(terminal: Terminal, columns: int, rows: int) -> None:
    """Change the size of the window and tell the program."""
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, size)
    os.killpg(terminal.process.pid, signal.SIGWINCH)


def resize_ms(terminal: Terminal, rounds: int) -> float:
    """The least time of a change of size, there and back."""
    found = []
    for _ in range(rounds):
        found.append(step_ms(terminal, lambda: resize(terminal, COLUMNS - 14, ROWS - 6)))
        found.append(step_ms(terminal, lambda: resize(terminal, COLUMNS, ROWS)))
    return min(found)


def pane_ms(terminal: Terminal, key: str, rounds: int) -> float:
    """The least time from a pane's key to the pane."""
    found = []
    for _ in range(rounds):
        found.append(step_ms(terminal, lambda: terminal.send(key)))
        step_ms(terminal, lambda: terminal.send(CHAT))
    return min(found)


def measure(messages: int, rounds: int) -> list[Result]:
    """A row for the size and one for each pane."""
    with ground() as place, place.script("two_widgets.py") as bare:
        bare.read_until(PROMPT)
        floor_resize = resize_ms(bare, rounds)
        floor_key = min(step_ms(bare, lambda: bare.send("x")) for _ in range(rounds))
    with model_server([]) as base_url, ground() as place:
        build(place.home, messages)
        place.use_server(base_url)
        with place.program("--resume", SESSION_ID) as terminal:
            terminal.read_until(LAST_WORDS.encode())
            terminal.quiet(1.5)
            results = [
                Result(
                    f"resize with {messages} messages",
                    resize_ms(terminal, rounds),
                    floor_resize,
                    RESIZE_MS,
                )
            ]
            results += [
                Result(f"open pane {name}", pane_ms(terminal, key, rounds), floor_key, PANE_MS)
                for name, key in PANES.items()
            ]
    return results


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
