"""Markdown that is still being written, made to look as it will when done."""

from __future__ import annotations

import re

_DANGLING = re.compile(r"(?:^|\n) {0,3}(?:`{1,3}[\w+-]*|~{1,3}|#{1,6}|[-*+]|\d{1,9}[.)]|>)[ \t]*$")
_OPEN_LINK = re.compile(r"!?\[([^\]\n]*)(?:\](?:\([^)\s]*)?)?$")
_SPACE = re.compile(r" (?=[^\W\d_])")
_TRAILING_MARKS = re.compile(r"[*_`~]+$")


def completed(source: str) -> str:
    """Close what the last line leaves open, so that nothing flickers.

    Marks that may yet become something else are held back; emphasis and code that
    lack their closing mark get one; of a link being written only its text is shown.
    """
    if found := _DANGLING.search(source):
        return source[: found.start()]
    head, _, last = source.rpartition("\n")
    last = _TRAILING_MARKS.sub("", last) if _odd(last, "`") or _unclosed(last) else last
    if _odd(last, "`"):
        last += "`"
    else:
        last = _OPEN_LINK.sub(r"\1", last)
        if last.count("**") % 2:
            last = last.rstrip().rstrip("*") + "**"
    return f"{head}\n{last}" if head else last


def _odd(text: str, mark: str) -> bool:
    return text.count(mark) % 2 == 1


def _unclosed(text: str) -> bool:
    return text.count("**") % 2 == 1 or text.endswith(("*", "_"))


def settled_length(source: str, least: int) -> int:
    """Return how much of an open paragraph can be read for good.

    Args:
        source: The paragraph so far.
        least: Characters that stay open at the end.

    Returns:
        Length up to and including a space, with no mark open before it; 0 if there
        is no such place. Marks open for very long are taken to be plain characters.
    """
    at = source.rfind(" ", 0, len(source) - least)
    tries = 0
    while at > 0 and tries < 40:
        if source[at + 1].isalpha() and _is_balanced(source[: at + 1]):
            return at + 1
        at = source.rfind(" ", 0, at)
        tries += 1
    if len(source) < 6 * least:
        return 0
    return max(
        (match.end() for match in _SPACE.finditer(source, 0, len(source) - least)), default=0
    )


def _is_balanced(text: str) -> bool:
    return (
        not _odd(text, "`")
        and not _odd(text, "*")
        and not _odd(text, "_")
        and text.count("[") == text.count("]")
        and text.count("(") <= text.count(")")
        and not text.rstrip(" ").endswith("\n")
    )
