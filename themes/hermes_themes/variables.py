"""Palettes as style sheets and the widget library want them."""

from __future__ import annotations

from typing import TypedDict

from hermes_themes.roles import ROLES, Palette


class ThemeFields(TypedDict):
    """The arguments of a Textual theme, without importing it."""

    name: str
    primary: str
    secondary: str
    accent: str
    foreground: str
    background: str
    surface: str
    panel: str
    success: str
    warning: str
    error: str
    dark: bool
    variables: dict[str, str]


def variables(palette: Palette) -> dict[str, str]:
    """Return the style sheet variables: `h-canvas`, `h-add-row` and so on.

    A prefix of our own, since overwriting the library's `text` breaks its buttons.
    """
    return {f"h-{role.replace('_', '-')}": getattr(palette, role) for role in ROLES}


def theme_fields(palette: Palette) -> ThemeFields:
    """Return the arguments for the widget library's theme.

    Its own widgets follow the palette too: cursors, scrollbars, selection, links.
    """
    own = {
        "block-cursor-background": palette.select,
        "block-cursor-foreground": palette.text,
        "block-cursor-text-style": "none",
        "border": palette.edge,
        "border-blurred": palette.line,
        "footer-background": palette.canvas,
        "footer-description-foreground": palette.faint,
        "footer-key-foreground": palette.muted,
        "input-cursor-background": palette.text,
        "input-cursor-foreground": palette.canvas,
        "input-selection-background": palette.select,
        "link-background-hover": palette.select,
        "link-color": palette.info,
        "link-color-hover": palette.info,
        "screen-selection-background": palette.select,
        "screen-selection-foreground": palette.text,
        "scrollbar": palette.line,
        "scrollbar-active": palette.gold,
        "scrollbar-background": palette.canvas,
        "scrollbar-background-active": palette.canvas,
        "scrollbar-background-hover": palette.canvas,
        "scrollbar-corner-color": palette.canvas,
        "scrollbar-hover": palette.edge,
    }
    return ThemeFields(
        name=f"hermes-{palette.name}",
        primary=palette.gold,
        secondary=palette.info,
        accent=palette.gold,
        foreground=palette.text,
        background=palette.canvas,
        surface=palette.rail,
        panel=palette.raised,
        success=palette.ok,
        warning=palette.warn,
        error=palette.bad,
        dark=palette.dark,
        variables={**own, **variables(palette)},
    )
