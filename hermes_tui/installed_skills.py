"""The skills in the home, read from their front matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hermes_tui.workspace import SkillInfo

MAX_HEAD_BYTES = 16_384
"""The front matter of a skill is at its top; more is not read."""


def installed_skills(folder: Path) -> list[SkillInfo]:
    """Return every `SKILL.md` below the folder, sorted by category and name. Blocking."""
    found = []
    for path in sorted(folder.glob("**/SKILL.md")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        found.append(_skill(path, folder))
    return sorted(found, key=lambda skill: (skill.category, skill.name))


def _skill(path: Path, folder: Path) -> SkillInfo:
    head = _front_matter(path)
    parts = path.parent.relative_to(folder).parts
    return SkillInfo(
        name=str(head.get("name") or path.parent.name),
        category=parts[0] if len(parts) > 1 else "",
        description=" ".join(str(head.get("description") or "").split()),
        version=str(head.get("version") or ""),
        source="local",
    )


def _front_matter(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return {}
    if not text.startswith("---"):
        return {}
    end = text.find("\n---", 3)
    try:
        head = yaml.safe_load(text[3:end] if end > 0 else "")
    except yaml.YAMLError:
        return {}
    return head if isinstance(head, dict) else {}
