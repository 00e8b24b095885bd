"""What the model asked for, checked and made runnable before anything runs.

Order: collapse duplicates, mend lossless damage of the JSON, repair the name,
validate against the tool's arguments struct (safe coercion: `"42"` for a number).
"""

from __future__ import annotations

import difflib
import itertools
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hermes_core.messages import ToolCall
from hermes_core.paths import expanded
from hermes_core.tools.registry import AnyTool, Registry

SUGGEST_FROM = 0.70
EXECUTE_FROM = 0.85
LONGEST_NAME = 200
"""Characters; nothing longer is compared with the names of tools, which takes its time."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


class ReadyCall(Struct, frozen=True):
    """A call that can run."""

    call: ToolCall
    tool: AnyTool
    args: msgspec.Struct
    by_person: bool = False
    """Whether the person asked for it and no model."""


class BadCall(Struct, frozen=True):
    """A call that cannot run; the model reads `error`."""

    call: ToolCall
    error: str
    unknown_name: bool = False


def without_duplicates(calls: Sequence[ToolCall]) -> tuple[list[ToolCall], list[ToolCall]]:
    """Return the calls without repeated (name, arguments), and the dropped ones."""
    kept: list[ToolCall] = []
    dropped: list[ToolCall] = []
    seen: set[tuple[str, str]] = set()
    for call in calls:
        key = (call.name, call.arguments.strip())
        (dropped if key in seen else kept).append(call)
        seen.add(key)
    return kept, dropped


def looks_truncated(arguments: str) -> bool:
    """Whether unreadable arguments just stop, as they do at an output limit."""
    text = arguments.strip()
    return bool(text) and not text.endswith(("}", "]")) and mend_json(text) is None


def mend_json(text: str) -> dict[str, Any] | None:
    """Return the arguments object, mending only what loses nothing; else None.

    Mended: empty text, control characters inside, a trailing comma, the same
    object written twice, an object wrapped in a string or a one-element list.
    """
    text = text.strip()
    if not text:
        return {}
    for candidate in (text, _CONTROL.sub(" ", text), _TRAILING_COMMA.sub(r"\1", text)):
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        rest = candidate[end:].strip()
        if rest and rest != candidate[:end].strip():
            continue
        return _as_object(value)
    return None


def _as_object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0]
    if isinstance(value, str):
        try:
            inner = json.loads(value) if value.strip() else {}
        except (ValueError, RecursionError):
            return None
        return inner if isinstance(inner, dict) else None
    return {} if value is None else None


def sendable(call: ToolCall) -> ToolCall:
    """Return the call as it may stand in the history: unreadable arguments become `{}`."""
    if mend_json(call.arguments) is not None:
        return call
    return msgspec.structs.replace(call, arguments="{}")


def prepare(call: ToolCall, tools: Registry) -> ReadyCall | BadCall:
    """Find the tool and validate the arguments.

    The JSON must be readable: see `mend_json`.
    """
    tool = _find(call.name, tools)
    if tool is None:
        return BadCall(call, _unknown(call.name, tools.names()), unknown_name=True)
    arguments = mend_json(call.arguments)
    if arguments is None:
        return BadCall(
            call,
            "Error: Invalid JSON arguments. Send one JSON object; use {} for no parameters.",
        )
    try:
        args = msgspec.convert(_coerced(arguments, tool), tool.args_type, strict=False)
    except msgspec.ValidationError as error:
        return BadCall(call, f"Invalid arguments for {tool.name}: {error}")
    return ReadyCall(call, tool, args)


def _coerced(arguments: dict[str, Any], tool: AnyTool) -> dict[str, Any]:
    """Turn JSON text into the list or object the schema wants; drop explicit nulls."""
    result: dict[str, Any] = {}
    for field in msgspec.structs.fields(tool.args_type):
        name = field.encode_name
        if name not in arguments:
            continue
        value = arguments[name]
        if value is None and not field.required:
            continue
        if isinstance(value, str) and value[:1] in "[{" and "str" not in str(field.type):
            value = mend_list(value)
        result[name] = value
    return result


def mend_list(value: str) -> Any:
    """Return the JSON value in a string, or the string itself."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _find(name: str, tools: Registry) -> AnyTool | None:
    exact = tools.get(name) or tools.get(name.lower())
    if exact is not None:
        return exact
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    half = plain[: len(plain) // 2]
    found = tools.get(plain) or (tools.get(half) if half * 2 == plain else None)
    if found is not None:
        return found
    if len(plain) > LONGEST_NAME:
        return None
    close = difflib.get_close_matches(plain, tools.names(), n=1, cutoff=EXECUTE_FROM)
    candidate = tools.get(close[0]) if close else None
    if candidate is not None and not candidate.has_effects:
        return candidate
    return None


def _unknown(name: str, names: Iterable[str]) -> str:
    names, name = list(names), name[:LONGEST_NAME]
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=SUGGEST_FROM)
    meant = f" Did you mean {close[0]}?" if close else ""
    return f"Tool '{name}' does not exist.{meant} Available tools: {', '.join(names)}"


# --- which calls may overlap ---------------------------------------------------------


def may_overlap(calls: Sequence[ReadyCall], *, base: Path) -> bool:
    """Whether the whole batch may run at once; otherwise it runs in order.

    Args:
        calls: The batch as the model ordered it.
        base: Absolute working folder that relative paths start from.
    """
    if len(calls) < 2 or any(call.tool.interactive for call in calls):
        return False
    written: list[tuple[str, ...]] = []
    read: list[tuple[str, ...]] = []
    for call in calls:
        if call.tool.parallel == "never":
            return False
        paths = [_parts(path, base) for path in call.tool.paths(call.args)]
        if call.tool.parallel == "safe":
            read.extend(paths)
        elif paths:
            written.extend(paths)
        else:
            return False
    return not _any_overlap(written) and not any(
        _any_overlap([target, source]) for target in written for source in read
    )


def _parts(path: str, base: Path) -> tuple[str, ...]:
    # normalised without touching the disk: the target need not exist yet
    return Path(os.path.normpath(base / expanded(path))).parts


def _any_overlap(paths: Sequence[tuple[str, ...]]) -> bool:
    ordered = sorted(paths)
    return any(second[: len(first)] == first for first, second in itertools.pairwise(ordered))
