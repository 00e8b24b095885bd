"""Palettes for terminals with 256 or 16 colours.

The toolkit would take the nearest colour for each cell by itself, and warm greys that
lie close to each other would become one grey, or a brown. So planes get fixed steps of
the grey ramp, and with 16 colours they vanish and thin frames stand for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from hermes_themes.mixing import FLOORS, HUES, Rgb, contrast, hex_colour, rgb
from hermes_themes.roles import CONTRAST, ROLES, Palette

_LEVELS = (0, 95, 135, 175, 215, 255)
_CUBE: tuple[Rgb, ...] = tuple(
    (float(red), float(green), float(blue))
    for red in _LEVELS
    for green in _LEVELS
    for blue in _LEVELS
)
_GREYS: tuple[Rgb, ...] = tuple(
    (float(grey), float(grey), float(grey)) for grey in range(8, 248, 10)
)
_DARK_PLANES = {"canvas": "#121212", "rail": "#1C1C1C", "raised": "#262626", "select": "#3A3A3A"}
"""233, 234, 235 and 237 of the 256."""
_LIGHT_PLANES = {"canvas": "#FFFFFF", "rail": "#EEEEEE", "raised": "#E4E4E4", "select": "#D0D0D0"}
"""231, 255, 254 and 252 of the 256."""
_TINTS = ("add_row", "add_word", "del_row", "del_word")
_DARK_TINTS = dict(zip(_TINTS, ("#005F00", "#005F5F", "#5F0000", "#870000"), strict=True))
_LIGHT_TINTS = dict(zip(_TINTS, ("#D7FFD7", "#AFFFAF", "#FFD7D7", "#FFAFAF"), strict=True))

SIXTEEN = replace(
    CONTRAST,
    name="sixteen",
    rail="#000000",
    raised="#000000",
    select="#000080",
    line="#808080",
    edge="#FFFFFF",
    muted="#C0C0C0",
    faint="#808080",
    gold="#FFFF00",
    bronze="#808000",
    info="#008080",
    ok="#008000",
    warn="#808000",
    bad="#FF0000",
    lilac="#FF00FF",
    ink="#000000",
    add_row="#000000",
    add_word="#008000",
    del_row="#000000",
    del_word="#800000",
)
"""The names of the 16 colours as their usual values: bright yellow, cyan, green, yellow, red."""


def in_256(palette: Palette) -> Palette:
    """Return the palette in colours of the 256, its planes as distinct greys.

    Each role takes the nearest colour that keeps its floors on the new planes; roles that
    differ do so here too.
    """
    planes = _DARK_PLANES if palette.dark else _LIGHT_PLANES
    if palette.framed:
        planes = {role: _nearest(getattr(palette, role)) for role in planes}
    tints = _DARK_TINTS if palette.dark else _LIGHT_TINTS
    if _is_grey(palette.ok):
        tints = {role: _nearest(getattr(palette, role)) for role in _TINTS}
    colours = {**planes, **tints}
    taken: dict[str, str] = {}
    for role in ROLES:
        if role in colours:
            continue
        wanted = getattr(palette, role)
        floors = [(colours[plane], ratio) for plane, ratio in FLOORS.get(role, {}).items()]
        others = [mapped for source, mapped in taken.items() if source != wanted]
        colours[role] = _nearest(wanted, floors, others if role in HUES else ())
        if role in HUES:
            taken[wanted] = colours[role]
    fills = [(colours[role], 4.5) for role in ("gold", "warn", "bad", "ok", "info")]
    colours["ink"] = _nearest(palette.ink, fills)
    return Palette(name=palette.name, dark=palette.dark, framed=palette.framed, **colours)


def _is_grey(colour: str) -> bool:
    return len(set(rgb(colour))) == 1


def _nearest(
    colour: str, floors: Iterable[tuple[str, float]] = (), taken: Iterable[str] = ()
) -> str:
    """Return the nearest of the 240 fixed colours that is free and passes the floors."""
    red, green, blue = rgb(colour)

    def distance(other: Rgb) -> float:
        return 2 * (other[0] - red) ** 2 + 4 * (other[1] - green) ** 2 + 3 * (other[2] - blue) ** 2

    wanted, others = tuple(floors), frozenset(taken)
    ordered = sorted((*_CUBE, *_GREYS), key=distance)
    for candidate in ordered:
        found = hex_colour(candidate)
        if found in others:
            continue
        if all(contrast(found, plane) >= ratio for plane, ratio in wanted):
            return found
    return hex_colour(ordered[0])
