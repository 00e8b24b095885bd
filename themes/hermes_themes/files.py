"""Palettes from theme files: YAML with a few colours, the rest mixed under the floors."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from hermes_themes.mixing import HUES, derive, rgb
from hermes_themes.roles import LAMPLIGHT, PAPER, ROLES, Palette
from hermes_themes.yaml_lines import YamlFault, parsed, place, text_keys

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
_SYNTAX = {"keyword": "lilac"}
"""Of code, keywords alone have a colour of their own; the rest follows the roles."""
_GROUPS = ("variables", "syntax")
_OTHER_KEYS = ("name", "dark", *_GROUPS)
_MADE = frozenset((*HUES, "bronze", "canvas", "text", "ink"))


class ThemeError(ValueError):
    """A theme file that cannot be used; the message says where and why."""


def parse_theme(text: str, source: str) -> tuple[Palette, tuple[str, ...]]:
    """Read a theme.

    Args:
        text: YAML with `name` and colours by role or by the toolkit's words, also below
            `variables` (as `h-gold` or `gold`) and `syntax`; what is missing comes from
            lamplight, or from paper with `dark: false`.
        source: What to call the file in errors and remarks.

    Returns:
        The palette, and a remark for each key that means nothing.

    Raises:
        ThemeError: No YAML, no name, a colour that cannot be read; with the line.
    """
    try:
        data = parsed(text, source)
    except YamlFault as error:
        raise ThemeError(str(error)) from error
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise ThemeError(f"{source}: a theme is a mapping with a name")
    colours: dict[str, str] = {}
    remarks: list[str] = []
    for path, role, value in _said(text_keys(data)):
        where = place(source, text, path)
        if role in ROLES:
            try:
                rgb(str(value))
            except ValueError as error:
                raise ThemeError(f"{where}: {'.'.join(path)}: {error}") from error
            colours[role] = str(value)
        else:
            known = (*_FIELDS, *ROLES, *_OTHER_KEYS, *_SYNTAX)
            near = difflib.get_close_matches(path[-1], known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            remarks.append(f"{where}: unknown key {'.'.join(path)}{hint}")
    tuned = PAPER if data.get("dark") is False else LAMPLIGHT
    palette = derive(
        data["name"],
        canvas=colours.get("canvas", tuned.canvas),
        text=colours.get("text", tuned.text),
        hues={role: colours.get(role, getattr(tuned, role)) for role in (*HUES, "bronze")},
        fixed={role: colours[role] for role in colours if role not in _MADE},
    )
    return palette, tuple(remarks)


def _said(data: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """Yield each colour: its keys, the role it fills (anything else is no role), its value."""
    for key, value in data.items():
        if key not in _OTHER_KEYS:
            yield (key,), _FIELDS.get(key, key), value
    for group in _GROUPS:
        part = data.get(group)
        for key, value in text_keys(part).items() if isinstance(part, Mapping) else ():
            role = _SYNTAX.get(key, "") if group == "syntax" else _variable(key)
            yield (group, key), role, value


def _variable(key: str) -> str:
    return key.removeprefix("$").removeprefix("h-").replace("-", "_")
