"""What was used over days: tokens, requests and cost, by day and by what used them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import msgspec

from hermes_core.messages import Usage
from hermes_core.storage.records import RequestUse

LONGEST_DAYS = 3_650
"""As far back as can be asked."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A sum of requests."""

    name: str
    """What they have in common: a date, a model, a source, a purpose."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """None as soon as the price of one of them is not known."""
    sessions: int = 0


class Insights(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `insights` shows."""

    days: tuple[Share, ...]
    """One for each day, the oldest first; days without a request are there too."""
    total: Share
    by_model: tuple[Share, ...] = ()
    """The most tokens first, as are the next two."""
    by_source: tuple[Share, ...] = ()
    by_purpose: tuple[Share, ...] = ()


def summed(name: str, uses: Iterable[RequestUse]) -> Share:
    """Add requests up. The cost is unknown as soon as one of them is; nothing costs nothing."""
    parts = list(uses)
    costs = [use.cost_usd for use in parts]
    return Share(
        name=name,
        usage=sum((use.usage for use in parts), Usage()),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        sessions=len({use.session_id for use in parts}),
    )


def insights(uses: Iterable[RequestUse], *, days: int, now: dt.datetime) -> Insights:
    """Sum requests up over the last days, today included.

    Args:
        uses: Older ones are left out.
        days: How many, at least 1.
        now: With the time zone that decides where days begin.
    """
    first = now.date() - dt.timedelta(days=days - 1)
    dated = [(_day(use, now), use) for use in uses]
    recent = [(day, use) for day, use in dated if first <= day <= now.date()]
    dates = [first + dt.timedelta(days=number) for number in range(days)]
    used = [use for _, use in recent]
    return Insights(
        days=tuple(
            summed(date.isoformat(), [use for day, use in recent if day == date]) for date in dates
        ),
        total=summed("total", used),
        by_model=_shares(used, lambda use: use.model or "unknown"),
        by_source=_shares(used, lambda use: use.source),
        by_purpose=_shares(used, lambda use: use.purpose),
    )


def since(days: int, now: dt.datetime) -> float:
    """Return the beginning of the first of so many days, in seconds since the epoch."""
    first = now.date() - dt.timedelta(days=days - 1)
    return dt.datetime.combine(first, dt.time(), now.tzinfo).timestamp()


def _day(use: RequestUse, now: dt.datetime) -> dt.date:
    return dt.datetime.fromtimestamp(use.ts, now.tzinfo).date()


def _shares(uses: list[RequestUse], name: Callable[[RequestUse], str]) -> tuple[Share, ...]:
    groups: dict[str, list[RequestUse]] = {}
    for use in uses:
        groups.setdefault(name(use), []).append(use)
    found = [summed(key, group) for key, group in groups.items()]
    return tuple(sorted(found, key=lambda share: -share.usage.total_tokens))
