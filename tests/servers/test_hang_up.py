"""A client that goes away ends the turn and what it runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import psutil
import pytest

from hermes_core.events import TurnFinished
from tests.fakes.model_server.script import Reply, call
from tests.fakes.model_server.server import ModelServer
from tests.servers.conftest import Api
from tests.support import until


async def finish_of_the_turn(api: Api, *, within_s: float) -> TurnFinished:
    """Wait for the stored end of the only turn there is."""
    async with asyncio.timeout(within_s):
        while True:
            for entry in await api.host.store.list_sessions():
                for event in await api.host.store.events(entry.id):
                    if isinstance(event, TurnFinished):
                        return event
            await asyncio.sleep(0.01)


def pid_of(file: Path) -> int:
    """The number in the file, 0 while there is none."""
    return int(file.read_text().strip() or 0) if file.exists() else 0


async def hang_up_when(
    api: Api, condition: asyncio.Event, *, stream: bool, model: str = "agent"
) -> None:
    """Ask, and drop the connection as soon as the condition holds."""
    port = int(api.root.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps(
        {"messages": [{"role": "user", "content": "go"}], "stream": stream, "model": model}
    ).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    await condition.wait()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.ac("api-hang-up")
@pytest.mark.parametrize("stream", [True, False])
async def test_hang_up_while_a_tool_runs_stops_turn_and_processes(
    api: Api, model_server: ModelServer, *, stream: bool
) -> None:
    command = "echo $$ > pid; sleep 30; echo late"
    model_server.add(call("terminal", {"command": command}))
    pid_file = Path("pid")
    running = asyncio.Event()
    asking = asyncio.create_task(hang_up_when(api, running, stream=stream))
    await until(lambda: pid_of(pid_file))
    process = psutil.Process(pid_of(pid_file))
    running.set()
    await asking
    assert (await finish_of_the_turn(api, within_s=1.0)).outcome == "interrupted"
    await until(lambda: not process.is_running() or process.status() == "zombie", timeout_s=2.5)
    assert len(model_server.requests) == 1


async def test_hang_up_while_the_model_writes_keeps_what_was_written(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(Reply(text=["The beginning", " and the end."], gates={2: "never"}))
    running = asyncio.Event()
    asking = asyncio.create_task(hang_up_when(api, running, stream=True))
    await until(lambda: model_server.requests)
    running.set()
    await asking
    assert (await finish_of_the_turn(api, within_s=5.0)).outcome == "interrupted"
    await until(lambda: model_server.aborted == 1)
    listed = await api.host.store.list_sessions()
    stored = await api.host.store.messages(listed[0].id)
    assert stored[0].content == "go"


async def test_hang_up_ends_a_direct_answer_too(api: Api, model_server: ModelServer) -> None:
    model_server.add(Reply(text=["The beginning", " and the end."], gates={2: "never"}))
    running = asyncio.Event()
    name = "hermes-agent-direct"
    asking = asyncio.create_task(hang_up_when(api, running, stream=True, model=name))
    await until(lambda: model_server.requests)
    running.set()
    await asking
    await until(lambda: model_server.aborted == 1)


@pytest.mark.ac("api-drain")
async def test_turn_that_outlasts_the_drain_time_is_interrupted_and_kept(
    api: Api, model_server: ModelServer
) -> None:
    model_server.add(Reply(text=["The beginning", " and the end."], gates={2: "never"}))
    http = await api.http()
    body = {"messages": [{"role": "user", "content": "go"}], "stream": True}
    asking = asyncio.create_task(http.post("/v1/chat/completions", json=body))
    await until(lambda: model_server.requests)
    api.server.stop()
    answer = await asking
    assert '"code":"interrupted"' in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")
    assert (await finish_of_the_turn(api, within_s=5.0)).outcome == "interrupted"
