"""A diff of a whole folder, taken apart into its files. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.events import FileDiff

_HEAD = re.compile(r"^diff --git ", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def file_diffs(text: str) -> tuple[FileDiff, ...]:
    """Return the change of each file, in the order of the diff.

    Args:
        text: What `git diff-tree -p` printed.
    """
    starts = [found.start() for found in _HEAD.finditer(text)]
    ends = [*starts[1:], len(text)][: len(starts)]
    return tuple(_part(text[start:end]) for start, end in zip(starts, ends, strict=True))


def _part(text: str) -> FileDiff:
    lines = text.split("\n")
    body_at = next((at for at, line in enumerate(lines) if line.startswith("@@")), len(lines))
    body = lines[body_at:]
    return FileDiff(
        path=_path(lines[:body_at]),
        unified="\n".join(body) if body else _remark(lines),
        added=sum(line.startswith("+") for line in body),
        removed=sum(line.startswith("-") for line in body),
    )


def _remark(lines: list[str]) -> str:
    """What is said of a file without a text to compare, such as a picture."""
    return next((line for line in lines if line.startswith("Binary files")), "")


def _path(head: list[str]) -> str:
    for start, side in (("+++ ", "b/"), ("--- ", "a/")):
        for line in head:
            if line.startswith(start):
                name = _unquoted(line[len(start) :].rstrip("\t"))
                if name != "/dev/null":
                    return name.removeprefix(side)
    return next(_git_names(head[0]), "")


def _git_names(line: str) -> Iterator[str]:
    """The names of `diff --git a/x b/x`, for files that have no lines to compare."""
    rest = line.removeprefix("diff --git ")
    if rest.startswith('"'):
        yield _unquoted(rest[: rest.index('"', 1) + 1]).removeprefix("a/")
    else:
        # Both names are the same, so that the middle is where the second one begins.
        yield rest[: len(rest) // 2].removeprefix("a/")


def _unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"')):
        return name
    raw = bytearray()
    at = 0
    inner = name[1:-1]
    for found in _ESCAPE.finditer(inner):
        raw += inner[at : found.start()].encode()
        octal, letter = found.groups()
        raw += bytes([int(octal, 8)]) if octal else _LETTERS.get(letter, letter).encode()
        at = found.end()
    raw += inner[at:].encode()
    return raw.decode("utf-8", "replace")
