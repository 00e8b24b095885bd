"""What all benchmarks share: one result with its floor and budget, one table, one exit code.

A floor is the same work done by the libraries alone, measured in the same run, so that a
slow machine moves both. A result beyond its budget fails `--check` unless a dated line of
`exceptions.md` names it and says why: `- 2026-01-31 name of the result: reason`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

EXCEPTIONS = Path(__file__).with_name("exceptions.md")
RESULTS_FILE = "HERMES_BENCH_RESULTS"
"""Variable that names a file to which `report` adds its results, one JSON object a line."""
_EXCEPTION = re.compile(r"^- \d{4}-\d{2}-\d{2} (?P<name>[^:]+): (?P<reason>.+)$")


@dataclass(frozen=True, slots=True)
class Result:
    """One measured value.

    Args:
        name: What was measured, in words.
        value: The measurement, in `unit`.
        floor: The same without our code; None where there is none.
        budget: The limit for `value`, in the same unit.
        unit: `ms`, `s`, `MB`, `turns/s`, …
        at_least: The budget is a lower bound (throughput), not an upper one.
    """

    name: str
    value: float
    floor: float | None
    budget: float
    unit: str = "ms"
    at_least: bool = False

    @property
    def is_within(self) -> bool:
        """Whether the value keeps the budget."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with `--check`, to which a benchmark adds its own options."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="exit 1 beyond a budget")
    return parser


def report(results: Sequence[Result], *, check: bool) -> int:
    """Print the table; return the exit code."""
    _keep(results)
    if not results:
        return 0
    excused = exceptions()
    width = max(len(result.name) for result in results)
    print(f"{'':{width}}  {'value':>10} {'floor':>10} {'budget':>12}")
    failed = False
    for result in results:
        floor = "–" if result.floor is None else f"{result.floor:.1f}"
        sign = "≥" if result.at_least else "≤"
        budget = f"{sign} {result.budget:.1f}"
        verdict = "ok"
        if not result.is_within:
            reason = excused.get(result.name)
            verdict = f"excused: {reason}" if reason else "OVER"
            failed = failed or reason is None
        name = f"{result.name:{width}}"
        print(f"{name}  {result.value:10.1f} {floor:>10} {budget:>12} {result.unit:<8} {verdict}")
    return int(check and failed)


def _keep(results: Sequence[Result]) -> None:
    file = os.environ.get(RESULTS_FILE)
    if file:
        with Path(file).open("a", encoding="utf-8") as out:
            out.writelines(f"{json.dumps(asdict(result))}\n" for result in results)


def read_results(file: Path) -> list[Result]:
    """Read what `report` kept; empty if nothing was."""
    if not file.exists():
        return []
    return [Result(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def exceptions(path: Path = EXCEPTIONS) -> dict[str, str]:
    """Read the excused results: name to reason."""
    if not path.exists():
        return {}
    found = (_EXCEPTION.match(line) for line in path.read_text("utf-8").splitlines())
    return {match["name"].strip(): match["reason"] for match in found if match}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0.0 to 1.0) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def pin(core: int) -> bool:
    """Keep this process and its later children on one core; False where that is not possible."""
    if sys.platform != "linux":
        return False
    try:
        os.sched_setaffinity(0, {core})
    except OSError:
        return False
    return True
