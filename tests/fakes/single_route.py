"""One model that answers everything: no other keys, no other models."""

from __future__ import annotations

from hermes_core.errors import ProviderError
from hermes_core.messages import Runtime
from hermes_core.providers.base import Model


class SingleRoute:
    """A `ModelRoute` over one model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def turn_begins(self, *, simple: bool = False) -> Runtime | None:
        return None

    async def answered(self) -> None:
        return None

    async def other_key(self, error: ProviderError) -> bool:
        return False

    async def reconnect(self) -> bool:
        return await self.model.reconnect()

    def has_fallback(self, error: ProviderError) -> bool:
        return False

    async def fall_back(self, error: ProviderError) -> Runtime | None:
        return None
