"""Finding skins by name: files of the person first, then those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from hermes_skins.reading import read_skin, unknown_keys
from hermes_skins.schema import Skin, SkinError
from hermes_themes.yaml_lines import YamlFault, file_text, parsed, place


class Loaded(Struct, frozen=True):
    """A skin, and remarks about what in its file means nothing."""

    skin: Skin
    remarks: tuple[str, ...] = ()


def parse_skin(
    text: str, source: str, folder: Path | None = None, *, heirs: tuple[str, ...] = ()
) -> Loaded:
    """Read a skin from YAML text.

    Args:
        text: The file's text.
        source: What to call it in errors and remarks.
        folder: Where a skin it extends may lie; None: only shipped ones.
        heirs: Names of the skins that extend this one, so that a circle is noticed.

    Raises:
        SkinError: No YAML, or a value that cannot be used, with its line.
    """
    try:
        data = parsed(text, source)
    except YamlFault as error:
        raise SkinError(str(error)) from error
    if not isinstance(data, Mapping):
        raise SkinError(f"{source}: a skin is a mapping with a name")
    try:
        skin = read_skin(data, _base(data, folder, heirs))
    except SkinError as error:
        raise SkinError(f"{place(source, text, error.path)}: {error}", error.path) from error
    remarks = (f"{place(source, text, path)}: {said}" for path, said in unknown_keys(data))
    return Loaded(skin, tuple(remarks))


def _from_file(path: Path, folder: Path | None, *, heirs: tuple[str, ...] = ()) -> Loaded:
    try:
        text = file_text(path)
    except YamlFault as error:
        raise SkinError(str(error)) from error
    return parse_skin(text, path.name, folder, heirs=heirs)


def _base(data: Mapping[str, Any], folder: Path | None, heirs: tuple[str, ...]) -> Skin:
    """Return the skin that is extended; one of the person's may extend a further one."""
    own = str(data.get("name", "")).strip().lower()
    name = str(data.get("extends") or "default").strip().lower()
    path = folder / f"{name}.yaml" if folder is not None else None
    if name != own and path is not None and path.is_file():
        if name in heirs:
            raise SkinError(f"extends {name!r}, which extends it in turn", ("extends",))
        return _from_file(path, folder, heirs=(*heirs, own)).skin
    found = _shipped(name)
    if found is None:
        raise SkinError(f"extends {name!r}, which does not exist", ("extends",))
    return found


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


def _shipped(name: str) -> Skin | None:
    skins = builtin_skins().values()
    return next((skin for skin in skins if name in (skin.name, *skin.aliases)), None)


def _own_names(folder: Path) -> list[str]:
    return sorted(path.stem.lower() for path in folder.glob("*.yaml") if path.is_file())


def skin_names(folder: Path) -> tuple[str, ...]:
    """Return all names one can choose, shipped ones first; `folder` holds the person's."""
    return tuple(dict.fromkeys((*builtin_skins(), *_own_names(folder))))


def about_skins(folder: Path) -> dict[str, str]:
    """Return what each skin is about, by name; the person's own are marked as such."""
    own, shipped = set(_own_names(folder)), builtin_skins()
    about = {}
    for name in skin_names(folder):
        if name in own:
            about[name] = "yours, in place of the shipped one" if name in shipped else "yours"
        else:
            about[name] = shipped[name].description
    return about


def known_name(name: str, folder: Path) -> str | None:
    """Return the name under which a skin is kept: in any case, by an older name; or None."""
    wanted = name.strip().lower()
    if wanted in skin_names(folder):
        return wanted
    found = _shipped(wanted)
    return found.name if found is not None else None


def load_skin(name: str, folder: Path) -> Loaded:
    """Return a skin by name; a file of the person goes before a shipped one.

    Raises:
        SkinError: No such skin, with the names there are; or a broken file.
    """
    wanted = name.strip().lower()
    if wanted in _own_names(folder):
        path = next(path for path in folder.glob("*.yaml") if path.stem.lower() == wanted)
        return _from_file(path, folder)
    found = _shipped(wanted)
    if found is None:
        raise SkinError(f"no skin {wanted!r}; there are: {', '.join(skin_names(folder))}")
    return Loaded(found)
