"""The endpoints of one session: its provider's keys, then the fallback chain.

A fallback lasts for the rest of its turn. The next turn begins with the session's own
model again, unless all keys of that one are known to rest. A turn that is simple may
begin with a cheaper model; should that one fail, the session's own is next.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Literal

from hermes_core.agent.sessions.fallback_chain import Fallback
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.model_call import RETRY_AFTER_CAP_S, TOO_LONG
from hermes_core.errors import ConfigError, HermesError, ProviderError
from hermes_core.events import CredentialRotated, Notice, SessionRuntimeChanged
from hermes_core.messages import Runtime
from hermes_core.providers.base import Model
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.key_pools import ROTATE_REASONS, KeyPools
from hermes_core.providers.resolve import Resolution, with_key

_LIMITS_BEFORE_ROTATING = 2
"""A busy key is asked once more before another one is, if it says that this may help."""

LEAST_CHEAP_WINDOW_TOKENS = 64_000
"""A smaller window would shorten the conversation for one answer."""

_log = logging.getLogger(__name__)


class SessionRoute:
    """See `ModelRoute`.

    Args:
        primary: The session's own model.
        pools: The keys of all providers.
        fallbacks: The chain, first asked first.
        cheap: Answers simple turns; None if no such model is named.
        open_model: Makes the client, or finds it.
        journal: Where rotations are told.
        leases: Whether its key is held, so that others who hold one take another.
    """

    def __init__(
        self,
        primary: Resolution,
        *,
        pools: KeyPools,
        fallbacks: Sequence[Fallback],
        open_model: Callable[[Resolution], Model],
        journal: Journal,
        cheap: Fallback | None = None,
        leases: bool = False,
    ) -> None:
        self._cheap = cheap
        self._is_cheap = False
        self._primary = primary
        self._current = primary
        self._pools = pools
        self._chain = tuple(fallbacks)
        self._next = 0
        self._open_model = open_model
        self._journal = journal
        self._limits = 0
        self._leases = leases
        self._held: str = ""

    def release(self) -> None:
        """Let go of the key that is held."""
        self._pools.let_go(self._held)
        self._held = ""

    @property
    def primary(self) -> Resolution:
        """The session's own model."""
        return self._primary

    @property
    def resolution(self) -> Resolution:
        """Who is asked now."""
        return self._current

    @property
    def model(self) -> Model:
        """See `ModelRoute`."""
        return self._open_model(self._current)

    def switch(self, primary: Resolution) -> None:
        """The person chose another model; the chain begins anew."""
        self._primary = self._current = primary
        self._next = self._limits = 0
        self._is_cheap = False

    async def turn_begins(self, *, simple: bool = False) -> Runtime | None:
        """See `ModelRoute`."""
        before = self._current.runtime
        self._limits = 0
        self._is_cheap = simple and self._take_cheap()
        if self._is_cheap:
            self._tell_change(before, "routing")
            return self._current.runtime if self._current.runtime != before else None
        key = self._chosen(self._primary)
        if key is not None:
            self._next = 0
            self._current = with_key(self._primary, key)
        elif self._next or self._step():
            self._tell_rest()
        else:
            self._current = self._primary
        self._tell_change(before, "restore" if key else "fallback")
        return self._current.runtime if self._current.runtime != before else None

    async def answered(self) -> None:
        """See `ModelRoute`."""
        self._limits = 0
        self._pools.used(self._current.credential)

    async def other_key(self, error: ProviderError) -> bool:
        """See `ModelRoute`."""
        keys = self._current.keys
        if error.reason not in ROTATE_REASONS or len(keys) < 2:
            return False
        if error.reason == "rate_limit":
            self._limits += 1
            is_soon = error.retry_after_s is None or error.retry_after_s <= RETRY_AFTER_CAP_S
            if is_soon and self._limits < _LIMITS_BEFORE_ROTATING:
                return False
        refused = self._current.credential
        until = await self._rest(refused, error)
        chosen = self._chosen(self._current)
        if chosen is None:
            error.hint = f"{error.hint} {self._all_rest(len(keys))}".strip()
            return False
        self._limits = 0
        self._current = with_key(self._current, chosen)
        self._journal.emit(
            CredentialRotated(
                provider=self._current.runtime.provider,
                label=chosen.name,
                cause=error.reason,
                cooldown_until=until,
            )
        )
        return True

    async def reconnect(self) -> bool:
        """See `ModelRoute`; what is behind a gateway does not get better by it."""
        return not self._current.record.gateway and await self.model.reconnect()

    def has_fallback(self, error: ProviderError) -> bool:
        """See `ModelRoute`."""
        return error.reason not in TOO_LONG and (self._is_cheap or self._next < len(self._chain))

    async def fall_back(self, error: ProviderError) -> Runtime | None:
        """See `ModelRoute`."""
        if error.reason in ROTATE_REASONS and len(self._current.keys) == 1 and self._chain:
            # The next turn then need not ask it first.
            await self._rest(self._current.credential, error)
        before = self._current.runtime
        if not self._step():
            return None
        self._tell_change(before, "fallback")
        return self._current.runtime

    def _step(self) -> bool:
        """Put the next usable entry of the chain in place."""
        if self._is_cheap:
            self._is_cheap = False
            key = self._chosen(self._primary)
            if key is not None:
                self._current, self._limits = with_key(self._primary, key), 0
                return True
        while self._next < len(self._chain):
            entry = self._chain[self._next]
            self._next += 1
            try:
                found = entry.resolve()
            except HermesError as problem:
                _log.warning("the fallback %s cannot be used: %s", entry.label, problem)
                continue
            key = self._chosen(found)
            if key is None or _is_same(found, self._current):
                continue
            self._current, self._limits = with_key(found, key), 0
            return True
        return False

    def _take_cheap(self) -> bool:
        """Put the cheaper model in place; False if it cannot take this conversation."""
        if self._cheap is None:
            return False
        try:
            found = self._cheap.resolve()
        except HermesError as problem:
            _log.warning("the cheaper model %s cannot be used: %s", self._cheap.label, problem)
            return False
        key = self._chosen(found)
        window = min(self._primary.runtime.window_tokens, LEAST_CHEAP_WINDOW_TOKENS)
        if key is None or found.runtime.window_tokens < window:
            return False
        self._current, self._next = with_key(found, key), 0
        return True

    def _tell_change(
        self, before: Runtime, cause: Literal["fallback", "restore", "routing"]
    ) -> None:
        now = self._current.runtime
        if (now.provider, now.model) != (before.provider, before.model):
            self._journal.emit(SessionRuntimeChanged(runtime=now, cause=cause))

    def _chosen(self, resolution: Resolution) -> Credential | None:
        """The key to use; None if all rest and there is somebody else to ask."""
        keys = resolution.keys
        if not keys:
            return resolution.credential
        if self._leases:
            self.release()
        chosen = self._pools.choose(resolution.pool, keys, hold=self._leases)
        if self._leases and chosen is not None:
            self._held = chosen.id
        if chosen is None and not self._chain and resolution is self._primary:
            return keys[0]
        return chosen

    async def _rest(self, key: Credential, error: ProviderError) -> float | None:
        pool = self._current.pool
        try:
            return await asyncio.to_thread(self._pools.rest, pool, key, error)
        except ConfigError as problem:
            _log.warning("the rest of a key of %s is not kept: %s", pool, problem)
            return None

    def _all_rest(self, count: int) -> str:
        at = self._pools.next_awake_at(self._current.pool, self._current.keys)
        when = f" until {dt.datetime.fromtimestamp(at).astimezone():%H:%M}" if at else ""
        return f"All {count} keys rest{when}."

    def _tell_rest(self) -> None:
        asked, own = self._current.runtime, self._primary.runtime
        text = f"{own.provider} still rests; {asked.model} ({asked.provider}) answers."
        self._journal.emit(Notice(level="info", code="still_fallback", text=text))


def _is_same(one: Resolution, other: Resolution) -> bool:
    a, b = one.runtime, other.runtime
    return (a.provider, a.base_url, a.model) == (b.provider, b.base_url, b.model)
