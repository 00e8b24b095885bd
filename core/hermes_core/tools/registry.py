"""All tools there are, found rather than listed."""

from __future__ import annotations

import importlib
import inspect
import logging
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import hermes_core.tools as tools_package
from hermes_core.tools.base import Tool

_log = logging.getLogger(__name__)

AnyTool = Tool[Any]


class Registry:
    """A set of tools by name. Built-in names cannot be taken over."""

    def __init__(self, tools: Iterable[AnyTool] = ()) -> None:
        self._tools: dict[str, AnyTool] = {}
        for tool in tools:
            self.add(tool)

    def add(self, tool: AnyTool) -> None:
        """Add a tool.

        Raises:
            ValueError: The name is taken.
        """
        if tool.name in self._tools:
            raise ValueError(f"a tool named {tool.name} exists already")
        self._tools[tool.name] = tool

    def remove(self, name: str) -> None:
        """Forget a tool; unknown names are fine."""
        self._tools.pop(name, None)

    def get(self, name: str) -> AnyTool | None:
        """Return the tool of exactly that name."""
        return self._tools.get(name)

    def names(self) -> list[str]:
        """All names, sorted, so that prompts stay byte-stable."""
        return sorted(self._tools)

    def __iter__(self) -> Iterator[AnyTool]:
        return (self._tools[name] for name in self.names())

    def __len__(self) -> int:
        return len(self._tools)

    def subset(self, names: Iterable[str]) -> Registry:
        """Return a registry of the named tools that exist."""
        wanted = set(names)
        return Registry(tool for tool in self if tool.name in wanted)


@cache
def builtin_tools() -> tuple[type[AnyTool], ...]:
    """Every tool class in the family folders under `hermes_core/tools`.

    A module that fails to import is logged and left out; it never stops a start.
    """
    found: dict[str, type[AnyTool]] = {}
    for family in pkgutil.iter_modules(tools_package.__path__, tools_package.__name__ + "."):
        if not family.ispkg:
            continue
        package = importlib.import_module(family.name)
        for module_info in pkgutil.iter_modules(package.__path__, family.name + "."):
            try:
                module = importlib.import_module(module_info.name)
            except ImportError:
                _log.warning("tool module %s cannot be imported", module_info.name, exc_info=True)
                continue
            for _, member in inspect.getmembers(module, inspect.isclass):
                if (
                    issubclass(member, Tool)
                    and member.__module__ == module.__name__
                    and hasattr(member, "name")
                ):
                    found[member.name] = member
    return tuple(found[name] for name in sorted(found))


def discover() -> Registry:
    """Return a fresh registry with one instance of every built-in tool."""
    return Registry(tool() for tool in builtin_tools())


@cache
def session_services() -> tuple[type[Any], ...]:
    """The per-session service classes that tool families declare as `SESSION_SERVICES`."""
    found: list[type[Any]] = []
    for family in pkgutil.iter_modules(tools_package.__path__, tools_package.__name__ + "."):
        if family.ispkg:
            found.extend(getattr(importlib.import_module(family.name), "SESSION_SERVICES", ()))
    return tuple(found)
