"""Addresses of endpoints: cleaning them, telling hosts apart, knowing what is local."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from hermes_core.errors import ConfigError

_LOCAL_SUFFIXES = (".docker.internal", ".containers.internal", ".lima.internal")
_REQUEST_PATHS = ("/chat/completions", "/responses", "/messages", "/v1/messages")


def clean_base_url(url: str) -> str:
    """Return the address without a trailing slash or the path of one request.

    Raises:
        ConfigError: Not an http or https address with a host, or it holds a password.
    """
    text = url.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"{url!r} is not an http or https address.",
            hint="Set model.base_url to something like http://127.0.0.1:8080/v1.",
        )
    if parts.password:
        raise ConfigError(
            f"The address of {parts.hostname} holds a password.",
            hint="Put the key into model.api_key or a variable instead.",
        )
    for path in sorted(_REQUEST_PATHS, key=len, reverse=True):
        if parts.path.endswith(path):
            return text.removesuffix(path)
    return text


def host_of(url: str) -> str:
    """Return the host in lower case, empty if there is none."""
    return (urlsplit(url).hostname or "").lower()


def is_local(url: str) -> bool:
    """Whether the address is this machine or its private network.

    Loopback, private and link-local addresses, and the names container engines give
    to their host. Names are not looked up.
    """
    host = host_of(url)
    if host == "localhost" or host.endswith((".localhost", *_LOCAL_SUFFIXES)):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_link_local


def is_loopback(url: str) -> bool:
    """Whether the address is this very machine, by its written name or number."""
    host = host_of(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def speaks_messages(url: str) -> bool:
    """Whether the address says by itself that it wants the messages wire."""
    return host_of(url) == "api.anthropic.com" or urlsplit(url).path.rstrip("/").endswith(
        "/anthropic"
    )


def speaks_responses(url: str) -> bool:
    """Whether the address says by itself that it wants the Responses wire."""
    host, path = host_of(url), urlsplit(url).path
    return host == "api.openai.com" or (
        host == "chatgpt.com" and path.startswith("/backend-api/codex")
    )
