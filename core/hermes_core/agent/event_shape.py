"""The last look at an event before it goes out: it can be encoded, and it is small.

Engines cut what they know to be long. What a model or a file system can make long or
strange without anybody thinking of it (a tool name of a megabyte, a file name that is
not UTF-8) is cut and cleaned here, so that no text can stop a conversation from being
stored or sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from hermes_core.events import MAX_STORED_BYTES, CoreEvent, encode_event
from hermes_core.messages import clean_text

E = TypeVar("E", bound=CoreEvent)

_CUTS = (2_000, 500, 100)
"""Characters left of each string, tried in this order."""

_MOST_ITEMS = 100
"""Items left of each list and object in an event that had to be changed."""

_ENVELOPE = 200
"""Bytes that the number, the time and the ids of the session add later."""


def presentable(event: E) -> E:
    """Return the event, changed only if it cannot be encoded or is stored and too long."""
    try:
        size = len(encode_event(event))
    except UnicodeEncodeError:
        event = _mapped(event, clean_text)
        size = len(encode_event(event))
    if not event.stored:
        return event
    for limit in _CUTS:
        if size + _ENVELOPE <= MAX_STORED_BYTES:
            break
        event = _mapped(event, partial(_cut, limit=limit))
        size = len(encode_event(event))
    return event


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _mapped(event: E, change: Callable[[str], str]) -> E:
    return msgspec.convert(_changed(msgspec.to_builtins(event), change), type(event))


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        kept = list(value.items())[:_MOST_ITEMS]
        return {change(str(name)): _changed(one, change) for name, one in kept}
    if isinstance(value, list | tuple):
        return [_changed(one, change) for one in value[:_MOST_ITEMS]]
    return value
