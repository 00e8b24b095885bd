"""The demo behind the `Model` protocol: streams its replies as a real one would."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

from hermes_core.errors import ProviderError
from hermes_core.messages import Usage
from hermes_core.providers.base import (
    ModelRequest,
    StreamEnd,
    StreamPart,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)

_PAUSE_S = 0.02
_MOST_PAUSES = 60
"""So that no reply takes longer than 1.2 s."""
_CHUNK_CHARS = 12


def _new_call_id() -> str:
    return f"demo_{secrets.token_hex(6)}"


class DemoModel:
    """A small scripted model in this process; it needs no key and no network.

    Args:
        sleep: Pauses between pieces, in seconds.
        new_call_id: Makes call ids, unique in a conversation.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        new_call_id: Callable[[], str] = _new_call_id,
    ) -> None:
        self._sleep = sleep
        self._new_call_id = new_call_id

    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamPart]:
        """Yield the reply in small pieces; at most one tool call, after the text.

        Raises:
            ProviderError: The request is not a turn of a conversation (a title, a
                summary): a script cannot do those, and pretending would do harm.
        """
        # measured: 25 ms of regular expressions that most starts never need
        from hermes_core.providers.demo.replies import next_reply

        if request.purpose != "turn":
            raise ProviderError(
                "the built-in demo can only talk: no side questions, titles or summaries",
                reason="format_error",
            )
        reply = next_reply(request)
        for piece in _pieces(reply.text):
            yield TextDelta(piece)
            await self._sleep(_PAUSE_S)
        if reply.tool:
            yield ToolCallStart(0, self._new_call_id(), reply.tool)
            await self._sleep(_PAUSE_S)
            yield ToolCallDelta(0, json.dumps(dict(reply.arguments), ensure_ascii=False))
        yield UsageReport(Usage(requests=1))
        yield StreamEnd("tool_calls" if reply.tool else "stop")

    streams = True

    async def as_sent(self, request: ModelRequest) -> None:
        """See `Model.as_sent`; nothing is sent anywhere."""

    async def reconnect(self) -> bool:
        """See `Model.reconnect`; there are no connections."""
        return False

    async def aclose(self) -> None:
        """Nothing is kept open."""


def _pieces(text: str) -> list[str]:
    size = max(_CHUNK_CHARS, -(-len(text) // _MOST_PAUSES))
    return [text[at : at + size] for at in range(0, len(text), size)]
