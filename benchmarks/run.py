"""All budgets of the project: every benchmark, one table, one exit code.

    python benchmarks/run.py [--only NAME ...] [--check]

Each benchmark is a process of its own, one after the other. With `--check` it exits 1
when a result is beyond its budget and no dated line of `exceptions.md` excuses it, or
when a benchmark failed. It takes about eight minutes; nothing else should run then.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import come_first
from benchmarks.harness import RESULTS_FILE, Result, arguments, read_results, report

HERE = Path(__file__).parent
_SEARCH_FLOOR = re.compile(r"floor by sqlite3 alone, unranked: p95 ([\d.]+) ms")
_SEARCH = re.compile(r"search: p50 [\d.]+ ms, p95 ([\d.]+) ms")
_WIRE = re.compile(r"(\w+)\s+floor ([\d.]+) CPU s\s+ours ([\d.]+) CPU s")
SEARCH_MS = 50.0
WIRE_FACTOR = 2.0


def _search(printed: str) -> list[Result]:
    floor, value = _SEARCH_FLOOR.search(printed), _SEARCH.search(printed)
    if floor is None or value is None:
        return []
    name = "search over 100,000 messages, p95"
    return [Result(name, float(value[1]), float(floor[1]), SEARCH_MS)]


def _wires(printed: str) -> list[Result]:
    return [
        Result(
            f"20,000 tokens read through {found[1]}",
            float(found[3]) * 1000,
            float(found[2]) * 1000,
            float(found[2]) * 1000 * WIRE_FACTOR,
            "CPU ms",
        )
        for found in _WIRE.finditer(printed)
    ]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A script of this folder."""

    name: str
    parse: Callable[[str], list[Result]] | None = None
    """Reads what it prints; None: it reports through the harness."""


ALL = (
    Benchmark("startup"),
    Benchmark("streaming"),
    Benchmark("stream_bytes"),
    Benchmark("key_latency"),
    Benchmark("screen_steps"),
    Benchmark("idle"),
    Benchmark("sdk_memory"),
    Benchmark("resume"),
    Benchmark("store_search", _search),
    Benchmark("provider_stream", _wires),
    Benchmark("api_turn"),
    Benchmark("api_throughput"),
)


def results_of(benchmark: Benchmark) -> list[Result]:
    """Run a benchmark; empty if it measured nothing."""
    print(f"--- {benchmark.name}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "results.jsonl"
        done = subprocess.run(
            [sys.executable, str(HERE / f"{benchmark.name}.py")],
            env={**os.environ, RESULTS_FILE: str(file)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, end="", flush=True)
        if done.returncode:
            return []
        return benchmark.parse(done.stdout) if benchmark.parse else read_results(file)


def main() -> int:
    """Run them and report."""
    parser = arguments(__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these benchmarks alone")
    asked = parser.parse_args()
    come_first()
    chosen = [one for one in ALL if asked.only is None or one.name in asked.only]
    measured = {one.name: results_of(one) for one in chosen}
    empty = [name for name, results in measured.items() if not results]
    print()
    code = report([one for results in measured.values() for one in results], check=asked.check)
    for name in empty:
        print(f"{name}: failed, nothing was measured")
    return 1 if empty else code


if __name__ == "__main__":
    sys.exit(main())
