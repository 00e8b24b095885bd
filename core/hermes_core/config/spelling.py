"""Older and shorter spellings of keys, brought to the one the schema knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOVED = (
    ("model.model", "model.default"),
    ("model.api", "model.api_key"),
    ("model.cache_ttl", "prompt_caching.cache_ttl"),
    ("max_turns", "agent.max_turns"),
    ("prefill_messages_file", "agent.prefill_messages_file"),
    ("personalities", "agent.personalities"),
    ("terminal.env_type", "terminal.backend"),
    ("toolsets.enabled", "platform_toolsets.cli"),
    ("platforms.api_server", "api_server"),
    ("keymap", "tui.keymap"),
)
"""(spelling accepted, spelling used); the one used wins where both are written."""

SHORT = (("model", "default"), ("checkpoints", "enabled"))
"""(section, key): a plain value in place of the section means this key."""


def canonical(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a configuration with every key where the schema has it."""
    result = {key: dict(value) if isinstance(value, dict) else value for key, value in raw.items()}
    for section, key in SHORT:
        if section in result and isinstance(result[section], str | bool):
            result[section] = {key: result[section]}
    for old, new in MOVED:
        value = _take(result, old.split("."))
        if value is not None:
            _offer(result, new.split("."), value)
    single = result.get("fallback_model")
    if isinstance(single, dict) and single and not result.get("fallback_providers"):
        result["fallback_providers"] = [single]
    return result


def _take(tree: dict[str, Any], path: list[str]) -> Any:
    *parents, last = path
    for name in parents:
        child = tree.get(name)
        if not isinstance(child, dict):
            return None
        tree[name] = tree = dict(child)
    return tree.pop(last, None)


def _offer(tree: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    for name in parents:
        child = tree.setdefault(name, {})
        if not isinstance(child, dict):
            return
        tree = child
    if isinstance(value, dict) and isinstance(tree.get(last), dict):
        tree[last] = {**value, **tree[last]}
    else:
        tree.setdefault(last, value)
