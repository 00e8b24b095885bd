"""Taking an address, as the HTTP API and the screen in a browser do."""

from __future__ import annotations

import socket

import pytest

from hermes_core.servers.listening import listening


@pytest.mark.parametrize(
    ("host", "family"),
    [("127.0.0.1", socket.AF_INET), ("localhost", None), ("::1", socket.AF_INET6)],
)
def test_a_free_port_is_taken_and_connected_to(
    host: str, family: socket.AddressFamily | None
) -> None:
    try:
        with listening(host, 0) as taken:
            assert family is None or taken.family == family
            assert not taken.getblocking()
            with socket.create_connection(taken.getsockname()[:2], timeout=5):
                pass
    except OSError:
        if host == "::1" and not socket.has_ipv6:
            pytest.skip("this machine has no IPv6")
        raise


def test_an_address_that_somebody_has_is_refused() -> None:
    with listening("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        listening("127.0.0.1", taken.getsockname()[1])
