"""Which folders are watched for changes, and what a changed path means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_MOST_SKILL_FOLDERS = 500
"""Watched at the most: a folder of skills may be somebody's whole disk."""
_LOOKS = ("skins", "themes")


def watched_folders(root: Path, skills: Sequence[Path]) -> list[Path]:
    """What is watched: folders, since editors put new files in place of old ones.

    Args:
        root: The home.
        skills: Where skills lie, in the home and elsewhere.
    """
    found = [real(root), real(root / "config.yaml").parent]
    for name in _LOOKS:
        folder = root / name
        if folder.is_dir():
            found.append(real(folder))
            found += [real(path).parent for path in folder.glob("*.yaml")]
    return sorted({folder for folder in [*found, *_skill_folders(skills)] if folder.is_dir()})


def meant(root: Path, skills: Sequence[Path], changed: set[Path]) -> set[Path]:
    """Of the paths that changed those that are settings or looks.

    The folder of skills in the home stands for whatever changed in one.
    """
    config = real(root / "config.yaml")
    looks = {real(path) for name in _LOOKS for path in (root / name).glob("*.yaml")}
    folders = {real(root / name) for name in _LOOKS}
    found = {path for path in changed if path in looks}
    found |= {path for path in changed if path.parent in folders and path.suffix == ".yaml"}
    if config in changed or real(root) / "config.yaml" in changed:
        found.add(config)
    if any(path.is_relative_to(real(folder)) for path in changed for folder in skills):
        found.add(real(root / "skills"))
    return found


def real(path: Path) -> Path:
    """Return where a path lies, links followed."""
    return path.resolve()


def _skill_folders(tops: Sequence[Path]) -> list[Path]:
    """Where skills lie; hidden folders are none of theirs."""
    found = list(tops)
    for top in tops:
        for folder, names, _files in os.walk(top, followlinks=False):
            names[:] = [name for name in sorted(names) if not name.startswith(".")]
            found += [Path(folder, name) for name in names]
            if len(found) > _MOST_SKILL_FOLDERS:
                return [real(one) for one in found[:_MOST_SKILL_FOLDERS]]
    return [real(one) for one in found]
