"""What a turn asks about who answers it: one endpoint, other keys, other models."""

from __future__ import annotations

from typing import Protocol

from hermes_core.errors import ProviderError
from hermes_core.messages import Runtime
from hermes_core.providers.base import Model


class ModelRoute(Protocol):
    """Who answers a session's requests, one after the other."""

    @property
    def model(self) -> Model:
        """The client of the endpoint that is asked now."""
        ...

    async def turn_begins(self, *, simple: bool = False) -> Runtime | None:
        """Choose the key; come back from a fallback, and say so.

        Args:
            simple: A cheaper model may answer, if one is named.

        Returns:
            The runtime if it is another one than in the last turn.
        """
        ...

    async def answered(self) -> None:
        """A request was answered to its end."""
        ...

    async def other_key(self, error: ProviderError) -> bool:
        """Let the refused key rest and put another one in its place.

        Returns:
            Whether the same request may be sent with it.
        """
        ...

    async def reconnect(self) -> bool:
        """Reach the endpoint over a new client from now on.

        Returns:
            Whether one more attempt may help.
        """
        ...

    def has_fallback(self, error: ProviderError) -> bool:
        """Whether another model would be asked after this failure."""
        ...

    async def fall_back(self, error: ProviderError) -> Runtime | None:
        """Put the next model of the chain in place for the rest of the turn, and say so.

        Returns:
            Its runtime, or None if there is none.
        """
        ...
