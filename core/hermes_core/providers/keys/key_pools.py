"""The keys of each provider: stored ones, which is asked next, which one rests.

Rests are kept in `auth.json`, so they survive a restart; counts and turns of
`round_robin` live in memory. A key rests only while another one can be asked: with
nobody else to ask, the person's request goes out with the key there is.
"""

from __future__ import annotations

import math
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from hermes_core.errors import ConfigError, ProviderError
from hermes_core.providers.keys.auth_file import AuthStore
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.pool_document import (
    drop_entry,
    entries_of,
    find_entry,
    providers_of,
    put_entry,
)
from hermes_core.providers.keys.pool_entry import PoolEntry
from hermes_core.providers.logins.foreign import ForeignLogins
from hermes_core.providers.logins.logins import Logins, with_tokens
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.tokens import Tokens
from hermes_core.providers.records import records

REST_S = 3600.0
"""How long a refused key rests when the provider does not say."""
PERMANENT = ("token_revoked", "token_invalidated", "invalid_grant", "revoked")
"""Words of a provider that took a key back for good."""
ROTATE_REASONS = ("auth", "billing", "rate_limit")
"""Reasons of failures that another key may not meet."""


class KeyPools:
    """All pools of a home.

    Args:
        auth: Where they are kept.
        strategies: By provider: `fill_first`, `round_robin`, `least_used` or `random`.
        logins: Renews those entries that are logins; without it they are not used.
        foreign: Logins of other programs that may be used.
        now: Seconds since the epoch.
        pick: Chooses one at random.
    """

    def __init__(
        self,
        auth: AuthStore,
        strategies: Mapping[str, str],
        *,
        logins: Logins | None = None,
        foreign: ForeignLogins | None = None,
        now: Callable[[], float] = time.time,
        pick: Callable[[Sequence[Credential]], Credential] = random.choice,
    ) -> None:
        self._auth = auth
        self._strategies = strategies
        self._logins = logins
        self.foreign = foreign or ForeignLogins(frozenset(), {}, now)
        self._now = now
        self._pick = pick
        self._used: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._last: dict[str, str] = {}

    def entries(self, provider: str) -> list[PoolEntry]:
        """The entries of a provider in `auth.json`, first asked first."""
        return entries_of(self._auth.read(), provider)

    def providers(self) -> list[str]:
        """Providers with entries."""
        return providers_of(self._auth.read())

    def active(self) -> str:
        """See `StoredKeys`."""
        return str(self._auth.read().get("active_provider") or "")

    def keys(self, provider: str) -> tuple[Credential, ...]:
        """The keys that are kept for a provider, first asked first.

        Entries of keys kept elsewhere only hold what happened to those.
        """
        found = (self._credential(provider, entry) for entry in self.entries(provider))
        kept = [credential for credential in found if credential is not None]
        return (*kept, *self.foreign.credentials(provider))

    def _credential(self, provider: str, entry: PoolEntry) -> Credential | None:
        if entry.is_login and self._logins is not None:
            return self._logins.credential(provider, entry)
        return entry.credential() if entry.is_own and entry.secret else None

    def ended(self) -> list[str]:
        """Providers that somebody was logged in to, and that nothing can be asked with now."""
        return [
            provider
            for provider in self.providers()
            if any(one.auth_type == "oauth" and one.is_over for one in self.entries(provider))
            and not self.keys(provider)
        ]

    def secrets(self) -> list[str]:
        """Every value that must never be shown."""
        found = [
            value
            for provider in self.providers()
            for entry in self.entries(provider)
            for value in (entry.secret, entry.refresh_token, str(entry.rest.get("agent_key") or ""))
        ]
        found += [key.value for provider in records() for key in self.foreign.credentials(provider)]
        return [value for value in found if value]

    # --- choosing ------------------------------------------------------------------------

    def choose(
        self, provider: str, keys: Sequence[Credential], *, hold: bool = False
    ) -> Credential | None:
        """The key for the next turn; None if all of them rest.

        Args:
            provider: Whose keys they are.
            keys: Those it may be.
            hold: Take one that as few as possible hold, and hold it until `let_go`.
        """
        awake = self.awake(provider, keys)
        if not awake:
            return None
        if hold:
            fewest = min(self._held[key.id] for key in awake)
            awake = [key for key in awake if self._held[key.id] == fewest]
        match self._strategies.get(provider, "fill_first"):
            case "random":
                chosen = self._pick(awake)
            case "least_used":
                chosen = min(awake, key=lambda key: self._used[key.id])
            case "round_robin":
                chosen = self._after_last(provider, awake, keys)
            case _:
                chosen = awake[0]
        self._last[provider] = chosen.id
        if hold:
            self._held[chosen.id] += 1
        return chosen

    def let_go(self, key_id: str) -> None:
        """Hold a key no longer; an empty id is nothing."""
        if self._held[key_id] > 0:
            self._held[key_id] -= 1

    def awake(self, provider: str, keys: Sequence[Credential]) -> list[Credential]:
        """Those that do not rest."""
        now = self._now()
        resting = {entry.id for entry in self.entries(provider) if entry.rests_until > now}
        return [key for key in keys if key.id not in resting]

    def next_awake_at(self, provider: str, keys: Sequence[Credential]) -> float | None:
        """When the first of the resting keys may be asked again; None if that is unknown."""
        ids = {key.id for key in keys}
        ends = [e.rests_until for e in self.entries(provider) if e.id in ids]
        return min((end for end in ends if not math.isinf(end)), default=None)

    def _after_last(
        self, provider: str, awake: Sequence[Credential], keys: Sequence[Credential]
    ) -> Credential:
        ids = [key.id for key in keys]
        last = self._last.get(provider)
        start = ids.index(last) + 1 if last in ids else 0
        order = [*ids[start:], *ids[:start]]
        return min(awake, key=lambda key: order.index(key.id))

    # --- what happened -------------------------------------------------------------------

    def used(self, credential: Credential) -> None:
        """The key answered a request."""
        self._used[credential.id] += 1

    def rest(self, provider: str, credential: Credential, error: ProviderError) -> float:
        """Let a key rest after a failure. Blocks.

        Returns:
            Until when, seconds since the epoch; infinite if it was taken back for good.

        Raises:
            ConfigError: `auth.json` cannot be written.
        """
        now = self._now()
        until = now + (error.retry_after_s if error.retry_after_s is not None else REST_S)
        if error.reason == "auth" and any(word in str(error).lower() for word in PERMANENT):
            until = math.inf
        with self._auth.changing() as document:
            found = find_entry(entries_of(document, provider), credential.id)
            if found is not None and found.is_over:
                until = found.rests_until
            entry = found or PoolEntry(
                id=credential.id, source=f"env:{credential.source}", label=credential.source
            )
            put_entry(
                document,
                provider,
                replace(
                    entry,
                    rests_until=until,
                    error_code=error.status,
                    error_reason=error.reason,
                    request_count=entry.request_count + self._used.pop(credential.id, 0),
                ),
                now,
            )
        return until

    # --- by hand -------------------------------------------------------------------------

    def add(self, provider: str, secret: str, *, label: str = "", base_url: str = "") -> PoolEntry:
        """Keep a key. Blocks.

        Raises:
            ConfigError: It is there already, or the file cannot be written.
        """
        with self._auth.changing() as document:
            entries = entries_of(document, provider)
            if any(entry.secret == secret for entry in entries):
                raise ConfigError(f"This key of {provider} is there already.")
            entry = PoolEntry(
                id=secrets.token_hex(3),
                label=label or f"api-key-{len(entries) + 1}",
                secret=secret,
                base_url=base_url,
                priority=max((entry.priority for entry in entries), default=-1) + 1,
            )
            put_entry(document, provider, entry, self._now())
        return entry

    def add_login(
        self, provider: str, tokens: Tokens, app: OAuthApp, *, label: str = "", base_url: str = ""
    ) -> PoolEntry:
        """Keep a login that was just made. Ended ones of the provider go. Blocks.

        Raises:
            ConfigError: The file cannot be written.
        """
        now = self._now()
        made = PoolEntry(
            id=secrets.token_hex(3),
            source=f"manual:{'pkce' if app.flow == 'code' else 'device_code'}",
            label=label or tokens.account or self._login_label(provider),
            auth_type="oauth",
            base_url=base_url,
            rest={"client_id": app.client_id, "scope": tokens.scope or app.scope}
            | ({"portal_base_url": app.issuer} if app.issuer else {}),
        )
        return self.adopt(provider, with_tokens(made, tokens, now))

    def _login_label(self, provider: str) -> str:
        return f"{provider.removeprefix('custom:')}-oauth-{len(self.entries(provider)) + 1}"

    def adopt(self, provider: str, login: PoolEntry) -> PoolEntry:
        """Keep a login that was made elsewhere, behind all others. Blocks.

        Raises:
            ConfigError: The file cannot be written.
        """
        with self._auth.changing() as document:
            entries = entries_of(document, provider)
            for old in entries:
                is_same = old.refresh_token == login.refresh_token != ""
                if old.is_login and (old.is_over or is_same):
                    drop_entry(document, provider, old)
            last = max((entry.priority for entry in entries), default=-1)
            entry = replace(login, priority=last + 1)
            put_entry(document, provider, entry, self._now())
        return entry

    def remove(self, provider: str, name: str) -> PoolEntry:
        """Forget a key by its number from 1, its id or its label. Blocks.

        Raises:
            ConfigError: None or several of that name, or the file cannot be written.
        """
        with self._auth.changing() as document:
            entries = entries_of(document, provider)
            entry = _named(entries, provider, name)
            drop_entry(document, provider, entry)
        return entry

    def wake(self, provider: str) -> int:
        """End the rest of all keys of a provider; return how many rested. Blocks.

        Raises:
            ConfigError: The file cannot be written.
        """
        now, count = self._now(), 0
        with self._auth.changing() as document:
            for entry in entries_of(document, provider):
                if entry.rests_until > now:
                    count += 1
                    put_entry(document, provider, replace(entry, rests_until=0.0), now)
        return count


def _named(entries: Sequence[PoolEntry], provider: str, name: str) -> PoolEntry:
    if name.isdecimal() and 1 <= int(name) <= len(entries) and find_entry(entries, name) is None:
        return entries[int(name) - 1]
    found = [entry for entry in entries if name in (entry.id, entry.label)]
    if len(found) == 1:
        return found[0]
    how = "Several keys" if found else "No key"
    raise ConfigError(
        f"{how} of {provider} are called {name!r}."
        if found
        else f"{how} of {provider} is {name!r}.",
        hint=f"`hermes auth list {provider}` shows their ids.",
    )
