"""The entries inside the document of `auth.json`. Pure.

An older program keeps one login of a provider beside the pools, under `providers`, and
asks with that one. So a login that is there is an entry of the pool as well, and what
becomes of its tokens is written to both places: a token that may be used once must
never be known to two of them in two states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hermes_core.providers.keys.auth_file import Document
from hermes_core.providers.keys.pool_entry import PoolEntry, moment, read_entry, write_entry

SINGLE_LOGIN = "device_code"
"""Source of an entry whose tokens stand under `providers` too."""


def entries_of(document: Document, provider: str) -> list[PoolEntry]:
    """The entries of a provider, first asked first."""
    pools = document.get("credential_pool")
    raws = pools.get(provider) if isinstance(pools, dict) else None
    found = [read_entry(raw) for raw in raws or () if isinstance(raw, dict)]
    entries = [entry for entry in found if entry]
    single = _single_login(document, provider)
    if single is not None:
        entries = _with_single(entries, single)
    return sorted(entries, key=lambda entry: entry.priority)


def providers_of(document: Document) -> list[str]:
    """Providers with entries or a login."""
    pools, logins = document.get("credential_pool"), document.get("providers")
    names = set(pools) if isinstance(pools, dict) else set()
    if isinstance(logins, dict):
        names |= {name for name in logins if _single_login(document, name) is not None}
    return sorted(names)


def find_entry(entries: Sequence[PoolEntry], entry_id: str) -> PoolEntry | None:
    """The entry of that id."""
    return next((entry for entry in entries if entry.id == entry_id), None)


def put_entry(document: Document, provider: str, entry: PoolEntry, now: float) -> None:
    """Write an entry in place of the one with its id, or behind all others."""
    pools: dict[str, Any] = document.setdefault("credential_pool", {})
    raws: list[Any] = pools.setdefault(provider, [])
    raw = write_entry(entry, now=now)
    if entry.source == SINGLE_LOGIN:
        _put_single(document, provider, entry, raw)
    for index, one in enumerate(raws):
        if isinstance(one, dict) and one.get("id") == entry.id:
            raws[index] = raw
            return
    raws.append(raw)


def drop_entry(document: Document, provider: str, entry: PoolEntry) -> None:
    """Take an entry out, with the login it stands for."""
    pools = document.get("credential_pool")
    if isinstance(pools, dict):
        pools[provider] = [
            raw
            for raw in pools.get(provider, [])
            if not isinstance(raw, dict) or raw.get("id") != entry.id
        ]
    logins = document.get("providers")
    if entry.source == SINGLE_LOGIN and isinstance(logins, dict):
        logins.pop(provider, None)
        if document.get("active_provider") == provider:
            document["active_provider"] = None


def _single_login(document: Document, provider: str) -> dict[str, Any] | None:
    logins = document.get("providers")
    found = logins.get(provider) if isinstance(logins, dict) else None
    if not isinstance(found, dict):
        return None
    tokens = found.get("tokens")
    flat = {**found, **tokens} if isinstance(tokens, dict) else found
    return flat if flat.get("refresh_token") or flat.get("access_token") else None


def _with_single(entries: list[PoolEntry], single: Mapping[str, Any]) -> list[PoolEntry]:
    """The tokens of the one login are the true ones of its entry."""
    refresh = str(single.get("refresh_token") or "")
    secret = str(single.get("access_token") or "")
    if any(
        entry.source != SINGLE_LOGIN and refresh and entry.refresh_token == refresh
        for entry in entries
    ):
        return entries  # kept as an entry of its own: two must never share one token
    old = next((entry for entry in entries if entry.source == SINGLE_LOGIN), None)
    base = old or PoolEntry(
        id=hashlib.sha256((refresh or secret).encode()).hexdigest()[:6],
        source=SINGLE_LOGIN,
        label="login",
        auth_type="oauth",
        rest={name: value for name, value in single.items() if name != "tokens"},
    )
    is_new = base.refresh_token != refresh or base.secret != secret
    mine = replace(
        base,
        secret=secret,
        refresh_token=refresh,
        expires_at=moment(single.get("expires_at")) or (0.0 if is_new else base.expires_at),
        rests_until=0.0 if old is not None and is_new else base.rests_until,
        rest={**base.rest, **{k: v for k, v in single.items() if k.startswith("agent_key")}},
    )
    return [mine if entry is old else entry for entry in entries] if old else [*entries, mine]


def _put_single(
    document: Document, provider: str, entry: PoolEntry, raw: Mapping[str, Any]
) -> None:
    logins = document.get("providers")
    found = logins.get(provider) if isinstance(logins, dict) else None
    if not isinstance(found, dict):
        return
    if isinstance(found.get("tokens"), dict):
        found["tokens"] |= {
            "access_token": entry.secret,
            "refresh_token": entry.refresh_token,
        }
        found["last_refresh"] = raw.get("last_refresh", found.get("last_refresh"))
        return
    names = ("access_token", "refresh_token", "expires_at", "expires_in", "obtained_at", "scope")
    kept = {k: v for k, v in raw.items() if k in names or k.startswith("agent_key")}
    found |= {name: value for name, value in kept.items() if value is not None}
