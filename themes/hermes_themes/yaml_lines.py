"""Reading YAML that people write: what is wrong with it, and where a key stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hermes_core.config.reasons import yaml_reason


class YamlFault(ValueError):
    """A file that cannot be read or is no YAML; the message says the line."""


def parsed(text: str, source: str) -> Any:
    """Parse YAML.

    Args:
        text: What is read.
        source: What to call it in errors.

    Raises:
        YamlFault: The text is not YAML.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason, line = yaml_reason(error, text)
        raise YamlFault(f"{source}{f' line {line}' if line else ''}: {reason}") from error
    except ValueError as error:  # a date or number that cannot exist, say 2024-13-45
        raise YamlFault(f"{source}: {error}") from error


def file_text(path: Path) -> str:
    """Return the text of a file that a person wrote.

    Raises:
        YamlFault: It cannot be read, or is no UTF-8; names the file, and the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise YamlFault(f"{path.name}: {error.strerror or error}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YamlFault(f"{path.name} line {line}: not UTF-8 text") from error


def place(source: str, text: str, path: Sequence[str]) -> str:
    """Return `source line 7` for the key at `path`, or `source` if it is not written."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 0
    for key in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        found = next((pair for pair in pairs if pair[0].value == key), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return f"{source} line {line}" if line else source


def text_keys(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping with its keys as text: YAML reads `on` and `7` as something else."""
    return {str(key): value for key, value in data.items()}
