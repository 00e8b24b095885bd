"""Older files brought to this version, one key at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes_core.config.editor import ConfigEditor
from hermes_core.config.schema import CONFIG_VERSION
from hermes_core.config.spelling import MOVED

_KEPT = frozenset({"platforms.api_server", "toolsets.enabled"})
"""Read in this spelling, but the older program needs it where it is."""


def migrated(editor: ConfigEditor, written: Mapping[str, Any]) -> list[str]:
    """Rename older spellings and note the version; returns a line for each change.

    A key that is also written in the newer spelling keeps the newer value.

    Raises:
        ConfigError: The file cannot be changed, or not even read.
        OSError: The file cannot be written.
    """
    editor.refuse_if_broken()
    if not written:
        return []
    done = []
    for old, new in MOVED:
        value = _at(written, old)
        if value is None or old in _KEPT:
            continue
        if _at(written, new) is None:
            editor.set_value(new, value)
        editor.unset_value(old)
        done.append(f"{old} is now {new}")
    if "_config_version" not in written:
        editor.set_value("_config_version", CONFIG_VERSION)
        done.append(f"_config_version is now {CONFIG_VERSION}")
    return done


def _at(tree: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree
