"""Who may use the screen from a browser: one token, one cookie, one address.

A page of another site can make a browser send requests here, cookies included, and a
name of its own can be pointed at this machine. So every request must name the address
we serve (`Host`), and whatever a page sends on its own must come from our pages
(`Origin`); the cookie is never sent along from elsewhere (`SameSite=Strict`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

COOKIE = "hermes_web"
LOGIN_LASTS_S = 12 * 3600.0
MAX_LOGINS = 32
"""Browsers logged in at once; the oldest is forgotten for the next."""
MAX_WRONG = 5
WRONG_WINDOW_S = 60.0
"""After so many wrong tokens within so many seconds no token is looked at for a while."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class TooManyTries(Exception):
    """Wrong tokens came too often.

    Attributes:
        wait_s: Whole seconds until the next try.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many wrong tokens, the next try in {wait_s} s")
        self.wait_s = wait_s


class Addresses:
    """The addresses under which pages of ours are asked for.

    Args:
        urls: `scheme://host[:port]` of each.

    Raises:
        ValueError: One is no such address.
    """

    def __init__(self, urls: Iterable[str]) -> None:
        self._origins: set[str] = set()
        self._hosts: set[str] = set()
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
                raise ValueError(f"{url!r} is no http address")
            name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
            named = [f"{name}:{port}"]
            if port == _DEFAULT_PORTS[parts.scheme]:
                named.append(name)
            self._hosts.update(named)
            self._origins.update(f"{parts.scheme}://{host}" for host in named)

    @property
    def origins(self) -> frozenset[str]:
        """What browsers send as `Origin` from our pages."""
        return frozenset(self._origins)

    def is_ours(self, host: str | None) -> bool:
        """Whether a `Host` header names us."""
        return host is not None and host.lower() in self._hosts

    def may_send(self, origin: str | None) -> bool:
        """Whether an `Origin` header is that of a page of ours; a missing one is not."""
        return origin is not None and origin.lower() in self._origins


class Logins:
    """The token, and the browsers that have shown it.

    Args:
        token: What has to be typed once in each browser.
        clock: Seconds that only grow.
    """

    def __init__(self, token: str, *, clock: Callable[[], float]) -> None:
        self._token = _digest(token)
        self._clock = clock
        self._wrong: deque[float] = deque(maxlen=MAX_WRONG)
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def enter(self, token: str) -> str | None:
        """Check a token; return the value of the new cookie, None for a wrong one.

        Raises:
            TooManyTries: It was not looked at.
        """
        now = self._clock()
        if len(self._wrong) == MAX_WRONG and now - self._wrong[0] < WRONG_WINDOW_S:
            raise TooManyTries(int(WRONG_WINDOW_S - (now - self._wrong[0])) + 1)
        if not hmac.compare_digest(_digest(token), self._token):
            self._wrong.append(now)
            return None
        value = secrets.token_urlsafe(32)
        self._until[_digest(value)] = now + LOGIN_LASTS_S
        if len(self._until) > MAX_LOGINS:
            self._until.popitem(last=False)
        return value

    def is_in(self, value: str | None) -> bool:
        """Whether a cookie is that of a browser that is logged in."""
        return value is not None and self._until.get(_digest(value), 0.0) > self._clock()

    def leave(self, value: str | None) -> None:
        """Forget a browser."""
        if value is not None:
            self._until.pop(_digest(value), None)


def new_token() -> str:
    """A token nobody guesses: 192 bits, 32 characters."""
    return secrets.token_urlsafe(24)


def _digest(text: str) -> bytes:
    # Compared and kept as digests, so that neither length nor content shows in the time.
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
