"""What is known about well-known models (`models.toml`): windows, caps, prices."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec

DEFAULT_WINDOW_TOKENS = 128_000
"""Assumed for a model nobody told us about."""
DEFAULT_MAX_OUTPUT_TOKENS = 128_000
"""Sent where a cap is mandatory and the model's own is unknown."""


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Facts about all models whose id begins with `prefix`. Prices in USD per million."""

    prefix: str
    window: int
    max_output: int | None = None
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    model: tuple[ModelFacts, ...]


@cache
def _table() -> _Table:
    data = files("hermes_core.providers").joinpath("models.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Table)


def facts_version() -> str:
    """The date of the table, as it is shown beside an estimated cost."""
    return _table().version


def plain_id(model: str) -> str:
    """Return the id without an aggregator's `vendor/` and `:variant`, dots as dashes."""
    return model.rsplit("/", 1)[-1].split(":", 1)[0].lower().replace(".", "-")


@cache
def facts_of(model: str) -> ModelFacts | None:
    """Return the facts of the longest matching prefix, or None.

    An aggregator's `vendor/` before the id, a `:variant` behind it, upper case, and
    dots for dashes in version numbers do not matter.
    """
    name = plain_id(model)
    matching = [one for one in _table().model if name.startswith(one.prefix)]
    return max(matching, key=lambda one: len(one.prefix), default=None)


def window_of(model: str) -> int:
    """Return the context size in tokens, prompt and reply together."""
    facts = facts_of(model)
    return facts.window if facts else DEFAULT_WINDOW_TOKENS


def max_output_of(model: str) -> int:
    """Return the longest reply in tokens."""
    facts = facts_of(model)
    return (facts and facts.max_output) or DEFAULT_MAX_OUTPUT_TOKENS
