"""Find the text a model means although it quotes it inexactly.

Strategies run in order and the first with a match decides; several matches are an
error, never a reason to try the next. The two that go by similarity count only with
exactly one candidate, three lines or more, and a similarity of 0.85. Everything is
pure and works on text with `\\n` line ends.

The published list also names `indentation_flexible`; each of its matches is one of
`line_trimmed`, which comes before it, so it has no code here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from rapidfuzz.fuzz import ratio

from hermes_core.errors import ToolError
from hermes_core.tools.files.indentation import indent_of, reindent
from hermes_core.tools.files.text_file import Splice

MIN_SIMILARITY = 0.85
"""Below this a similar block is shown to the model, not edited."""

_MIN_SIMILAR_LINES = 3
_MAX_COMPARISONS = 2_000_000
_TYPOGRAPHY = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "-",
    "\u2014": "--",
    "\u2026": "...",
    "\u00a0": " ",
}
_BLANKS = re.compile(r"[ \t]+")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r"}


class Span(Struct, frozen=True):
    """A place in the text, `text[start:end]`."""

    start: int
    end: int


class Found(Struct, frozen=True):
    """Where the old text is and how it was recognised."""

    strategy: str
    spans: tuple[Span, ...]
    similarity: float = 1.0


class Edit(Struct, frozen=True):
    """A replacement ready to be applied."""

    splices: tuple[Splice, ...]
    strategy: str
    similarity: float


def plan_replace(text: str, old: str, new: str, *, replace_all: bool = False) -> Edit:
    """Return the splices that replace `old` by `new`.

    Raises:
        ToolError: `old` is empty, equal to `new`, not found, or found more than once
            without `replace_all`. The message tells the model what to do.
    """
    if not old:
        raise ToolError("old_string cannot be empty")
    if old == new:
        raise ToolError("old_string and new_string are identical")
    found = locate(text, old)
    if found is None and new.strip() and new in text:
        line = line_number(text, text.index(new))
        raise ToolError(
            "old_string is not in the file, but new_string already is "
            f"(line {line}): the edit seems to be applied already",
            code="already_applied",
        )
    found = found or locate_similar(text, old)
    if found is None:
        raise not_found(text, old)
    if len(found.spans) > 1 and not replace_all:
        raise _ambiguous(text, found)
    splices = tuple(
        Splice(span.start, span.end, adapted(text, span, old, new, found.strategy))
        for span in _without_overlap(found.spans)
    )
    if all(text[splice.start : splice.end] == splice.new for splice in splices):
        raise ToolError("the edit changes nothing: the file already reads like this")
    return Edit(splices, found.strategy, found.similarity)


def locate(text: str, old: str, *, whole_lines: bool = False) -> Found | None:
    """Return every match of the first strategy that has one; similarity is not tried.

    Overlapping matches count: where two overlap, neither is the one meant for sure.

    Args:
        text: Where to look.
        old: What to look for.
        whole_lines: Matches that begin or end inside a line are none.
    """
    for name, strategy in _STRATEGIES:
        spans = tuple(
            span
            for span in strategy(text, old)
            if not whole_lines or _covers_whole_lines(text, span)
        )
        if spans:
            return Found(name, spans)
    return None


def locate_similar(text: str, old: str) -> Found | None:
    """Return the one block similar enough to `old`, if there is exactly one."""
    wanted = _block_lines(old)
    lines = text.split("\n")
    if len(wanted) < _MIN_SIMILAR_LINES or len(lines) * len(wanted) > _MAX_COMPARISONS:
        return None
    for name, strategy in (("block_anchor", _block_anchor), ("context_aware", _context_aware)):
        candidates = strategy(lines, wanted)
        if not candidates:
            continue
        first, similarity = candidates[0]
        if len(candidates) > 1 or similarity < MIN_SIMILARITY:
            return None
        return Found(name, (_line_span(text, lines, first, len(wanted), old),), similarity)
    return None


def not_found(text: str, old: str) -> ToolError:
    """Return the error for an absent `old`, with the nearest block and its line numbers."""
    message = "Could not find a match for old_string in the file"
    nearest = nearest_block(text, old)
    if nearest:
        message += f". The nearest text is:\n{nearest}"
    return ToolError(message, code="no_match", hint="Read the file again and quote it exactly.")


def nearest_block(text: str, old: str) -> str:
    """Return the most similar lines with their numbers, or nothing below 0.5."""
    wanted = _block_lines(old)
    lines = text.split("\n")
    if not wanted or len(lines) * len(wanted) > _MAX_COMPARISONS:
        return ""
    scored = [
        (_similarity(lines[at : at + len(wanted)], wanted), -at)
        for at in range(max(1, len(lines) - len(wanted) + 1))
    ]
    best, negative_at = max(scored)
    if best < 0.5:
        return ""
    shown = lines[-negative_at : -negative_at + min(len(wanted), 20)]
    return "\n".join(f"{n:6}|{line[:200]}" for n, line in enumerate(shown, 1 - negative_at))


def adapted(text: str, span: Span, old: str, new: str, strategy: str) -> str:
    """Return `new` as it fits a match that was not exact: escapes, edges, indentation."""
    if strategy == "escape_normalized":
        return _unescaped(new)
    if strategy == "trimmed_boundary":
        return _same_edges(old, new)
    if strategy in ("line_trimmed", "whitespace_normalized", "block_anchor", "context_aware"):
        if not _begins_line(text, span.start):
            return new
        return reindent(new, old.split("\n"), text[span.start : span.end].split("\n"))
    return new


def line_number(text: str, at: int) -> int:
    """Return the line `text[at]` is on, counted from 1."""
    return text.count("\n", 0, at) + 1


# --- strategies ---------------------------------------------------------------------


def _exact(text: str, old: str) -> Iterator[Span]:
    at = text.find(old)
    while at >= 0:
        yield Span(at, at + len(old))
        at = text.find(old, at + 1)


def _line_trimmed(text: str, old: str) -> Iterator[Span]:
    wanted = [line.strip() for line in _block_lines(old)]
    if not any(wanted):
        return
    lines = text.split("\n")
    trimmed = [line.strip() for line in lines]
    for at in range(len(trimmed) - len(wanted) + 1):
        if trimmed[at] == wanted[0] and trimmed[at : at + len(wanted)] == wanted:
            yield _line_span(text, lines, at, len(wanted), old)


def _whitespace_normalized(text: str, old: str) -> Iterator[Span]:
    return _mapped(text, old, _collapse_blanks)


def _escape_normalized(text: str, old: str) -> Iterator[Span]:
    plain = _unescaped(old)
    return iter(()) if plain == old else _exact(text, plain)


def _trimmed_boundary(text: str, old: str) -> Iterator[Span]:
    lines = old.split("\n")
    lines[0] = lines[0].lstrip()
    lines[-1] = lines[-1].rstrip()
    trimmed = "\n".join(lines)
    return iter(()) if trimmed == old or not trimmed.strip() else _exact(text, trimmed)


def _unicode_normalized(text: str, old: str) -> Iterator[Span]:
    return _mapped(text, old, _plain_typography)


_STRATEGIES: tuple[tuple[str, Callable[[str, str], Iterator[Span]]], ...] = (
    ("exact", _exact),
    ("line_trimmed", _line_trimmed),
    ("whitespace_normalized", _whitespace_normalized),
    ("escape_normalized", _escape_normalized),
    ("trimmed_boundary", _trimmed_boundary),
    ("unicode_normalized", _unicode_normalized),
)


def _block_anchor(lines: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, float]]:
    """First and last line equal; the middle at least half alike."""
    first, last = wanted[0].strip(), wanted[-1].strip()
    found = []
    for at in range(len(lines) - len(wanted) + 1):
        if lines[at].strip() == first and lines[at + len(wanted) - 1].strip() == last:
            middle = _similarity(lines[at + 1 : at + len(wanted) - 1], wanted[1:-1])
            if middle >= 0.5:
                found.append((at, middle))
    return found


def _context_aware(lines: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, float]]:
    """At least half of the lines are at least 0.8 alike."""
    found = []
    for at in range(len(lines) - len(wanted) + 1):
        window = lines[at : at + len(wanted)]
        scores = [_line_ratio(a, b) for a, b in zip(window, wanted, strict=True)]
        if sum(score >= 0.8 for score in scores) * 2 >= len(wanted):
            found.append((at, sum(scores) / len(scores)))
    return found


# --- parts --------------------------------------------------------------------------


def _block_lines(old: str) -> list[str]:
    return old.removesuffix("\n").split("\n")


def _line_span(text: str, lines: Sequence[str], first: int, count: int, old: str) -> Span:
    """Whole lines; with the last newline only if `old` has one."""
    start = sum(len(line) + 1 for line in lines[:first])
    end = start + sum(len(line) + 1 for line in lines[first : first + count]) - 1
    if old.endswith("\n") and end < len(text):
        end += 1
    return Span(start, end)


def _mapped(text: str, old: str, normal: Callable[[str], tuple[str, list[int]]]) -> Iterator[Span]:
    """Search in a normal form of both, and map the places back.

    A match that begins or ends inside what one character became is none.
    """
    plain, _ = normal(old)
    if not plain.strip():
        return
    haystack, origin = normal(text)
    for span in _exact(haystack, plain):
        start, end = origin[span.start], origin[span.end]
        cut_front = span.start > 0 and origin[span.start - 1] == start
        cut_back = origin[span.end - 1] == end
        if not cut_front and not cut_back:
            yield Span(start, end)


def _collapse_blanks(text: str) -> tuple[str, list[int]]:
    parts: list[str] = []
    origin: list[int] = []
    at = 0
    for blank in _BLANKS.finditer(text):
        parts += (text[at : blank.start()], " ")
        origin += range(at, blank.start() + 1)
        at = blank.end()
    parts.append(text[at:])
    origin += range(at, len(text) + 1)
    return "".join(parts), origin


def _plain_typography(text: str) -> tuple[str, list[int]]:
    parts: list[str] = []
    origin: list[int] = []
    for at, character in enumerate(text):
        plain = _TYPOGRAPHY.get(character, character)
        parts.append(plain)
        origin += [at] * len(plain)
    origin.append(len(text))
    return "".join(parts), origin


def _unescaped(text: str) -> str:
    return re.sub(r"\\[ntr]", lambda match: _ESCAPES[match[0]], text)


def _same_edges(old: str, new: str) -> str:
    """Take the blanks from the edges of `new` that were taken from those of `old`."""
    front = old[: len(old) - len(old.lstrip(" \t"))]
    back = old[len(old.rstrip(" \t")) :]
    return new.removeprefix(front).removesuffix(back)


def _similarity(window: Sequence[str], wanted: Sequence[str]) -> float:
    if len(window) != len(wanted) or not wanted:
        return 0.0
    total = sum(_line_ratio(a, b) for a, b in zip(window, wanted, strict=True))
    return total / len(wanted)


def _line_ratio(a: str, b: str) -> float:
    a, b = a.strip(), b.strip()
    return 1.0 if a == b else ratio(a, b) / 100


def _without_overlap(spans: Sequence[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _covers_whole_lines(text: str, span: Span) -> bool:
    begins = span.start == 0 or text[span.start - 1] == "\n"
    return begins and text[span.end : span.end + 1] in ("", "\n")


def _begins_line(text: str, at: int) -> bool:
    line_start = text.rfind("\n", 0, at) + 1
    return at - line_start <= len(indent_of(text[line_start:at]))


def _ambiguous(text: str, found: Found) -> ToolError:
    lines = ", ".join(str(line_number(text, span.start)) for span in found.spans[:10])
    return ToolError(
        f"Found {len(found.spans)} matches for old_string (lines {lines}). "
        "Give more surrounding lines to make it unique, or set replace_all.",
        code="ambiguous",
    )
