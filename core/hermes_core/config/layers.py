"""Values from several places, laid over each other, with the winner of each key."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]


class Layers:
    """Named nested mappings, the weakest first."""

    def __init__(self) -> None:
        self._layers: list[tuple[str, dict[str, Any]]] = []

    def add(self, source: str, values: Mapping[str, Any]) -> None:
        """Lay a mapping over what is there."""
        self._layers.append((source, copy.deepcopy(dict(values))))

    def merged(self) -> dict[str, Any]:
        """Everything in one mapping; lists are replaced, never joined."""
        result: dict[str, Any] = {}
        for _source, values in self._layers:
            _merge(result, values)
        return result

    def source_of(self, path: Path) -> str | None:
        """Name the place whose value of a key wins."""
        layer = self._winner(path)
        return layer[0] if layer else None

    def deepest(self, path: Path) -> Path:
        """Return the longest beginning of a path that some place has."""
        lengths = range(len(path), 0, -1)
        return next((path[:length] for length in lengths if self._winner(path[:length])), ())

    def drop(self, path: Path) -> str:
        """Take the winning value of a key away, so that the next place has its say.

        Returns:
            The place it was taken from.

        Raises:
            KeyError: No place has it.
        """
        layer = self._winner(path)
        if layer is None or not path:
            raise KeyError(path)
        _delete(layer[1], path)
        return layer[0]

    def _winner(self, path: Path) -> tuple[str, dict[str, Any]] | None:
        return next((layer for layer in reversed(self._layers) if _reaches(layer[1], path)), None)

    def origins(self) -> dict[str, str]:
        """The place of every leaf, by dotted key."""
        found: dict[str, str] = {}
        for source, values in self._layers:
            for key in _leaves(values, ()):
                found[key] = source
        return found


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"a.b": 1}` as `{"a": {"b": 1}}`."""
    result: dict[str, Any] = {}
    for dotted, value in values.items():
        *parents, last = dotted.split(".")
        level = result
        for name in parents:
            level = level.setdefault(name, {})
        level[last] = value
    return result


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _step(value: Any, part: str | int) -> tuple[bool, Any]:
    if isinstance(value, dict) and part in value:
        return True, value[part]
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return True, value[part]
    return False, None


def _reaches(value: Any, path: Path) -> bool:
    for part in path:
        there, value = _step(value, part)
        if not there:
            return False
    return True


def _delete(value: Any, path: Path) -> None:
    for part in path[:-1]:
        value = value[part]
    del value[path[-1]]


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from _leaves(entry, (*path, key))
    elif path:
        yield ".".join(path)
