"""What happens while a person logs in: values for a terminal, a screen or a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from hermes_core.providers.logins.tokens import Tokens


def is_page(url: str) -> bool:
    """Whether a browser may be sent there and the address shown: nothing but the web."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()


@dataclass(frozen=True, slots=True)
class OpenPage:
    """The person logs in on this page, in a browser that can reach this machine.

    A browser elsewhere ends at an address that cannot be opened there; that address
    may be handed back in its place.
    """

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterCode:
    """The person opens this page anywhere and types the code."""

    url: str
    code: str
    whole_url: str = ""
    """The page with the code in it, if the service has such an address."""
    expires_in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Done; the last step."""

    tokens: Tokens


LoginStep: TypeAlias = OpenPage | EnterCode | LoggedIn
