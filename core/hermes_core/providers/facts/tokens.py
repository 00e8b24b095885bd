"""How many tokens a text or a request is, before a provider has counted it.

The estimate starts from a fixed number of characters per token and is calibrated
with what the provider reports for real requests of the same model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from hermes_core.messages import Message, Usage
from hermes_core.providers.base import ModelRequest

CHARS_PER_TOKEN = 4.0
"""Usual for English text; code and JSON are nearer to 3."""
IMAGE_TOKENS = 1_600
"""A fixed price, near what vendors charge for an image of full size."""
MESSAGE_TOKENS = 4
"""What role and separators cost."""

_LEAST_FACTOR, _MOST_FACTOR = 1.5, 6.0
_WEIGHT = 0.3
_MIN_SAMPLE_TOKENS = 200


def estimate_text(text: str, *, chars_per_token: float = CHARS_PER_TOKEN) -> int:
    """Return the tokens of a text: at least 1 unless it is empty.

    Characters beyond Latin scripts count as one token each.
    """
    if not text:
        return 0
    wide = 0 if text.isascii() else sum(1 for char in text if ord(char) > 0x2E80)
    return max(1, wide + math.ceil((len(text) - wide) / chars_per_token))


def estimate_message(message: Message, *, chars_per_token: float = CHARS_PER_TOKEN) -> int:
    """Return the tokens of one message, its calls and images included."""
    total = MESSAGE_TOKENS + estimate_text(message.content, chars_per_token=chars_per_token)
    for call in message.tool_calls:
        total += estimate_text(call.name + call.arguments, chars_per_token=chars_per_token)
    total += estimate_text(message.reasoning or "", chars_per_token=chars_per_token)
    images = sum(one.media_type.startswith("image/") for one in message.attachments)
    chars = sum(one.chars for one in message.attachments)
    return total + images * IMAGE_TOKENS + math.ceil(chars / chars_per_token)


def estimate_request(request: ModelRequest, *, chars_per_token: float = CHARS_PER_TOKEN) -> int:
    """Return the tokens of a whole request: prompt, history and tool schemas."""
    tools = len(msgspec.json.encode(request.tools)) if request.tools else 0
    fixed = request.system + request.ephemeral_system
    return (
        estimate_text(fixed, chars_per_token=chars_per_token)
        + math.ceil(tools / chars_per_token)
        + sum(estimate_message(one, chars_per_token=chars_per_token) for one in request.messages)
    )


class TokenCounter:
    """Estimates that learn from reported usage, one factor per model."""

    def __init__(self) -> None:
        self._factors: dict[str, float] = {}

    def factor(self, model: str) -> float:
        """Characters per token of this model as known so far."""
        return self._factors.get(model, CHARS_PER_TOKEN)

    def estimate(self, request: ModelRequest) -> int:
        """Return the calibrated estimate of a request."""
        return estimate_request(request, chars_per_token=self.factor(request.runtime.model))

    def estimate_messages(self, messages: Iterable[Message], model: str) -> int:
        """Return the calibrated estimate of a part of a history."""
        factor = self.factor(model)
        return sum(estimate_message(one, chars_per_token=factor) for one in messages)

    def learn(self, request: ModelRequest, usage: Usage) -> None:
        """Move the model's factor towards what the provider counted for this request.

        Small requests, and requests with images, teach nothing.
        """
        has_images = any(one.attachments for one in request.messages)
        if usage.prompt_tokens < _MIN_SAMPLE_TOKENS or has_images:
            return
        model = request.runtime.model
        known = self.factor(model)
        seen = known * estimate_request(request, chars_per_token=known) / usage.prompt_tokens
        seen = min(_MOST_FACTOR, max(_LEAST_FACTOR, seen))
        self._factors[model] = known + _WEIGHT * (seen - known)
