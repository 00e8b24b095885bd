"""The last look at an event before it goes out: it can be encoded, and it is small.

Engines cut what they know to be long. What a model or a file system can make long or
strange without anybody thinking of it (a tool name of a megabyte, a file name that is
not UTF-8) is cut and cleaned here, so that no text can stop a conversation from being
stored or sent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from hermes_core.events import MAX_STORED_BYTES, CoreEvent, encode_event
from hermes_core.messages import clean_text

E = TypeVar("E", bound=CoreEvent)

_CUTS = ((2_000, 100), (500, 50), (100, 20), (60, 10))
"""Characters left of each string and items of each list, tried in this order."""

_ENVELOPE = 200
"""Bytes that the number, the time and the ids of the session add later."""


def presentable(event: E) -> E:
    """Return the event, changed only if it cannot be encoded or is stored and too long."""
    try:
        size = len(encode_event(event))
    except UnicodeEncodeError:
        event = _mapped(event, clean_text, sys.maxsize)
        size = len(encode_event(event))
    if not event.stored:
        return event
    for limit, items in _CUTS:
        if size + _ENVELOPE <= MAX_STORED_BYTES:
            break
        event = _mapped(event, partial(_cut, limit=limit), items)
        size = len(encode_event(event))
    return event


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _mapped(event: E, change: Callable[[str], str], items: int) -> E:
    fields = msgspec.to_builtins(event)
    changed = {name: _changed(value, change, items) for name, value in fields.items()}
    return msgspec.convert(changed, type(event))


def _changed(value: Any, change: Callable[[str], str], items: int) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        kept = list(value.items())[:items]
        return {change(str(name)): _changed(one, change, items) for name, one in kept}
    if isinstance(value, list | tuple):
        return [_changed(one, change, items) for one in value[:items]]
    return value
