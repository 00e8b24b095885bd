"""Files of the working folder for completion: listed in a thread, kept for a moment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_FILES = 5000
KEPT_S = 5.0
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache"}
    | {".pytest_cache", ".ruff_cache", ".tox", "target", "dist", ".idea"}
)


def listed(root: Path, limit: int = MAX_FILES) -> list[str]:
    """Return files below a folder as paths relative to it, near ones first.

    Folders of version control, caches and installed packages are passed over, and so
    is what cannot be read. Blocks: run it in a thread.
    """
    found: list[str] = []
    level = [root]
    while level and len(found) < limit:
        following: list[Path] = []
        for folder in level:
            for entry in _entries(folder):
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED:
                        following.append(path)
                else:
                    found.append(path.relative_to(root).as_posix())
        level = following
    return found[:limit]


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return  # a folder one may not read has nothing to offer


def in_folder(root: Path, start: str, limit: int = 30) -> list[tuple[str, str]]:
    """Return what a path that is being typed may become, with a size or `dir`.

    Args:
        root: The working folder.
        start: As typed: `./src/re`, `~/no`, `/etc/ho` or `src/re`.
        limit: Most entries.
    """
    head, slash, name = start.rpartition("/")
    shown = head + slash
    folder = root / expanded(shown)
    found = []
    for entry in _entries(folder):
        hidden = entry.name.startswith(".") and not name.startswith(".")
        if hidden or not entry.name.casefold().startswith(name.casefold()):
            continue
        is_folder = entry.is_dir()
        note = "dir" if is_folder else _size(entry)
        found.append((f"{shown}{entry.name}{'/' if is_folder else ''}", note))
        if len(found) == limit:
            break
    return found


def _size(entry: os.DirEntry[str]) -> str:
    try:
        size = float(entry.stat().st_size)
    except OSError:
        return ""  # gone, or a link to nowhere
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


from hermes_core.paths import expanded


class ProjectFiles:
    """The list of files, at most a few seconds old when it was asked for twice.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._root: Path | None = None
        self._read_at = float("-inf")
        self.names: tuple[str, ...] = ()
        """Paths relative to the folder read last."""

    def is_fresh(self, root: Path) -> bool:
        """Whether the list is of this folder and young."""
        return root == self._root and self._clock() - self._read_at < KEPT_S

    def read(self, root: Path) -> None:
        """Read the folder; blocks, so it runs in a thread."""
        self.names = tuple(listed(root))
        self._root, self._read_at = root, self._clock()
