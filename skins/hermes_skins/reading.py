"""From parsed YAML to a skin, with every fault at its key."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from hermes_skins.schema import KEYS, Branding, Mode, Skin, SkinError, Spinner
from hermes_themes.mixing import rgb

ART_ROWS = 3
ART_CELLS = 16
"""Art stands where the feathers do."""
_NOT_COLOURS = frozenset(("code_theme",))


def cells(text: str) -> int:
    """Return how many cells a text fills, without asking the toolkit."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def unknown_keys(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path of every key that means nothing, and a remark with the nearest that does."""
    for group, known in KEYS.items():
        part = data if not group else data.get(group)
        if not isinstance(part, Mapping):
            continue
        for key in part:
            if str(key) not in known:
                path = (group, str(key)) if group else (str(key),)
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield path, f"unknown key {'.'.join(path)}{hint}"


def read_skin(data: Mapping[str, Any], base: Skin | None = None) -> Skin:
    """Make a skin from parsed YAML.

    Args:
        data: The mapping as read.
        base: The skin it inherits from; None only for `default`.

    Raises:
        SkinError: A value of the wrong kind, a colour that cannot be read, or no name.
    """
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise SkinError("a skin needs a name", ("name",))
    base = base or Skin(name="default")
    return Skin(
        name=name.strip().lower(),
        description=_text(data, "description", ""),
        mode=_mode(data.get("mode", base.mode)),
        aliases=_list(data, "aliases", ()),
        colors=_inherited(base.colors, _colours(data)),
        spinner=_spinner(_group(data, "spinner"), base.spinner),
        branding=_branding(_texts(data, "branding"), base.branding),
        tool_prefix=_sign(data, "tool_prefix", base.tool_prefix),
        tool_emojis={**base.tool_emojis, **_texts(data, "tool_emojis")},
        mark=_sign(data, "mark", base.mark),
        wordmark=_list(data, "wordmark", base.wordmark)[:ART_ROWS],
        art=_art(data, base.art),
        gauge=_gauge(data, base.gauge),
    )


_OLDER_NAMES = {
    "ui_accent": "gold",
    "ui_label": "info",
    "ui_ok": "ok",
    "ui_warn": "warn",
    "ui_error": "bad",
    "banner_border": "bronze",
}
"""Keys of the older program and the roles that are said more exactly by their own name."""


def _inherited(base: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Lay a skin's colours over those it extends; either name of a role replaces the other."""
    said_anew = {_OLDER_NAMES[key] for key in own if key in _OLDER_NAMES}
    kept = {key: value for key, value in base.items() if key not in said_anew}
    return {**kept, **own}


def _colours(data: Mapping[str, Any]) -> dict[str, str]:
    found = _texts(data, "colors")
    for key, value in found.items():
        if key in KEYS["colors"] and key not in _NOT_COLOURS:
            try:
                rgb(value)
            except ValueError as error:
                raise SkinError(f"colors.{key}: {error}", ("colors", key)) from error
    return found


def _spinner(data: Mapping[str, Any], base: Spinner) -> Spinner:
    frames = _text(data, "frames", base.frames, "spinner") or base.frames
    if {cells(frame) for frame in frames} != {1}:
        raise SkinError("spinner.frames: each must be one cell wide", ("spinner", "frames"))
    wings = data.get("wings", base.wings)
    try:
        pairs = tuple((str(left), str(right)) for left, right in wings)
    except (TypeError, ValueError) as error:
        raise SkinError("spinner.wings must be a list of pairs", ("spinner", "wings")) from error
    return Spinner(
        frames=frames,
        waiting_faces=_list(data, "waiting_faces", base.waiting_faces, "spinner"),
        thinking_faces=_list(data, "thinking_faces", base.thinking_faces, "spinner"),
        thinking_verbs=_list(data, "thinking_verbs", base.thinking_verbs, "spinner"),
        wings=pairs,
    )


def _branding(data: Mapping[str, str], base: Branding) -> Branding:
    return Branding(
        agent_name=data.get("agent_name", base.agent_name),
        welcome=data.get("welcome", base.welcome),
        goodbye=data.get("goodbye", base.goodbye),
        response_label=data.get("response_label", base.response_label),
        prompt_symbol=data.get("prompt_symbol", base.prompt_symbol).strip() or base.prompt_symbol,
        help_header=data.get("help_header", base.help_header),
    )


def _art(data: Mapping[str, Any], base: tuple[str, ...]) -> tuple[str, ...]:
    art = _list(data, "art", base)
    if len(art) > ART_ROWS or any(cells(line) > ART_CELLS for line in art):
        raise SkinError(f"art: at most {ART_ROWS} lines of {ART_CELLS} cells", ("art",))
    return art


def _gauge(data: Mapping[str, Any], base: str) -> str:
    gauge = _text(data, "gauge", base)
    if gauge and {cells(char) for char in gauge} != {1}:
        raise SkinError("gauge: each character must be one cell wide", ("gauge",))
    return gauge


def _group(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key) or {}
    if not isinstance(found, Mapping):
        raise SkinError(f"{key} must be a mapping", (key,))
    return found


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    group = _group(data, key)
    for name, value in group.items():
        if not isinstance(value, str | int | float):
            raise SkinError(f"{key}.{name} must be text", (key, str(name)))
    return {str(name): str(value) for name, value in group.items()}


def _text(data: Mapping[str, Any], key: str, otherwise: str, group: str = "") -> str:
    found = data.get(key, otherwise)
    if not isinstance(found, str):
        path = (group, key) if group else (key,)
        raise SkinError(f"{'.'.join(path)} must be text", path)
    return found


def _sign(data: Mapping[str, Any], key: str, otherwise: str) -> str:
    """Read a sign of one cell; a longer text gives its first character."""
    sign = _text(data, key, otherwise).strip()[:1] or otherwise
    if cells(sign) != 1:
        raise SkinError(f"{key} must be one cell wide", (key,))
    return sign


def _list(
    data: Mapping[str, Any], key: str, otherwise: tuple[str, ...], group: str = ""
) -> tuple[str, ...]:
    found = data.get(key)
    if found is None:
        return otherwise
    if not isinstance(found, list):
        path = (group, key) if group else (key,)
        raise SkinError(f"{'.'.join(path)} must be a list", path)
    return tuple(str(item) for item in found)


def _mode(value: object) -> Mode:
    if value == "dark":
        return "dark"
    if value == "light":
        return "light"
    if value == "auto":
        return "auto"
    raise SkinError(f"mode must be dark, light or auto, not {value!r}", ("mode",))
