"""Profiles: complete homes beside the first one, chosen before anything is read."""

from __future__ import annotations

import re
from pathlib import Path

from hermes_core.errors import ConfigError
from hermes_core.paths import Home

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def profile_home(name: str | None, found: Home) -> tuple[Home, str]:
    """Return the home of a profile and a warning, which may be empty.

    Args:
        name: What `-p` named; None takes the one made sticky, if any.
        found: The home the environment names; it may be a profile's already.

    Raises:
        ConfigError: There is no such profile.
    """
    root = _root_of(found)
    if name is not None:
        return _named(name, root), ""
    sticky = root.root / "active_profile"
    try:
        chosen = sticky.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return found, ""
    except (OSError, UnicodeDecodeError) as error:
        return found, f"{sticky} cannot be read and is ignored: {error}"
    if not chosen:
        return found, ""
    try:
        return _named(chosen, root), ""
    except ConfigError as error:
        return found, f"{sticky} is ignored: {error}"


def profile_names(found: Home) -> list[str]:
    """Return the names `-p` takes, the first home's first."""
    folder = _root_of(found).root / "profiles"
    names = sorted(path.name for path in folder.glob("*") if path.is_dir())
    return ["default", *(name for name in names if _NAME.fullmatch(name))]


def _root_of(home: Home) -> Home:
    if home.root.parent.name == "profiles":
        return Home(home.root.parent.parent)
    return home


def _named(name: str, root: Home) -> Home:
    if name == "default":
        return root
    place: Path = root.root / "profiles" / name
    if _NAME.fullmatch(name) is None or not place.is_dir():
        raise ConfigError(f"Profile {name!r} does not exist.", hint=f"Looked for {place}.")
    return Home(place)
