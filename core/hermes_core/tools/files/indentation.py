"""Give new lines the indentation of the place they go to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def indent_of(line: str) -> str:
    """Return the blanks and tabs a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def reindent(new: str, quoted: Sequence[str], real: Sequence[str]) -> str:
    """Return `new` with the indentation of the file instead of the quoted one.

    Args:
        new: The replacement, written with the indentation of `quoted`.
        quoted: The lines as the model quoted them.
        real: The same lines as the file has them, pairwise.
    """
    levels: dict[str, str] = {}
    for mine, theirs in zip(quoted, real, strict=False):
        if mine.strip() and theirs.strip():
            levels.setdefault(indent_of(mine), indent_of(theirs))
    if all(mine == theirs for mine, theirs in levels.items()):
        return new
    return "\n".join(_moved(line, levels) for line in new.split("\n"))


def _moved(line: str, levels: dict[str, str]) -> str:
    if not line.strip():
        return line
    indent = indent_of(line)
    body = line[len(indent) :]
    if indent in levels:
        return levels[indent] + body
    shallower = [known for known in levels if indent.startswith(known)]
    if shallower:
        base = max(shallower, key=len)
        return levels[base] + _converted(indent[len(base) :], levels) + body
    deeper = [known for known in levels if known.startswith(indent)]
    if not deeper:
        return line
    base = min(deeper, key=len)
    excess = _converted(base[len(indent) :], levels)
    return levels[base].removesuffix(excess) + body


def _converted(extra: str, levels: dict[str, str]) -> str:
    """Turn further blanks into the file's kind of step, as far as the known levels tell."""
    step = _step(levels)
    if step is None:
        return extra
    mine, theirs = step
    count, rest = divmod(len(extra), len(mine))
    return theirs * count + extra[:rest] if extra == mine * count + extra[:rest] else extra


def _step(levels: dict[str, str]) -> tuple[str, str] | None:
    """One level in the quoted and in the real style, from two levels that are both known."""
    known = sorted(levels.items(), key=lambda pair: len(pair[0]))
    for (mine, theirs), (deeper, real) in pairwise(known):
        if deeper.startswith(mine) and real.startswith(theirs) and len(real) > len(theirs):
            return deeper[len(mine) :], real[len(theirs) :]
    if any("\t" in theirs for theirs in levels.values()) and not any(
        "\t" in mine for mine in levels
    ):
        return "    ", "\t"
    return None
