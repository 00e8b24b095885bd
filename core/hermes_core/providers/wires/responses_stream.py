"""Events of the Responses wire as our stream parts. Pure.

Source: OpenAI API reference, "Streaming events" and "The response object"; guide
"Reasoning" (sealed thinking is complete only in `response.output_item.done`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hermes_core.messages import Usage
from hermes_core.providers.base import (
    ReplayItem,
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.wires.sse import ServerEvent
from hermes_core.providers.wires.wire import ErrorEvent

_DONE = b"[DONE]"
"""Compatible servers end like the older wire; the service itself does not."""
_INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}


class _Text(msgspec.Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(msgspec.Struct):
    type: str = ""
    call_id: str = ""
    name: str = ""
    arguments: str | None = None
    phase: str | None = None
    content: list[_Text] | None = None
    summary: list[_Text] | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    error: Any = None
    incomplete_details: _Incomplete | None = None
    output: list[dict[str, Any]] | None = None
    usage: _Usage | None = None


class Event(msgspec.Struct):
    """One event of the stream."""

    type: str = ""
    object: str = ""
    """`response` for a reply that does not come in pieces: the response itself."""
    output_index: int = 0
    item: dict[str, Any] | None = None
    delta: Any = None
    response: _Response | None = None
    error: Any = None


decode_event = msgspec.json.Decoder(Event).decode
_decode_response = msgspec.json.Decoder(_Response).decode


class _Call(msgspec.Struct):
    number: int
    written: str = ""


class ResponsesStream:
    """Collects what the end of the reply needs to know. One per response.

    Args:
        origin: Host of the service, kept with the items that only it can read again.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._calls: dict[int, _Call] = {}
        """Calls by the wire's number of their item."""
        self._spoken: set[int] = set()
        """Items of which text came."""
        self._thought: dict[int, str] = {}
        """The one kind of event that thinking is taken from, by item."""
        self._closed: dict[int, dict[str, Any]] = {}
        """Items that are complete, as they would be replayed."""
        self._usage: Usage | None = None
        self._finish = ""
        self._refused = False
        self.is_done = False
        """Whether the response was completed, or ended as incomplete."""

    @property
    def is_finished(self) -> bool:
        """Whether the provider gave its finish mark."""
        return self.is_done

    def take(self, event: ServerEvent) -> Iterator[StreamPart]:
        """Yield the parts of one event; see `ReplyStream.take`."""
        if event.data == _DONE:
            return
        decoded = decode_event(event.data)
        if decoded.object == "response" and not decoded.type:
            kind = "failed" if decoded.error is not None else "completed"
            whole = _decode_response(event.data)
            decoded = Event(type=f"response.{kind}", response=whole)
        if decoded.type == "error" or decoded.error is not None:
            raise ErrorEvent(event.data)
        if decoded.type == "response.failed":
            failed = decoded.response or _Response()
            raise ErrorEvent({"error": failed.error or {"message": "The response failed."}})
        yield from self.feed(decoded)

    def feed(self, event: Event) -> Iterator[StreamPart]:
        """Yield the parts of one event that is no error."""
        index = event.output_index
        delta = event.delta if isinstance(event.delta, str) else ""
        match event.type:
            case "response.output_item.added" if event.item is not None:
                yield from self._open(index, msgspec.convert(event.item, _Item))
            case "response.output_text.delta" | "response.refusal.delta":
                self._refused |= event.type == "response.refusal.delta"
                yield from self._say(index, delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                yield from self._think(index, delta, event.type)
            case "response.reasoning_summary_part.added":
                if self._thought:
                    yield ThinkingDelta("\n\n")
            case "response.function_call_arguments.delta":
                yield from self._write(index, delta)
            case "response.output_item.done" if event.item is not None:
                yield from self._close(index, event.item)
            case "response.completed" | "response.incomplete":
                yield from self._end(event.response or _Response())
            case _:
                pass  # repetitions of what came in pieces, and kinds that do not exist yet

    def finish(self) -> Iterator[StreamPart]:
        """Yield items to replay, usage and finish mark once the response has ended."""
        items = [item for _, item in sorted(self._closed.items())]
        if any(item["type"] == "reasoning" or "phase" in item for item in items):
            for item in items:
                yield ReplayItem(item)
        if self._usage is not None:
            yield UsageReport(self._usage)
        yield StreamEnd(self._finish_word())

    def _open(self, index: int, item: _Item) -> Iterator[StreamPart]:
        if item.type == "function_call" and index not in self._calls:
            call = self._calls[index] = _Call(len(self._calls))
            yield ToolCallStart(call.number, item.call_id, item.name)
            yield from self._write(index, item.arguments or "")

    def _say(self, index: int, text: str) -> Iterator[StreamPart]:
        if not text:
            return
        if index not in self._spoken and self._spoken:
            yield TextDelta("\n\n")  # a second message of the same reply
        self._spoken.add(index)
        yield TextDelta(text)

    def _think(self, index: int, text: str, kind: str) -> Iterator[StreamPart]:
        # A server that sends thinking and its summary means the same thought.
        if text and self._thought.setdefault(index, kind) == kind:
            yield ThinkingDelta(text)

    def _write(self, index: int, arguments: str) -> Iterator[StreamPart]:
        call = self._calls.get(index)
        if call is not None and arguments:
            call.written += arguments
            yield ToolCallDelta(call.number, arguments)

    def _close(self, index: int, whole: dict[str, Any]) -> Iterator[StreamPart]:
        """Take a whole item: say what did not come in pieces, keep what is replayed."""
        if index in self._closed:
            return
        item = msgspec.convert(whole, _Item)
        kept: dict[str, Any] = {"type": item.type, "origin": self._origin}
        match item.type:
            case "message":
                self._refused |= any(part.refusal for part in item.content or ())
                if index not in self._spoken:
                    yield from self._say(index, _joined(item.content, ""))
                if item.phase:
                    kept["phase"] = item.phase
            case "reasoning":
                if index not in self._thought:
                    yield from self._think(index, _joined(item.summary, "\n\n"), item.type)
                kept |= {key: value for key, value in whole.items() if key != "status"}
            case "function_call":
                yield from self._open(index, item)
                yield from self._write(index, self._missing(index, item.arguments or ""))
        self._closed[index] = kept

    def _missing(self, index: int, arguments: str) -> str:
        written = self._calls[index].written
        return arguments[len(written) :] if arguments.startswith(written) else ""

    def _end(self, response: _Response) -> Iterator[StreamPart]:
        # Some responses end with an empty output although items were streamed, others
        # stream no items: whatever was not seen yet is taken from here.
        for index, item in enumerate(response.output or ()):
            yield from self._close(index, item)
        if response.usage is not None:
            self._usage = usage_of(response.usage)
        if response.incomplete_details is not None:
            reason = response.incomplete_details.reason or "length"
            self._finish = _INCOMPLETE.get(reason, reason)
        self.is_done = True

    def _finish_word(self) -> str:
        if self._refused:
            return "content_filter"
        return self._finish or ("tool_calls" if self._calls else "stop")


def usage_of(usage: _Usage) -> Usage:
    """Return exact buckets; cached tokens are taken out of the input's."""
    details = usage.input_tokens_details or _InputDetails()
    output = usage.output_tokens_details or _OutputDetails()
    read = details.cached_tokens or 0
    written = details.cache_write_tokens or details.cache_creation_tokens or 0
    return Usage(
        input_tokens=max(0, (usage.input_tokens or 0) - read - written),
        output_tokens=usage.output_tokens or 0,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=output.reasoning_tokens or 0,
        requests=1,
    )


def _joined(parts: list[_Text] | None, seam: str) -> str:
    return seam.join(part.text or part.refusal or "" for part in parts or ())
