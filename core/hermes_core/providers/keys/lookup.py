"""Which keys a provider may be asked with: kept ones, then those of settings and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from hermes_core.config.model_settings import ProviderEntry
from hermes_core.config.schema import Settings
from hermes_core.errors import NoModelConfigured
from hermes_core.providers.address import host_of
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.records import Record, RefusedKey

PLACEHOLDER_KEY = "no-key-required"
"""Sent to a custom endpoint that has no key, because the clients want one."""

_NOT_A_KEY = frozenset(
    {"changeme", "your_api_key", "your-api-key", "placeholder", "example", "dummy", "null", "none"}
)


def plain_name(name: str) -> str:
    """A name of the user's own as ids spell it: small letters, digits, `.` and `-`."""
    return re.sub(r"[^a-z0-9.]+", "-", name.strip().lower()).strip("-")


class KeySource(Protocol):
    """Where keys are looked up by the name of their variable."""

    def get(self, name: str) -> str | None:
        """Return the value, or None."""
        ...


class StoredKeys(Protocol):
    """Where the keys of a pool are looked up by the id of their provider."""

    def keys(self, provider: str) -> Sequence[Credential]:
        """Return them, first asked first."""
        ...

    def active(self) -> str:
        """The provider that was logged in to last, as `auto` prefers it; may be empty."""
        ...


class Choice(Struct, frozen=True):
    """A provider with what the user's settings say about it."""

    record: Record
    id: str
    entry: ProviderEntry | None = None
    is_configured: bool = False
    """`model.base_url`, `model.api_key` and `model.api_mode` belong to it."""


def usable_keys(
    choice: Choice,
    settings: Settings,
    secrets: KeySource,
    stored: StoredKeys | None,
    base_url: str,
) -> tuple[Credential, ...]:
    """Every key of the choice, each once: stored ones, then those of settings and variables."""
    # Unnamed endpoints share the id `custom`, and a key goes to its own endpoint alone.
    pool = stored.keys(choice.id) if stored is not None and choice.id != "custom" else ()
    found = {key.fingerprint: key for key in pool}
    refused: RefusedKey | None = None
    for source, value in _keys(choice, settings, secrets, base_url):
        if is_usable(value):
            key = Credential(str(value).strip(), source)
            why = _refusal(choice.record, key.value)
            refused = refused or why
            if why is None:
                found.setdefault(key.fingerprint, key)
    if found:
        return tuple(sorted(found.values(), key=lambda key: key.is_last))
    if choice.record.key_optional:
        return (Credential(PLACEHOLDER_KEY, "none"),)
    raise _no_key(choice, refused)


def _refusal(record: Record, key: str) -> RefusedKey | None:
    return next((one for one in record.refused_keys if key.startswith(one.prefix)), None)


def _no_key(choice: Choice, refused: RefusedKey | None) -> NoModelConfigured:
    record = choice.record
    if refused is not None:
        return NoModelConfigured(
            f"{record.label} does not take keys that begin with {refused.prefix}.",
            hint=refused.why,
        )
    if not record.key_env:
        return NoModelConfigured(
            f"Nobody is logged in at {record.label}, or the login has ended.",
            hint=f"Log in with `hermes auth add {record.id}`.",
        )
    return NoModelConfigured(
        f"{record.label} has no key: {' or '.join(record.key_env)} is not set.",
        hint=f"Set it with `hermes setup` or `hermes config set {record.key_env[0]} …`.",
    )


def _keys(
    choice: Choice, settings: Settings, secrets: KeySource, base_url: str
) -> Iterator[tuple[str, str | None]]:
    entry = choice.entry
    if entry is not None:
        yield f"providers.{choice.id.removeprefix('custom:')}.api_key", entry.api_key
        if entry.key_env:
            yield entry.key_env, secrets.get(entry.key_env)
    if choice.is_configured:
        yield "model.api_key", settings.model.api_key
    for name in (*choice.record.key_env, *choice.record.other_key_env):
        yield name, secrets.get(name)
    if choice.record.id == "custom" and host_of(base_url) in {"ollama.com", "www.ollama.com"}:
        yield "OLLAMA_API_KEY", secrets.get("OLLAMA_API_KEY")


def is_usable(value: str | None) -> bool:
    """Whether a text can be a key at all, and is no word that stands for one."""
    text = (value or "").strip()
    return len(text) >= 4 and text.lower() not in _NOT_A_KEY and set(text) != {"*"}
