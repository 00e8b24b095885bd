"""Short-lived keys that an access token buys: requests are made with these alone."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from hermes_core.errors import LoginError
from hermes_core.providers.address import is_loopback
from hermes_core.providers.keys.pool_entry import PoolEntry, moment
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.tokens import refused

LEAST_LIFE_S = 1800
"""How long a key has to last that is asked for."""

_SAID = {
    "subscription_required": "A subscription is needed.",
    "insufficient_credits": "There is no credit left.",
    "temporarily_unavailable": "The service is busy; try again in a moment.",
}


class MintedKey(Struct, frozen=True):
    """A key with its end."""

    value: str = ""
    expires_at: float = 0.0
    """Seconds since the epoch; 0 if nobody said."""
    base_url: str = ""
    """Where it is to be used, if the service said."""

    def __repr__(self) -> str:
        """Without what is secret."""
        return "MintedKey(…)"


def minted_key(entry: PoolEntry) -> MintedKey:
    """The key an entry holds; an empty one if there is none."""
    return MintedKey(
        str(entry.rest.get("agent_key") or ""),
        moment(entry.rest.get("agent_key_expires_at")),
        str(entry.rest.get("inference_base_url") or ""),
    )


def with_minted(entry: PoolEntry, key: MintedKey) -> PoolEntry:
    """The entry with another key."""
    fields = {"agent_key": key.value, "agent_key_expires_at": key.expires_at or None}
    if key.base_url:
        fields["inference_base_url"] = key.base_url
    return replace(entry, rest={**entry.rest, **fields})


def mint(app: OAuthApp, post: Post, access: str, *, now: float) -> MintedKey:
    """Ask for a key. Blocks.

    Raises:
        LoginError: `invalid_token` if the access token is not taken; or there is no credit.
    """
    answer = post(
        app.address("mint_url"), {"min_ttl_seconds": LEAST_LIFE_S}, as_json=True, bearer=access
    )
    if answer.error:
        if answer.error in _SAID:
            raise LoginError(
                _SAID[answer.error], code=answer.error, hint=f"See {app.issuer} for the account."
            )
        if answer.status == 401 or answer.error == "invalid_token":
            raise LoginError("The access token was not taken.", code="invalid_token")
        raise refused(answer)
    key = answer.body.get("api_key")
    if not isinstance(key, str) or not key:
        raise LoginError("The service answered without a key.", code="not_understood")
    life = answer.body.get("expires_in")
    end = moment(answer.body.get("expires_at"))
    if not end and isinstance(life, int | float):
        end = now + life
    where = str(answer.body.get("inference_base_url") or "")
    is_protected = where.startswith("https://") or is_loopback(where)
    return MintedKey(key, end, where if is_protected else "")
