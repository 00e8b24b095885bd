"""The one shape in which the engine speaks to any model.

A wire format turns a `ModelRequest` into its request and its response stream into
`StreamPart`s. Nothing above this floor knows a provider's JSON.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from hermes_core.messages import Message, Runtime, Usage


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the model."""

    runtime: Runtime
    system: str
    """The frozen system prompt, byte-identical in all calls of a session."""
    messages: tuple[Message, ...]
    """A valid history: see `agent/turns/history.py`."""
    tools: tuple[dict[str, Any], ...] = ()
    """Schemas `{name, description, parameters}`, sorted by name."""
    ephemeral_system: str = ""
    """Text of this call only, sent as a separate trailing system block."""
    max_output_tokens: int | None = None
    reasoning_effort: str = ""
    """`none, minimal, low, medium, high, xhigh`, or empty for the default."""
    service_tier: str = ""
    """`fast` where an answer may cost more to come sooner."""
    temperature: float | None = None
    session_id: str = ""
    purpose: str = "turn"
    """`turn` or the name of an auxiliary task."""


class TextDelta(msgspec.Struct, frozen=True):
    """More of the answer."""

    text: str


class ThinkingDelta(msgspec.Struct, frozen=True):
    """More of the reasoning."""

    text: str


class ThinkingBlock(msgspec.Struct, frozen=True):
    """An opaque reasoning item to be replayed verbatim (signed thinking)."""

    item: dict[str, Any]


class ReplayItem(msgspec.Struct, frozen=True):
    """An item of a Responses reply, in its order, for the same service to read again."""

    item: dict[str, Any]


class ToolCallStart(msgspec.Struct, frozen=True):
    """The name of call number `index` is known. Indexes count from 0 per response."""

    index: int
    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True):
    """More of the arguments of call number `index`."""

    index: int
    arguments: str
    extra_content: dict[str, Any] | None = None


class UsageReport(msgspec.Struct, frozen=True):
    """Tokens of this call; the last one counts."""

    usage: Usage


class StreamEnd(msgspec.Struct, frozen=True):
    """The provider's finish mark. A stream that ends without it was cut."""

    finish_reason: str
    """`stop`, `tool_calls`, `length`, `content_filter` or the provider's own word."""


StreamPart: TypeAlias = (
    TextDelta
    | ThinkingDelta
    | ThinkingBlock
    | ReplayItem
    | ToolCallStart
    | ToolCallDelta
    | UsageReport
    | StreamEnd
)


class SentRequest(msgspec.Struct, frozen=True):
    """What a wire sends for a request, without the key."""

    url: str
    headers: Mapping[str, str]
    """Beyond those of the client."""
    body: Mapping[str, Any]


class Model(Protocol):
    """A way to reach models: one provider with one credential, kept alive."""

    @property
    def streams(self) -> bool:
        """Whether replies come piece by piece; one that comes whole may be silent longer."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[StreamPart]:
        """Send the request and yield what comes, as it comes.

        Closing the iterator (or cancelling the task) aborts the request at once and
        closes its response, never the client. A stream that ends without its finish
        mark raises `ProviderError(reason="cut_stream")`.

        Raises:
            ProviderError: Classified; keys masked in its text.
        """
        ...

    async def as_sent(self, request: ModelRequest) -> SentRequest | None:
        """What `stream` sends for a request; nothing is sent.

        Returns:
            None if nothing leaves this process.
        """
        ...

    async def reconnect(self) -> bool:
        """Use new connections for requests that begin from now on.

        Requests that run are not touched.

        Returns:
            False if there are no connections.
        """
        ...

    async def aclose(self) -> None:
        """Close the client."""
        ...
