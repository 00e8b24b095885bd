"""A model in this process that plays written steps.

    provider = ScriptedProvider(
        calls(("read_file", {"path": "a.txt"})),
        text("It says ", "hello."),
        ProviderError("busy", reason="overloaded", retryable=True),
        [TextDelta("so far"), release, TextDelta(" done"), *finish()],   # release: asyncio.Event
        [TextDelta("half"), ProviderError("cut", reason="cut_stream")],
        lambda request: text(f"{len(request.messages)} messages"),
    )
    ...
    provider.assert_done()

One step is played per request, in order. A request without a step left raises
`UnexpectedRequest`, which no engine may swallow, and is remembered, so that
`assert_done` fails even if one did.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from hermes_core.errors import ProviderError
from hermes_core.messages import Usage
from hermes_core.providers.base import (
    ModelRequest,
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)

Part: TypeAlias = StreamPart | ProviderError | asyncio.Event
Step: TypeAlias = Sequence[Part] | ProviderError | Callable[[ModelRequest], Sequence[Part]]


class UnexpectedRequest(AssertionError):
    """The engine asked more often than the script expects."""


class ScriptedProvider:
    """A `Model` that plays steps and records requests.

    Args:
        steps: One per expected request: the parts to yield, an error to raise, or a
            function from the request to parts. Inside parts an `asyncio.Event`
            waits until the test sets it and a `ProviderError` is raised there.
    """

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.requests: list[ModelRequest] = []
        """What was asked, oldest first, surplus requests included."""
        self.aborted = 0
        """Streams that were closed before their end."""
        self.closed = False
        """Whether `aclose` was called."""
        self._surplus = 0

    def add(self, *steps: Step) -> None:
        """Append further steps."""
        self._steps.extend(steps)

    @property
    def remaining(self) -> int:
        """Steps not yet asked for."""
        return len(self._steps)

    @property
    def request(self) -> ModelRequest:
        """The newest request."""
        return self.requests[-1]

    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """Play the next step.

        Raises:
            UnexpectedRequest: No step is left.
        """
        self.requests.append(request)
        if not self._steps:
            self._surplus += 1
            raise UnexpectedRequest(f"request number {len(self.requests)} was not expected")
        step = self._steps.pop(0)
        if isinstance(step, ProviderError):
            raise step
        parts = step(request) if callable(step) else step
        complete = False
        try:
            for part in parts:
                await asyncio.sleep(0)
                if isinstance(part, asyncio.Event):
                    await part.wait()
                elif isinstance(part, ProviderError):
                    complete = True
                    raise part
                else:
                    yield part
            complete = True
        finally:
            if not complete:
                self.aborted += 1

    streams = True

    async def as_sent(self, request: ModelRequest) -> None:
        """Nothing leaves this process."""

    async def reconnect(self) -> bool:
        return False

    async def aclose(self) -> None:
        """Note that the client was closed."""
        self.closed = True

    def assert_done(self) -> None:
        """Fail if steps are left over or requests came without a step."""
        assert not self._surplus, f"{self._surplus} requests more than the script expects"
        assert not self._steps, f"{len(self._steps)} steps were never asked for: {self._steps}"


def usage(prompt: int = 100, output: int = 10, *, cached: int = 0, reasoning: int = 0) -> Usage:
    """Usage of one call; `cached` is part of `prompt`."""
    return Usage(
        input_tokens=prompt - cached,
        output_tokens=output,
        cache_read_tokens=cached,
        reasoning_tokens=reasoning,
        requests=1,
    )


def finish(reason: str = "stop", used: Usage | None = None) -> list[StreamPart]:
    """The end of a stream: usage and finish mark."""
    return [UsageReport(used or usage()), StreamEnd(reason)]


def text(
    *chunks: str, thinking: str = "", reason: str = "stop", used: Usage | None = None
) -> list[StreamPart]:
    """A whole answer in the given pieces, optionally after some thinking."""
    before: list[StreamPart] = [ThinkingDelta(thinking)] if thinking else []
    return [*before, *(TextDelta(chunk) for chunk in chunks), *finish(reason, used)]


def calls(
    *wanted: tuple[str, Mapping[str, Any] | str],
    say: str = "",
    ids: Sequence[str] = (),
    reason: str = "tool_calls",
    used: Usage | None = None,
) -> list[StreamPart]:
    """A reply that asks for tools: (name, arguments) each.

    Args:
        wanted: Arguments as an object, or as JSON text exactly as the model wrote it.
        say: Text before the calls.
        ids: Call ids; `call_0`, `call_1`, … where not given.
        reason: The finish mark.
        used: Usage of the call.
    """
    parts: list[StreamPart] = [TextDelta(say)] if say else []
    for index, (name, arguments) in enumerate(wanted):
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        middle = len(written) // 2
        call_id = ids[index] if index < len(ids) else f"call_{index}"
        parts.append(ToolCallStart(index, call_id, name))
        parts.extend(
            ToolCallDelta(index, piece) for piece in (written[:middle], written[middle:]) if piece
        )
    return [*parts, *finish(reason, used)]
