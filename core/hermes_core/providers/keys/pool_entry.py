"""An entry of `credential_pool` in `auth.json`, in the form other programs write it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.vault import MARK, PLACE

AuthType = Literal["api_key", "oauth"]


class PoolEntry(Struct, frozen=True, kw_only=True):
    """One key of a pool with what happened to it."""

    id: str
    source: str = "manual"
    """`manual`, `manual:<flow>`, or `env:<VARIABLE>` and the like for keys kept elsewhere."""
    label: str = ""
    secret: str = ""
    """The key or the access token; empty for a key that is kept elsewhere."""
    refresh_token: str = ""
    """Brings the next access token, once."""
    expires_at: float = 0.0
    """Of the access token, seconds since the epoch; 0 if nobody said."""
    auth_type: AuthType = "api_key"
    base_url: str = ""
    priority: int = 0
    """The lowest is asked first."""
    request_count: int = 0
    rests_until: float = 0.0
    """Seconds since the epoch, UTC; infinite for a key that was taken back."""
    error_code: int | None = None
    error_reason: str = ""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """The entry as it was found, with all that others wrote into it."""

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"PoolEntry({self.label!r}, {self.id!r})"

    @property
    def is_own(self) -> bool:
        """Whether the key is kept here and is no login that has to be renewed."""
        return self.auth_type == "api_key" and self.source.partition(":")[0] == "manual"

    @property
    def is_login(self) -> bool:
        """Whether it is a login that is kept here."""
        here = self.source == "device_code" or self.source.partition(":")[0] == "manual"
        return self.auth_type == "oauth" and here and bool(self.secret or self.refresh_token)

    @property
    def is_out_of_reach(self) -> bool:
        """Whether its secret is kept in a keyring that does not give it."""
        return self.rest.get(MARK) == PLACE and not (self.secret or self.refresh_token)

    @property
    def is_over(self) -> bool:
        """Whether the provider took it back for good."""
        return math.isinf(self.rests_until)

    def credential(self) -> Credential:
        """The key as requests carry it."""
        return Credential(
            self.secret,
            source="auth.json",
            entry_id=self.id,
            label=self.label,
            base_url=self.base_url,
        )


def read_entry(raw: Mapping[str, Any]) -> PoolEntry | None:
    """Read an entry; None if it has no id."""
    name = str(raw.get("id") or "")
    if not name:
        return None
    is_oauth = raw.get("auth_type") == "oauth"
    return PoolEntry(
        id=name,
        source=str(raw.get("source") or "manual"),
        label=str(raw.get("label") or ""),
        secret=str(raw.get("access_token") or ""),
        refresh_token=str(raw.get("refresh_token") or ""),
        expires_at=moment(raw.get("expires_at") or raw.get("expires_at_ms")),
        auth_type="oauth" if is_oauth else "api_key",
        base_url=str(raw.get("base_url") or ""),
        priority=_whole(raw.get("priority")),
        request_count=_whole(raw.get("request_count")),
        rests_until=_rests_until(raw),
        error_code=raw.get("last_error_code"),
        error_reason=str(raw.get("last_error_reason") or ""),
        rest=dict(raw),
    )


def write_entry(entry: PoolEntry, *, now: float) -> dict[str, Any]:
    """Return the entry as JSON, what others wrote into it included."""
    rests = entry.rests_until > now
    raw = {
        **entry.rest,
        "id": entry.id,
        "label": entry.label,
        "auth_type": entry.auth_type,
        "priority": entry.priority,
        "source": entry.source,
        "request_count": entry.request_count,
        "last_status": "exhausted" if rests else "ok",
        "last_error_code": entry.error_code,
        "last_error_reason": entry.error_reason or None,
        "last_error_reset_at": _iso(entry.rests_until) if rests else None,
        "revoked": math.isinf(entry.rests_until),
    }
    if entry.secret:
        raw["access_token"] = entry.secret
    if entry.refresh_token:
        raw["refresh_token"] = entry.refresh_token
    if entry.auth_type == "oauth" and entry.expires_at:
        raw["expires_at"] = _iso(entry.expires_at)
        raw["expires_at_ms"] = int(entry.expires_at * 1000)
    if entry.base_url:
        raw["base_url"] = entry.base_url
    if rests:
        raw["last_status_at"] = _iso(now)
    return raw


def _rests_until(raw: Mapping[str, Any]) -> float:
    if raw.get("revoked"):
        return math.inf
    if raw.get("last_status") != "exhausted":
        return 0.0
    return moment(raw.get("last_error_reset_at"))


def moment(value: object) -> float:
    """A moment as others write it: ISO 8601, or seconds or milliseconds since the epoch.

    0 if it is none of these.
    """
    if isinstance(value, int | float):
        return value / 1000 if value > 1e11 else float(value)
    try:
        found = dt.datetime.fromisoformat(str(value))
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()


def _iso(moment: float) -> str | None:
    if math.isinf(moment):
        return None
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
