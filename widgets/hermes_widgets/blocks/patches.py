"""Diff text over several files, taken apart into one change a file."""

from __future__ import annotations

from hermes_core.events import FileDiff

_NOWHERE = "/dev/null"


def file_diffs(text: str) -> tuple[FileDiff, ...]:
    """Read unified diff text as `git diff` writes it; what belongs to no file is left out."""
    found: list[FileDiff] = []
    lines = text.split("\n")
    starts = [
        at
        for at in range(len(lines) - 1)
        if lines[at].startswith("--- ") and lines[at + 1].startswith("+++ ")
    ]
    for number, at in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        body = [line for line in lines[at + 2 : end] if line[:1] in ("@", " ", "+", "-", "\\")]
        found.append(
            FileDiff(
                path=_path(lines[at], lines[at + 1]),
                unified="\n".join([lines[at], lines[at + 1], *body]),
                added=sum(line.startswith("+") for line in body),
                removed=sum(line.startswith("-") for line in body),
            )
        )
    return tuple(found)


def _path(old: str, new: str) -> str:
    names = [line[4:].split("\t")[0].strip() for line in (old, new)]
    name = names[0] if names[1] == _NOWHERE else names[1]
    return name[2:] if name[:2] in ("a/", "b/") else name
