"""20,000 streamed tokens to the last frame, and the memory of the program afterwards.

    python benchmarks/streaming.py [--tokens N] [--rounds N] [--check]

The scripted model, a process of its own, holds its answer at a gate. Time runs from
the opening of the gate until the frame that shows the last token was written to the
terminal. The floor: httpx2 reads the same body from the same server and msgspec
decodes each chunk. The least of the rounds counts on both sides. Processor seconds
are printed beside: the server, the program and this reader share the machine.

Memory is what belongs to the program's process alone, after its stream has ended and
two seconds have passed; its floor is a process that has imported textual and openai.
"""

from __future__ import annotations

import asyncio
import sys
import time

import httpx2
import msgspec

from benchmarks.ground import PROMPT, Ground, come_first, ground, model_server, tell_server
from benchmarks.harness import Result, arguments, report
from benchmarks.terminal import Terminal

FACTOR = 3.0
MEMORY_MB = 120.0
SETTLE_S = 2.0
READY = b"via custom"
"""In the start card, drawn once the core is there."""
_BARE = (
    "import sys, textual.app, openai; from textual.widgets import Input, Static;"
    "sys.stdout.write('❯'); sys.stdout.flush(); sys.stdin.read()"
)


def gated(tokens: int) -> list[dict[str, object]]:
    """One answer of so many tokens behind the gate `go`."""
    return [{"tokens": tokens, "before": "go"}]


async def _read_alone(base_url: str) -> float:
    """Seconds and processor seconds of reading and decoding the body, nothing else."""
    message = {"role": "user", "content": "go"}
    body = {"model": "m", "messages": [message], "stream": True}
    body |= {"stream_options": {"include_usage": True}}
    async with (
        httpx2.AsyncClient() as client,
        client.stream("POST", f"{base_url}/chat/completions", json=body, timeout=60) as answer,
    ):
        started = time.perf_counter()
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                msgspec.json.decode(line[6:])
        return time.perf_counter() - started


async def floor_s(tokens: int) -> float:
    """Seconds from the opening of the gate until the last chunk is decoded."""
    with model_server(gated(tokens)) as base_url:
        reading = asyncio.create_task(_read_alone(base_url))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(tell_server, base_url, "release", {"name": "go"})
        return await reading


def stream_s(place: Ground, tokens: int) -> tuple[float, float, float]:
    """Seconds to the last frame, processor seconds of the program, its memory in MB."""
    with model_server(gated(tokens)) as base_url:
        place.use_server(base_url)
        with place.program() as terminal:
            terminal.read_until(READY)
            open_turn(terminal)
            since, cpu = len(terminal.reads), terminal.cpu_s()
            opened = time.perf_counter()
            tell_server(base_url, "release", {"name": "go"})
            shown = terminal.read_until(f"token{tokens - 1}".encode(), since=since)
            spent = terminal.cpu_s() - cpu
            terminal.read_for(SETTLE_S)
            return shown - opened, spent, terminal.private_mb()


def open_turn(terminal: Terminal, text: str = "go on") -> None:
    """Send a message once the screen is at rest; return when the answer is awaited."""
    terminal.quiet(0.5)
    terminal.send(text)
    terminal.read_until(text.split()[-1].encode())
    terminal.send("\r")
    terminal.read_for(1.0)


def bare_mb(place: Ground) -> float:
    """Private memory of the two libraries alone."""
    with Terminal([sys.executable, "-c", _BARE], environ=place.environ, cwd=place.work) as bare:
        bare.read_until(PROMPT)
        return bare.private_mb()


def measure(tokens: int, rounds: int) -> list[Result]:
    """Both rows."""
    floors, seconds, cpu, memory = [], [], [], []
    for _ in range(rounds):
        floors.append(asyncio.run(floor_s(tokens)))
        with ground() as place:
            took, spent, private = stream_s(place, tokens)
            bare = bare_mb(place)
        seconds.append(took)
        cpu.append(spent)
        memory.append(private)
    print(f"processor seconds of the program: {min(cpu):.2f} (least of {rounds})")
    return [
        Result(
            f"{tokens} tokens to the last frame",
            min(seconds),
            min(floors),
            min(floors) * FACTOR,
            "s",
        ),
        Result("private memory after the stream", max(memory), bare, MEMORY_MB, "MB"),
    ]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    come_first()
    return report(measure(asked.tokens, asked.rounds), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
