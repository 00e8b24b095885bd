"""Ways to talk: those that come along (`personalities.toml`) and those of the person."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

NO_PERSONALITY = ("none", "default", "neutral")
"""Words that stand for no overlay at all."""


class Personality(msgspec.Struct, frozen=True):
    """One way to talk."""

    prompt: str
    """The overlay, for the model."""
    about: str = ""
    """One line for people."""


def personalities(written: Mapping[str, object]) -> dict[str, Personality]:
    """Return all there are by name; one that was written wins over one that comes along.

    Args:
        written: `agent.personalities`: a prompt, or a mapping with `system_prompt`,
            `description`, `tone` and `style`. One without a prompt is left out.
    """
    own = {name: _read(entry) for name, entry in written.items()}
    return {**_shipped(), **{name: found for name, found in own.items() if found.prompt}}


def _read(entry: object) -> Personality:
    if not isinstance(entry, Mapping):
        return Personality(str(entry or "").strip(), "of your own")
    parts = [str(entry.get("system_prompt") or "").strip()]
    parts += [f"{name.title()}: {entry[name]}" for name in ("tone", "style") if entry.get(name)]
    about = str(entry.get("description") or "of your own")
    return Personality("\n".join(part for part in parts if part), about)


@cache
def _shipped() -> dict[str, Personality]:
    text = files("hermes_core.config").joinpath("personalities.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Personality])
