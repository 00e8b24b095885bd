"""What a call costs, from list prices. Unknown rather than a partial number."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

import msgspec

from hermes_core.messages import Runtime, Usage
from hermes_core.providers.facts import ModelFacts, facts_of, facts_version, plain_id

_MILLION = Decimal(1_000_000)
_VERSION = re.compile(r"(?:-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|-0)?")
_LISTED = frozenset({"openai", "anthropic"})
"""Providers that charge the vendors' list prices."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a call or a sum of calls."""

    amount_usd: Decimal | None = None
    status: Literal["estimated", "unknown"] = "unknown"
    source: Literal["official_docs_snapshot", "none"] = "none"
    pricing_version: str = ""


def cost_of(usage: Usage, runtime: Runtime) -> Cost:
    """Return the cost at list prices.

    Unknown for aggregators and own endpoints, for models without a listed price, and
    when one used bucket has none.
    """
    facts = _priced(runtime)
    if facts is None:
        return Cost()
    total = Decimal(0)
    for tokens, price in (
        (usage.input_tokens, facts.input),
        (usage.output_tokens, facts.output),
        (usage.cache_read_tokens, facts.cache_read),
        (usage.cache_write_tokens, facts.cache_write),
    ):
        if tokens and price is None:
            return Cost()
        total += tokens * (price or Decimal(0)) / _MILLION
    return Cost(
        amount_usd=total,
        status="estimated",
        source="official_docs_snapshot",
        pricing_version=facts_version(),
    )


def _priced(runtime: Runtime) -> ModelFacts | None:
    facts = facts_of(runtime.model)
    if facts is None or facts.input is None or runtime.provider not in _LISTED:
        return None
    version = plain_id(runtime.model).removeprefix(facts.prefix)
    return facts if _VERSION.fullmatch(version) else None
