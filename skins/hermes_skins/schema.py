"""What a skin may say: colours, spinner, words, marks. It never changes behaviour.

A skin is a YAML mapping. Only `name` is required; what is missing comes from the
skin it extends, in the end from `default`. Keys we do not know are named together
with the nearest known one and otherwise passed over, so that a skin written for
another version still loads.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["dark", "light", "auto"]

REFERENCE_COLOURS = (
    "banner_border",
    "banner_title",
    "banner_accent",
    "banner_dim",
    "banner_text",
    "ui_accent",
    "ui_label",
    "ui_ok",
    "ui_error",
    "ui_warn",
    "prompt",
    "input_rule",
    "response_border",
    "session_label",
    "session_border",
    "status_bar_bg",
    "voice_status_bg",
    "completion_menu_bg",
    "completion_menu_current_bg",
    "completion_menu_meta_bg",
    "completion_menu_meta_current_bg",
)
"""Colour keys of skins written for the older program."""
OWN_COLOURS = (
    "background",
    "surface",
    "selection_bg",
    "diff_add_bg",
    "diff_del_bg",
    "code_theme",
    "user_bg",
    "lilac",
    "bronze",
)
_KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "name",
        "description",
        "extends",
        "mode",
        "aliases",
        "colors",
        "spinner",
        "branding",
        "tool_prefix",
        "tool_emojis",
        "banner_logo",
        "banner_hero",
        "mark",
        "wordmark",
        "layout",
    ),
    "colors": REFERENCE_COLOURS + OWN_COLOURS,
    "spinner": ("frames", "waiting_faces", "thinking_faces", "thinking_verbs", "wings"),
    "branding": (
        "agent_name",
        "welcome",
        "goodbye",
        "response_label",
        "prompt_symbol",
        "help_header",
    ),
}


class SkinError(ValueError):
    """A skin that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spinner:
    """What turns while the agent works."""

    frames: str = "⠋⠙⠹⠸⠼⠴⠦⠧"
    """Characters of one cell each."""
    waiting_faces: tuple[str, ...] = ()
    thinking_faces: tuple[str, ...] = ()
    thinking_verbs: tuple[str, ...] = ()
    wings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """The words of the product."""

    agent_name: str = "Hermes Agent"
    welcome: str = ""
    goodbye: str = ""
    response_label: str = ""
    prompt_symbol: str = "❯"
    help_header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """A skin with everything it inherits filled in."""

    name: str
    description: str = ""
    mode: Mode = "auto"
    aliases: tuple[str, ...] = ()
    colors: Mapping[str, str] = field(default_factory=dict)
    """Colours by key, as written; empty means: those of the terminal's mode."""
    spinner: Spinner = Spinner()
    branding: Branding = Branding()
    tool_prefix: str = "▏"
    """Character of the thread beside the work of a turn."""
    tool_emojis: Mapping[str, str] = field(default_factory=dict)
    mark: str = "☿"
    wordmark: tuple[str, ...] = ()
    """Three lines; empty for the name of the product."""


def unknown_keys(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield a remark for every key that means nothing, with the nearest that does."""
    for group, known in _KEYS.items():
        part = data if not group else data.get(group)
        if not isinstance(part, Mapping):
            continue
        for key in part:
            if str(key) not in known:
                where = f"{group}.{key}" if group else str(key)
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield f"unknown key {where}{hint}"


def read_skin(data: Mapping[str, Any], base: Skin | None = None) -> Skin:
    """Make a skin from parsed YAML.

    Args:
        data: The mapping as read.
        base: The skin it inherits from; None only for `default`.

    Raises:
        SkinError: A value of the wrong kind, or no name.
    """
    name = data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise SkinError("a skin needs a name")
    base = base or Skin(name="default")
    colors = {**base.colors, **_texts(data, "colors")}
    return Skin(
        name=name.strip().lower(),
        description=_text(data, "description", ""),
        mode=_mode(data.get("mode", base.mode)),
        aliases=_list(data, "aliases", ()),
        colors=colors,
        spinner=_spinner(_group(data, "spinner"), base.spinner),
        branding=_branding(_texts(data, "branding"), base.branding),
        tool_prefix=_text(data, "tool_prefix", base.tool_prefix)[:1] or base.tool_prefix,
        tool_emojis={**base.tool_emojis, **_texts(data, "tool_emojis")},
        mark=_text(data, "mark", base.mark)[:1] or base.mark,
        wordmark=_list(data, "wordmark", base.wordmark),
    )


def _spinner(data: Mapping[str, Any], base: Spinner) -> Spinner:
    wings = data.get("wings", base.wings)
    try:
        pairs = tuple((str(left), str(right)) for left, right in wings)
    except (TypeError, ValueError) as error:
        raise SkinError("spinner.wings must be a list of pairs") from error
    return Spinner(
        frames=_text(data, "frames", base.frames) or base.frames,
        waiting_faces=_list(data, "waiting_faces", base.waiting_faces),
        thinking_faces=_list(data, "thinking_faces", base.thinking_faces),
        thinking_verbs=_list(data, "thinking_verbs", base.thinking_verbs),
        wings=pairs,
    )


def _branding(data: Mapping[str, str], base: Branding) -> Branding:
    return Branding(
        agent_name=data.get("agent_name", base.agent_name),
        welcome=data.get("welcome", base.welcome),
        goodbye=data.get("goodbye", base.goodbye),
        response_label=data.get("response_label", base.response_label),
        prompt_symbol=data.get("prompt_symbol", base.prompt_symbol),
        help_header=data.get("help_header", base.help_header),
    )


def _group(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key) or {}
    if not isinstance(found, Mapping):
        raise SkinError(f"{key} must be a mapping")
    return found


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    group = _group(data, key)
    for name, value in group.items():
        if not isinstance(value, str | int | float):
            raise SkinError(f"{key}.{name} must be text")
    return {str(name): str(value) for name, value in group.items()}


def _text(data: Mapping[str, Any], key: str, otherwise: str) -> str:
    found = data.get(key, otherwise)
    if not isinstance(found, str):
        raise SkinError(f"{key} must be text")
    return found


def _list(data: Mapping[str, Any], key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    found = data.get(key)
    if found is None:
        return otherwise
    if not isinstance(found, list):
        raise SkinError(f"{key} must be a list")
    return tuple(str(item) for item in found)


def _mode(value: object) -> Mode:
    if value == "dark":
        return "dark"
    if value == "light":
        return "light"
    if value == "auto":
        return "auto"
    raise SkinError(f"mode must be dark, light or auto, not {value!r}")
