"""Random use of the whole program, as much as asked: `python benchmarks/workspace_chaos.py 20000`.

The same property as in `tests/tui/test_workspace_chaos.py`, which plays a few of a
fixed seed. Prints the seed; ends with exit code 1 and the example that breaks it. One
example alone: `--seed SEED --first NUMBER 1`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are no installed package

from hermes_core.paths import Home
from tests.tui.workspace_chaos import Broken, play

PART = 200
"""Examples in one program; then it is started anew."""


async def run(examples: int, first: int, seed: int) -> None:
    """Play so many, telling how far it is."""
    for start in range(first, first + examples, PART):
        count = min(PART, first + examples - start)
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            home.create()
            await play(home, seed=seed, first=start, count=count)
        print(f"{start + count - first} examples hold", flush=True)


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as user:
        os.environ.update(HOME=user, XDG_RUNTIME_DIR=user, HERMES_OFFLINE="1")
        print(f"seed {asked.seed}", flush=True)
        began, busy = time.perf_counter(), time.process_time()
        try:
            asyncio.run(run(asked.examples, asked.first, asked.seed))
        except Broken as broken:
            print(broken)
            return 1
    took, used = time.perf_counter() - began, time.process_time() - busy
    print(f"{asked.examples} examples held in {took:.0f} s, {used:.0f} s of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
