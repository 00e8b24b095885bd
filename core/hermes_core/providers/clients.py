"""One client per provider, credential and address, kept alive."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from hermes_core.errors import ConfigError
from hermes_core.providers.facts.rate_limits import RateLimit
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.anthropic_messages import AnthropicMessages
from hermes_core.providers.wires.chat_completions import ChatCompletions
from hermes_core.providers.wires.codex_responses import CodexResponses
from hermes_core.providers.wires.local_llama import LocalLlama
from hermes_core.providers.wires.wire import SdkWire, Wire

WireModel: TypeAlias = Wire

_WIRES: dict[str, type[Wire]] = {
    "chat_completions": ChatCompletions,
    "anthropic_messages": AnthropicMessages,
    "codex_responses": CodexResponses,
    "local": LocalLlama,
}


def open_model(resolution: Resolution) -> WireModel:
    """Return a new model for a resolution; nothing is imported or connected yet.

    Raises:
        ConfigError: The wire format is served elsewhere or unknown.
    """
    wire = _WIRES.get(resolution.runtime.api_mode)
    if wire is None:
        raise ConfigError(f"No client for the wire format {resolution.runtime.api_mode!r}.")
    return wire(resolution)


class Models:
    """The models in use. A model stays the same as long as its endpoint does."""

    def __init__(self) -> None:
        self._models: dict[tuple[object, ...], Wire] = {}

    def get(self, resolution: Resolution) -> Wire:
        """Return the model for a resolution, the same one for the same endpoint.

        The model id, the window and the like may differ between the requests of one
        model: they travel with each request.

        Raises:
            ConfigError: As `open_model`.
        """
        key = _key(resolution)
        if key not in self._models:
            self._models[key] = open_model(resolution)
        return self._models[key]

    def rate_limits(self, provider: str) -> tuple[RateLimit, ...]:
        """What is left of a provider's limits; of several keys, the one used first."""
        found = (
            wire.rate_limits
            for key, wire in self._models.items()
            if key[0] == provider and isinstance(wire, SdkWire)
        )
        return next((limits for limits in found if limits), ())

    async def aclose(self) -> None:
        """Close all clients."""
        models = list(self._models.values())
        self._models.clear()
        await asyncio.gather(*(model.aclose() for model in models))


def _key(resolution: Resolution) -> tuple[object, ...]:
    runtime = resolution.runtime
    return (
        runtime.provider,
        runtime.base_url,
        runtime.api_mode,
        resolution.credential.fingerprint,
        resolution.timeouts,
        resolution.cache_ttl,
        resolution.ca_bundle,
        repr(sorted(resolution.headers.items())),
        resolution.rate_limit_delay_s,
        resolution.max_output_tokens,
        resolution.tool_calls,
        resolution.local,
        repr(sorted(resolution.extra_body.items())),
    )
