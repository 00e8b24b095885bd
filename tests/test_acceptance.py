"""The list of acceptance checks and the tests that prove them stay in step."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| ([\w.-]+) \| (.+) \| (.+) \|$")


def listed() -> dict[str, list[str]]:
    """Id to the files that the list names."""
    rows = (ROW.match(line) for line in (ROOT / "docs/acceptance.md").read_text().splitlines())
    found = [row for row in rows if row and row[1] not in ("id", "---")]
    assert len({row[1] for row in found}) == len(found), "an id stands twice"
    return {row[1]: row[3].split(", ") for row in found}


def marked() -> dict[str, set[str]]:
    """Id to the test files that carry it."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "pytest.mark.ac"
                and isinstance(node.args[0], ast.Constant)
            ):
                name = str(file.relative_to(ROOT))
                found.setdefault(str(node.args[0].value), set()).add(name)
    return found


def test_every_id_of_a_test_is_listed_and_every_listed_id_has_a_test() -> None:
    assert sorted(marked()) == sorted(listed())


def test_the_list_names_files_that_carry_the_id() -> None:
    tests = marked()
    wrong = {
        name: files
        for name, files in listed().items()
        if not any(file in tests.get(name, set()) for file in files)
    }
    assert wrong == {}
