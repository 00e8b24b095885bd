"""Random use of the whole program, as much as asked: `python benchmarks/workspace_chaos.py 20000`.

The same property as in `tests/tui/test_workspace_chaos.py`, which plays some of a fixed
seed. `--seconds` ends it sooner. Prints the seed and every example that breaks the
property, goes on with the next program then, and ends with exit code 1. One example
alone, after those of its program before it: `--seed SEED --first NUMBER 1`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are no installed package

from hermes_core.paths import Home
from tests.tui.workspace_chaos import CHAPTER, Broken, play


def run(examples: int, first: int, seed: int, seconds: float) -> tuple[int, int]:
    """Play so many or so long; returns how many were played and how many of them broke."""
    ends_at = time.monotonic() + seconds
    gc.disable()  # a tenth of the time; cycles are looked for between the programs
    start, last, played, failed = first, first + examples, 0, 0
    while start < last and time.monotonic() < ends_at:
        end = min(start - start % CHAPTER + CHAPTER, last)
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            home.create()
            try:
                asyncio.run(play(home, seed=seed, first=start, count=end - start))
                played += end - start
            except Exception as error:  # noqa: BLE001  told, counted, and the exit code says it
                # What follows in this program would stand on what broke: it is left out.
                broken = error if isinstance(error, Broken) else error.__context__
                number = broken.number if isinstance(broken, Broken) else end - 1
                print(broken or error, flush=True)
                played += number - start + 1
                failed += 1
        start = end
        gc.collect()
        print(f"{played} examples played, {failed} broke", flush=True)
    return played, failed


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as user:
        os.environ.update(HOME=user, XDG_RUNTIME_DIR=user, HERMES_OFFLINE="1")
        print(f"seed {asked.seed}", flush=True)
        began, busy = time.perf_counter(), time.process_time()
        played, failed = run(asked.examples, asked.first, asked.seed, asked.seconds)
    took, used = time.perf_counter() - began, time.process_time() - busy
    print(f"{played} examples, {failed} broke, in {took:.0f} s, {used:.0f} s of processor time")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
