"""`hermes --serve api` as a process: starting, refusing to start, stopping."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from openai import AsyncOpenAI

from tests.e2e.conftest import Machine, finished
from tests.fakes.model_server.script import Reply, say
from tests.fakes.model_server.server import ModelServer
from tests.support import until

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def serving(machine: Machine) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start the server; yields the process and its address with `/v1`."""
    machine.extra["API_SERVER_PORT"] = "0"
    process = await machine.start("--serve", "api")
    try:
        assert process.stderr is not None, "a pipe"
        async with asyncio.timeout(90):
            while b"listens on " not in (line := await process.stderr.readline()):
                assert line, "the server ended"
        yield process, line.decode().rpartition("listens on ")[2].strip()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def until_closed(url: str) -> None:
    """Return when no new connection is taken any more."""
    async with asyncio.timeout(60), httpx2.AsyncClient() as http:
        while True:
            try:
                await http.get(f"{url}/health", headers={"Connection": "close"})
            except httpx2.TransportError:
                return


@pytest.mark.ac("api-serve")
async def test_server_answers_and_ends_with_zero_on_sigterm(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(say("Hello."))
    async with serving(machine) as (process, url):
        async with httpx2.AsyncClient() as http:
            health = await http.get(f"{url}/health")
        assert health.json() == {"status": "ok", "platform": "hermes-agent"}
        async with AsyncOpenAI(base_url=url, api_key="none") as client:
            answer = await client.chat.completions.create(
                model="agent", messages=[{"role": "user", "content": "Hi"}]
            )
        assert answer.choices[0].message.content == "Hello."
        process.send_signal(signal.SIGTERM)
        done = await finished(process)
    assert (done.code, done.out) == (0, "")
    listed = await machine.run("sessions", "list")
    assert "Hi" in listed.out


@pytest.mark.ac("api-serve")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_running_answer_is_completed_before_the_server_ends(
    machine: Machine, model_server: ModelServer, number: signal.Signals
) -> None:
    machine.use_server(model_server.base_url)
    model_server.add(Reply(text=["Saved."], before="go"))
    async with serving(machine) as (process, url), AsyncOpenAI(base_url=url, api_key="x") as client:
        asked = asyncio.create_task(
            client.chat.completions.create(
                model="agent", messages=[{"role": "user", "content": "Hi"}]
            )
        )
        await until(lambda: model_server.requests)
        process.send_signal(number)
        await until_closed(url)
        model_server.gate("go").set()
        assert (await asked).choices[0].message.content == "Saved."
        assert (await finished(process)).code == 0


@pytest.mark.ac("api-bind-guard")
async def test_network_address_without_a_key_is_an_error_that_names_the_setting(
    machine: Machine,
) -> None:
    machine.extra["API_SERVER_HOST"] = "0.0.0.0"
    done = await machine.run("--serve", "api")
    assert done.code == 1
    assert "API_SERVER_KEY" in done.err


async def test_server_without_a_model_says_so_and_never_answers_as_the_demo(
    machine: Machine,
) -> None:
    async with serving(machine) as (process, url):
        async with httpx2.AsyncClient() as http:
            body = {"messages": [{"role": "user", "content": "list my files"}]}
            answer = await http.post(f"{url}/chat/completions", json=body)
        assert answer.status_code == 503
        process.send_signal(signal.SIGINT)
        done = await finished(process)
    assert done.code == 0
    assert "No model configured" in done.err


def test_serving_loads_nothing_that_draws() -> None:
    code = (
        "import sys, hermes_tui.commands.serve\n"
        "print(sorted({'textual', 'rich', 'prompt_toolkit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


async def test_a_setting_that_can_never_answer_ends_it_before_it_listens(machine: Machine) -> None:
    machine.use_server("no url")

    done = await machine.run("--serve", "api")

    assert done.code == 1
    assert "'no url' is not an http or https address." in done.err
    assert "listens on" not in done.err
