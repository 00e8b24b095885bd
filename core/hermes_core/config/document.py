"""`config.yaml` as it is read: data, the line of each key, `${VAR}` expansion."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field

from hermes_core.config.reasons import yaml_reason

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Document(Struct, frozen=True):
    """The file's content. With an `error`, `data` is empty."""

    path: Path
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    error_line: int | None = None

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read and parse the file; a missing one is empty.

        Raises:
            OSError: The file is there and cannot be read.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls(path)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            return cls(path, error="not UTF-8 text", error_line=line)
        return cls.parse(path, text)

    @classmethod
    def parse(cls, path: Path, text: str) -> Document:
        """Parse YAML text; mistakes are stated in `error`."""
        try:
            data = yaml.load(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            problem, line = yaml_reason(error, text)
            return cls(path, text, error=problem, error_line=line)
        except ValueError as error:  # a date or number that cannot exist, say 2024-13-45
            return cls(path, text, error=str(error))
        if data is None:
            return cls(path, text)
        if not isinstance(data, dict):
            return cls(path, text, error="the file must hold `key: value` lines", error_line=1)
        return cls(path, text, _with_text_keys(data))

    def line_of(self, parts: tuple[str | int, ...]) -> int | None:
        """Return the line, from 1, of a key or list entry."""
        if self.error or not self.text:
            return None
        node = yaml.compose(self.text, Loader=yaml.CSafeLoader)
        line: int | None = None
        for part in parts:
            step = _child(node, part)
            if step is None:
                return line
            line, node = step
        return line


def _child(node: Any, part: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        entry = node.value[part]
        return entry.start_mark.line + 1, entry
    return None


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(entry) for entry in value]
    return value


def expanded(value: Any, lookup: Callable[[str], str | None]) -> Any:
    """Return a copy with `${NAME}` replaced in every string; unset names stay."""
    if isinstance(value, str):
        if "${" not in value:
            return value
        return _VARIABLE.sub(lambda match: lookup(match[1]) or match[0], value)
    if isinstance(value, dict):
        return {key: expanded(entry, lookup) for key, entry in value.items()}
    if isinstance(value, list):
        return [expanded(entry, lookup) for entry in value]
    return value
