"""Names like the one that does not exist."""

from __future__ import annotations

from pathlib import Path, PurePath

_MOST = 5
_MAX_ENTRIES = 5_000


def similar_paths(path: Path) -> list[str]:
    """Return up to 5 existing neighbours with a similar name, best first."""
    folder = path.parent
    if not folder.is_dir():
        return []
    scored = []
    try:
        for number, entry in enumerate(folder.iterdir()):
            if number >= _MAX_ENTRIES:
                break
            if score := likeness(path.name, entry.name):
                scored.append((-score, str(entry)))
    except PermissionError:
        return []
    return [name for _, name in sorted(scored)[:_MOST]]


def likeness(wanted: str, name: str) -> int:
    """Return 0 to 90: how much a file name looks like the wanted one."""
    mine, theirs = wanted.lower(), name.lower()
    stem, other = PurePath(mine).stem, PurePath(theirs).stem
    if stem == other:
        return 90
    if theirs.startswith(stem) or mine.startswith(other):
        return 70
    if stem in theirs:
        return 60
    if len(other) > 2 and other in mine:
        return 40
    if PurePath(mine).suffix == PurePath(theirs).suffix != "":
        shared = len(set(stem) & set(other))
        if shared * 2 > max(len(set(stem)), len(set(other))):
            return 30
    return 0
