"""Which folder a snapshot covers."""

from __future__ import annotations

from pathlib import Path

_MARKERS = (
    ".git",
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "Makefile",
    "pom.xml",
    ".hg",
    "Gemfile",
)


def root_of(path: Path, *, user_home: Path) -> Path | None:
    """Return the project folder of a file, else its parent; None where none is allowed.

    Never the root of the disk, the user's home or a folder above it.

    Args:
        path: A file, existing or not, or a folder, absolute.
        user_home: The person's home folder.
    """
    start = path if path.is_dir() else path.parent
    while not start.exists():
        start = start.parent
    closed = {user_home, *user_home.parents}
    for folder in (start, *start.parents):
        if folder in closed:
            break
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    return None if start in closed else start
