"""The wordmark and its feathers: three rows of half blocks, gold to bronze."""

from __future__ import annotations

from hermes_themes.mixing import mix
from hermes_themes.roles import Palette
from hermes_widgets.drawing.pens import Pen, Run

MARK_ROWS = 3
FEATHER_CELLS = ART_CELLS = 16
_FEATHERS = (16, 11, 6)
"""Cells of each feather, all ending in one column."""

_FONT = {
    "H": ("#..#", "#..#", "####", "#..#", "#..#"),
    "E": ("####", "#...", "###.", "#...", "####"),
    "R": ("###.", "#..#", "###.", "#.#.", "#..#"),
    "M": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "S": (".###", "#...", ".##.", "...#", "###."),
}
"""Pixels of the letters, five rows each."""


def _pixels(word: str) -> tuple[str, ...]:
    return tuple("..".join(_FONT[letter][row] for letter in word) for row in range(5))


def half_blocks(pixels: tuple[str, ...]) -> tuple[str, ...]:
    """Turn rows of pixels (`#` is set) into half as many rows of characters."""
    even = pixels if len(pixels) % 2 == 0 else (*pixels, "." * len(pixels[0]))
    glyphs = {"..": " ", "#.": "▀", ".#": "▄", "##": "█"}
    return tuple(
        "".join(
            glyphs[upper + lower] for upper, lower in zip(even[row], even[row + 1], strict=True)
        )
        for row in range(0, len(even), 2)
    )


WORDMARK = half_blocks(_pixels("HERMES"))
"""The name of the product."""


def wordmark_rows(lines: tuple[str, ...], palette: Palette) -> list[list[Run]]:
    """Return three rows of runs fading from gold to bronze.

    Args:
        lines: The skin's own mark; empty for `WORDMARK`.
        palette: The colours.
    """
    shown = (lines or WORDMARK)[:MARK_ROWS]
    shown = (*shown, *[""] * (MARK_ROWS - len(shown)))
    width = max(len(line) for line in shown) or 1
    return [
        [
            (char, Pen(mix(palette.gold, palette.bronze, column / width)))
            for column, char in enumerate(line)
        ]
        for line in shown
    ]


def art_runs(line: str, palette: Palette) -> list[Run]:
    """Return one line of a skin's own art and the air after it, growing out of the canvas."""
    width = ART_CELLS
    shown = line[:width].ljust(width)
    shares = (mix(palette.canvas, palette.bronze, (cell + 1) / width) for cell in range(width))
    runs: list[Run] = [(char, Pen(share)) for char, share in zip(shown, shares, strict=True)]
    runs.append(("  ", Pen()))
    return runs


def feather_runs(row: int, palette: Palette) -> list[Run]:
    """Return one feather and the air after it: it grows out of the canvas."""
    length = _FEATHERS[row]
    runs: list[Run] = [(" " * (FEATHER_CELLS - length), Pen())]
    for cell in range(length):
        share = (cell + 1) / length
        glyph = "━" if share > 0.4 else "─"
        runs.append((glyph, Pen(mix(palette.canvas, palette.bronze, share))))
    runs.append(("  ", Pen()))
    return runs
