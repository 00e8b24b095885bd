"""The roles of the colour system and the three palettes tuned by hand.

A role says what a colour is for; widgets name roles, never colours. Other palettes
are mixed from a few colours by `hermes_themes.mixing`, under the same floors.
"""

from __future__ import annotations

from msgspec import Struct


class Palette(Struct, frozen=True, kw_only=True):
    """One colour for each role, as `#RRGGBB`."""

    name: str
    dark: bool
    framed: bool = False
    """True where planes cannot be told apart: thin frames in `edge` replace them."""

    canvas: str
    """The page: transcript, footer, active tab, wells inside cards."""
    rail: str
    """Tab row, rails, status, code, context rows of a diff."""
    raised: str
    """Composer, cards, modals, menus, inline code."""
    select: str
    """Cursor row, chips, unfocused buttons."""
    line: str
    """Decoration: thread, scrollbar, empty part of a gauge. Never words."""
    edge: str
    """Outline of controls, at least 3:1. Never words, never on `select`."""
    text: str
    """Reply, user, names."""
    muted: str
    """Verbs, secondary text, table head."""
    faint: str
    """Times, hints, reasoning."""
    gold: str
    """You, the focus, what runs."""
    bronze: str
    """Wordmark and feathers only, never words."""
    info: str
    """Links, inline code, modes, background work."""
    ok: str
    """Done, additions, a gauge below 50 %."""
    warn: str
    """Needs you, a gauge of 50 to 79 %, a missing key."""
    bad: str
    """Failure, deletions, risk, a gauge from 80 %."""
    lilac: str
    """Code keywords only."""
    ink: str
    """Text on a fill of gold, warn, bad, ok or info."""
    add_row: str
    add_word: str
    del_row: str
    del_word: str


ROLES: tuple[str, ...] = tuple(
    name for name in Palette.__struct_fields__ if name not in ("name", "dark", "framed")
)
"""The names of all colour roles, in their order."""

LAMPLIGHT = Palette(
    name="lamplight",
    dark=True,
    canvas="#13110E",
    rail="#1B1815",
    raised="#25211C",
    select="#352F27",
    line="#3B352C",
    edge="#746A58",
    text="#EDE5D3",
    muted="#B0A793",
    faint="#8F8673",
    gold="#FFC24B",
    bronze="#CD7F32",
    info="#67CFC6",
    ok="#93C763",
    warn="#FF9A4D",
    bad="#FF7B72",
    lilac="#C4A7F5",
    ink="#17140F",
    add_row="#272E1C",
    add_word="#3F4F2B",
    del_row="#39221E",
    del_word="#633530",
)

PAPER = Palette(
    name="paper",
    dark=False,
    canvas="#FCFAF5",
    rail="#F4F0E6",
    raised="#EDE7D9",
    select="#E0D6C0",
    line="#D9D0BD",
    edge="#8C8069",
    text="#26211A",
    muted="#5C5444",
    faint="#766C59",
    gold="#8A5A00",
    bronze="#B5651D",
    info="#0B6B72",
    ok="#2F6F22",
    warn="#A44A00",
    bad="#B3261E",
    lilac="#6B47B8",
    ink="#FFFDF8",
    add_row="#E8ECE0",
    add_word="#D1DDC9",
    del_row="#F6E9E4",
    del_word="#EFD4CE",
)

CONTRAST = Palette(
    name="contrast",
    dark=True,
    framed=True,
    canvas="#000000",
    rail="#000000",
    raised="#101010",
    select="#333300",
    line="#8C8C8C",
    edge="#FFFFFF",
    text="#FFFFFF",
    muted="#E0E0E0",
    faint="#BDBDBD",
    gold="#FFD75F",
    bronze="#FFD75F",
    info="#7FE9FF",
    ok="#8BFF8B",
    warn="#FFB454",
    bad="#FF9C9C",
    lilac="#DCC2FF",
    ink="#000000",
    add_row="#162916",
    add_word="#2F572F",
    del_row="#291919",
    del_word="#573535",
)

PALETTES: dict[str, Palette] = {item.name: item for item in (LAMPLIGHT, PAPER, CONTRAST)}
"""The built-in palettes by name."""
