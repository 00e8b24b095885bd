"""The palette of a skin: its few colours mixed into all roles, under the same floors."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_skins.schema import Skin, SkinError
from hermes_themes.mixing import contrast, derive, luminance, mix, rgb
from hermes_themes.roles import LAMPLIGHT, PAPER, Palette

_DARK_CANVAS = LAMPLIGHT.canvas
_LIGHT_CANVAS = PAPER.canvas


def skin_palette(skin: Skin, *, terminal_is_dark: bool = True) -> Palette:
    """Return the colours of a skin.

    A skin without colours follows the terminal: lamplight on dark, paper on light.

    Raises:
        SkinError: A colour that cannot be read.
    """
    if not skin.colors:
        is_dark = terminal_is_dark if skin.mode == "auto" else skin.mode == "dark"
        return LAMPLIGHT if is_dark else PAPER
    try:
        return _mixed(skin)
    except ValueError as error:
        raise SkinError(f"{skin.name}: {error}") from error


def _mixed(skin: Skin) -> Palette:
    colors = skin.colors
    canvas = colors.get("background") or _canvas(skin)
    is_dark = luminance(canvas) < 0.4
    tuned = LAMPLIGHT if is_dark else PAPER
    text = colors.get("banner_text", tuned.text)
    gold = _hue(colors, "gold", "ui_accent", tuned.gold)
    warn = _hue(colors, "warn", "ui_warn", tuned.warn)
    fixed = {
        role: colors[key]
        for key, role in (
            ("surface", "rail"),
            ("selection_bg", "select"),
            ("diff_add_bg", "add_row"),
            ("diff_del_bg", "del_row"),
        )
        if key in colors
    }
    return derive(
        skin.name,
        canvas=canvas,
        text=text,
        line=_line(canvas, text, colors.get("banner_dim")),
        hues={
            "gold": gold,
            "bronze": _hue(colors, "bronze", "banner_border", tuned.bronze),
            "info": _hue(colors, "info", "ui_label", tuned.info),
            "ok": _hue(colors, "ok", "ui_ok", tuned.ok),
            "warn": warn if "warn" in colors else _apart(warn, gold, tuned.warn),
            "bad": _hue(colors, "bad", "ui_error", tuned.bad),
            "lilac": colors.get("lilac", tuned.lilac),
        },
        fixed=fixed,
    )


def _hue(colors: Mapping[str, str], role: str, older: str, tuned: str) -> str:
    """Return the colour of a role: said by its own name, by its older one, or the usual."""
    return colors.get(role) or colors.get(older) or tuned


def _canvas(skin: Skin) -> str:
    """Guess the page of a skin that names none from the brightness of its text."""
    text = skin.colors.get("banner_text")
    if text is None:
        return _LIGHT_CANVAS if skin.mode == "light" else _DARK_CANVAS
    return _DARK_CANVAS if luminance(text) > 0.4 else _LIGHT_CANVAS


def _line(canvas: str, text: str, dim: str | None) -> str | None:
    """Use the dim colour for decoration where it neither vanishes nor shouts."""
    if dim is None or not 1.25 <= contrast(dim, canvas) <= 3.2:
        return None
    return mix(canvas, dim, 0.8)


def _apart(warn: str, gold: str, otherwise: str) -> str:
    """Keep the colour of warnings different from the leading one."""
    distance = sum(abs(a - b) for a, b in zip(rgb(warn), rgb(gold), strict=True))
    return warn if distance > 60 else otherwise
