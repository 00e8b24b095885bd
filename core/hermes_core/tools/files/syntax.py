"""Does the edited file still parse? Only errors the edit brought are told.

Python, JSON, TOML and YAML are parsed here, without a process and without leaving
files behind. Other languages are skipped.
"""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import yaml

_MAX_CHARS = 1_000_000


def check(path: str, before: str, after: str) -> dict[str, Any]:
    """Return `{status: ok|error|skipped, output|message}`.

    Args:
        path: Its ending names the language.
        before: The text ahead of the edit, empty for a new file.
        after: The text now.
    """
    parse = _PARSERS.get(PurePath(path).suffix.lower())
    if parse is None:
        return {"status": "skipped", "message": "no parser for this kind of file"}
    if len(after) > _MAX_CHARS:
        return {"status": "skipped", "message": "the file is too large to check"}
    error = parse(after)
    if error is None:
        return {"status": "ok", "output": ""}
    if before and parse(before) is not None:
        return {"status": "skipped", "message": "the file did not parse before the edit either"}
    return {"status": "error", "output": error}


def _python(text: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None


def _json(text: str) -> str | None:
    try:
        json.loads(text, parse_int=str)  # a number of any length is valid JSON
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg}"
    except RecursionError:
        return "nested too deeply"
    return None


def _toml(text: str) -> str | None:
    try:
        tomllib.loads(text)
    except ValueError as error:  # also a number that is too long, which TOML has not
        return str(error)
    except RecursionError:
        return "nested too deeply"
    return None


def _yaml(text: str) -> str | None:
    try:
        for _ in yaml.parse(text, Loader=_YAML_LOADER):
            pass
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        return f"{where}{error.problem}"
    except yaml.YAMLError as error:
        return str(error)
    return None


_YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PARSERS: dict[str, Callable[[str], str | None]] = {
    ".py": _python,
    ".pyi": _python,
    ".json": _json,
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
}
