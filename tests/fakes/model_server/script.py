"""What a scripted model server says: one `Reply` per expected request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec


@dataclass(frozen=True, kw_only=True)
class Call:
    """One tool call of the model."""

    name: str
    arguments: Mapping[str, Any] | str = "{}"
    """An object, or JSON text exactly as the model writes it."""
    id: str = ""
    """Made from its position when empty."""
    pieces: int = 2
    """In how many deltas the arguments come."""

    @property
    def written(self) -> str:
        """The arguments as text."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments)

    def chunks(self) -> list[str]:
        """The arguments in `pieces` pieces, none empty."""
        return split(self.written, self.pieces)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What the call is said to have used. `prompt` includes what was cached."""

    prompt: int = 40
    output: int = 8
    cached: int = 0
    written: int = 0
    reasoning: int = 0


@dataclass(kw_only=True)
class Reply:
    """One answer. The defaults are a polite, complete, empty one."""

    text: Sequence[str] = ()
    """The answer in chunks."""
    reasoning: Sequence[str] = ()
    """Thinking in chunks, before the answer."""
    signature: str = ""
    """Signature of the thinking (messages wire) or its seal (responses wire); made up when empty."""
    reasoning_details: Sequence[Mapping[str, Any]] = ()
    """Opaque items in the aggregator's form (chat wire), one per chunk."""
    reasoning_field: str = "reasoning_content"
    """Where the chat wire puts thinking: `reasoning_content` or `reasoning`."""
    calls: Sequence[Call] = ()
    index_zero: bool = False
    """All calls come with index 0 and differ only by id (chat wire)."""
    refusal: str = ""
    phase: str = ""
    """What kind of message the text is: `commentary` or `final_answer` (responses wire)."""
    output_list: Literal["whole", "empty", "only"] = "whole"
    """The last event lists the items, lists none, or is the only one that has them
    (responses wire)."""
    usage: Tokens | None = field(default_factory=Tokens)
    finish: str | None = None
    """The wire's own word; None: the natural one."""
    no_finish: bool = False
    """End the body in good order, but without any finish mark."""

    status: int = 200
    body: Any = None
    """Body of an error: text as it is, anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)

    comments: int = 0
    """Comment lines or pings before the first event."""
    cut_after: int | None = None
    """Drop the connection after so many events."""
    malformed_after: int | None = None
    """Send half a JSON object after so many events."""
    error_after: tuple[int, Mapping[str, Any]] | None = None
    """Send an error object after so many events, then end."""
    before: asyncio.Event | str | None = None
    """Answer nothing, not even headers, until the event is set."""
    gates: Mapping[int, asyncio.Event | str] = field(default_factory=dict)
    """Before the event of that number, wait. A name is set by `POST /_script/release`."""
    interval_s: float = 0.0
    """Pace in seconds between events, for benchmarks."""
    packet_bytes: int = 0
    """Cut the body into packets of this size, regardless of event borders."""
    to: str = ""
    """Only for a request whose body holds this text, whatever comes before; for agents that
    ask at the same time."""
    repeat: bool = False
    """Answer any number of requests with this step; it counts as done."""
    check: Callable[[Any], None] | None = None
    """Called with the recorded request; its AssertionError fails the test."""


def split(text: str, pieces: int) -> list[str]:
    """Cut text into at most `pieces` pieces of about the same length."""
    size = max(1, -(-len(text) // max(1, pieces)))
    return [text[start : start + size] for start in range(0, len(text), size)]


def say(text: str, *, pieces: int = 1, **rest: Any) -> Reply:
    """Return a plain answer."""
    return Reply(text=split(text, pieces), **rest)


def call(name: str, arguments: Mapping[str, Any] | str = "{}", **rest: Any) -> Reply:
    """Return an answer that asks for one tool."""
    return Reply(calls=[Call(name=name, arguments=arguments)], **rest)


def fail(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an error of the service."""
    return Reply(status=status, body=body, headers=headers or {})


def from_json(steps: Iterable[Mapping[str, Any]]) -> list[Reply]:
    """Build steps from plain data, as a script file holds them.

    `text` and `reasoning` may be one string; `tokens: 20000` makes that many chunks.

    Raises:
        ValueError: A step has an unknown key.
    """
    return [_step(dict(step)) for step in steps]


def _step(step: dict[str, Any]) -> Reply:
    for key in ("text", "reasoning"):
        if isinstance(step.get(key), str):
            step[key] = [step[key]]
    if "tokens" in step:
        step["text"] = [f"token{number} " for number in range(step.pop("tokens"))]
    step["calls"] = [msgspec.convert(one, Call) for one in step.get("calls", ())]
    if step.get("usage") is not None:
        step["usage"] = msgspec.convert(step["usage"], Tokens)
    step["gates"] = {int(number): name for number, name in step.get("gates", {}).items()}
    try:
        return Reply(**step)
    except TypeError as error:
        raise ValueError(str(error)) from error
