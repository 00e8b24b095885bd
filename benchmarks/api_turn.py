"""What a turn through the HTTP API costs on top of the same turn through the SDK alone.

    python benchmarks/api_turn.py [--turns 60] [--check]

The scripted model answers at once. Each turn is a new conversation, streamed by the
official client, first straight from the model, then through the server. The server runs
on core 0, the model and the client on core 1. `--check` exits 1 when the median turn
costs more than 25 ms on top.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

from openai import AsyncOpenAI

from benchmarks.api_rig import MODEL, rig
from benchmarks.harness import Result, arguments, percentile, report

ON_TOP_MS = 25.0
WARM_UP = 10


async def turn(client: AsyncOpenAI, text: str) -> float:
    """Stream one answer to its end; milliseconds."""
    begin = time.perf_counter()
    stream = await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": text}], stream=True
    )
    said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    took = (time.perf_counter() - begin) * 1000
    assert "".join(said).startswith("token0 "), said
    return took


async def series(base_url: str, name: str, turns: int) -> list[float]:
    """Take so many turns one after the other, each a new conversation."""
    async with AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as client:
        for number in range(WARM_UP):
            await turn(client, f"{name} warm-up {number}")
        return [await turn(client, f"{name} {number}") for number in range(turns)]


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--turns", type=int, default=60)
    asked = parser.parse_args()
    with rig(tokens=20) as place:
        alone = asyncio.run(series(place.model_url, "alone", asked.turns))
        through = asyncio.run(series(place.api_url, "through", asked.turns))
    floor = statistics.median(alone)
    median = statistics.median(through)
    print(
        f"95th percentile: {percentile(alone, 0.95):.1f} alone, {percentile(through, 0.95):.1f} ms"
    )
    result = Result("one short turn through the HTTP API", median, floor, floor + ON_TOP_MS)
    return report([result], check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
