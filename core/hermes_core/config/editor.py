"""Changes to `config.yaml` and `.env`: one key at a time, everything else kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from pydantic import ValidationError

from hermes_core.config.atomic import locked, replace_text
from hermes_core.config.document import Document
from hermes_core.config.env_file import EnvFile, env_text, quoted
from hermes_core.config.keys import Key, find, is_known, nearest
from hermes_core.config.layers import nested
from hermes_core.config.reasons import value_reason
from hermes_core.config.rewriting import with_value, without_value
from hermes_core.config.schema import Settings
from hermes_core.config.secrets import is_secret_name
from hermes_core.errors import ConfigError
from hermes_core.paths import Home

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MASKED = re.compile(r"\*\*\*|\[REDACTED|«redacted|^\S{0,6}\.\.\.\S{0,4}$")
_UPGRADES = {"homebrew": "brew upgrade hermes-tui", "nixos": "sudo nixos-rebuild switch"}


class Edit(Struct, frozen=True):
    """What a change did."""

    file: Path
    key: str
    kind: Literal["config", "secret"]
    note: str = ""
    """Something the user should know, may be empty."""


class ConfigEditor:
    """Writes the files of one home, safe against another process doing the same."""

    def __init__(self, home: Home, *, environ: Mapping[str, str] | None = None) -> None:
        self._home = home
        self._environ = os.environ if environ is None else environ

    def set_text(self, key: str, text: str) -> Edit:
        """Set a key to what was typed, read as the schema wants it.

        Raises:
            ConfigError: The value is impossible or masked, or the install is managed.
            OSError: The file cannot be written.
        """
        if is_secret_name(key):
            return self.set_secret(key.upper(), text)
        return self.set_value(key, typed_value(text, find(key)))

    def set_value(self, key: str, value: Any) -> Edit:
        """Set a dotted key of `config.yaml`; nothing else in the file changes.

        Raises:
            ConfigError: The value is impossible or masked, or the install is managed.
            OSError: The file cannot be written.
        """
        path = _path(key)
        found = find(path)
        if found is not None and found.is_section and not isinstance(value, dict | list | tuple):
            raise ConfigError(f"{key} is a section; name a key in it")
        if isinstance(value, str) and _looks_masked(value, secret=bool(found and found.is_secret)):
            raise ConfigError(f"{key}: the value is a mask, not a secret; nothing was written")
        _check(key, value)
        self._change(lambda text: with_value(text, path, value))
        return Edit(self._home.config_file, key, "config", _unknown_note(path))

    def set_values(self, values: Mapping[str, Any]) -> Edit:
        """Set several dotted keys of `config.yaml` in one step: all of them or none.

        Args:
            values: Key to value; None takes the key out of the file.

        Raises:
            ConfigError: A value is impossible or masked, or the install is managed.
            OSError: The file cannot be written.
        """
        for key, value in values.items():
            found = find(_path(key))
            if isinstance(value, str) and _looks_masked(
                value, secret=bool(found and found.is_secret)
            ):
                raise ConfigError(f"{key}: the value is a mask, not a secret; nothing was written")
            if value is not None:
                _check(key, value)
        self._change(lambda text: _with_values(text, values))
        return Edit(self._home.config_file, ", ".join(values), "config")

    def unset_value(self, key: str) -> Edit:
        """Take a key out of its file, so that the default counts again.

        Raises:
            ConfigError: The key is not written, or the install is managed.
            OSError: The file cannot be written.
        """
        if is_secret_name(key):
            return self._unset_secret(key.upper())
        path = _path(key)
        try:
            self._change(lambda text: without_value(text, path))
        except KeyError as error:
            raise ConfigError(f"{key} is not set in {self._home.config_file}") from error
        return Edit(self._home.config_file, key, "config")

    def set_secret(self, name: str, value: str) -> Edit:
        """Set a variable of `.env`; other lines stay.

        Raises:
            ConfigError: The name or value is impossible, or the install is managed.
            OSError: The file cannot be written.
        """
        if _VARIABLE.fullmatch(name) is None:
            raise ConfigError(f"{name} is not a variable's name")
        if _looks_masked(value, secret=True):
            raise ConfigError(f"{name}: the value is a mask, not a secret; nothing was written")
        try:
            line = f"{name}={quoted(value)}"
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from error
        self._change_env(name, line)
        return Edit(self._home.env_file, name, "secret")

    def refuse_if_broken(self) -> None:
        """Raise where `config.yaml` cannot be read, and so nothing in it can be changed.

        Raises:
            ConfigError: It cannot; file and line are named.
            OSError: It is there and cannot be opened.
        """
        _readable(self._home.config_file)

    def refuse_if_managed(self) -> None:
        """Raise where a package manager owns the configuration.

        Raises:
            ConfigError: It does; the hint names the command to use.
        """
        marker = self._home.root / ".managed"
        by = self._environ.get("HERMES_MANAGED", "").strip().lower()
        if not by and marker.is_file():
            by = marker.read_text(encoding="utf-8", errors="replace").strip().lower() or "yes"
        if by and by not in ("0", "false", "no"):
            command = _UPGRADES.get(by, "the tool that installed it")
            raise ConfigError("this installation is managed", hint=f"Change it with {command}.")

    def _unset_secret(self, name: str) -> Edit:
        if name not in EnvFile.read(self._home.env_file).values:
            raise ConfigError(f"{name} is not set in {self._home.env_file}")
        self._change_env(name, None)
        return Edit(self._home.env_file, name, "secret")

    def _change(self, change: Callable[[str], str]) -> None:
        self.refuse_if_managed()
        self._home.create()
        file = self._home.config_file
        with locked(file):
            document = _readable(file)
            text = change(document.text)
            after = Document.parse(file, text)
            if after.error:
                raise ConfigError(f"the change would break {file}: {after.error}")
            if text != document.text:
                replace_text(file, text)

    def _change_env(self, name: str, line: str | None) -> None:
        self.refuse_if_managed()
        self._home.create()
        file = self._home.env_file
        with locked(file):
            old = env_text(file)
            mine = re.compile(rf"\s*(?:export\s+)?{re.escape(name)}\s*=")
            lines = old.splitlines()
            places = [number for number, text in enumerate(lines) if mine.match(text)]
            kept = [text for number, text in enumerate(lines) if number not in places]
            if line is not None:
                kept.insert(places[0] if places else len(kept), line)
            replace_text(file, "".join(f"{text}\n" for text in kept))


def _readable(file: Path) -> Document:
    document = Document.read(file)
    if document.error:
        line = f":{document.error_line}" if document.error_line else ""
        raise ConfigError(f"{file}{line}: {document.error}; nothing was written")
    return document


def _with_values(text: str, values: Mapping[str, Any]) -> str:
    for key, value in values.items():
        if value is not None:
            text = with_value(text, _path(key), value)
            continue
        try:
            text = without_value(text, _path(key))
        except KeyError:
            continue  # it is not written, as wanted
    return text


def typed_value(text: str, key: Key | None) -> Any:
    """Read a value from the command line: words for booleans, numbers, JSON, else text.

    A key of text keeps the text: `off` stays a word where a word is expected.
    """
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    lowered = text.strip().lower()
    if key is None or not _accepts(key, text):
        if lowered in ("true", "yes", "on"):
            return True
        if lowered in ("false", "no", "off"):
            return False
        for read in (int, float):
            if re.fullmatch(r"-?\d+" if read is int else r"-?\d*\.\d+", lowered):
                return read(lowered)
    return text


def _accepts(key: Key, text: str) -> bool:
    """Whether the key holds this very text, unchanged."""
    settings = _only(key.path, text)
    if settings is None:
        return False
    value: Any = settings
    for part in key.path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return bool(value == text)


def _only(dotted: str, value: Any) -> dict[str, Any] | None:
    try:
        return Settings.model_validate(nested({dotted: value})).model_dump(by_alias=True)
    except ValidationError:
        return None


def _check(key: str, value: Any) -> None:
    try:
        Settings.model_validate(nested({key: value}))
    except ValidationError as error:
        reason = value_reason(error.errors()[0])
        raise ConfigError(f"{key}: {reason}, not {value!r}") from error


def _unknown_note(path: tuple[str, ...]) -> str:
    if find(path) is not None:
        return ""
    if is_known(path):
        return "this version does not use this key; it is kept for others"
    close = nearest(path)
    return "this is not a known key" + (f"; did you mean {close}?" if close else "")


def _path(key: str) -> tuple[str, ...]:
    path = tuple(part.strip() for part in key.split("."))
    if not all(path):
        raise ConfigError(f"{key!r} is not a dotted key")
    return path


def _looks_masked(value: str, *, secret: bool) -> bool:
    if secret:
        return _MASKED.search(value) is not None
    return "«redacted" in value or "[REDACTED" in value
