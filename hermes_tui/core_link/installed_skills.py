"""The skills in the home and in further folders, read from their front matter.

Nothing here writes: skills of other folders belong to whoever put them there.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from msgspec.structs import replace

from hermes_core.errors import ConfigError
from hermes_core.paths import Home, expanded
from hermes_tui.core_link.workspace import SkillInfo

if TYPE_CHECKING:
    from hermes_core.config.schema import Settings

_PLATFORMS = {"darwin": "macos", "win32": "windows"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

MAX_HEAD_BYTES = 16_384
"""The front matter of a skill is at its top; more is not read."""


_MOST_FOLDERS = 5_000
"""Looked into below one folder of skills; it may be somebody's whole disk."""


def skill_folders(home: Home, settings: Settings) -> tuple[Path, ...]:
    """Return where skills lie: in the home, then where `skills.external_dirs` says."""
    written = [text.strip() for text in settings.skills.external_dirs]
    further = [home.root / expanded(text) for text in written if text]
    return (home.skills, *further)


def installed_skills(
    folders: Sequence[Path],
    *,
    disabled: Collection[str] = (),
    has_value: Callable[[str], bool] = lambda name: True,
) -> list[SkillInfo]:
    """Return every skill below the folders, sorted by category and name. Blocking.

    Of skills of one name the first one counts. Skills for other operating systems are
    left out, and so are folders that are not there.

    Args:
        folders: Where skills lie, those of the home first.
        disabled: Names that are not offered.
        has_value: Says whether an environment variable is set.
    """
    found: dict[str, SkillInfo] = {}
    for folder in folders:
        source = "local" if folder == folders[0] else "external"
        for path in _skill_files(folder):
            skill = _skill(path, folder, has_value, source)
            if skill is not None:
                is_off = skill.name in disabled
                known = replace(skill, state="off", needs="") if is_off else skill
                found.setdefault(skill.name, known)
    return sorted(found.values(), key=lambda skill: (skill.category, skill.name))


def _skill_files(folder: Path) -> list[Path]:
    """Every `SKILL.md` below a folder that no hidden folder is above."""
    found = []
    for seen, (place, names, files) in enumerate(os.walk(folder)):
        names[:] = [name for name in sorted(names) if not name.startswith(".")]
        if "SKILL.md" in files:
            found.append(Path(place, "SKILL.md"))
        if seen >= _MOST_FOLDERS:
            break
    return sorted(found)


def _named_files(folders: Sequence[Path]) -> dict[str, Path]:
    """The file of each skill by its name, the first of a name."""
    found: dict[str, Path] = {}
    for path in _every_file(folders):
        found.setdefault(_name(path, _front_matter(path)), path)
    return found


def _every_file(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from _skill_files(folder)


def _skill(
    path: Path, folder: Path, has_value: Callable[[str], bool], source: str
) -> SkillInfo | None:
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
        source=source,
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


def skill_file_text(folders: Sequence[Path], name: str) -> str:
    """Return the whole `SKILL.md` of the named skill. Blocking.

    Raises:
        ConfigError: No skill has the name, or its file cannot be read.
    """
    path = _named_files(folders).get(name)
    if path is None:
        raise ConfigError(f"There is no skill {name} any more.")
    return _whole(path)


def _whole(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


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
        head = yaml.load(text[3:end] if end > 0 else "", Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):  # ValueError: a date or number that cannot exist
        return {}
    return head if isinstance(head, dict) else {}


def skill_text(folders: Sequence[Path], names: Sequence[str]) -> str:
    """Return the instructions of the named skills for the prompt, empty for none. Blocking.

    Raises:
        ConfigError: No skill has one of the names, or its file cannot be read.
    """
    if not names:
        return ""
    paths = _named_files(folders)
    unknown = [name for name in names if name not in paths]
    if unknown:
        known = f"Installed: {', '.join(sorted(paths))}." if paths else "No skill is installed."
        raise ConfigError(f"There is no skill {', '.join(unknown)}.", hint=known)
    return "\n\n".join(f"# Skill: {name}\n\n{_body(_whole(paths[name]))}" for name in names)


_MOST_FILES = 50


def activation_text(folders: Sequence[Path], name: str) -> str:
    """Return what the model is told when a person uses a skill. Blocking.

    That it was chosen, its instructions, and the files that lie beside them.

    Raises:
        ConfigError: No skill is called that.
    """
    text = skill_text(folders, [name])
    path = _named_files(folders)[name]
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
