"""Palettes from theme files: YAML with a few colours, the rest mixed under the floors."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import yaml

from hermes_themes.mixing import HUES, derive, rgb
from hermes_themes.roles import LAMPLIGHT, PAPER, ROLES, Palette

_FIELDS = {
    "primary": "gold",
    "secondary": "info",
    "foreground": "text",
    "background": "canvas",
    "surface": "rail",
    "panel": "raised",
    "success": "ok",
    "warning": "warn",
    "error": "bad",
    "accent": "gold",
}
"""The toolkit's words for a theme and the roles they fill."""
_OTHER_KEYS = ("name", "dark", "variables")


class ThemeError(ValueError):
    """A theme file that cannot be used; the message says where and why."""


def parse_theme(text: str, source: str) -> tuple[Palette, tuple[str, ...]]:
    """Read a theme.

    Args:
        text: YAML with `name` and colours by role or by the toolkit's words; what is
            missing comes from lamplight, or from paper with `dark: false`.
        source: What to call the file in errors.

    Returns:
        The palette, and a remark for each key that means nothing.

    Raises:
        ThemeError: No YAML, with the line; no name; a colour that cannot be read.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ThemeError(f"{source}{line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise ThemeError(f"{source}: not YAML: {error}") from error
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise ThemeError(f"{source}: a theme is a mapping with a name")
    colours, remarks = _colours(data, source)
    tuned = PAPER if data.get("dark") is False else LAMPLIGHT
    palette = derive(
        data["name"],
        canvas=colours.get("canvas", tuned.canvas),
        text=colours.get("text", tuned.text),
        hues={role: colours.get(role, getattr(tuned, role)) for role in (*HUES, "bronze")},
        fixed={role: colours[role] for role in colours if role not in _MADE},
    )
    return palette, tuple(remarks)


_MADE = frozenset((*HUES, "bronze", "canvas", "text", "ink"))


def _colours(data: Mapping[str, object], source: str) -> tuple[dict[str, str], list[str]]:
    """Return colours by role, and remarks about keys that name none."""
    colours: dict[str, str] = {}
    remarks: list[str] = []
    known = (*_FIELDS, *ROLES, *_OTHER_KEYS)
    for key, value in data.items():
        role = _FIELDS.get(key, key)
        if role in ROLES:
            try:
                rgb(str(value))
            except ValueError as error:
                raise ThemeError(f"{source}: {key}: {error}") from error
            colours[role] = str(value)
        elif key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            remarks.append(f"unknown key {key}{hint}")
    return colours, remarks
