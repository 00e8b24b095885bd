"""Random conversations, by chance and as many as asked: `python benchmarks/turn_chaos.py 20000`.

The same property as in `tests/core/agent/test_chaos.py`, which plays 500 without chance.
Ends with exit code 1 and the smallest example that breaks it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are no installed package

from hermes_core.paths import Home
from hermes_core.storage.store import Store
from tests.core.agent.chaos import Play, play, plays


def run(examples: int, chance: int) -> float:
    """Play so many; returns the seconds it took. Raises what a broken example raises."""
    numbers = itertools.count(1)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        home = Home(Path(folder))
        home.create()
        store = runner.run(Store.open(home))

        @seed(chance)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(plays)
        def property_(script: Play) -> None:
            runner.run(play(store, home, script, f"20261122_101500_{next(numbers):08x}"))

        try:
            property_()
        finally:
            runner.run(store.aclose())
    return time.perf_counter() - began


def _log_to(file: Path | None) -> None:
    """Keep log lines in a file, or drop them: failures are played here by the thousand.

    Nothing that matters is only logged. What breaks inside of the engine ends its turn
    with a reason of its own, which the property refuses.
    """
    kept = logging.FileHandler(file, encoding="utf-8") if file else logging.NullHandler()
    logging.basicConfig(handlers=[kept], format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep what the engine logs")
    arguments = parser.parse_args()
    _log_to(arguments.log)
    print(f"seed {arguments.seed}", flush=True)
    took = run(arguments.examples, arguments.seed)
    print(f"{arguments.examples} conversations whole in {took:.1f} s")


if __name__ == "__main__":
    main()
