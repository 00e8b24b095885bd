"""How much of a provider's limits is left, as the headers of its last answer say. Pure.

Sources: OpenAI's and Anthropic's pages on rate limits; Nous Portal's answers name the
hour's buckets with `-1h` behind them.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hermes_core.providers.failures.reset_time import moment_of

_BUCKETS = (
    ("requests", "x-ratelimit-{}-requests"),
    ("tokens", "x-ratelimit-{}-tokens"),
    ("requests an hour", "x-ratelimit-{}-requests-1h"),
    ("tokens an hour", "x-ratelimit-{}-tokens-1h"),
    ("requests", "anthropic-ratelimit-requests-{}"),
    ("tokens", "anthropic-ratelimit-tokens-{}"),
    ("input tokens", "anthropic-ratelimit-input-tokens-{}"),
    ("output tokens", "anthropic-ratelimit-output-tokens-{}"),
)


class RateLimit(Struct, frozen=True, kw_only=True):
    """One bucket."""

    name: str
    limit: int
    remaining: int
    resets_at: float | None = None
    """When it is full again, seconds since the epoch; None if nobody said."""


def read_rate_limits(headers: Mapping[str, str], *, now: float) -> tuple[RateLimit, ...]:
    """Return the buckets that are told whole.

    Args:
        headers: Of an answer, names in lower case.
        now: Seconds since the epoch.
    """
    found = []
    for name, header in _BUCKETS:
        limit = _count(headers.get(header.format("limit")))
        remaining = _count(headers.get(header.format("remaining")))
        if limit is None or remaining is None:
            continue
        resets_at = moment_of(headers.get(header.format("reset")), now=now)
        found.append(
            RateLimit(name=name, limit=limit, remaining=min(remaining, limit), resets_at=resets_at)
        )
    return tuple(found)


def _count(text: str | None) -> int | None:
    plain = (text or "").strip()
    return int(plain) if plain.isdecimal() and len(plain) <= 15 else None
