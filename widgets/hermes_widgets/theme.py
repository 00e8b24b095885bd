"""Textual themes made from palettes, the other way round too."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import Theme

from hermes_themes.roles import LAMPLIGHT, PALETTES, ROLES, Palette
from hermes_themes.variables import theme_fields


def textual_theme(palette: Palette) -> Theme:
    """Return the theme of a palette, named `hermes-<palette>`."""
    return Theme(**theme_fields(palette))


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
