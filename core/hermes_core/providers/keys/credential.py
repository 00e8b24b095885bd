"""One key, as it travels with a request."""

from __future__ import annotations

import hashlib
from typing import Protocol

from msgspec import Struct


class Login(Protocol):
    """A key that ends and is renewed while requests are made with it."""

    async def key(self) -> str:
        """The key for a request that is sent now, renewed if its end is near.

        Raises:
            LoginError: It cannot be renewed.
        """
        ...

    async def other_key(self, refused: str) -> str:
        """The key that takes the place of one the provider has refused.

        Raises:
            LoginError: There is none.
        """
        ...


class Credential(Struct, frozen=True):
    """One key. Its value shows up in no representation."""

    value: str
    """Of a login: the key as it was when this was made."""
    source: str
    """The variable or setting it came from, for messages to people."""
    entry_id: str = ""
    """Of its entry in `auth.json`, if it has one."""
    label: str = ""
    base_url: str = ""
    """The address this key belongs to, if its entry names one."""
    is_last: bool = False
    """Asked after the keys of settings and variables."""
    login: Login | None = None
    """Set for a key that is renewed: ask it, not `value`, before each request."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Credential({self.name!r}, {self.id!r})"

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without showing them; a login keeps its own over renewals."""
        if self.login is not None:
            return f"login {self.entry_id}"
        return hashlib.sha256(self.value.encode()).hexdigest()[:16]

    @property
    def id(self) -> str:
        """Names the key in the pool: six hexadecimal digits.

        A key from a variable is named after its value, so that another value in the
        same variable is another key, without the rests of the one before.
        """
        return self.entry_id or self.fingerprint[:6]

    @property
    def name(self) -> str:
        """How people know it: its label, else where it came from."""
        return self.label or self.source
