"""Textual themes made from palettes, the other way round too."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import BUILTIN_THEMES, Theme

from hermes_themes.mixing import derive
from hermes_themes.roles import LAMPLIGHT, PALETTES, PAPER, ROLES, Palette
from hermes_themes.variables import theme_fields

_HUES = {
    "gold": "primary",
    "info": "secondary",
    "ok": "success",
    "warn": "warning",
    "bad": "error",
    "lilac": "accent",
    "bronze": "accent",
}
"""Our roles and the toolkit's words for the colours they take from its themes."""


def textual_theme(palette: Palette) -> Theme:
    """Return the theme of a palette, named `hermes-<palette>`."""
    return Theme(**theme_fields(palette))


def toolkit_themes() -> tuple[str, ...]:
    """Names of the themes that come with the toolkit and have colours of their own."""
    return tuple(
        name
        for name, theme in sorted(BUILTIN_THEMES.items())
        if not name.startswith("textual-ansi") and not getattr(theme, "ansi", False)
    )


def toolkit_palette(name: str) -> Palette:
    """Return a theme of the toolkit as a palette: its hues under our floors.

    Raises:
        KeyError: There is no such theme.
    """
    theme = BUILTIN_THEMES[name]
    tuned = LAMPLIGHT if theme.dark else PAPER
    shown = theme.to_color_system().generate()

    def colour(word: str, otherwise: str) -> str:
        found = shown.get(word, "")
        return found[:7] if found.startswith("#") else otherwise

    return derive(
        name,
        canvas=colour("background", tuned.canvas),
        text=colour("foreground", tuned.text),
        hues={role: colour(word, getattr(tuned, role)) for role, word in _HUES.items()},
    )


def use_palette(app: App[Any], palette: Palette) -> None:
    """Register the palette's theme (again, if its colours changed) and switch to it."""
    theme = textual_theme(palette)
    app.register_theme(theme)
    if app.theme == theme.name:
        app.refresh_css(animate=False)
        app.theme_changed_signal.publish(theme)
    else:
        app.theme = theme.name


def palette_of(app: App[Any]) -> Palette:
    """Return the palette of the app's theme, read back from its variables.

    Lamplight if the theme is not one of ours.
    """
    found = app.current_theme.variables
    try:
        colours = {role: found[f"h-{role.replace('_', '-')}"] for role in ROLES}
    except KeyError:
        return LAMPLIGHT
    name = app.current_theme.name.removeprefix("hermes-")
    framed = PALETTES[name].framed if name in PALETTES else False
    return Palette(name=name, dark=app.current_theme.dark, framed=framed, **colours)
