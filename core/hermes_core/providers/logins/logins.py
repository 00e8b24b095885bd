"""Logins that are kept in `auth.json`, renewed by whoever needs them first.

A refresh token is good for one request. So it is sent while the lock of the file is
held, and what comes back is written before the lock is let go: of many processes one
asks, the others read its answer. The time limit of that request is shorter than the
time others wait for the lock.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hermes_core.errors import LoginError
from hermes_core.providers.keys.auth_file import AuthStore
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.pool_document import entries_of, find_entry, put_entry
from hermes_core.providers.keys.pool_entry import PoolEntry
from hermes_core.providers.logins.minting import mint, minted_key, with_minted
from hermes_core.providers.logins.oauth_app import OAuthApp, log_in_command
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.tokens import Tokens, read_tokens

MARGIN_S = 120.0
"""A key that ends sooner is renewed before it is used."""


class Logins:
    """Brings the key of a login, renewed if need be.

    Args:
        auth: Where logins are kept.
        apps: How each provider is asked, by its id.
        post: Sends a request.
        now: Seconds since the epoch.
        learn: Told each new secret, so that it is masked wherever it shows.
    """

    def __init__(
        self,
        auth: AuthStore,
        apps: Callable[[str], OAuthApp | None],
        post: Post,
        *,
        now: Callable[[], float] = time.time,
        learn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._auth = auth
        self._apps = apps
        self._post = post
        self._now = now
        self._learn = learn

    def app(self, provider: str, entry: PoolEntry | None = None) -> OAuthApp | None:
        """How to ask the provider, as this login was made if it remembers."""
        app = self._apps(provider)
        if app is None or entry is None:
            return app
        kept = entry.rest
        return app.changed(
            client_id=str(kept.get("client_id") or ""),
            issuer=str(kept.get("portal_base_url") or ""),
        )

    def credential(self, provider: str, entry: PoolEntry) -> Credential | None:
        """The login as requests carry it; None if it can no longer be used."""
        app = self.app(provider, entry)
        if app is None or entry.is_over:
            return None
        return Credential(
            minted_key(entry).value if app.mint_url else entry.secret,
            source="login",
            entry_id=entry.id,
            label=entry.label,
            base_url=str(entry.rest.get("inference_base_url") or "") or entry.base_url,
            login=KeptLogin(self, provider, entry.id),
        )

    def ready_key(self, provider: str, entry_id: str, refused: str = "") -> str:
        """The key if it can be used as it is, else empty."""
        entry = find_entry(entries_of(self._auth.read(), provider), entry_id)
        app = self.app(provider, entry)
        if entry is None or app is None:
            return ""
        return self._usable(app, entry, refused)

    def renewed_key(self, provider: str, entry_id: str, refused: str = "") -> str:
        """The key to use, after asking the provider for another one if need be. Blocks.

        Args:
            provider: Whose login it is.
            entry_id: Which of them.
            refused: A key the provider no longer takes; this one does not come back.

        Raises:
            LoginError: There is none to be had.
            ConfigError: `auth.json` cannot be changed.
        """
        entry = find_entry(entries_of(self._auth.read(), provider), entry_id)
        app = self.app(provider, entry)
        if entry is None or app is None:
            raise self._over(provider, "it is no longer there")
        if not app.mint_url:
            return self._access(app, provider, entry_id, refused)
        access = self._access(app, provider, entry_id, "")
        try:
            return self._mint(app, provider, entry_id, access, refused)
        except LoginError as error:
            if error.code != "invalid_token":
                raise
        access = self._access(app, provider, entry_id, access)
        return self._mint(app, provider, entry_id, access, refused)

    # --- the access token ----------------------------------------------------------------

    def _access(self, app: OAuthApp, provider: str, entry_id: str, refused: str) -> str:
        failure: LoginError | None = None
        with self._auth.changing() as document:
            entry = find_entry(entries_of(document, provider), entry_id)
            if entry is None:
                raise self._over(provider, "it is no longer there")
            if entry.is_over:
                raise self._over(provider, entry.error_reason or "it was taken back")
            if entry.is_out_of_reach:
                raise LoginError(
                    f"The login at {provider} is in the keyring, which does not give it.",
                    code="unreachable",
                    hint="Unlock the keyring.",
                )
            if self._is_fresh(entry.secret, entry.expires_at, refused):
                return entry.secret  # somebody else was here first
            try:
                entry = self._refreshed(app, provider, entry)
            except LoginError as error:
                still_good = entry.expires_at > self._now() and entry.secret != refused
                if not error.is_over and still_good:
                    return entry.secret
                if not error.is_over:
                    raise
                failure = error
                entry = replace(
                    entry, rests_until=math.inf, error_code=401, error_reason=error.code
                )
            put_entry(document, provider, entry, self._now())
        if failure is not None:
            raise self._over(provider, failure.code) from failure
        return entry.secret

    def _refreshed(self, app: OAuthApp, provider: str, entry: PoolEntry) -> PoolEntry:
        if not entry.refresh_token:
            raise LoginError("It cannot be renewed.", code="no_refresh_token", is_over=True)
        answer = self._post(
            app.address("token_url"),
            {
                "grant_type": "refresh_token",
                "refresh_token": entry.refresh_token,
                "client_id": app.required_client_id(provider),
            },
        )
        tokens = read_tokens(answer, now=self._now(), refresh=entry.refresh_token)
        self._learn(tokens.access)
        self._learn(tokens.refresh)
        return with_tokens(entry, tokens, self._now())

    def _is_fresh(self, key: str, expires_at: float, refused: str) -> bool:
        lasts = not expires_at or expires_at - self._now() > MARGIN_S
        return bool(key) and key != refused and lasts

    def _usable(self, app: OAuthApp, entry: PoolEntry, refused: str) -> str:
        if entry.is_over:
            return ""
        key, end = entry.secret, entry.expires_at
        if app.mint_url:
            minted = minted_key(entry)
            key, end = minted.value, minted.expires_at
        return key if self._is_fresh(key, end, refused) else ""

    # --- the key an access token buys ----------------------------------------------------

    def _mint(self, app: OAuthApp, provider: str, entry_id: str, access: str, refused: str) -> str:
        with self._auth.changing() as document:
            entry = find_entry(entries_of(document, provider), entry_id)
            if entry is None:
                raise self._over(provider, "it is no longer there")
            key = self._usable(app, entry, refused)
            if not key:
                found = mint(app, self._post, access, now=self._now())
                self._learn(found.value)
                key = found.value
                put_entry(document, provider, with_minted(entry, found), self._now())
        return key

    def _over(self, provider: str, why: str) -> LoginError:
        return LoginError(
            f"The login at {provider} has ended ({why}).",
            code=why,
            is_over=True,
            hint=f"Log in again: {log_in_command(provider)}",
        )


class KeptLogin(Struct, frozen=True):
    """See `Login`."""

    logins: Logins
    provider: str
    entry_id: str

    async def key(self) -> str:
        """See `Login`."""
        ready = self.logins.ready_key(self.provider, self.entry_id)
        return ready or await self._renewed("")

    async def other_key(self, refused: str) -> str:
        """See `Login`."""
        return await self._renewed(refused)

    async def _renewed(self, refused: str) -> str:
        # Not to be given up half-way: the token that was sent is used up.
        return await asyncio.shield(
            asyncio.to_thread(self.logins.renewed_key, self.provider, self.entry_id, refused)
        )


def with_tokens(entry: PoolEntry, tokens: Tokens, now: float) -> PoolEntry:
    """The entry with other tokens; what happened to the ones before is forgotten."""
    return replace(
        entry,
        secret=tokens.access,
        refresh_token=tokens.refresh,
        expires_at=tokens.expires_at,
        rests_until=0.0,
        error_code=None,
        error_reason="",
        rest={**entry.rest, "last_refresh": _iso(now), "expires_in": None}
        | ({"inference_base_url": tokens.base_url} if tokens.base_url else {}),
    )


def _iso(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()
