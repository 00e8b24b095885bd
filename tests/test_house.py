"""How large the parts of the program may grow."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 100


def sources() -> list[Path]:
    """Every module of the program."""
    rooms = ("hermes_tui", "core", "widgets", "themes", "skins")
    found = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    assert len(found) > 100, "the program was not found"
    return found


def long_functions(source: str) -> list[str]:
    """Names of the functions that are too long."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]


def test_no_file_is_longer_than_700_lines() -> None:
    lengths = {
        str(file.relative_to(ROOT)): file.read_text("utf-8").count("\n") for file in sources()
    }
    assert [name for name, lines in lengths.items() if lines > MAX_FILE_LINES] == []


def test_no_function_is_longer_than_100_lines() -> None:
    long = {
        str(file.relative_to(ROOT)): long_functions(file.read_text("utf-8")) for file in sources()
    }
    assert {file: names for file, names in long.items() if names} == {}


def test_a_long_function_is_found() -> None:
    assert long_functions("def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES) == ["f"]
    assert long_functions("def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1)) == []
