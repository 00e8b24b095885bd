"""Named groups of tools, and which of them a session offers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from hermes_core.config.schema import Settings
from hermes_core.tools.registry import Registry

_log = logging.getLogger(__name__)

COMPOSITES: Mapping[str, tuple[str, ...]] = {
    "debugging": ("terminal", "web", "file"),
    "safe": ("web", "vision", "image_gen"),
}
"""Toolsets made of toolsets; leaf ones are what the tools themselves name."""

PLATFORM_PREFIX = "hermes-"
NOT_ON_PLATFORM: Mapping[str, frozenset[str]] = {
    "api_server": frozenset({"clarify", "send_message", "text_to_speech"}),
}
"""Tools that make no sense behind a door."""


class Selection(Struct, frozen=True):
    """The tools of a session, and words for the person about what was not understood."""

    tools: Registry
    warnings: tuple[str, ...] = ()


def select(
    registry: Registry,
    settings: Settings,
    *,
    platform: str = "cli",
    asked: Iterable[str] | None = None,
    environ: Mapping[str, str],
) -> Selection:
    """Choose the tools of a session.

    Args:
        registry: All tools there are.
        settings: For `platform_toolsets` and `custom_toolsets`.
        platform: The door; its written list replaces the default.
        asked: Toolsets named for this run alone; they replace the platform's.
        environ: For the tools' own availability checks.
    """
    names: Iterable[str] = (
        asked
        if asked is not None
        else settings.platform_toolsets.get(platform, (PLATFORM_PREFIX + platform,))
    )
    wanted: set[str] = set()
    warnings: list[str] = []
    for name in names:
        found = resolve(name.strip(), registry, settings.custom_toolsets)
        if found is None:
            known = ", ".join(
                sorted({tool.toolset for tool in registry} | {*settings.custom_toolsets})
            )
            warnings.append(f"There is no toolset {name}; there are {known}.")
        else:
            if not found and name.strip() in settings.custom_toolsets:
                warnings.append(f"custom_toolsets.{name.strip()} names no tool there is.")
            wanted |= found
    wanted -= NOT_ON_PLATFORM.get(platform, frozenset())
    offered = [tool for tool in registry.subset(wanted) if tool.available(environ, settings)]
    return Selection(Registry(offered), tuple(warnings))


def resolve(
    name: str,
    registry: Registry,
    custom: Mapping[str, Any],
    _seen: frozenset[str] = frozenset(),
) -> set[str] | None:
    """Return the tool names of a toolset, None if there is no such one. Cycles are harmless."""
    if name in _seen:
        return set()
    if name in ("all", "*") or name.startswith(PLATFORM_PREFIX):
        return set(registry.names())
    seen = _seen | {name}
    own = {tool.name for tool in registry if tool.toolset == name}
    if name in custom:
        return _custom(custom[name], registry, custom, seen)
    if name in COMPOSITES:
        parts = (resolve(part, registry, custom, seen) for part in COMPOSITES[name])
        return set().union(*(part for part in parts if part))
    if own:
        return own
    if name.endswith("_tools"):
        return resolve(name.removesuffix("_tools"), registry, custom, seen)
    return None


def _custom(
    definition: Any, registry: Registry, custom: Mapping[str, Any], seen: frozenset[str]
) -> set[str]:
    if isinstance(definition, Mapping):
        tools, includes = definition.get("tools"), definition.get("includes")
    else:
        tools, includes = definition, None
    names: set[str] = set()
    for entry in _words(tools):
        if registry.get(entry) is not None:
            names.add(entry)
        else:
            names |= resolve(entry, registry, custom, seen) or set()
    for entry in _words(includes):
        names |= resolve(entry, registry, custom, seen) or set()
    return names


def _words(written: Any) -> list[str]:
    """Read a list of names, or one alone; whatever else is written names nothing."""
    if isinstance(written, str):
        return [written]
    return [str(entry) for entry in written] if isinstance(written, list | tuple) else []
