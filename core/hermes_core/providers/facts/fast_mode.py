"""Which models answer faster for more money, and how a request asks for it. Pure.

Source: OpenAI, "Priority processing"; OpenRouter docs, "Service Tiers"; Anthropic docs,
"Fast mode" (2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hermes_core.messages import Runtime
from hermes_core.providers.facts.facts import plain_id
from hermes_core.providers.facts.pricing import Cost
from hermes_core.providers.records import Record, find_record

SPEED_BETA = "fast-mode-2026-02-01"
"""The beta that `speed` belongs to."""

_PRIORITY = re.compile(
    r"(gpt-5(-[124])?|gpt-5(-4)?-mini|gpt-4-1(-mini|-nano)?|gpt-4o(-mini)?|o3|o4-mini)"
    r"(-\d{4}-\d{2}-\d{2})?"
)
_SPEED = re.compile(r"claude-(opus-4-6|opus-5(-5)?|(fable|mythos)-5-2)(-\d{8})?")
_FIELDS: Mapping[str, tuple[re.Pattern[str], dict[str, str]]] = {
    "service_tier": (_PRIORITY, {"service_tier": "priority"}),
    "speed": (_SPEED, {"speed": "fast"}),
}


def fast_fields(record: Record, model: str, tier: str) -> dict[str, str]:
    """Return the fields that ask this provider for speed, none where it has no such thing.

    Args:
        record: Who serves the model.
        model: Its id in any spelling.
        tier: `fast`, or anything else for the usual speed.
    """
    if tier != "fast" or record.fast_mode not in _FIELDS:
        return {}
    models, fields = _FIELDS[record.fast_mode]
    return dict(fields) if models.fullmatch(plain_id(model)) else {}


def cost_at_speed(cost: Cost, runtime: Runtime, tier: str) -> Cost:
    """Return what an answer cost; unknown if it was a fast one, whose prices are others."""
    is_fast = tier == "fast" and cost.status != "included" and has_fast_mode(runtime)
    return Cost() if is_fast else cost


def has_fast_mode(runtime: Runtime) -> bool:
    """Whether the model can be asked to answer faster."""
    record = find_record(runtime.provider)
    return record is not None and bool(fast_fields(record, runtime.model, "fast"))
