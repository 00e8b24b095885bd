"""What a call written as text says, as JSON. Pure."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Tools = Sequence[Mapping[str, Any]]
"""Schemas `{name, description, parameters}`."""

_DECODER = json.JSONDecoder()
_NAME = re.compile(r'"name"\s*:\s*"([^"\\]+)"')
_ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:\s*')


class WrittenCall(msgspec.Struct, frozen=True):
    """One call as the model wrote it."""

    name: str
    arguments: str
    """JSON text of an object; whatever stood there if it is none."""
    id: str = ""
    """The model's own, if its format has one."""


def json_at(text: str, at: int) -> tuple[Any, int] | None:
    """Read the JSON value that begins at `at`.

    Returns:
        The value and the position behind it, or None if there is no whole value.
    """
    start = len(text) - len(text[at:].lstrip())
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None


def call_of(value: Any) -> WrittenCall | None:
    """Read `{"name": …, "arguments" | "parameters": …}`; None if it is something else."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"]:
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    return WrittenCall(value["name"], written(arguments))


def broken_call(text: str) -> WrittenCall | None:
    """Read the name out of a call whose JSON is not whole, with the rest as it stands.

    The engine then asks again or tells the model, as it does for native calls.
    """
    name = _NAME.search(text)
    if name is None:
        return None
    arguments = _ARGUMENTS.search(text)
    return WrittenCall(name.group(1), text[arguments.end() :].strip() if arguments else "{")


def written(arguments: Any) -> str:
    """Return arguments as JSON text; text that is already JSON stays as it is."""
    if isinstance(arguments, str):
        return arguments or "{}"
    return json.dumps({} if arguments is None else arguments, ensure_ascii=False)


def arguments_of(pairs: Sequence[tuple[str, str]], name: str, tools: Tools) -> str:
    """Return key-value pairs as JSON text, each value as its schema wants it.

    A value whose parameter is a string stays text, whatever it looks like. Others are
    read as JSON, then as a Python literal, else they stay text.
    """
    wanted = _properties(name, tools)
    values = {key: _value(text, wanted.get(key)) for key, text in pairs}
    return json.dumps(values, ensure_ascii=False, default=str)


def _properties(name: str, tools: Tools) -> Mapping[str, Any]:
    for tool in tools:
        if tool.get("name") == name:
            found = tool.get("parameters", {}).get("properties", {})
            return found if isinstance(found, Mapping) else {}
    return {}


def _value(text: str, schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "string":
        return text
    plain = text.strip()
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        pass  # not JSON; Python's spelling is common too
    try:
        return ast.literal_eval(plain) if len(plain) < 10_000 else text
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
