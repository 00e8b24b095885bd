"""What is done to finished rows where the terminal cannot show them as they are drawn.

Each widget draws as for the best terminal; here glyphs become plain characters and
colours become weight. One place for all of them, so no screen can forget it. Nothing is
paid while none of it is wanted: the toolkit then applies no filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from rich.color import Color as CellColour
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.color import Color
from textual.filter import LineFilter

from hermes_themes.roles import Palette

_PAIRS = (
    ("✓✗◌⊘∴▸▾", "+x.0~>v"),
    ("▌▏▍▎▐•↑↓→╰·−–—", "|:_:|*^v>`----"),
    ("●○◆◇◉◎▲⚠☿♂Ψ✦⚔", "*o&oO@^!HaY*x"),
    ("─━│┃┌┐└┘├┤┬┴┼═╌╎╱╲⋯…", "-=||+++++++++=-:/\\~~"),
    ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/-\\|/-\\"),
    ("▁▂▃▄▅▆▇█▀░▒▓", "__..ooO#':+#"),
    ("▖▗▘▝▙▟▛▜▚▞", "..''######"),
    ("❯›‹»«⟫⟪⎇⏎⇧⇥“”’", '>><><><@<^>""\''),
)
PLAIN: Mapping[str, str] = {
    sign: plain for signs, plains in _PAIRS for sign, plain in zip(signs, plains, strict=True)
}
"""A plain character for each glyph of ours, as wide as it."""

Rgb = tuple[int, int, int]
"""Red, green and blue of a cell, 0 to 255."""


class Faded(LineFilter):
    """Blends a row into its background, as the toolkit does with what it draws itself.

    Args:
        opacity: How much of the row stays, 0.0 to 1.0.
    """

    def __init__(self, opacity: float) -> None:
        super().__init__()
        self._opacity = opacity

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the row with its colours nearer to the background."""
        return [
            segment._replace(style=self._faded(segment.style, background)) for segment in segments
        ]

    def _faded(self, style: Style | None, background: Color) -> Style | None:
        if style is None:
            return None
        colours = [
            background.blend(Color.from_rich_color(colour), self._opacity).rich_color
            if colour is not None
            else None
            for colour in (style.color, style.bgcolor)
        ]
        return style + Style.from_color(*colours)


@lru_cache(maxsize=8)
def faded(opacity: float) -> Faded:
    """The filter of an opacity, one and the same each time: rows keep what it made of them."""
    return Faded(opacity)


class PlainGlyphs(LineFilter):
    """Draws plain characters in place of glyphs.

    Args:
        glyphs: Those that are replaced; what has no plain character stays.
    """

    def __init__(self, glyphs: Iterable[str] = tuple(PLAIN)) -> None:
        super().__init__()
        self._table = str.maketrans({sign: PLAIN[sign] for sign in glyphs if sign in PLAIN})

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the row with plain characters."""
        table = self._table
        return [
            segment
            if segment.text.isascii()
            else segment._replace(text=segment.text.translate(table))
            for segment in segments
        ]


class Weights(LineFilter):
    """Says with weight what colours say: for grey palettes, and for no colour at all.

    What is bad is bold, a warning underlined. Without colours a cursor row, a chip and a
    filled button are reversed and what runs is bold.

    Args:
        palette: Whose roles are looked for.
        keeps_colours: False takes every colour away.
    """

    def __init__(self, palette: Palette, *, keeps_colours: bool) -> None:
        super().__init__()
        self._keeps_colours = keeps_colours
        self._words: dict[Rgb | None, Style] = {
            _triplet(palette.warn): Style(underline=True),
            _triplet(palette.bad): Style(bold=True, underline=not keeps_colours or None),
        }
        if not keeps_colours:
            self._words.setdefault(_triplet(palette.gold), Style(bold=True))
        fills = ("select", "gold", "warn", "bad", "ok", "info", "text")
        self._fills = frozenset(_triplet(getattr(palette, role)) for role in fills)
        self._made: LRUCache[tuple[Style, bool], Style] = LRUCache(1024)
        """Bounded: a style holds the place of its cells, so most are asked for only once."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the row with weights, and without colours if they are not kept."""
        return [part for segment in segments for part in self._weighted(segment)]

    def _weighted(self, segment: Segment) -> Iterable[Segment]:
        """Give a piece its weight; a line is drawn under its words, not under the air around."""
        text, style = segment.text, segment.style
        if style is None:
            return (segment,)
        plain = self._style(style, has_words=False)
        made = self._style(style, has_words=True) if _has_words(text) else plain
        if not made.underline or style.underline or text == text.strip():
            return (segment._replace(style=made),)
        words = text.strip()
        start = text.index(words)
        around = (text[:start], plain), (words, made), (text[start + len(words) :], plain)
        return [segment._replace(text=part, style=weight) for part, weight in around if part]

    def _style(self, style: Style, *, has_words: bool) -> Style:
        key = (style, has_words)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(style, has_words)
        return made

    def _make(self, style: Style, has_words: bool) -> Style:
        colour, fill = style.color, style.bgcolor
        said = _cell(colour)
        if said in self._words and has_words:
            style += self._words[said]
        if self._keeps_colours:
            return style
        if _cell(fill) in self._fills:
            style += Style(reverse=True)
        return style + _NO_COLOURS


_NO_COLOURS = Style(color=CellColour.default(), bgcolor=CellColour.default())


def _cell(colour: CellColour | None) -> Rgb | None:
    """Return the parts of a cell's colour, None if it is left to the terminal."""
    found = colour.triplet if colour is not None else None
    return None if found is None else (found.red, found.green, found.blue)


def _triplet(colour: str) -> Rgb:
    value = int(colour[1:], 16)
    return value >> 16, value >> 8 & 0xFF, value & 0xFF


def _has_words(text: str) -> bool:
    """Whether there is more than signs and numbers, which code is full of."""
    return any(char.isalpha() or char in "✗!?−" for char in text)
