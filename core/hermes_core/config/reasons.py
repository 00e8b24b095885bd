"""Why a value or a file of settings cannot be used, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_SECTION = "should be a section: `key: value` lines below it"
_KINDS = {
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "dict_type": _SECTION,
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "list_type": "should be a list",
    "model_attributes_type": _SECTION,
    "model_type": _SECTION,
    "string_type": "should be text",
    "tuple_type": "should be a list",
}
_BOUNDS = {
    "greater_than": ("gt", "should be more than {}"),
    "greater_than_equal": ("ge", "should be {} or more"),
    "less_than": ("lt", "should be less than {}"),
    "less_than_equal": ("le", "should be {} or less"),
}


def value_reason(mistake: Mapping[str, Any]) -> str:
    """Say what is wrong with a value.

    Args:
        mistake: One of pydantic's `ValidationError.errors()`.
    """
    kind = str(mistake["type"])
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in _BOUNDS:
        name, sentence = _BOUNDS[kind]
        return sentence.format(mistake["ctx"][name])
    words: str = mistake["msg"]
    return words.replace("Input should be", "should be").replace("Value error, ", "")


def yaml_reason(error: yaml.YAMLError, text: str) -> tuple[str, int | None]:
    """Say why a text is no YAML, and in which line, from 1, if that is known."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "not valid YAML", None
    mark = error.problem_mark
    line = mark.line + 1 if mark is not None else None
    if line is not None and _is_indented_by_tab(text, line):
        return "indented by a tab; YAML takes spaces only", line
    reason = error.problem or "not valid YAML"
    if error.context and error.context_mark is not None:
        reason += f" ({error.context} that begins in line {error.context_mark.line + 1})"
    return reason, line


def _is_indented_by_tab(text: str, line: int) -> bool:
    lines = text.split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    return "\t" in written[: len(written) - len(written.lstrip())]
