"""The skills in the home, read from their front matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from hermes_core.errors import ConfigError
from hermes_tui.core_link.workspace import SkillInfo

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


def skill_text(folder: Path, names: Sequence[str]) -> str:
    """Return the instructions of the named skills for the prompt, empty for none. Blocking.

    Raises:
        ConfigError: No skill has one of the names.
    """
    if not names:
        return ""
    paths = {_skill(path, folder).name: path for path in sorted(folder.glob("**/SKILL.md"))}
    unknown = [name for name in names if name not in paths]
    if unknown:
        known = f"Installed: {', '.join(sorted(paths))}." if paths else "No skill is installed."
        raise ConfigError(f"There is no skill {', '.join(unknown)}.", hint=known)
    return "\n\n".join(
        f"# Skill: {name}\n\n{_body(paths[name].read_text('utf-8', 'replace'))}" for name in names
    )


_MOST_FILES = 50


def activation_text(folder: Path, name: str) -> str:
    """Return what the model is told when a person uses a skill. Blocking.

    That it was chosen, its instructions, and the files that lie beside them.

    Raises:
        ConfigError: No skill is called that.
    """
    text = skill_text(folder, [name])
    path = next(
        one for one in sorted(folder.glob("**/SKILL.md")) if _skill(one, folder).name == name
    )
    beside = sorted(
        file.relative_to(path.parent).as_posix()
        for file in path.parent.rglob("*")
        if file.is_file() and file != path and not file.name.startswith(".")
    )
    parts = [
        f"[The person chose the skill “{name}”: follow its instructions for this request.]",
        text,
    ]
    if beside:
        named = "\n".join(f"- {path.parent / file}" for file in beside[:_MOST_FILES])
        parts.append(f"Files of the skill, to be read when they are needed:\n{named}")
    return "\n\n".join(parts)


def _body(text: str) -> str:
    """The text behind the front matter."""
    lines = text.splitlines()
    if lines and lines[0].strip() == "---":
        ends = [number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"]
        lines = lines[ends[0] + 1 :] if ends else lines
    return "\n".join(lines).strip()
