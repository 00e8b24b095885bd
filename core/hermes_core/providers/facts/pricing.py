"""What a call costs, from list prices. Unknown rather than a partial number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from hermes_core.messages import Runtime, Usage
from hermes_core.providers.facts.facts import (
    FactSource,
    ModelFacts,
    facts_of,
    facts_version,
    plain_id,
)

_MILLION = Decimal(1_000_000)
_VERSION = re.compile(r"(?:-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|-0)?")
_LISTED = frozenset({"openai", "anthropic"})
"""Providers that charge the vendors' list prices."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a call or a sum of calls."""

    amount_usd: Decimal | None = None
    status: Literal["estimated", "included", "unknown"] = "unknown"
    """`included`: nothing is charged for a call."""
    source: FactSource | Literal["none"] = "none"
    pricing_version: str = ""
    """The date of the prices."""


Price = Callable[[Usage, Runtime], Cost]
"""Says what tokens cost at a runtime."""


def unpriced(usage: Usage, runtime: Runtime) -> Cost:
    """Know no price at all."""
    return Cost()


def usd(cost: Cost) -> float | None:
    """Return the amount as events and rows hold it; None if it is not known."""
    return None if cost.amount_usd is None else float(cost.amount_usd)


def total_cost(costs: Iterable[Cost]) -> Cost:
    """Return the sum; unknown as soon as one of them is, and for none at all."""
    parts = list(costs)
    if not parts or any(part.amount_usd is None for part in parts):
        return Cost()
    amount = sum((part.amount_usd or Decimal(0) for part in parts), Decimal(0))
    paid = next((part for part in parts if part.status != "included"), parts[0])
    return msgspec.structs.replace(paid, amount_usd=amount)


def cost_of(
    usage: Usage, runtime: Runtime, *, known: ModelFacts | None = None, cache_ttl: str = "5m"
) -> Cost:
    """Return the cost at list prices.

    Args:
        usage: What was used.
        runtime: Who answered.
        known: Fetched facts about exactly this model at this provider, if any; without
            prices among them the shipped table is asked.
        cache_ttl: `prompt_caching.cache_ttl`; prices of writing to a cache are known
            for the default life alone.

    Unknown for aggregators and own endpoints that list no prices, for models without a
    price, and when one used bucket has none. The built-in demo and a model file cost nothing.
    """
    if runtime.provider in ("demo", "local"):
        return Cost(amount_usd=Decimal(0), status="included")
    facts = known if known is not None and known.input is not None else _priced(runtime)
    if facts is None:
        return Cost()
    write_price = facts.cache_write if cache_ttl == "5m" else None
    total = Decimal(0)
    for tokens, price in (
        (usage.input_tokens, facts.input),
        (usage.output_tokens, facts.output),
        (usage.cache_read_tokens, facts.cache_read),
        (usage.cache_write_tokens, write_price),
    ):
        if tokens and price is None:
            return Cost()
        total += tokens * (price or Decimal(0)) / _MILLION
    return Cost(
        amount_usd=total,
        status="estimated",
        source=facts.source,
        pricing_version=facts.checked or facts_version(),
    )


def _priced(runtime: Runtime) -> ModelFacts | None:
    facts = facts_of(runtime.model)
    if facts is None or facts.input is None or runtime.provider not in _LISTED:
        return None
    version = plain_id(runtime.model).removeprefix(facts.id)
    return facts if _VERSION.fullmatch(version) else None
