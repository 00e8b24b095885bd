"""Where the program was started, as people read it."""

from __future__ import annotations

from pathlib import Path


def folder_shown(cwd: Path) -> str:
    """Return the folder with `~` for the user's own."""
    try:
        return str(Path("~") / cwd.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(cwd)


def git_branch(cwd: Path) -> str:
    """Return the branch checked out here, read from the repository's files; empty if none."""
    for folder in (cwd, *cwd.parents):
        marker = folder / ".git"
        if marker.is_file():
            pointer = _first_line(marker).removeprefix("gitdir:").strip()
            marker = folder / pointer
        if marker.is_dir():
            head = _first_line(marker / "HEAD")
            if head.startswith("ref: refs/heads/"):
                return head.removeprefix("ref: refs/heads/")
            return head[:8]
    return ""


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except OSError:
        return ""
