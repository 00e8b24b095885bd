"""Finding what a package offers: panes, actions, slash commands.

An addition is a new module in the package that names what it adds; nothing else is
edited. Plugins add to a registry by `add`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by id, found by importing every module of a package.

    Args:
        package: Whose modules are searched; each may have a tuple of that name.
        attribute: Name of the tuple.
        key: Returns an entry's id.
    """

    def __init__(self, package: str, attribute: str, key: Callable[[T], str]) -> None:
        self._package = package
        self._attribute = attribute
        self._key = key
        self._entries: dict[str, T] = {}
        self._is_loaded = False

    def add(self, entry: T) -> None:
        """Add one entry.

        Raises:
            ValueError: Another entry has its id.
        """
        key = self._key(entry)
        if key in self._entries:
            raise ValueError(f"{self._attribute}: {key!r} is there twice")
        self._entries[key] = entry

    def remove(self, key: str) -> None:
        """Take an entry out, as when a plugin is unloaded; nothing happens without it."""
        self._entries.pop(key, None)

    def all(self) -> tuple[T, ...]:
        """Every entry, by module name and then in the order of its module."""
        self._load()
        return tuple(self._entries.values())

    def get(self, key: str) -> T | None:
        """The entry of that id."""
        self._load()
        return self._entries.get(key)

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        package = importlib.import_module(self._package)
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
            module = importlib.import_module(f"{self._package}.{found.name}")
            for entry in getattr(module, self._attribute, ()):
                self.add(entry)
