"""Networks whose IPv6 leads nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hermes_core.paths import Home
from hermes_core.providers.ipv4 import ipv4_alone, resolve_ipv4_alone
from tests.core.agent.host_rig import opened, options
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer


@pytest.fixture(autouse=True)
def as_the_system() -> Iterator[None]:
    yield
    resolve_ipv4_alone(False)


@pytest.mark.ac("force-ipv4")
@pytest.mark.parametrize(
    ("host", "asked", "family"),
    [
        ("example.org", 0, socket.AF_INET),
        ("127.0.0.1", 0, socket.AF_INET),
        (None, 0, socket.AF_INET),
        ("::1", 0, socket.AF_UNSPEC),
        (b"fe80::1%eth0", 0, socket.AF_UNSPEC),
        ("example.org", socket.AF_INET6, socket.AF_INET6),
    ],
)
def test_names_are_asked_for_ipv4_addresses(host: Any, asked: int, family: int) -> None:
    seen: list[int] = []

    def system(host: Any, port: Any, family: int = 0, kind: int = 0) -> list[Any]:
        seen.append(family)
        return [kind]

    assert ipv4_alone(system)(host, 443, asked, kind=socket.SOCK_STREAM) == [socket.SOCK_STREAM]
    assert seen == [family]


@pytest.mark.ac("force-ipv4")
async def test_the_setting_holds_for_requests_and_ends_with_it(
    home: Home, model_server: ModelServer
) -> None:
    model_server.add(say("hello"))
    wanted = options(home, model_server.base_url.replace("127.0.0.1", "localhost"))
    forced = {**wanted.overrides, "network.force_ipv4": True}
    async with opened(msgspec.structs.replace(wanted, overrides=forced)) as r:
        found = socket.getaddrinfo("localhost", 80)
        assert {family for family, *_ in found} == {socket.AF_INET}
        assert (await r.turn("hi")).outcome == "completed"
    async with opened(wanted):
        assert socket.getaddrinfo.__name__ == "getaddrinfo"
