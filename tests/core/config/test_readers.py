"""No key of the schema does nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hermes_core.config.keys import ANY, Key, all_keys

ROOT = Path(__file__).parents[3]
SOURCES = ("core", "hermes_tui", "widgets", "themes", "skins")
ATTRIBUTES = {"tui.copy": "copy_as"}
"""Where the last word of a key is not how it is read."""


def unread() -> set[str]:
    """Keys that no module outside the schema names as an attribute, or asks for by path."""
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in SOURCES
        for file in (ROOT / folder).rglob("*.py")
        if not file.match("hermes_core/config/*.py")
    )
    named = set(re.findall(r"\.([a-z_0-9]+)\b", text))
    asked = set(re.findall(r"\bsetting\(\s*\"([a-z_0-9.]+)\"", text))
    return {
        key.path
        for key in all_keys()
        if _is_plain(key) and _attribute(key) not in named and key.path not in asked
    }


def _is_plain(key: Key) -> bool:
    return not key.is_section and ANY not in key.path


def _attribute(key: Key) -> str:
    return ATTRIBUTES.get(key.path, key.parts[-1])


@pytest.mark.ac("if-10-10")
def test_every_key_that_is_documented_has_a_reader() -> None:
    assert unread() == set()
