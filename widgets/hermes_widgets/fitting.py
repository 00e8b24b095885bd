"""Putting foreign text into a fixed number of cells."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from rich.cells import cell_len, set_cell_size

_BIDI = {0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}

_UNSHOWN = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of characters: controls, lone surrogates, ends of lines and paragraphs."""


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in _UNSHOWN and ord(char) not in _BIDI


def clean(text: str) -> str:
    """Return one line without controls, escape codes' first bytes and bidi marks.

    Tabs and line ends become single spaces; everything else below them is dropped, half
    characters (lone surrogates) too, which no terminal can be sent.
    """
    flat = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    if flat.isascii() and flat.isprintable():
        return flat
    return "".join(char for char in flat if _is_shown(char))


def clean_draft(text: str) -> str:
    """Return what can be edited: as `clean`, but line ends, as `\\n`, and tabs stay."""
    flat = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in flat if char in "\n\t" or _is_shown(char))


def clean_lines(text: str) -> str:
    """Return lines, each as `clean` leaves it."""
    return "\n".join(clean(line) for line in text.splitlines())


def fit(text: str, width: int) -> str:
    """Shorten `text` to at most `width` cells, with `…` where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def fit_left(text: str, width: int) -> str:
    """Shorten from the left, for paths: the end is what tells them apart."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    tail = text
    while tail and cell_len(tail) > width - 1:
        tail = tail[1:]
    return "…" + tail


def pad(text: str, width: int) -> str:
    """Shorten or fill with spaces to exactly `width` cells."""
    short = fit(text, width)
    return short + " " * max(0, width - cell_len(short))


def seconds(value: float) -> str:
    """Return a duration as in the number column: `0.1s`, `41s`, `1m 05s`, `2h 03m`."""
    if value < 9.95:
        return f"{max(value, 0):.1f}s"
    whole = int(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


def age(value: float) -> str:
    """Return an age in one unit: `now`, `2m`, `3h`, `1d`, `5w`."""
    for limit, divisor, unit in ((60, 0, ""), (3600, 60, "m"), (86400, 3600, "h")):
        if value < limit:
            return f"{int(value // divisor)}{unit}" if divisor else "now"
    days = int(value // 86400)
    return f"{days}d" if days < 14 else f"{days // 7}w"


def moment(at: float, now: float) -> str:
    """Return the local time of something: `14:03`, with its date if that was another day.

    Args:
        at: Seconds since the epoch, as is `now`.
        now: Decides which day is today.
    """
    then, today = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(now).astimezone()
    if then.date() == today.date():
        return f"{then:%H:%M}"
    year = "" if then.year == today.year else f" {then.year}"
    return f"{then:%a} {then.day} {then:%b}{year}, {then:%H:%M}"


def tokens(value: int) -> str:
    """Return a count of tokens: `980`, `3.1k`, `62k`, `1.2M`."""
    if value < 1000:
        return str(value)
    if value < 10_000:
        return f"{value / 1000:.1f}".removesuffix(".0") + "k"
    if value < 1_000_000:
        return f"{round(value / 1000)}k"
    return f"{value / 1_000_000:.1f}".removesuffix(".0") + "M"
