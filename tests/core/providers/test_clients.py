"""Clients are kept, and cost nothing before they are used."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from hermes_core.errors import ConfigError, ProviderError
from hermes_core.providers.clients import Models, open_model
from hermes_core.providers.wires.client_slot import ClientSlot, Connected
from hermes_core.providers.wires.endpoint import Endpoint
from tests.core.providers.reach import ask, collect, resolution, said
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.support import until


async def test_the_same_endpoint_keeps_its_client_whatever_the_model() -> None:
    models = Models()
    first = models.get(resolution("http://127.0.0.1:1/v1"))
    assert models.get(resolution("http://127.0.0.1:1/v1", model="other")) is first
    assert models.get(resolution("http://127.0.0.1:2/v1")) is not first
    assert models.get(resolution("http://127.0.0.1:1/v1", key="sk-another-key")) is not first
    await models.aclose()


async def test_one_client_serves_many_requests_at_once(model_server: ModelServer) -> None:
    model_server.add(*(say("ok") for _ in range(8)))
    reached = resolution(model_server.base_url)
    model = open_model(reached)
    replies = await asyncio.gather(*(collect(model, ask(reached)) for _ in range(8)))
    await model.aclose()
    assert {said(parts) for parts in replies} == {"ok"}


def test_a_wire_without_a_client_is_named() -> None:
    reached = resolution("http://127.0.0.1:1/v1")
    runtime = msgspec.structs.replace(reached.runtime, api_mode="demo")
    with pytest.raises(ConfigError, match="demo"):
        open_model(msgspec.structs.replace(reached, runtime=runtime))


async def test_an_interrupt_while_the_client_opens_leaves_one_client_that_is_closed() -> None:
    opened: list[FakeClient] = []
    may_open = threading.Event()

    def connect() -> Connected:
        may_open.wait(10)
        opened.append(FakeClient())
        return Connected(opened[-1], object)

    endpoint = Endpoint(resolution("http://127.0.0.1:1/v1"), "/x", connect)
    asking = asyncio.create_task(endpoint.listing("/models", {}))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    may_open.set()
    assert await endpoint.listing("/models", {}) == {"data": [{"id": "m"}]}
    await endpoint.aclose()
    assert [client.closed for client in opened] == [True]


@pytest.mark.ac("request-reconnect")
async def test_a_renewed_client_is_closed_with_the_last_request_that_has_it() -> None:
    opened: list[FakeClient] = []

    def connect() -> Connected:
        opened.append(FakeClient())
        return Connected(opened[-1], object)

    slot = ClientSlot(connect)
    async with slot.borrowed() as first:
        await slot.renew()
        async with slot.borrowed() as second:
            assert second is not first
        assert [client.closed for client in opened] == [False, False]
    assert [client.closed for client in opened] == [True, False]
    await slot.renew()
    assert [client.closed for client in opened] == [True, True]
    await slot.renew()  # nobody asked meanwhile: there is nothing to close
    assert len(opened) == 2


@pytest.mark.ac("request-reconnect")
@pytest.mark.parametrize("mode", ["chat_completions", "anthropic_messages", "codex_responses"])
async def test_new_connections_leave_a_reply_that_is_on_its_way_alone(mode: str) -> None:
    rest = asyncio.Event()
    server = await ModelServer([say("still here", pieces=2, gates={2: rest}), say("new")]).start()
    reached = resolution(server.base_url, api_mode=mode)
    model = open_model(reached)
    running = asyncio.create_task(collect(model, ask(reached)))
    await until(lambda: len(server.requests) == 1)
    assert await model.reconnect()
    assert said(await collect(model, ask(reached))) == "new"
    rest.set()
    assert said(await running) == "still here"
    await model.aclose()
    await server.aclose()
    assert [request.connection for request in server.requests] == [1, 2]


class FakeClient:
    """What the endpoint needs of an SDK's client."""

    def __init__(self) -> None:
        self.closed = False

    async def get(self, path: str, **options: object) -> object:
        """One model is served."""
        return {"data": [{"id": "m"}]}

    async def close(self) -> None:
        """Note it."""
        self.closed = True


async def test_the_least_distance_between_requests_is_kept(model_server: ModelServer) -> None:
    model_server.add(say("one"), say("two"))
    reached = msgspec.structs.replace(resolution(model_server.base_url), rate_limit_delay_s=0.2)
    model = open_model(reached)
    await collect(model, ask(reached))
    started = asyncio.get_running_loop().time()
    await collect(model, ask(reached))
    await model.aclose()
    assert asyncio.get_running_loop().time() - started > 0.1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine with its key, in one file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run([program, *command.split()], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


@pytest.mark.ac("own-certificates")
@pytest.mark.parametrize("mode", ["chat_completions", "anthropic_messages", "codex_responses"])
async def test_an_own_certificate_is_refused_until_its_bundle_is_named(
    certificate: Path, mode: str
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await ModelServer([say("ok")]).start(tls=tls)
    reached = resolution(server.base_url, api_mode=mode)
    strange = open_model(reached)
    with pytest.raises(ProviderError) as caught:
        await collect(strange, ask(reached))
    await strange.aclose()
    assert (caught.value.reason, caught.value.retryable) == ("connection", False)
    assert "HERMES_CA_BUNDLE" in caught.value.hint
    trusted = open_model(msgspec.structs.replace(reached, ca_bundle=str(certificate)))
    assert said(await collect(trusted, ask(reached))) == "ok"
    await trusted.aclose()
    await server.aclose()
    server.assert_done()


async def test_a_bundle_that_is_none_is_a_wrong_setting(model_server: ModelServer) -> None:
    reached = msgspec.structs.replace(resolution(model_server.base_url), ca_bundle="/nowhere.pem")
    model = open_model(reached)
    with pytest.raises(ConfigError, match="nowhere"):
        await collect(model, ask(reached))


@pytest.mark.ac("sdk-on-first-use")
def test_no_sdk_is_imported_before_a_request() -> None:
    code = (
        "import sys, hermes_core.providers.clients, hermes_core.providers.resolve;"
        "print([name for name in ('openai', 'anthropic', 'httpx2', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
