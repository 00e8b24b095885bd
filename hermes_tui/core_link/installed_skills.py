"""The skills in the home, read from their front matter."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from hermes_core.errors import ConfigError
from hermes_tui.core_link.workspace import SkillInfo

_PLATFORMS = {"darwin": "macos", "win32": "windows"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

MAX_HEAD_BYTES = 16_384
"""The front matter of a skill is at its top; more is not read."""


def installed_skills(
    folder: Path,
    *,
    disabled: Collection[str] = (),
    has_value: Callable[[str], bool] = lambda name: True,
) -> list[SkillInfo]:
    """Return every `SKILL.md` below the folder, sorted by category and name. Blocking.

    Skills for other operating systems are left out.

    Args:
        folder: Where skills are installed.
        disabled: Names that are not offered.
        has_value: Says whether an environment variable is set.
    """
    found = []
    for path in _skill_files(folder):
        skill = _skill(path, folder, has_value)
        if skill is not None:
            is_off = skill.name in disabled
            found.append(replace(skill, state="off", needs="") if is_off else skill)
    return sorted(found, key=lambda skill: (skill.category, skill.name))


def _skill_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.glob("**/SKILL.md"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _skill(path: Path, folder: Path, has_value: Callable[[str], bool]) -> SkillInfo | None:
    head = _front_matter(path)
    platforms = _words(head.get("platforms"))
    here = _PLATFORMS.get(sys.platform, sys.platform)
    if platforms and here not in platforms:
        return None
    parts = path.parent.relative_to(folder).parts
    missing = [name for name in _needed(head) if not has_value(name)]
    return SkillInfo(
        name=_name(path, head),
        category=parts[0] if len(parts) > 1 else "",
        description=" ".join(str(head.get("description") or "").split()),
        state="needs" if missing else "on",
        needs=f"needs {' '.join(missing)}" if missing else "",
        version=str(head.get("version") or ""),
        source="local",
    )


def _name(path: Path, head: Mapping[str, Any]) -> str:
    return str(head.get("name") or path.parent.name)


def _needed(head: Mapping[str, Any]) -> list[str]:
    """Names of the environment variables a skill cannot do without."""
    wanted = head.get("required_environment_variables")
    names = []
    for entry in wanted if isinstance(wanted, list) else []:
        if isinstance(entry, Mapping):
            if not entry.get("optional"):
                names.append(str(entry.get("name") or ""))
        else:
            names.append(str(entry))
    legacy = head.get("prerequisites")
    if isinstance(legacy, Mapping):
        names += _words(legacy.get("env_vars"))
    return [name for name in dict.fromkeys(names) if _VARIABLE.fullmatch(name)]


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def skill_file_text(folder: Path, name: str) -> str:
    """Return the whole `SKILL.md` of the named skill. Blocking.

    Raises:
        ConfigError: No skill has the name, or its file cannot be read.
    """
    for path in _skill_files(folder):
        if _name(path, _front_matter(path)) == name:
            try:
                return path.read_text("utf-8", "replace")
            except OSError as error:
                raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    raise ConfigError(f"There is no skill {name} any more.")


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
    paths = {_name(path, _front_matter(path)): path for path in _skill_files(folder)}
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
    path = next(one for one in _skill_files(folder) if _name(one, _front_matter(one)) == name)
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
