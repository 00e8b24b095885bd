"""Who is asked, and who is not: keys, addresses and listeners of a real start."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import Machine, finished
from tests.fakes.model_server.script import Call, Reply, say
from tests.fakes.model_server.server import ModelServer

pytestmark = pytest.mark.timeout(300)

WATCH = """
import os, sys

def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        with open(os.environ["WATCH_LOG"], "a") as log:
            log.write(f"{address[0]}:{address[1]}\\n" if isinstance(address, tuple) else "unix\\n")
    elif event == "socket.getaddrinfo":
        with open(os.environ["WATCH_LOG"], "a") as log:
            log.write(f"lookup {arguments[0]}\\n")

sys.addaudithook(watch)
"""


class Listener:
    """Accepts connections and answers nothing."""

    def __init__(self) -> None:
        self.connections = 0
        self.received = b""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep what comes until the other side leaves."""
        self.connections += 1
        while data := await reader.read(65_536):
            self.received += data
        writer.close()


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[tuple[Listener, int]]:
    """A silent listener on the loopback and its port."""
    listener = Listener()
    server = await asyncio.start_server(listener.take, "127.0.0.1", port)
    try:
        yield listener, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.ac("own-endpoint")
async def test_provider_anthropic_speaks_messages_at_the_address_given(
    machine: Machine, model_server: ModelServer
) -> None:
    machine.configure(
        {
            "model": {
                "provider": "anthropic",
                "default": "claude-sonnet-4-5",
                "base_url": model_server.url,
                "api_key": "sk-ant-own",
            }
        }
    )
    (machine.work / "a.txt").write_text("alpha\n")
    model_server.add(
        Reply(
            reasoning=["Hm."],
            text=["Looking."],
            calls=[Call(name="read_file", arguments={"path": "a.txt"})],
        ),
        say("It says alpha."),
    )

    done = await machine.run("chat", "-Q", "-q", "read a.txt")

    assert (done.code, done.out) == (0, "It says alpha.\n")
    assert [one.path for one in model_server.requests] == ["/v1/messages"] * 2
    assert {one.key for one in model_server.requests} == {"sk-ant-own"}


@pytest.mark.ac("own-endpoint")
async def test_three_settings_written_by_the_command_are_enough(
    machine: Machine, model_server: ModelServer
) -> None:
    model_server.add(say("Hello."))
    for key, value in (
        ("model.provider", "custom"),
        ("model.base_url", model_server.base_url),
        ("model.default", "scripted-model"),
    ):
        assert (await machine.run("config", "set", key, value)).code == 0

    done = await machine.run("chat", "-Q", "-q", "hi")

    assert (done.code, done.out) == (0, "Hello.\n")


@pytest.mark.ac("only-the-model-is-asked")
async def test_an_openai_key_alone_goes_to_its_own_address_and_nowhere_else(
    machine: Machine, model_server: ModelServer, tmp_path: Path
) -> None:
    watching = tmp_path / "watching"
    watching.mkdir()
    (watching / "sitecustomize.py").write_text(WATCH)
    log = tmp_path / "connections.log"
    machine.extra.update(
        OPENAI_API_KEY="sk-openai-only",
        OPENAI_BASE_URL=model_server.base_url,
        PYTHONPATH=str(watching),
        WATCH_LOG=str(log),
    )
    model_server.add(say("Hello."), say("Hello again."))

    async with listening() as (other, _):
        done = await machine.run("chat", "-Q", "-q", "hi")
        assert (done.code, done.out) == (0, "Hello.\n")
        async with machine.screen() as screen:
            await screen.until("● ready")
            screen.type("hi")
            screen.press("enter")
            await screen.until("Hello again.")
            await screen.until("● ready")
            screen.press("ctrl+d")
            assert await screen.ended() == 0
        assert other.connections == 0

    host = model_server.url.removeprefix("http://")
    seen = set(log.read_text().splitlines())
    assert host in seen
    assert seen <= {host, "unix", "lookup 127.0.0.1"}
    assert {one.key for one in model_server.requests} == {"sk-openai-only"}


@pytest.mark.ac("ac-11-4")
async def test_a_lost_key_is_reported_and_nothing_scripted_answers(machine: Machine) -> None:
    machine.configure({"model": {"provider": "openrouter", "default": "some/model"}})

    done = await machine.run("chat", "-Q", "-q", "list the files here")
    assert (done.code, done.out) == (3, "")
    assert "OPENROUTER_API_KEY" in done.err
    assert "demo" not in done.err

    async with machine.screen("chat", "-q", "list the files here") as screen:
        assert await screen.ended() == 3
        shown = await screen.until("OPENROUTER_API_KEY")
        assert "There" not in shown
        assert "I will look" not in shown

    async with machine.screen() as screen:
        await screen.until("OPENROUTER_API_KEY")
        await screen.until("not started")
        screen.type("list the files here")
        screen.press("enter")
        await screen.until(lambda text: text.count("OpenRouter has no key") == 2)
        assert "demo" not in screen.text
        assert "list the files here" in screen.text
        screen.press("ctrl+c")
        await screen.until(lambda text: "list the files here" not in text)
        screen.press("ctrl+d")
        assert await screen.ended() == 0


@pytest.mark.ac("ac-11-5")
async def test_listeners_nobody_confirmed_receive_no_byte(machine: Machine) -> None:
    try:
        async with listening(8000) as (one, _), listening(8080) as (two, _):
            done = await machine.run("chat", "-Q", "-q", "a secret question")
            assert done.code == 3
            async with machine.screen() as screen:
                await screen.until("demo: a built-in script")
                await screen.until("● ready")
                screen.type("what is this")
                screen.press("enter")
                await screen.until("built-in demo")
            assert one.received == two.received == b""
    except OSError as error:
        pytest.skip(f"the well-known ports are taken: {error}")


@pytest.mark.ac("if-10-7")
async def test_a_home_that_cannot_be_written_is_one_clear_error(machine: Machine) -> None:
    program = machine.command("chat", "--provider", "demo", "-Q", "-q", "hi")
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("permissions do not bind this user, and setpriv is not installed")
        program = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *program]
    machine.home.chmod(0o555)
    process = await asyncio.create_subprocess_exec(
        *program,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=machine.environ,
        cwd=machine.work,
    )
    done = await finished(process)
    machine.home.chmod(0o755)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {machine.hermes}: ")
    assert "HERMES_HOME" in done.err
    assert "Traceback" not in done.err


async def test_while_a_host_is_not_found_the_wait_is_shown_and_esc_ends_it(
    machine: Machine,
) -> None:
    machine.use_server("http://no-such-host.invalid/v1")
    async with machine.screen(columns=100, rows=30) as screen:
        await screen.until("● ready")
        screen.type("hi")
        screen.press("enter")
        await screen.until("offline, next try in")
        screen.press("escape")
        await screen.until("stopped by you")
        await screen.until("● ready")
