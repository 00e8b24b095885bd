"""The part of a text around a match."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hermes_core.storage.search_query import SPACELESS

WORDS = 40
"""How many words a snippet shows."""

_SPACELESS_CHARS = 160
"""How many characters stand for that in a text without spaces."""


def fold(text: str) -> str:
    """Return the text as the word index compares it: no case, no accents, same length."""
    folded = []
    for char in text:
        base = unicodedata.normalize("NFKD", char)[:1] if ord(char) > 127 else char
        lowered = base.lower()
        folded.append(lowered if len(lowered) == 1 else char)
    return "".join(folded)


def snippet(text: str, terms: Sequence[str], *, words: int = WORDS) -> str:
    """Cut `text` to about `words` words around its first match and mark the matches.

    Args:
        text: The message.
        terms: Words and phrases; a match begins where a word begins, unless the term
            is in a script without spaces.
        words: How many words to show.

    Returns:
        One line, matches between `>>>` and `<<<`, `…` where it was cut.
    """
    line = " ".join(text.split())
    matches = _matches(line, terms)
    start, end = _window(line, matches[0][0] if matches else 0, words)
    parts, at = [], start
    for first, last in matches:
        if first < at or last > end:
            continue
        parts += [line[at:first], ">>>", line[first:last], "<<<"]
        at = last
    parts.append(line[at:end])
    return ("…" if start else "") + "".join(parts).strip() + ("…" if end < len(line) else "")


def contains(text: str, terms: Sequence[str]) -> bool:
    """Whether every term occurs; how rows are judged that the index does not hold yet."""
    return all(_matches(text, [term]) for term in terms)


def _matches(line: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    patterns = []
    for term in terms:
        pieces = [re.escape(piece) for piece in re.findall(r"\w+", fold(term))]
        if pieces:
            start = "" if SPACELESS.search(term) else r"(?<!\w)"
            patterns.append(start + r"\W+".join(pieces))
    if not patterns:
        return []
    longest_first = sorted(patterns, key=len, reverse=True)
    return [match.span() for match in re.finditer("|".join(longest_first), fold(line))]


def _window(line: str, match: int, words: int) -> tuple[int, int]:
    """A quarter of the window stands before the match."""
    before = line[:match].split(" ")
    lead = " ".join(before[-(words // 4) - 1 :])[-_SPACELESS_CHARS:]
    start = match - len(lead)
    rest = " ".join(line[start:].split(" ")[:words])
    return start, start + min(len(rest), words * 12)
