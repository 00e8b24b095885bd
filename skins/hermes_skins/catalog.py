"""Finding skins by name: files of the person first, then those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from hermes_skins.schema import Skin, SkinError, read_skin, unknown_keys


@dataclass(frozen=True, slots=True)
class Loaded:
    """A skin, and remarks about what in its file means nothing."""

    skin: Skin
    remarks: tuple[str, ...] = ()


def parse_skin(text: str, source: str, folder: Path | None = None) -> Loaded:
    """Read a skin from YAML text.

    Args:
        text: The file's text.
        source: What to call it in errors.
        folder: Where a skin it extends may lie; None: only shipped ones.

    Raises:
        SkinError: No YAML, with the line; or a value that cannot be used.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" line {mark.line + 1}" if mark is not None else ""
        raise SkinError(f"{source}{line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise SkinError(f"{source}: not YAML: {error}") from error
    if not isinstance(data, Mapping):
        raise SkinError(f"{source}: a skin is a mapping with a name")
    try:
        skin = read_skin(data, _base(data, folder))
    except SkinError as error:
        raise SkinError(f"{source}: {error}") from error
    return Loaded(skin, tuple(unknown_keys(data)))


def _base(data: Mapping[str, Any], folder: Path | None) -> Skin:
    name = str(data.get("extends") or "default").lower()
    if name == str(data.get("name", "")).lower():
        name = "default"
    shipped = builtin_skins()
    if folder is not None and (folder / f"{name}.yaml").is_file():
        text = (folder / f"{name}.yaml").read_text("utf-8")
        return parse_skin(text, f"{name}.yaml").skin
    if name not in shipped:
        raise SkinError(f"extends {name!r}, which does not exist")
    return shipped[name]


@cache
def builtin_skins() -> Mapping[str, Skin]:
    """Return the shipped skins by name, `default` first."""
    folder = resources.files("hermes_skins") / "builtin"
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir()}
    first = read_skin(yaml.safe_load(texts.pop("default.yaml")))
    found = {first.name: first}
    for _, text in sorted(texts.items()):
        skin = read_skin(yaml.safe_load(text), first)
        found[skin.name] = skin
    return found


def skin_names(folder: Path) -> tuple[str, ...]:
    """Return all names one can choose, shipped ones first; `folder` holds the person's."""
    own = sorted(path.stem.lower() for path in folder.glob("*.yaml")) if folder.is_dir() else []
    return tuple(dict.fromkeys((*builtin_skins(), *own)))


def load_skin(name: str, folder: Path) -> Loaded:
    """Return a skin by name; a file of the person goes before a shipped one.

    Raises:
        SkinError: No such skin, with the names there are; or a broken file.
    """
    wanted = name.strip().lower()
    path = folder / f"{wanted}.yaml"
    if wanted.replace("-", "").replace("_", "").isalnum() and path.is_file():
        return parse_skin(path.read_text("utf-8"), str(path), folder)
    for skin in builtin_skins().values():
        if wanted in (skin.name, *skin.aliases):
            return Loaded(skin)
    raise SkinError(f"no skin {wanted!r}; there are: {', '.join(skin_names(folder))}")
