"""The scripted server as a process of its own, as end-to-end tests and benchmarks use it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from hermes_core.providers.clients import open_model
from tests.core.providers.reach import ask, collect, resolution, said

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    script = tmp_path / "script.json"
    steps = [{"text": "one", "before": "go"}, {"text": ["two"], "calls": [{"name": "t"}]}]
    script.write_text(json.dumps(steps))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.model_server",
        str(script),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    yield (await process.stdout.readline()).decode().strip()
    process.terminate()
    assert await process.wait() == 0


async def test_steps_gates_and_state_work_across_processes(address: str) -> None:
    reached = resolution(address)
    model = open_model(reached)
    root = address.removesuffix("/v1")
    waiting = asyncio.create_task(collect(model, ask(reached)))
    async with httpx2.AsyncClient() as client:
        await client.post(f"{root}/_script/release", json={"name": "go"})
        assert said(await waiting) == "one"
        assert said(await collect(model, ask(reached))) == "two"
        await client.post(f"{root}/_script/add", json={"steps": [{"text": "three"}]})
        state = (await client.get(f"{root}/_script/state")).json()
    await model.aclose()
    assert len(state["requests"]) == 2
    assert (state["remaining"], state["problems"]) == (1, [])
