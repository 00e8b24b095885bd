"""The stored answer of a tool as a person reads it: it was written down for the model."""

from __future__ import annotations

import json

_TEXTS = ("output", "content", "result", "text")
"""Fields that hold the text itself, the most telling first."""


def readable(stored: str) -> str:
    """Return the text inside a JSON object with what else it says above it.

    What is no JSON object is returned as it is.
    """
    if not stored.lstrip().startswith("{"):
        return stored
    try:
        found = json.loads(stored)
    except ValueError:
        return stored
    if not isinstance(found, dict):
        return stored
    name = next((key for key in _TEXTS if isinstance(found.get(key), str) and found[key]), None)
    if name is None:
        return json.dumps(found, ensure_ascii=False, indent=2)
    facts = [f"{key}: {_short(value)}" for key, value in found.items() if key != name and value]
    return "\n".join([*facts, "", found[name]] if facts else [found[name]])


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
