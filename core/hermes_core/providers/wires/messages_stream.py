"""Events of the messages wire as our stream parts. Pure.

Source: Anthropic API reference, "Streaming messages".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hermes_core.messages import Usage
from hermes_core.providers.base import (
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingBlock,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.wires.sse import ServerEvent
from hermes_core.providers.wires.wire import ErrorEvent

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage | None = None


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str = ""
    name: str = ""
    input: Any = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class Event(msgspec.Struct):
    """One event of the stream."""

    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: Any = None


decode_event = msgspec.json.Decoder(Event).decode


class MessagesStream:
    """Collects what the end of the reply needs to know. One per response."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}
        """Our number of a call, by the wire's block index."""
        self._thoughts: dict[int, dict[str, Any]] = {}
        self._usage = _Usage()
        self._has_usage = False
        self._finish = ""
        self.is_done = False
        """Whether `message_stop` came."""

    @property
    def is_finished(self) -> bool:
        """Whether the provider gave its finish mark."""
        return self.is_done

    def take(self, event: ServerEvent) -> Iterator[StreamPart]:
        """Yield the parts of one event; see `ReplyStream.take`."""
        decoded = decode_event(event.data)
        if decoded.error is not None or decoded.type == "error":
            raise ErrorEvent(event.data)
        yield from self.feed(decoded)

    def feed(self, event: Event) -> Iterator[StreamPart]:
        """Yield the parts of one event."""
        match event.type:
            case "message_start":
                self._count(event.message.usage if event.message else None)
            case "content_block_start":
                yield from self._block(event.index, event.content_block or _Block())
            case "content_block_delta":
                yield from self._delta(event.index, event.delta or _Delta())
            case "content_block_stop":
                thought = self._thoughts.pop(event.index, None)
                if thought is not None:
                    yield ThinkingBlock(thought)
            case "message_delta":
                self._count(event.usage)
                if event.delta is not None and event.delta.stop_reason:
                    self._finish = event.delta.stop_reason
            case "message_stop":
                self.is_done = True
            case _:
                pass  # pings, and kinds of events that do not exist yet

    def finish(self) -> Iterator[StreamPart]:
        """Yield usage and finish mark once the message has stopped."""
        if self._has_usage:
            yield UsageReport(usage_of(self._usage))
        yield StreamEnd(_FINISH.get(self._finish, self._finish or "stop"))

    def _block(self, index: int, block: _Block) -> Iterator[StreamPart]:
        match block.type:
            case "text":
                if block.text:
                    yield TextDelta(block.text)
            case "thinking":
                self._thoughts[index] = {
                    "type": "thinking",
                    "thinking": block.thinking or "",
                    "signature": block.signature or "",
                }
                if block.thinking:
                    yield ThinkingDelta(block.thinking)
            case "redacted_thinking":
                self._thoughts[index] = {"type": "redacted_thinking", "data": block.data or ""}
            case "tool_use":
                number = self._calls.setdefault(index, len(self._calls))
                yield ToolCallStart(number, block.id, block.name)
                if block.input:
                    yield ToolCallDelta(number, msgspec.json.encode(block.input).decode())
            case _:
                pass  # results of server-side tools, which are never asked for

    def _delta(self, index: int, delta: _Delta) -> Iterator[StreamPart]:
        if delta.text:
            yield TextDelta(delta.text)
        elif delta.thinking:
            if index in self._thoughts:
                self._thoughts[index]["thinking"] += delta.thinking
            yield ThinkingDelta(delta.thinking)
        elif delta.signature:
            if index in self._thoughts:
                self._thoughts[index]["signature"] += delta.signature
        elif delta.partial_json and index in self._calls:
            yield ToolCallDelta(self._calls[index], delta.partial_json)

    def _count(self, usage: _Usage | None) -> None:
        """Later numbers replace earlier ones: the wire's counts are cumulative."""
        if usage is None:
            return
        self._has_usage = True
        for name in usage.__struct_fields__:
            value = getattr(usage, name)
            if value is not None:
                setattr(self._usage, name, value)


def usage_of(usage: _Usage) -> Usage:
    """Return exact buckets; this wire already counts uncached input apart."""
    return Usage(
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        cache_read_tokens=usage.cache_read_input_tokens or 0,
        cache_write_tokens=usage.cache_creation_input_tokens or 0,
        requests=1,
    )
