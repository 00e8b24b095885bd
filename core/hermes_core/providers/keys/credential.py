"""One key, as it travels with a request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credential:
    """One key. Its value shows up in no representation."""

    value: str = field(repr=False)
    source: str
    """The variable or setting it came from, for messages to people."""
    entry_id: str = ""
    """Of its entry in `auth.json`, if it has one."""
    label: str = ""
    base_url: str = ""
    """The address this key belongs to, if its entry names one."""

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without showing them."""
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
