"""Finding `@file:… @folder:… @diff @staged @git:N` in what a person wrote. Pure."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Kind = Literal["file", "folder", "diff", "staged", "git"]

KINDS: dict[Kind, str] = {
    "file": "a file, or lines of it: @file:src/app.py:10-40",
    "folder": "what a folder holds",
    "diff": "changes that are not staged",
    "staged": "changes that are staged",
    "git": "the newest commits with their changes: @git:3",
}
"""What each kind attaches, in the order they are offered."""

MOST_COMMITS = 10

_FOUND = re.compile(
    r"(?<![\w/@])@(?:"
    r"(?P<kind>file|folder|git):(?P<value>\"[^\"\n]+\"(?::\d+(?:-\d+)?)?"
    r"|'[^'\n]+'(?::\d+(?:-\d+)?)?|`[^`\n]+`(?::\d+(?:-\d+)?)?|[^\s\"'`]\S*)"
    r"|(?P<word>diff|staged)(?![\w:/]|[.-]\w))"
)
_LINES = re.compile(r"^(?P<path>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?$", re.DOTALL)
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}


class Reference(Struct, frozen=True, kw_only=True):
    """One reference."""

    kind: Kind
    path: str = ""
    """Of a file or folder, as it was written."""
    first: int = 0
    """First line of a file, from 1; 0 for all of it."""
    last: int = 0
    """Last line, inclusive."""
    count: int = 0
    """Of commits, 1 to 10."""

    @property
    def label(self) -> str:
        """How it is written."""
        match self.kind:
            case "file":
                lines = f":{self.first}-{self.last}" if self.last > self.first else ""
                lines = lines or (f":{self.first}" if self.first else "")
                return f"@file:{self.path}{lines}"
            case "folder":
                return f"@folder:{self.path}"
            case "git":
                return f"@git:{self.count}"
        return f"@{self.kind}"


def references(text: str) -> tuple[Reference, ...]:
    """Return what a text refers to, each once, in order.

    A reference is not preceded by a letter, a `/` or another `@`, so that addresses of
    mail are none. Marks that end a sentence and brackets that were opened before it are
    not part of it.
    """
    found = (_read(match) for match in _FOUND.finditer(text))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _read(match: re.Match[str]) -> Reference | None:
    word = match["word"]
    if word:
        return Reference(kind="diff" if word == "diff" else "staged")
    value = _trimmed(match["value"])
    kind = match["kind"]
    if kind == "git":
        if not value.isdecimal():
            return None
        return Reference(kind="git", count=min(max(int(value[:4]), 1), MOST_COMMITS))
    first = last = 0
    lines = _LINES.match(value)
    if lines is not None and kind == "file":
        value = lines["path"]
        first = max(int(lines["first"][:9]), 1)
        last = max(int((lines["last"] or lines["first"])[:9]), first)
    path = value.strip("\"'`") if value[:1] in "\"'`" else value
    if not path:
        return None
    return Reference(kind="file" if kind == "file" else "folder", path=path, first=first, last=last)


def _trimmed(value: str) -> str:
    if value[:1] in "\"'`" or not value.strip("./"):
        return value
    while value:
        end = value[-1]
        if end in ",.;!?:" or (end in _CLOSERS and value.count(end) > value.count(_CLOSERS[end])):
            value = value[:-1]
        else:
            break
    return value
