"""Unified diff text as numbered lines with the words that changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

Sign = Literal[" ", "+", "-"]
Span = tuple[int, int]
"""Start and end of changed characters in a line."""

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.45
"""Less alike lines are shown as replaced whole."""
_MOST_PAIRS = 400
"""Comparisons of lines in one replacement; comparing all of them takes 10 ms."""


class DiffLine(Struct):
    """One line of a change."""

    sign: Sign
    text: str
    old: int | None
    """Line number in the old file, from 1."""
    new: int | None
    changed: tuple[Span, ...] = ()


class Hunk(Struct, frozen=True):
    """Neighbouring lines; `skipped` unchanged ones stand before them."""

    lines: tuple[DiffLine, ...]
    skipped: int


def read_hunks(unified: str) -> tuple[Hunk, ...]:
    """Read unified diff text. Lines it cannot place are left out."""
    hunks: list[Hunk] = []
    lines: list[DiffLine] = []
    old = new = skipped = 0
    seen = 0
    inside = False
    for raw in unified.split("\n"):
        if found := _HUNK.match(raw):
            if lines:
                hunks.append(Hunk(_with_words(lines), skipped))
            old, new = int(found[1]), int(found[3])
            skipped = max(0, old - seen - 1)
            lines, inside = [], True
        elif inside and raw[:1] in (" ", "+", "-"):
            line = _line(raw, old, new)
            lines.append(line)
            old += line.old is not None
            new += line.new is not None
            seen = old - 1
    if lines:
        hunks.append(Hunk(_with_words(lines), skipped))
    return tuple(hunks)


def _line(raw: str, old: int, new: int) -> DiffLine:
    text = raw[1:].rstrip("\r")
    if raw[0] == "+":
        return DiffLine("+", text, None, new)
    if raw[0] == "-":
        return DiffLine("-", text, old, None)
    return DiffLine(" ", text, old, new)


def _with_words(lines: list[DiffLine]) -> tuple[DiffLine, ...]:
    """Mark the changed words of lines that replace one another."""
    for removed, added in _replacements(lines):
        for before, after in _partners(removed, added):
            before.changed, after.changed = changed_words(before.text, after.text)
    return tuple(lines)


def _replacements(
    lines: Sequence[DiffLine],
) -> Iterator[tuple[list[DiffLine], list[DiffLine]]]:
    removed: list[DiffLine] = []
    added: list[DiffLine] = []
    for line in lines:
        if line.sign == "+":
            added.append(line)
            continue
        if added:
            yield removed, added
            removed, added = [], []
        if line.sign == "-":
            removed.append(line)
        else:
            removed = []
    if added:
        yield removed, added


def _partners(
    removed: Sequence[DiffLine], added: Sequence[DiffLine]
) -> Iterator[tuple[DiffLine, DiffLine]]:
    """Pair the lines that are most alike without crossing; at once if there are many."""
    if len(removed) * len(added) > _MOST_PAIRS:
        yield from zip(removed, added, strict=False)
        return
    best = [[0.0] * (len(added) + 1) for _ in range(len(removed) + 1)]
    alike = [[_likeness(old.text, new.text) for new in added] for old in removed]
    for row in range(len(removed) - 1, -1, -1):
        for column in range(len(added) - 1, -1, -1):
            paired = alike[row][column] + best[row + 1][column + 1]
            best[row][column] = max(paired, best[row + 1][column], best[row][column + 1])
    row = column = 0
    while row < len(removed) and column < len(added):
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            yield removed[row], added[column]
            row, column = row + 1, column + 1


def _likeness(before: str, after: str) -> float:
    """Return how alike two lines are, 0.0 below what counts as alike."""
    matcher = difflib.SequenceMatcher(None, before.strip(), after.strip(), autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _ALIKE else 0.0


def changed_words(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the spans that differ in each of two lines; nothing if they are unlike."""
    if len(before) + len(after) > 2000:
        return (), ()
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    gone: list[Span] = []
    come: list[Span] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone.append((_at(old, a), _at(old, b)))
            come.append((_at(new, c), _at(new, d)))
    return _joined(gone, before), _joined(come, after)


def _at(words: Sequence[str], index: int) -> int:
    return sum(len(word) for word in words[:index])


def _joined(spans: Sequence[Span], text: str) -> tuple[Span, ...]:
    """Join spans that spaces or a single character part; drop empty ones."""
    joined: list[Span] = []
    for start, end in spans:
        if start == end:
            continue
        if joined and (start - joined[-1][1] <= 1 or not text[joined[-1][1] : start].strip()):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
