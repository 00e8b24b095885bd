"""Finds the calls in a model's text: in a whole reply, or as it streams in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from hermes_core.providers.base import (
    StreamEnd,
    StreamPart,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.text_calls.formats import BY_MARKER, format_named, read_bare
from hermes_core.providers.text_calls.values import Tools, WrittenCall

_THOUGHT = re.compile(
    r"<(think|thinking|thought|reasoning|REASONING_SCRATCHPAD)>.*?(?:</\1>|\Z)", re.DOTALL
)
_OPENINGS = ("<think>", "<thinking>", "<thought>", "<reasoning>", "<REASONING_SCRATCHPAD>")
_SIGNS = (*BY_MARKER, *_OPENINGS)


def parse(
    text: str, tools: Tools = (), *, name: str = ""
) -> tuple[str | None, list[WrittenCall] | None]:
    """Find the calls in a whole reply.

    Args:
        text: The reply. Calls inside of its thinking are quotations.
        tools: Schemas, for the types of values.
        name: One of the formats; empty: told from the marks.

    Returns:
        What stands before the first mark (None if nothing does) and the calls. Without
        any call: the text as it was, and None.
    """
    said = _THOUGHT.sub("", text)
    marker = format_named(name).marker if name else _first_marker(said)
    at = said.find(marker) if marker else 0
    if at < 0:
        return text, None
    if name:
        calls = format_named(name).read(said[at:], tools)
    else:
        calls = BY_MARKER[marker](said[at:], tools) if marker else read_bare(said, tools)
    return (said[:at].strip() or None, calls) if calls else (text, None)


def _first_marker(text: str) -> str:
    found = [(text.find(marker), marker) for marker in BY_MARKER if marker in text]
    return min(found)[1] if found else ""


class TextCalls:
    """Turns calls that stream in as text into calls. One for each reply.

    Text goes on as it comes, but for what may be the beginning of a mark. From the first
    mark on everything is held until the reply ends. A reply with native calls is left
    as it is.

    Args:
        tools: What the model may call.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._held = ""
        self._state: Literal["start", "text", "thought", "call"] = "start"
        self._closing = ""
        self._marker = ""
        self._is_native = False
        self._is_over = False
        self._calls = 0

    def take(self, part: StreamPart) -> Iterator[StreamPart]:
        """Yield what follows from one part of the stream."""
        match part:
            case TextDelta(text=text) if not self._is_native:
                self._held += text
                yield from self._released()
            case UsageReport():
                yield from self._end()
                yield part
            case StreamEnd(finish_reason=reason):
                yield from self._end()
                yield StreamEnd("tool_calls" if self._calls and reason == "stop" else reason)
            case _:
                if isinstance(part, ToolCallStart | ToolCallDelta):
                    self._is_native = True
                    yield from self._said(len(self._held))
                yield part

    def _released(self) -> Iterator[StreamPart]:
        before = None
        while before != (self._state, len(self._held)):
            before = (self._state, len(self._held))
            match self._state:
                case "start":
                    self._start()
                case "text":
                    yield from self._text()
                case "thought":
                    yield from self._thought()
        if self._state == "call":
            yield TextDelta("")  # a sign of life for whoever watches the stream

    def _start(self) -> None:
        """A reply that begins with a brace may be a call in JSON and nothing else."""
        if self._held.strip():
            self._state = "call" if self._held.lstrip()[0] == "{" and self._tools else "text"

    def _text(self) -> Iterator[StreamPart]:
        found = [(self._held.find(sign), sign) for sign in _SIGNS if sign in self._held]
        if not found:
            yield from self._said(len(self._held) - _begun(self._held, _SIGNS))
            return
        at, sign = min(found)
        if sign in _OPENINGS:
            self._state, self._closing = "thought", f"</{sign[1:]}"
            yield from self._said(at + len(sign))
        else:
            self._state, self._marker = "call", sign
            yield from self._said(at)

    def _thought(self) -> Iterator[StreamPart]:
        at = self._held.find(self._closing)
        if at < 0:
            yield from self._said(len(self._held) - _begun(self._held, (self._closing,)))
            return
        self._state = "start"
        yield from self._said(at + len(self._closing))

    def _said(self, count: int) -> Iterator[StreamPart]:
        text, self._held = self._held[:count], self._held[count:]
        if text:
            yield TextDelta(text)

    def _end(self) -> Iterator[StreamPart]:
        if self._is_over:
            return
        self._is_over = True
        calls = self._found()
        if self._state == "call" and not self._marker and not calls:
            self._state = "text"  # it only began with a brace; a mark may follow
            yield from self._released()
            calls = self._found()
        for call in calls:
            yield ToolCallStart(self._calls, call.id, call.name)
            yield ToolCallDelta(self._calls, call.arguments)
            self._calls += 1
        if not self._calls:
            yield from self._said(len(self._held))

    def _found(self) -> list[WrittenCall]:
        if self._state != "call":
            return []
        if self._marker:
            return BY_MARKER[self._marker](self._held, self._tools)
        return read_bare(self._held, self._tools)


def _begun(text: str, signs: tuple[str, ...]) -> int:
    """How many characters at the end may be the beginning of a sign."""
    longest = max(map(len, signs)) - 1
    for count in range(min(longest, len(text)), 0, -1):
        if any(sign.startswith(text[-count:]) for sign in signs):
            return count
    return 0
