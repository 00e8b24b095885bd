"""Looking for model servers: what is found, and what a stranger learns."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import pytest

from hermes_core.errors import ConfigError
from hermes_core.providers.local_servers import (
    PORTS,
    Probe,
    account_of_port,
    find_local_servers,
    probe_address,
)
from tests.fakes.listener import FakeListener, listing
from tests.fakes.model_server.server import ModelServer

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000 54321        0 2 1
   2: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 54321        0 3 1
"""


def test_the_usual_ports_are_known() -> None:
    assert PORTS == {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM"}


async def test_a_server_on_this_machine_is_found_with_address_models_and_account() -> None:
    async with FakeListener({"/v1/models": (200, listing("one", "two"))}) as there:
        (found,) = await find_local_servers({there.port: "llama.cpp"})

    assert found.base_url == f"{there.url}/v1"
    assert (found.label, found.models) == ("llama.cpp", ("one", "two"))
    if sys.platform == "linux":
        assert found.account == getpass.getuser()


async def test_what_lists_no_models_is_no_model_server() -> None:
    async with (
        FakeListener({"/v1/models": (200, b"<html>a page</html>")}) as page,
        FakeListener({"/v1/models": (200, {"models": "none"})}) as other,
        FakeListener({"/v1/models": (302, {})}) as elsewhere,
        FakeListener() as nothing,
    ):
        ports = {one.port: "vLLM" for one in (page, other, elsewhere, nothing)}
        assert await find_local_servers(ports) == ()


async def test_a_listener_that_never_answers_costs_the_limit_and_no_more() -> None:
    async with (
        FakeListener(is_silent=True) as silent,
        FakeListener({"/v1/models": (200, listing("one"))}) as there,
    ):
        found = await find_local_servers({silent.port: "vLLM", there.port: "Ollama"}, timeout_s=0.3)
    assert [one.label for one in found] == ["Ollama"]


@pytest.mark.ac("local-probe-silent")
async def test_a_stranger_on_a_port_gets_no_key_and_no_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "sk-a-real-looking-key")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    async with FakeListener({"/v1/models": (200, listing("one"))}) as there:
        await find_local_servers({there.port: "vLLM"})
        await probe_address(there.url)

    requests = bytes(there.received).decode().split("\r\n\r\n")
    assert [request.split("\r\n")[0] for request in requests] == [
        "GET /v1/models HTTP/1.1",
        "GET /models HTTP/1.1",
        "GET /v1/models HTTP/1.1",
        "",
    ]
    sent = bytes(there.received).lower()
    assert b"authorization" not in sent
    assert b"sk-a-real" not in sent
    assert b"content-length" not in sent


@pytest.mark.ac("address-v1")
async def test_an_address_typed_without_v1_is_corrected(model_server: ModelServer) -> None:
    expected = Probe(model_server.base_url, "serves", ("scripted-model",))
    assert await probe_address(model_server.url) == expected
    assert await probe_address(f"{model_server.base_url}/") == expected


async def test_an_address_typed_with_v1_is_corrected_where_there_is_none() -> None:
    async with FakeListener({"/models": (200, listing("one"))}) as there:
        found = await probe_address(f"{there.url}/v1")
    assert (found.base_url, found.state) == (there.url, "serves")


async def test_a_server_that_wants_a_key_says_so_and_serves_with_it() -> None:
    async with FakeListener({"/v1/models": (200, listing("one"))}, key="sk-right") as there:
        assert (await probe_address(there.url)).state == "wants_key"
        assert (await probe_address(there.url, key="sk-wrong")).state == "wants_key"
        assert (await probe_address(there.url, key="sk-right")).models == ("one",)


async def test_an_address_where_nothing_answers_is_told_with_a_reason() -> None:
    async with FakeListener() as there:
        url = there.url
        answered = await probe_address(url)
    gone = await probe_address(url)
    assert (answered.state, answered.problem) == ("fails", "it answered 404")
    assert (gone.state, gone.base_url) == ("fails", url)
    assert gone.problem


async def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(ConfigError):
        await probe_address("ftp://somewhere")


def test_the_account_is_read_from_the_kernel_s_list_of_listening_sockets(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(TABLE)
    tables = (table, tmp_path / "missing")
    assert account_of_port(8080, tables) == "root"
    assert account_of_port(8000, tables) == "user 54321"
    assert account_of_port(1234, tables) == ""
