"""What fills the context window: how many tokens each kind of content takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hermes_core.messages import Message, is_summary
from hermes_core.providers.facts.tokens import TokenCounter, estimate_text


class ContextShare(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of content."""

    name: str
    tokens: int
    """Estimated."""


def context_shares(
    system: str,
    schemas: Sequence[Any],
    messages: Iterable[Message],
    *,
    counter: TokenCounter,
    model: str,
) -> tuple[ContextShare, ...]:
    """Measure the next request by kind; kinds without a token are left out.

    Args:
        system: The system prompt.
        schemas: What the model is told about its tools.
        messages: The history as the model sees it.
        counter: Estimates, calibrated.
        model: Who reads it.
    """
    groups: dict[str, list[Message]] = {
        "summaries": [],
        "your messages": [],
        "replies and calls": [],
        "tool results": [],
    }
    names = {"user": "your messages", "assistant": "replies and calls", "tool": "tool results"}
    for message in messages:
        name = "summaries" if is_summary(message) else names.get(message.role, "your messages")
        groups[name].append(message)
    factor = counter.factor(model)
    tools = len(msgspec.json.encode(schemas)) if schemas else 0
    fixed = [
        ("system prompt", estimate_text(system, chars_per_token=factor)),
        ("tool descriptions", round(tools / factor)),
    ]
    counted = [(name, counter.estimate_messages(part, model)) for name, part in groups.items()]
    return tuple(ContextShare(name=name, tokens=size) for name, size in (*fixed, *counted) if size)
