"""Mixing colours: planes and greys from two of them, contrast, and the lift rule.

A skin gives canvas, text and hues. Planes and greys are shares of the way from
canvas to text, so that every skin keeps the depth of the built-in palettes. Any
role below its floor on a plane where it is used is then mixed toward text until it
passes. Contrast is the ratio of WCAG 2, 1 to 21.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hermes_themes.roles import Palette

Rgb = tuple[float, float, float]
"""Red, green, blue, each 0 to 255."""

HUES: tuple[str, ...] = ("gold", "info", "ok", "warn", "bad", "lilac")
"""The roles of colour that appear as words."""

_PLANES = ("canvas", "rail", "raised", "select")
_SHARES = {"rail": 0.04, "raised": 0.09, "select": 0.15, "line": 0.19, "edge": 0.45}
_LIFT_STEP = 0.02
_TINT_FLOOR = 7.0
_GREY_SPREAD = 16


def _floors() -> dict[str, dict[str, float]]:
    quiet = {"canvas": 4.5, "rail": 4.5, "raised": 4.5}
    table: dict[str, dict[str, float]] = {
        "text": dict.fromkeys(_PLANES, 7.0),
        "muted": quiet,
        "faint": {"canvas": 4.5, "rail": 4.5, "raised": 3.0, "select": 3.0},
        "edge": {"canvas": 3.0, "rail": 3.0, "raised": 3.0},
        "bronze": {"canvas": 3.0},
    }
    table.update({hue: {**quiet, "select": 4.0} for hue in HUES})
    return table


FLOORS: Mapping[str, Mapping[str, float]] = _floors()
"""Least contrast by role and plane: WCAG AA for words, 7 for running text."""


def rgb(colour: str) -> Rgb:
    """Read `#RRGGBB` or `#RGB`.

    Raises:
        ValueError: Not a colour in one of these forms.
    """
    digits = colour.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) != 6:
        raise ValueError(f"not a colour: {colour!r} (write it as #RRGGBB)")
    try:
        value = int(digits, 16)
    except ValueError as error:
        raise ValueError(f"not a colour: {colour!r} (write it as #RRGGBB)") from error
    return float(value >> 16), float(value >> 8 & 0xFF), float(value & 0xFF)


def hex_colour(colour: Rgb) -> str:
    """Return `#RRGGBB` with each part rounded."""
    return "#" + "".join(f"{round(part):02X}" for part in colour)


def is_grey(palette: Palette) -> bool:
    """Whether the signs of a palette differ in brightness alone."""
    signs = (palette.gold, palette.ok, palette.warn, palette.bad)
    return all(max(rgb(sign)) - min(rgb(sign)) <= _GREY_SPREAD for sign in signs)


def mix(low: str, high: str, share: float) -> str:
    """Return the colour `share` (0.0 to 1.0) of the way from `low` to `high`."""
    first, second = rgb(low), rgb(high)
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return hex_colour((red, green, blue))


def luminance(colour: str) -> float:
    """Return the relative luminance, 0.0 (black) to 1.0 (white)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in rgb(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1.0 to 21.0."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lifted(colour: str, text: str, floors: Iterable[tuple[str, float]]) -> str:
    """Mix `colour` toward `text` until it passes every (plane, ratio) of `floors`.

    Returns:
        The first mix that passes, or `text` if none before it does.
    """
    wanted = tuple(floors)
    for step in range(round(1 / _LIFT_STEP)):
        mixed = mix(colour, text, step * _LIFT_STEP)
        if all(contrast(mixed, plane) >= ratio for plane, ratio in wanted):
            return mixed
    return text


def derive(
    name: str,
    *,
    canvas: str,
    text: str,
    hues: Mapping[str, str],
    line: str | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Palette:
    """Make a whole palette from canvas, text and hues.

    Args:
        name: Of the palette.
        canvas: The page.
        text: The strongest text; replaced by black or white if below its floor.
        hues: The roles of `HUES` and `bronze`, all of them.
        line: Decoration, if it is not the usual share.
        fixed: Roles given as they are, such as `add_row` or `select`. They are not
            mixed, yet words on the planes among them are still lifted.

    Raises:
        ValueError: A colour that cannot be read.
    """
    dark = luminance(canvas) < luminance(text)
    colours = {"canvas": canvas, "text": _legible(text, canvas, dark=dark)}
    strongest = colours["text"]
    colours |= {role: mix(canvas, strongest, share) for role, share in _SHARES.items()}
    colours["faint"] = mix(canvas, strongest, 0.56 if dark else 0.60)
    colours["muted"] = mix(canvas, strongest, 0.72)
    colours |= {role: hues[role] for role in (*HUES, "bronze")}
    if line is not None:
        colours["line"] = line
    colours |= _tints(canvas, strongest, colours["ok"], colours["bad"], dark=dark)
    colours |= dict(fixed or {})
    for role, floors in FLOORS.items():
        planes = [(colours[plane], ratio) for plane, ratio in floors.items()]
        colours[role] = lifted(colours[role], strongest, planes)
    colours["ink"] = _ink(colours)
    return Palette(name=name, dark=dark, framed=False, **colours)


def _legible(text: str, canvas: str, *, dark: bool) -> str:
    """Lift `text` itself; its floor holds on `select`, which is mixed from it."""
    extreme = "#FFFFFF" if dark else "#000000"
    for step in range(round(1 / _LIFT_STEP)):
        mixed = mix(text, extreme, step * _LIFT_STEP)
        if contrast(mixed, mix(canvas, mixed, _SHARES["select"])) >= FLOORS["text"]["select"]:
            return mixed
    return extreme


def _tints(canvas: str, text: str, ok: str, bad: str, *, dark: bool) -> dict[str, str]:
    row, word = (0.16, 0.34) if dark else (0.09, 0.20)
    return {
        "add_row": _tint(canvas, text, ok, row),
        "add_word": _tint(canvas, text, ok, word),
        "del_row": _tint(canvas, text, bad, row),
        "del_word": _tint(canvas, text, bad, word),
    }


def _tint(canvas: str, text: str, hue: str, share: float) -> str:
    """Mix `hue` into the canvas, less of it where text could no longer be read."""
    while share > 0.04:
        mixed = mix(canvas, hue, share)
        if contrast(text, mixed) >= _TINT_FLOOR:
            return mixed
        share -= _LIFT_STEP
    return mix(canvas, hue, 0.04)


def _ink(colours: Mapping[str, str]) -> str:
    """Return what reads best on the fills: the canvas, or black or white."""
    fills = [colours[role] for role in ("gold", "warn", "bad", "ok", "info")]

    def worst(candidate: str) -> float:
        return min(contrast(candidate, fill) for fill in fills)

    canvas = colours["canvas"]
    return canvas if worst(canvas) >= 4.5 else max("#000000", "#FFFFFF", canvas, key=worst)
