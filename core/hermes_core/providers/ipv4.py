"""Names that resolve to IPv4 addresses alone, for networks whose IPv6 leads nowhere.

All clients of this process, the SDKs' too, ask `socket.getaddrinfo`. A transport of our
own in each of them would do the same, but cost the proxies of the environment.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

Resolver = Callable[..., list[Any]]

_system: Resolver = socket.getaddrinfo


def resolve_ipv4_alone(wanted: bool) -> None:
    """Resolve names to IPv4 addresses alone in this process, or as the system does."""
    socket.getaddrinfo = ipv4_alone(_system) if wanted else _system


def ipv4_alone(system: Resolver) -> Resolver:
    """Wrap a resolver. IPv6 addresses that somebody wrote down stay what they are."""

    def resolve(host: Any, port: Any, family: int = 0, *args: Any, **kwargs: Any) -> list[Any]:
        if family == socket.AF_UNSPEC and not _is_ipv6(host):
            family = socket.AF_INET
        return system(host, port, family, *args, **kwargs)

    return resolve


def _is_ipv6(host: object) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
