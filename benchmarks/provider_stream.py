"""20,000 streamed tokens through each wire, against reading them with the HTTP library.

    python benchmarks/provider_stream.py [--tokens N] [--rounds N] [--check]

The server is the scripted one in a process of its own. The floor, taken in the same
run: httpx2 reads the same body, lines are split, each chunk is decoded by msgspec.
Counted is the processor time of this process, since the server shares the machine.
With `--check` it exits 1 when a wire takes more than twice the floor; how the screen
then draws the tokens has a budget of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from hermes_core.messages import Message, Runtime
from hermes_core.providers.base import ModelRequest, TextDelta
from hermes_core.providers.clients import WireModel, open_model
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.records import records
from hermes_core.providers.resolve import Resolution

LIMIT = 2.0
ROOT = Path(__file__).resolve().parent.parent


def _resolution(base_url: str, mode: str) -> Resolution:
    root = base_url.removesuffix("/v1")
    is_chat = mode == "chat_completions"
    runtime = Runtime(
        model="claude-sonnet-4-5",
        provider="custom" if is_chat else "anthropic",
        base_url=base_url if is_chat else root,
        api_mode=mode,
    )
    record = records()[runtime.provider]
    return Resolution(runtime=runtime, credential=Credential("sk-bench", "none"), record=record)


async def _floor(base_url: str, mode: str) -> int:
    if mode == "chat_completions":
        url = f"{base_url}/chat/completions"
        body: dict[str, Any] = {"stream_options": {"include_usage": True}}
    else:
        url, body = f"{base_url}/messages", {"max_tokens": 1000}
    message = {"role": "user", "content": "go"}
    body |= {"model": "m", "messages": [message], "stream": True}
    count = 0
    headers = {"anthropic-version": "2023-06-01"}
    async with (
        httpx2.AsyncClient() as client,
        client.stream("POST", url, json=body, headers=headers, timeout=60) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                msgspec.json.decode(line[6:])
                count += 1
    return count


async def _through(model: WireModel, resolution: Resolution) -> int:
    request = ModelRequest(
        runtime=resolution.runtime, system="", messages=(Message(role="user", content="go"),)
    )
    count = 0
    async with aclosing(model.stream(request)) as stream:
        async for part in stream:
            count += isinstance(part, TextDelta)
    return count


async def _seconds(run: Callable[[], Awaitable[int]], rounds: int, tokens: int) -> float:
    times = []
    for number in range(rounds + 1):
        started = time.process_time()
        count = await run()
        if count < tokens:
            raise SystemExit(f"{count} of {tokens} tokens arrived")
        if number:  # the first round imports and connects
            times.append(time.process_time() - started)
    return statistics.median(times)


async def _measure(base_url: str, tokens: int, rounds: int) -> bool:
    within = True
    for mode in ("chat_completions", "anthropic_messages"):
        resolution = _resolution(base_url, mode)
        model = open_model(resolution)
        floor = await _seconds(partial(_floor, base_url, mode), rounds, tokens)
        ours = await _seconds(partial(_through, model, resolution), rounds, tokens)
        await model.aclose()
        factor = ours / floor
        within = within and factor <= LIMIT
        print(
            f"{mode:20} floor {floor:.3f} CPU s   ours {ours:.3f} CPU s   {factor:.2f} x (<= {LIMIT})"
        )
    return within


def main() -> None:
    """Start the server, measure, report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.json"
        script.write_text(json.dumps([{"tokens": arguments.tokens, "repeat": True}]))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.model_server", str(script)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        try:
            within = asyncio.run(_measure(base_url, arguments.tokens, arguments.rounds))
        finally:
            process.terminate()
            process.wait()
    sys.exit(1 if arguments.check and not within else 0)


if __name__ == "__main__":
    main()
