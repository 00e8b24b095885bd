"""Chat-completion chunks as our stream parts. Pure.

Source: OpenAI API reference, "The chat completion chunk object". Fields beyond it:
`reasoning_content` (DeepSeek), `reasoning` and `reasoning_details` (OpenRouter),
`extra_content` (Gemini), several calls on index 0 (Ollama). Thinking written into the
text stays there; the engine takes it out.
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

_DONE = b"[DONE]"


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _ToolDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    extra_content: dict[str, Any] | None = None


class _Delta(msgspec.Struct):
    content: str | list[Any] | dict[str, Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolDelta] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    """The whole of it, in a reply that does not come in pieces."""
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class Chunk(msgspec.Struct):
    """One event of the stream."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None
    """An error object instead of a chunk."""


decode_chunk = msgspec.json.Decoder(Chunk).decode


class ChatStream:
    """Collects what the end of the reply needs to know. One per response."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._details: list[dict[str, Any]] = []
        self._finish = ""
        self._usage: Usage | None = None
        self._refused = False
        self.is_done = False
        """Whether `[DONE]` came."""

    @property
    def is_finished(self) -> bool:
        """Whether the provider gave its finish mark."""
        return bool(self._finish)

    def take(self, event: ServerEvent) -> Iterator[StreamPart]:
        """Yield the parts of one event; see `ReplyStream.take`."""
        if event.data == _DONE:
            self.is_done = True
            return
        chunk = decode_chunk(event.data)
        if chunk.error is not None or event.name == "error":
            raise ErrorEvent(event.data)
        yield from self.feed(chunk)

    def feed(self, chunk: Chunk) -> Iterator[StreamPart]:
        """Yield the parts of one chunk."""
        if chunk.usage is not None:
            self._usage = usage_of(chunk.usage)
        for choice in (chunk.choices or ())[:1]:
            piece = choice.delta or choice.message
            if piece is not None:
                yield from self._delta(piece)
            if choice.finish_reason:
                self._finish = choice.finish_reason

    def finish(self) -> Iterator[StreamPart]:
        """Yield the rest once the body has ended: opaque items, usage, finish mark."""
        for item in self._details:
            yield ThinkingBlock(item)
        if self._usage is not None:
            yield UsageReport(self._usage)
        yield StreamEnd(self._finish_word())

    def _delta(self, delta: _Delta) -> Iterator[StreamPart]:
        yield from self._thinking(delta)
        if delta.content:
            text = _flat(delta.content)
            if text:
                yield TextDelta(text)
        if delta.refusal:
            self._refused = True
            yield TextDelta(delta.refusal)
        if delta.tool_calls:
            for call in delta.tool_calls:
                yield from self._call(call)

    def _thinking(self, delta: _Delta) -> Iterator[StreamPart]:
        # Servers that send the same thought in two fields mean it once.
        text = delta.reasoning_content or delta.reasoning or ""
        details = [one for one in delta.reasoning_details or () if isinstance(one, dict)]
        if details:
            text = text or "".join(_said(one) for one in details)
            for item in details:
                _merge(self._details, item)
        if text:
            yield ThinkingDelta(text)

    def _call(self, delta: _ToolDelta) -> Iterator[StreamPart]:
        function = delta.function or _Function()
        slot = self._slot(delta)
        if not slot.started:
            slot.name += function.name or ""
            slot.id = slot.id or delta.id or ""
            if slot.name:
                slot.started = True
                yield ToolCallStart(slot.index, slot.id, slot.name)
        arguments = function.arguments or ""
        if isinstance(arguments, dict):
            arguments = msgspec.json.encode(arguments).decode()
        if arguments or delta.extra_content is not None:
            yield ToolCallDelta(slot.index, arguments, delta.extra_content)

    def _slot(self, delta: _ToolDelta) -> _Slot:
        wire = delta.index
        candidates = [one for one in self._slots if wire is None or one.wire_index == wire]
        if delta.id:
            # Ollama: a new id at a used index is a new call.
            known = [one for one in candidates if one.id in ("", delta.id)]
            candidates = known
        if candidates:
            return candidates[-1]
        slot = _Slot(index=len(self._slots), wire_index=wire or 0, id=delta.id or "")
        self._slots.append(slot)
        return slot

    def _finish_word(self) -> str:
        if self._refused:
            return "content_filter"
        if self._finish in ("stop", "function_call", "tool_calls") and self._slots:
            return "tool_calls"
        return self._finish or "stop"


class _Slot(msgspec.Struct):
    index: int
    wire_index: int
    id: str = ""
    name: str = ""
    started: bool = False


def usage_of(usage: _Usage) -> Usage:
    """Return exact buckets; cached tokens are taken out of the prompt's."""
    prompt = usage.prompt_tokens_details or _PromptDetails()
    output = usage.completion_tokens_details or usage.output_tokens_details or _OutputDetails()
    read, written = prompt.cached_tokens or 0, prompt.cache_write_tokens or 0
    return Usage(
        input_tokens=max(0, (usage.prompt_tokens or 0) - read - written),
        output_tokens=usage.completion_tokens or 0,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=output.reasoning_tokens or 0,
        requests=1,
    )


def _flat(content: str | list[Any] | dict[str, Any]) -> str:
    """Return the text of content that an odd server sends as blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else [content]
    texts = (one.get("text", "") if isinstance(one, dict) else one for one in blocks)
    return "".join(text for text in texts if isinstance(text, str))


def _said(item: dict[str, Any]) -> str:
    for key in ("summary", "thinking", "content", "text"):
        if isinstance(item.get(key), str):
            return str(item[key])
    return ""


def _merge(items: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    """Join the pieces of one opaque item: texts grow, other fields are replaced."""
    last = items[-1] if items else None
    same = last is not None and all(last.get(key) == piece.get(key) for key in ("type", "index"))
    if last is None or not same or piece.get("index") is None:
        items.append(dict(piece))
        return
    for key, value in piece.items():
        grows = key in ("text", "summary", "data", "thinking") and isinstance(value, str)
        if grows and isinstance(last.get(key), str):
            last[key] += value
        elif value is not None:
            last[key] = value
