"""Private memory that each further SDK adds to a process that has the openai wire.

    python benchmarks/sdk_memory.py [--check]

In a process of its own: the openai wire streams one answer, then the wire of the
other SDK does. The growth of the memory that belongs to the process alone counts;
the floor is the growth by importing the SDK and nothing else.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing

import psutil

from benchmarks.ground import ROOT, model_server
from benchmarks.harness import Result, arguments, report
from hermes_core.messages import Message, Runtime
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.records import records
from hermes_core.providers.resolve import Resolution

LIMIT_MB = 35.0
MODES = {"chat_completions": "custom", "anthropic_messages": "anthropic"}
_BARE = (
    "import psutil, textual.app, openai; own = lambda: psutil.Process().memory_full_info().uss;"
    "before = own(); import anthropic; print((own() - before) / 1e6)"
)


def _own_mb() -> float:
    return float(psutil.Process().memory_full_info().uss) / 1e6


async def _stream(base_url: str, mode: str) -> None:
    provider = MODES[mode]
    address = base_url if provider == "custom" else base_url.removesuffix("/v1")
    runtime = Runtime(model="any", provider=provider, base_url=address, api_mode=mode)
    credential = Credential("sk-bench", "none")
    model = open_model(
        Resolution(runtime=runtime, credential=credential, record=records()[provider])
    )
    request = ModelRequest(
        runtime=runtime, system="", messages=(Message(role="user", content="go"),)
    )
    async with aclosing(model.stream(request)) as parts:
        async for _ in parts:
            pass
    await model.aclose()


def growth_mb(base_url: str) -> float:
    """Memory the second wire adds, in MB; only true in a fresh process."""
    first, *others = MODES
    asyncio.run(_stream(base_url, first))
    before = _own_mb()
    for mode in others:
        asyncio.run(_stream(base_url, mode))
    return _own_mb() - before


def measure() -> list[Result]:
    """One row."""
    with model_server([{"tokens": 100, "repeat": True}]) as base_url:
        command = [sys.executable, "-m", "benchmarks.sdk_memory", "--grow", base_url]
        value = float(subprocess.check_output(command, cwd=ROOT, text=True))
    floor = float(subprocess.check_output([sys.executable, "-c", _BARE], text=True))
    return [Result("private memory of a further SDK", value, floor, LIMIT_MB, "MB")]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--grow", metavar="ADDRESS", help="measure in this process and print")
    asked = parser.parse_args()
    if asked.grow:
        print(growth_mb(asked.grow))
        return 0
    return report(measure(), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
