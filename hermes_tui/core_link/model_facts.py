"""What the screen shows of a model that can be switched to."""

from __future__ import annotations

from decimal import Decimal

from hermes_core.providers.choosing import Offer
from hermes_tui.core_link.workspace import ModelInfo

_ABILITIES = (("tools", "tools"), ("vision", "images"), ("reasoning", "reasoning"))


def model_info(offer: Offer) -> ModelInfo:
    """Return an offer as the screen shows it."""
    facts = offer.facts
    price = ""
    if facts is not None and facts.input is not None and facts.output is not None:
        price = f"{_dollars(facts.input)} / {_dollars(facts.output)}"
    return ModelInfo(
        model=offer.model,
        provider=offer.provider,
        label=offer.label,
        window_tokens=offer.window_tokens,
        price=price,
        abilities=tuple(word for name, word in _ABILITIES if facts and getattr(facts, name)),
    )


def _dollars(amount: Decimal) -> str:
    return f"${amount.normalize():f}"
