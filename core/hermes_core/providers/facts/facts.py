"""What is known about models before anything was fetched (`models.toml`)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

DEFAULT_WINDOW_TOKENS = 128_000
"""Assumed for a model nobody told us about."""
DEFAULT_MAX_OUTPUT_TOKENS = 128_000
"""Sent where a cap is mandatory and the model's own is unknown."""
CLAUDE_MAX_OUTPUT_TOKENS = 64_000
"""The same for a new Claude model: what the smallest of their latest can say. A cap
above the model's own is refused."""

FactSource = Literal["official_docs_snapshot", "models_dev", "provider_models_api"]
"""Where facts came from: shipped, the public catalogue, the endpoint itself."""


class ModelFacts(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Facts about one model. What nobody said is None. Prices in USD per million tokens."""

    id: str
    """In the shipped table: how the ids of a family begin."""
    window: int | None = None
    max_output: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    wire: str = ""
    """The only wire its endpoint takes for it, if the endpoint says so."""
    source: FactSource = "official_docs_snapshot"
    checked: str = ""
    """The date of these facts, as it is shown beside an estimated cost."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    model: tuple[ModelFacts, ...]


@cache
def _table() -> _Table:
    data = files("hermes_core.providers").joinpath("models.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Table)


def facts_version() -> str:
    """The date of the shipped table."""
    return _table().version


def shipped_facts() -> tuple[ModelFacts, ...]:
    """All rows of the shipped table."""
    return _table().model


def plain_id(model: str) -> str:
    """Return the id without an aggregator's `vendor/` and `:variant`, dots as dashes."""
    return model.rsplit("/", 1)[-1].split(":", 1)[0].lower().replace(".", "-")


@cache
def facts_of(model: str) -> ModelFacts | None:
    """Return the facts of the longest matching beginning of an id, or None.

    An aggregator's `vendor/` before the id, a `:variant` behind it, upper case, and
    dots for dashes in version numbers do not matter.
    """
    name = plain_id(model)
    matching = [one for one in shipped_facts() if name.startswith(one.id)]
    return max(matching, key=lambda one: len(one.id), default=None)


def window_of(model: str) -> int:
    """Return the context size in tokens, prompt and reply together."""
    facts = facts_of(model)
    return (facts and facts.window) or DEFAULT_WINDOW_TOKENS


def max_output_of(model: str) -> int:
    """Return the longest reply in tokens."""
    facts = facts_of(model)
    if facts is not None and facts.max_output:
        return facts.max_output
    return CLAUDE_MAX_OUTPUT_TOKENS if "claude" in model.lower() else DEFAULT_MAX_OUTPUT_TOKENS
