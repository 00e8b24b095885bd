"""Secrets of `auth.json` that are kept in the keyring of the operating system instead.

In the file such an entry says `"kept_in": "keyring"` and holds no secret; who reads the
file gets it whole, so that nobody above knows the difference.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from hermes_core.errors import ConfigError

MARK = "kept_in"
PLACE = "keyring"
SECRET_FIELDS = ("access_token", "refresh_token", "agent_key")

_log = logging.getLogger(__name__)


class Vault(Protocol):
    """Keeps texts by name. Methods block, and raise `ConfigError` if it cannot be used."""

    def get(self, name: str) -> str | None:
        """Return the text of a name."""
        ...

    def put(self, name: str, text: str) -> None:
        """Keep a text in place of the one before."""
        ...

    def drop(self, name: str) -> None:
        """Forget a text; one that is not there is no error."""
        ...


class OsKeyring:
    """The keyring of the person's session.

    Args:
        service: Names this program and its home there.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    def get(self, name: str) -> str | None:
        """See `Vault`."""
        with _library() as keyring:
            found: str | None = keyring.get_password(self._service, name)
        return found

    def put(self, name: str, text: str) -> None:
        """See `Vault`."""
        with _library() as keyring:
            keyring.set_password(self._service, name, text)

    def drop(self, name: str) -> None:
        """See `Vault`."""
        with _library() as keyring:
            if keyring.get_password(self._service, name) is not None:
                keyring.delete_password(self._service, name)


@contextlib.contextmanager
def _library() -> Iterator[Any]:
    """Import the library and turn its errors into ours."""
    try:
        import keyring  # an extra, and 60 ms to import
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError(
            "No library for the keyring is installed.",
            hint="pip install 'hermes-tui[keyring]', or unset credentials.keyring.",
        ) from error
    # Below 1 are those that keep clear text, or nothing at all.
    is_chosen = bool(os.environ.get("PYTHON_KEYRING_BACKEND"))
    if keyring.get_keyring().priority < 1 and not is_chosen:
        raise ConfigError(
            "This session has no keyring that protects what it keeps.",
            hint="Unlock one, or unset credentials.keyring.",
        )
    try:
        yield keyring
    except KeyringError as error:
        raise ConfigError(
            f"The keyring refused: {error}", hint="Unlock it, or unset credentials.keyring."
        ) from error


class KeptSecrets:
    """Moves secrets between a document and a vault.

    What was read or written is remembered, so that the vault is asked once for each
    state of an entry.

    Args:
        vault: Where they are kept.
        takes_new: Whether entries without a mark get one.
    """

    def __init__(self, vault: Vault, *, takes_new: bool) -> None:
        self._vault = vault
        self._takes_new = takes_new
        self._seen: dict[str, tuple[str, dict[str, str]]] = {}

    def fill(self, document: dict[str, Any]) -> None:
        """Put the secrets into a document that was read; those that cannot be had are left out."""
        for name, entry in _entries(document):
            if entry.get(MARK) != PLACE:
                continue
            stamp, secrets = self._seen.get(name, ("", {}))
            if stamp != _stamp(entry):
                try:
                    secrets = _decoded(self._vault.get(name))
                except ConfigError as error:
                    _log.warning("the secret of %s is not to be had: %s", name, error)
                    continue
                self._seen[name] = (_stamp(entry), secrets)
            entry |= secrets

    def take(self, document: dict[str, Any], before: Mapping[str, Any]) -> None:
        """Move the secrets of a document that is about to be written into the vault.

        Args:
            document: Holds the secrets; afterwards it does not.
            before: The document as it was read, secrets included.

        Raises:
            ConfigError: The vault cannot be used.
        """
        old = dict(_entries(before))
        kept = dict(_entries(document))
        for name, entry in kept.items():
            is_ours = str(entry.get("source", "")).partition(":")[0] == "manual"
            if entry.get(MARK) != PLACE and not (self._takes_new and is_ours):
                continue
            secrets = _secrets(entry)
            if not secrets:
                continue  # it could not be had, so there is nothing to move
            entry[MARK] = PLACE
            if secrets != _secrets(old.get(name, {})) or old[name].get(MARK) != PLACE:
                self._vault.put(name, json.dumps(secrets))
            for field in secrets:
                del entry[field]
            self._seen[name] = (_stamp(entry), secrets)
        for name, entry in old.items():
            if name not in kept and entry.get(MARK) == PLACE:
                self._vault.drop(name)


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    pools = document.get("credential_pool")
    for provider, entries in pools.items() if isinstance(pools, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("id"):
                yield f"{provider}/{entry['id']}", entry


def _secrets(entry: Mapping[str, Any]) -> dict[str, str]:
    return {field: entry[field] for field in SECRET_FIELDS if entry.get(field)}


def _stamp(entry: Mapping[str, Any]) -> str:
    """Differs whenever another process may have written other secrets."""
    return f"{entry.get('last_refresh')} {entry.get('agent_key_expires_at')}"


def _decoded(text: str | None) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}
