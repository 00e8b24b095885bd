"""How the tests of this folder reach a scripted server."""

from __future__ import annotations

import sys
from contextlib import aclosing
from pathlib import Path

from hermes_core.messages import Message, Runtime
from hermes_core.providers.base import ModelRequest, StreamPart, TextDelta, ThinkingDelta
from hermes_core.providers.clients import WireModel
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.local.place import LocalPlace
from hermes_core.providers.records import find_record
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.timeouts import Timeouts

KEY = "sk-test-0123456789abcdefghij"
TOOL = {
    "name": "read_file",
    "description": "Read a file.",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
}
USER = Message(role="user", content="hi")


def resolution(
    base_url: str,
    *,
    provider: str = "custom",
    api_mode: str = "chat_completions",
    model: str = "scripted-model",
    key: str = KEY,
    read_s: float = 5.0,
    whole_s: float = 20.0,
    window_tokens: int = 128_000,
) -> Resolution:
    """A resolution as `resolve` would make it, for an address of this machine."""
    record = find_record(provider)
    assert record is not None
    runtime = Runtime(
        model=model,
        provider=provider,
        base_url=base_url,
        api_mode=api_mode,
        window_tokens=window_tokens,
    )
    return Resolution(
        runtime=runtime,
        credential=Credential(key, "TEST_API_KEY"),
        record=record,
        timeouts=Timeouts(connect_s=2.0, read_s=read_s, whole_s=whole_s),
    )


def file_resolution(
    file: Path, *, window: int = 8192, python: str = sys.executable, whole_s: float = 60.0
) -> Resolution:
    """A resolution for a model file, run by an interpreter that has the library."""
    record = find_record("local")
    assert record is not None
    return Resolution(
        runtime=Runtime(model=str(file), provider="local", api_mode="local", window_tokens=window),
        credential=Credential("", "none"),
        record=record,
        timeouts=Timeouts(read_s=whole_s, whole_s=whole_s),
        # Two threads wait for each other by spinning: on a busy machine one is faster.
        local=LocalPlace(path=file, window_tokens=window, threads=1, python=python),
    )


def ask(reached: Resolution, *messages: Message, **fields: object) -> ModelRequest:
    """A request with one system prompt and, unless given, one user message."""
    usual = {
        "runtime": reached.runtime,
        "system": "You are terse.",
        "messages": messages or (USER,),
    }
    return ModelRequest(**(usual | fields))  # type: ignore[arg-type]  # the test names real fields


async def collect(model: WireModel, request: ModelRequest) -> list[StreamPart]:
    """Play a request to its end."""
    async with aclosing(model.stream(request)) as stream:
        return [part async for part in stream]


def said(parts: list[StreamPart]) -> str:
    """The text of a reply."""
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


def thought(parts: list[StreamPart]) -> str:
    """The thinking of a reply."""
    return "".join(part.text for part in parts if isinstance(part, ThinkingDelta))
