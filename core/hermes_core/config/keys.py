"""The schema as a flat list of dotted keys: for messages, pages, `hermes config`."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any, get_args, get_origin

from msgspec import Struct
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from hermes_core.config.later_keys import LATER
from hermes_core.config.schema import Settings
from hermes_core.config.section import Section
from hermes_core.config.spelling import MOVED

ANY = "<name>"
"""Stands in a dotted key for a name the user chooses, or for a list's entry."""


class Key(Struct, frozen=True):
    """One setting."""

    path: str
    field: FieldInfo
    is_section: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted key in pieces."""
        return tuple(self.path.split("."))

    @property
    def other_spellings(self) -> tuple[str, ...]:
        """Dotted names that mean the same key."""
        alias = self.field.validation_alias
        names = alias.choices[1:] if isinstance(alias, AliasChoices) else []
        return tuple(".".join((*self.parts[:-1], str(name))) for name in names)

    @property
    def environment(self) -> tuple[str, ...]:
        """Variables that set it, the winner first."""
        return tuple(self._extra.get("env", ()))

    @property
    def is_secret(self) -> bool:
        """Whether the value is masked wherever it is shown."""
        return bool(self._extra.get("secret"))

    @property
    def default(self) -> Any:
        """The value when nothing is written."""
        return self.field.get_default(call_default_factory=True, validated_data={})

    @property
    def description(self) -> str:
        """One line saying what it is for."""
        return self.field.description or ""

    @property
    def _extra(self) -> dict[str, Any]:
        extra = self.field.json_schema_extra
        return extra if isinstance(extra, dict) else {}


@cache
def all_keys() -> tuple[Key, ...]:
    """Every key of the schema, in its order; sections come before their keys."""
    return tuple(_walk(Settings, ()))


@cache
def by_path() -> dict[str, Key]:
    """The keys by dotted name, in each spelling."""
    return {name: key for key in all_keys() for name in (key.path, *key.other_spellings)}


@cache
def by_variable() -> dict[str, Key]:
    """The keys by the environment variable that sets them."""
    return {name: key for key in all_keys() for name in key.environment}


def _walk(section: type[Section], prefix: tuple[str, ...]) -> list[Key]:
    found: list[Key] = []
    for name, field in section.model_fields.items():
        parts = (*prefix, field.alias or name)
        inner, many = _section_of(field.annotation)
        found.append(Key(".".join(parts), field, is_section=inner is not None))
        if many:
            found.append(Key(".".join((*parts, ANY)), field, is_section=True))
        if inner is not None:
            found += _walk(inner, (*parts, ANY) if many else parts)
    return found


def _section_of(annotation: Any) -> tuple[type[Section] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, False
    if get_origin(annotation) in (dict, tuple):
        for part in get_args(annotation):
            if isinstance(part, type) and issubclass(part, Section):
                return part, True
    return None, False


def find(path: str | tuple[str, ...]) -> Key | None:
    """Return the key a dotted name means, names chosen by the user included.

    A name below a mapping without a schema of its own means that mapping.
    """
    parts = tuple(path.split(".")) if isinstance(path, str) else path
    known = by_path()
    key: Key | None = None
    for part in parts:
        below = f"{key.path}." if key else ""
        step = known.get(below + part) or known.get(below + ANY)
        if step is None:
            return key if key is not None and is_open(key) else None
        key = step
    return key


def is_open(key: Key) -> bool:
    """Whether any names may stand below the key: it is a mapping without a schema."""
    annotation = key.field.annotation
    origins = {get_origin(annotation), *(get_origin(part) for part in get_args(annotation))}
    return dict in origins and not key.is_section


def is_known(path: tuple[str, ...]) -> bool:
    """Whether a written key means something, to this version or to a wider one."""
    dotted = ".".join(path)
    if find(path) is not None:
        return True
    if any(old == dotted or old.startswith(dotted + ".") for old, _new in MOVED):
        return True
    pieces = [".".join(path[:length]) for length in range(1, len(path) + 1)]
    return any(piece in LATER for piece in pieces) or any(
        name.startswith(dotted + ".") for name in LATER
    )


def nearest(path: tuple[str, ...]) -> str | None:
    """Return the known key that looks most like an unknown one."""
    dotted = ".".join(path)
    names = [key.path for key in all_keys() if ANY not in key.path]
    close = difflib.get_close_matches(dotted, names, n=1, cutoff=0.75)
    if close:
        return close[0]
    last = {name.rsplit(".", 1)[-1]: name for name in reversed(names)}
    close = difflib.get_close_matches(path[-1], list(last), n=1, cutoff=0.8)
    return last[close[0]] if close else None
