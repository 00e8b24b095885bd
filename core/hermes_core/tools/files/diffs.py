"""Changes as people and models read them."""

from __future__ import annotations

import difflib

from hermes_core.events import FileDiff

_SHOWN_CHARS = 4_000
_MAX_LINES = 20_000


def unified(path: str, before: str, after: str, *, context: int = 3) -> str:
    """Return a unified diff of two texts with `\\n` line ends; empty if they are equal.

    Above 20,000 lines the common head and tail are cut off first and the rest is
    shown as one block, because comparing line by line would take seconds.
    """
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > _MAX_LINES:
        lines = _block_diff(path, old, new, context)
    else:
        lines = list(difflib.unified_diff(old, new, _name("a", path), _name("b", path), n=context))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def file_diff(path: str, before: str, after: str) -> FileDiff:
    """Return the change for screens, cut at a line end to 4,000 characters."""
    text = unified(path, before, after)
    added, removed = counts(text)
    if len(text) <= _SHOWN_CHARS:
        return FileDiff(path=path, unified=text, added=added, removed=removed)
    cut = text.rfind("\n", 0, _SHOWN_CHARS) + 1
    return FileDiff(path=path, unified=text[:cut], added=added, removed=removed, truncated=True)


def counts(diff: str) -> tuple[int, int]:
    """Return how many lines a unified diff of one file adds and removes."""
    lines = diff.split("\n")[2:]
    return (
        sum(line.startswith("+") for line in lines),
        sum(line.startswith("-") for line in lines),
    )


def change_summary(diffs: tuple[FileDiff, ...]) -> str:
    """Return the fact of a tool line: `+4 −3`."""
    added = sum(diff.added for diff in diffs)
    removed = sum(diff.removed for diff in diffs)
    return f"+{added} −{removed}"


def _lines(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _name(side: str, path: str) -> str:
    return f"{side}/{path.lstrip('/')}"


def _block_diff(path: str, old: list[str], new: list[str], context: int) -> list[str]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start = max(0, head - context)
    after = min(tail, context)
    removed, added = old[head : len(old) - tail], new[head : len(new) - tail]
    size = head - start + after
    return [
        f"--- {_name('a', path)}\n",
        f"+++ {_name('b', path)}\n",
        f"@@ -{start + 1},{size + len(removed)} +{start + 1},{size + len(added)} @@\n",
        *(f" {line}" for line in old[start:head]),
        *(f"-{line}" for line in removed),
        *(f"+{line}" for line in added),
        *(f" {line}" for line in old[len(old) - tail : len(old) - tail + after]),
    ]
