"""Every setting with its value in use, keys masked, and where the value comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hermes_core.config.keys import ANY, Key, all_keys, find
from hermes_core.config.loader import LoadedSettings
from hermes_core.security.redaction import mask


def effective(loaded: LoadedSettings) -> list[tuple[Key, Any]]:
    """Return every key with its value in use, keys masked; sections left out."""
    values = loaded.settings.model_dump(by_alias=True)
    return [(key, masked(_at(values, key.path), key.path)) for key in all_keys() if _is_value(key)]


def _is_value(key: Key) -> bool:
    return ANY not in key.path and not (key.is_section and _is_fixed(key))


def _is_fixed(key: Key) -> bool:
    return not any(other.path == f"{key.path}.{ANY}" for other in all_keys())


def origin_of(loaded: LoadedSettings, path: str) -> str:
    """Say where a value comes from; for a mapping, all the places."""
    below = f"{path}."
    places = {
        place for name, place in loaded.origin.items() if name == path or name.startswith(below)
    }
    return ", ".join(sorted(places)) or "default"


def value_of(loaded: LoadedSettings, path: str) -> Any:
    """Return the value of a dotted key as it is, not masked; None if there is none."""
    return _at(loaded.settings.model_dump(by_alias=True), path)


def _at(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def masked(value: Any, path: str) -> Any:
    """Return a value with every key in it masked."""
    if isinstance(value, Mapping):
        section = find(path)
        if section is not None and section.is_secret:
            return {name: mask(str(entry)) for name, entry in value.items()}
        return {name: masked(entry, f"{path}.{name}") for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [masked(entry, f"{path}.{ANY}") for entry in value]
    key, parent = find(path), find(path.rpartition(".")[0])
    is_secret = any(one is not None and one.is_secret for one in (key, parent))
    return mask(value) if isinstance(value, str) and value and is_secret else value


def written(value: Any) -> str:
    """Return a value as it is shown in a line: words as they are, else JSON."""
    if value is None:
        return "(not set)"
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=list)
