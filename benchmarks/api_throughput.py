"""How many turns a second the HTTP API serves to 16 clients at once.

    python benchmarks/api_throughput.py [--turns 800] [--clients 16] [--check]

Each turn is a new conversation with an answer of 20 chunks, written to the store before
it is over. The server runs on core 0, the model and the clients on core 1; clients speak
HTTP through the library under the official SDK and read the stream without decoding it,
so that core 1 does not become the limit. The floor is the same number of turns by one
shared SDK client straight from the model. `--check` exits 1 below 100 turns/s, or when a
turn is missing in the store.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx2
from openai import AsyncOpenAI

from benchmarks.api_rig import MODEL, rig
from benchmarks.harness import Result, arguments, report

TURNS_PER_S = 100.0

Turn = Callable[[str], Awaitable[None]]


async def rate(turn: Turn, *, clients: int, turns: int, name: str) -> float:
    """Run the clients until all turns are done; turns a second."""
    waiting = iter(range(turns))

    async def client() -> None:
        for number in waiting:
            await turn(f"{name} {number}")

    await asyncio.gather(*(turn(f"{name} warm-up {number}") for number in range(clients)))
    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return turns / (time.perf_counter() - begin)


async def alone(base_url: str, *, clients: int, turns: int) -> float:
    """The floor: one SDK client, shared."""
    async with AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as client:

        async def turn(text: str) -> None:
            stream = await client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": text}], stream=True
            )
            async for _ in stream:
                pass

        return await rate(turn, clients=clients, turns=turns, name="alone")


async def through(base_url: str, *, clients: int, turns: int) -> float:
    """The same through the server."""
    async with httpx2.AsyncClient(timeout=60) as client:

        async def turn(text: str) -> None:
            body = {"stream": True, "messages": [{"role": "user", "content": text}]}
            answer = await client.post(f"{base_url}/chat/completions", json=body)
            assert answer.status_code == 200, answer.text
            assert answer.content.endswith(b"data: [DONE]\n\n"), answer.text
            assert b'"finish_reason":"stop"' in answer.content, answer.text

        return await rate(turn, clients=clients, turns=turns, name="through")


def main() -> int:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--turns", type=int, default=800)
    parser.add_argument("--clients", type=int, default=16)
    asked = parser.parse_args()
    with rig(tokens=20) as place:
        floor = asyncio.run(alone(place.model_url, clients=asked.clients, turns=asked.turns))
        value = asyncio.run(through(place.api_url, clients=asked.clients, turns=asked.turns))
    expected = asked.turns + asked.clients
    kept = place.stored
    result = Result("16 clients at once", value, floor, TURNS_PER_S, unit="turns/s", at_least=True)
    print(f"{kept} of {expected} turns are in the store")
    return report([result], check=asked.check) or int(asked.check and kept != expected)


if __name__ == "__main__":
    sys.exit(main())
