"""Where the server may listen: never on a network without a real key."""

from __future__ import annotations

import ipaddress
import socket

from hermes_core.errors import ConfigError

MIN_KEY_CHARS = 8
PLACEHOLDERS = frozenset(
    {
        "*",
        "**",
        "***",
        "changeme",
        "your_api_key",
        "your-api-key",
        "placeholder",
        "example",
        "dummy",
        "null",
        "none",
    }
)


def is_loopback(address: str) -> bool:
    """Whether an IP address reaches this machine only."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def is_network(host: str) -> bool:
    """Whether others could reach a server on this host. Resolves names; call it in a thread."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM)
    except OSError:
        return True
    return not host or not all(is_loopback(str(entry[4][0])) for entry in found)


def check_binding(host: str, key: str) -> None:
    """Refuse to listen on a network without a key that deserves the name.

    Raises:
        ConfigError: Names the setting to change.
    """
    if not is_network(host):
        return
    if not key:
        raise ConfigError(
            f"The API server does not listen on {host or 'all addresses'} without a key.",
            hint="Set API_SERVER_KEY, or api_server.host to 127.0.0.1.",
        )
    if len(key) < MIN_KEY_CHARS or key.lower() in PLACEHOLDERS:
        raise ConfigError(
            f"The API server does not listen on {host or 'all addresses'} with a weak key.",
            hint=f"Set API_SERVER_KEY to at least {MIN_KEY_CHARS} characters of your own.",
        )
