"""Searching rows by the letters somebody types."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hermes_widgets.row import Row


def matching(rows: Sequence[Row], text: str) -> list[Row]:
    """Return the rows that answer a search, the best first, their letters marked.

    An empty search returns all of them as they are. Headings are left out of results.
    """
    wanted = text.strip()
    if not wanted:
        return list(rows)
    scored = []
    for at, row in enumerate(rows):
        score, offsets = fuzzy(row.text, wanted)
        if not score:
            in_note, _ = fuzzy(row.note, wanted) if row.note else (0.0, ())
            score = in_note / 4
        if row.key and score:
            scored.append((-score, at, offsets))
    return [replace(rows[at], matches=tuple(offsets)) for _, at, offsets in sorted(scored)]


def fuzzy(text: str, wanted: str) -> tuple[float, tuple[int, ...]]:
    """Score how well the letters of `wanted` are found in `text`, in order.

    Runs of letters, starts of words and short texts score higher; 0.0 if a letter is
    missing.

    Returns:
        The score and the offsets of the letters found.
    """
    low, letters = text.casefold(), wanted.casefold().replace(" ", "")
    whole = low.find(wanted.casefold())
    if whole >= 0:
        starts = whole == 0 or not low[whole - 1].isalnum()
        score = 100.0 + 50.0 * starts + 20.0 * (whole == 0) - len(text) / 100
        return score, tuple(range(whole, whole + len(wanted)))
    at, score = 0, 0.0
    offsets: list[int] = []
    for letter in letters:
        found = low.find(letter, at)
        if found < 0:
            return 0.0, ()
        is_start = found == 0 or not low[found - 1].isalnum()
        is_run = bool(offsets) and found == offsets[-1] + 1
        score += 1.0 + 4.0 * is_start + 3.0 * is_run
        offsets.append(found)
        at = found + 1
    return score / (1 + len(text) / 50), tuple(offsets)
