"""Where in a YAML text a key stands, for messages about files people write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml


class YamlFault(ValueError):
    """A text that is no YAML; the message says the line."""


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
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" line {mark.line + 1}" if mark is not None else ""
        raise YamlFault(f"{source}{line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise YamlFault(f"{source}: not YAML: {error}") from error


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
