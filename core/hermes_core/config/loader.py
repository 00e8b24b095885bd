"""From files, environment and flags to one checked `Settings`.

Ordinary settings: flag, then exported variable, then what `config.yaml` says,
then `.env`, then the default. Nothing here writes, and nothing fails because of
what a user wrote: a bad value gives way to the next place, with one warning.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from pydantic import ValidationError

from hermes_core.config.document import Document, expanded
from hermes_core.config.env_file import EnvFile
from hermes_core.config.keys import by_variable, find, is_known, is_open, nearest
from hermes_core.config.layers import Layers, nested
from hermes_core.config.reasons import value_reason
from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.config.spelling import MOVED, canonical
from hermes_core.config.structure import structure_mistakes
from hermes_core.paths import Home

Kind = Literal["syntax", "value", "unknown", "structure", "override", "env"]
FLAG, FILE = "flag", "config.yaml"


class ConfigWarning(Struct, frozen=True):
    """One thing to tell the user about the configuration, once."""

    kind: Kind
    key: str
    problem: str
    file: Path | None = None
    line: int | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}{f':{self.line}' if self.line else ''}: " if self.file else ""
        key = f"{self.key}: " if self.key else ""
        hint = f" (did you mean {self.nearest}?)" if self.nearest else ""
        return f"{place}{key}{self.problem}{hint}"


class LoadedSettings(Struct, frozen=True):
    """What a home says, checked, and where each value came from."""

    settings: Settings
    warnings: tuple[ConfigWarning, ...]
    origin: Mapping[str, str]
    """Dotted key to `flag`, `environment NAME`, `config.yaml`, `.env NAME`;
    a key that is missing has its default."""
    env: EnvFile
    secrets: Secrets
    written: Mapping[str, Any] = field(default_factory=dict)
    """What `config.yaml` holds, as the user wrote it."""
    is_broken: bool = False
    """The file could not be parsed."""


def load_settings(
    home: Home,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    previous: LoadedSettings | None = None,
) -> LoadedSettings:
    """Read and check the settings of a home.

    Args:
        home: Where `config.yaml` and `.env` are; neither has to exist.
        environ: The process environment; `os.environ` when not given.
        overrides: Dotted keys from the command line, which win.
        previous: The last good load; its values stand in for a file that
            cannot be parsed now.

    Raises:
        OSError: A file is there and cannot be read.
    """
    environ = os.environ if environ is None else environ
    env = EnvFile.read(home.env_file)
    document = Document.read(home.config_file)
    warnings = _file_warnings(document, home, env)
    written: Mapping[str, Any] = document.data
    if document.error and previous is not None:
        written = previous.written
    secrets = Secrets(environ, env.values)

    layers = Layers()
    _add_variables(layers, ".env", env.values)
    layers.add(FILE, canonical(expanded(dict(written), secrets.get)))
    warnings += _override_notices(layers, environ)
    _add_variables(layers, "environment", environ)
    layers.add(FLAG, nested(overrides or {}))
    told = {warning.key for warning in warnings if warning.kind == "structure"}
    settings, bad = _validated(layers, document, told)
    return LoadedSettings(
        settings=settings,
        warnings=(*warnings, *bad),
        origin=layers.origins(),
        env=env,
        secrets=secrets,
        written=written,
        is_broken=bool(document.error),
    )


def _file_warnings(document: Document, home: Home, env: EnvFile) -> list[ConfigWarning]:
    found = [
        ConfigWarning("env", "", "not a KEY=value line, ignored", home.env_file, number)
        for number in env.bad_lines
    ]
    if document.error:
        problem = f"{document.error}; the file is not used until this is mended"
        found.append(ConfigWarning("syntax", "", problem, document.path, document.error_line))
        return found
    for path, problem in structure_mistakes(document.data):
        line = document.line_of(path)
        found.append(ConfigWarning("structure", _dotted(path), problem, document.path, line))
    stray = {warning.key for warning in found}
    for parts in unknown_keys(document.data):
        if _dotted(parts) in stray:
            continue
        line, close = document.line_of(parts), nearest(parts)
        problem = "not a known key, kept but not used"
        found.append(ConfigWarning("unknown", _dotted(parts), problem, document.path, line, close))
    return found


def unknown_keys(data: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the keys of a configuration that mean nothing, the outermost of each."""
    found: list[tuple[str, ...]] = []
    for name, value in data.items():
        parts = (*prefix, name)
        if not is_known(parts):
            found.append(parts)
            continue
        key = find(parts)
        if isinstance(value, dict) and key is not None and not is_open(key):
            found += unknown_keys(value, parts)
    return found


def _add_variables(layers: Layers, source: str, values: Mapping[str, str]) -> None:
    """Lay the settings that variables name over the rest, one layer a variable."""
    for name, key in reversed(by_variable().items()):
        value = values.get(name)
        if value is not None and (value.strip() or key.default is None):
            layers.add(f"{source} {name}", nested({key.path: value}))


def _override_notices(layers: Layers, environ: Mapping[str, str]) -> list[ConfigWarning]:
    """Say which keys of the file an exported variable beats."""
    notices = []
    for name, key in by_variable().items():
        if environ.get(name, "").strip() and layers.source_of(key.parts) == FILE:
            problem = f"the environment variable {name} wins over config.yaml"
            notices.append(ConfigWarning("override", key.path, problem))
    return notices


def _validated(
    layers: Layers, document: Document, told: set[str]
) -> tuple[Settings, list[ConfigWarning]]:
    warnings: list[ConfigWarning] = []
    while True:
        try:
            return Settings.model_validate(layers.merged()), warnings
        except ValidationError as error:
            wrong = {
                layers.deepest(one["loc"]): value_reason(one) for one in reversed(error.errors())
            }
            wrong.pop((), None)
            if not wrong:
                raise  # a default of our own is wrong
            for path in sorted(wrong, key=_later_entries_first, reverse=True):
                source = layers.drop(path)
                if _dotted(path) not in told:
                    warnings.append(_bad_value(source, path, wrong[path], document))


def _later_entries_first(path: tuple[str | int, ...]) -> list[str]:
    return [str(part).rjust(8) for part in path]


def _bad_value(
    source: str, path: tuple[str | int, ...], reason: str, document: Document
) -> ConfigWarning:
    problem = f"{reason}, not used"
    if source == FILE:
        line = document.line_of(path) or _line_of_older_spelling(document, _dotted(path))
        return ConfigWarning("value", _dotted(path), problem, document.path, line)
    return ConfigWarning("value", _dotted(path), f"{problem} (from {source})")


def _line_of_older_spelling(document: Document, dotted: str) -> int | None:
    for old, new in MOVED:
        if new == dotted:
            line = document.line_of(tuple(old.split(".")))
            if line:
                return line
    return None


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)
