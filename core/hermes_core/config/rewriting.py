"""One key of a YAML text changed, everything else left as it was."""

from __future__ import annotations

import io
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from hermes_core.errors import ConfigError

_WIDE = 1 << 20


def with_value(text: str, path: tuple[str, ...], value: Any) -> str:
    """Return the text with a key set; missing sections are added.

    A plain value on one line is replaced in place, byte by byte; otherwise the
    text goes through a round trip that keeps comments, order and quoting.

    Raises:
        ConfigError: The text is no YAML mapping, or a plain value is in the way.
    """
    spliced = _spliced(text, path, value)
    if spliced is not None:
        return spliced
    writer, tree = _parsed(text)
    lead = "" if tree else _comments_of(text)
    level: dict[Any, Any] = tree
    for depth, name in enumerate(path[:-1], start=1):
        child = level.get(name)
        if child is None:
            child = level[_as_node(name)] = CommentedMap()
        if not isinstance(child, dict):
            raise ConfigError(f"{'.'.join(path[:depth])} is a plain value, not a section")
        level = child
    level[_as_node(path[-1])] = _as_node(value)
    return lead + _written(writer, tree)


def without_value(text: str, path: tuple[str, ...]) -> str:
    """Return the text without a key, and without sections that are empty then.

    Raises:
        ConfigError: The text is no YAML mapping.
        KeyError: The key is not written.
    """
    writer, tree = _parsed(text)
    levels: list[dict[Any, Any]] = [tree]
    for name in path[:-1]:
        child = levels[-1].get(name)
        if not isinstance(child, dict):
            raise KeyError(".".join(path))
        levels.append(child)
    if path[-1] not in levels[-1]:
        raise KeyError(".".join(path))
    for level, name in zip(reversed(levels), reversed(path), strict=True):
        del level[name]
        if level:
            break
    return _written(writer, tree) if tree else _comments_of(text)


def _comments_of(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if line.lstrip().startswith("#"))


def _spliced(text: str, path: tuple[str, ...], value: Any) -> str | None:
    if not isinstance(value, str | int | float | bool):
        return None
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        matches = [entry for key, entry in node.value if key.value == name]
        if len(matches) != 1:
            return None
        node = matches[0]
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        return None
    start, end = node.start_mark, node.end_mark
    if start.line != end.line or start.index == end.index or "&" in text[start.index : end.index]:
        return None
    written = _scalar(value, node.style)
    result = text[: start.index] + written + text[end.index :]
    return result if _reads_as(result, path, value) else None


def _reads_as(text: str, path: tuple[str, ...], value: Any) -> bool:
    try:
        tree = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):  # ValueError: a date or number that cannot exist
        return False
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return bool(tree == value)


def _scalar(value: Any, style: str | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if not style and _is_plain(value):
        return value
    line: str = yaml.safe_dump(value, default_style='"', width=_WIDE, allow_unicode=True)
    return line.rstrip("\n")


def _is_plain(value: str) -> bool:
    """Whether a word reads as itself in YAML 1.1 and 1.2, with no quotes."""
    try:
        return bool(value) and yaml.safe_load(f"[{value}]") == [value] and "#" not in value
    except (yaml.YAMLError, ValueError):
        return False


def _as_node(value: Any) -> Any:
    if isinstance(value, str) and not _is_plain(value) and "\n" not in value:
        return DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return CommentedMap((_as_node(name), _as_node(entry)) for name, entry in value.items())
    if isinstance(value, list | tuple):
        return [_as_node(entry) for entry in value]
    return value


def _parsed(text: str) -> tuple[YAML, CommentedMap]:
    try:
        _tree, indent, offset = load_yaml_guess_indent(text) if text.strip() else (None, 2, 0)
        writer = YAML(typ="rt")
        writer.preserve_quotes = True
        writer.width = _WIDE
        writer.indent(mapping=2, sequence=indent or 2, offset=offset or 0)
        tree = writer.load(text)
    except YAMLError as error:
        raise ConfigError(f"config.yaml cannot be changed: {error}") from error
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise ConfigError("config.yaml must hold `key: value` lines")
    return writer, tree


def _written(writer: YAML, tree: CommentedMap) -> str:
    out = io.StringIO()
    writer.dump(tree, out)
    return out.getvalue()
