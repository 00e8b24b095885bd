"""How a change to a file is read afterwards: as a diff, and whether the file still parses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_core.tools.files.diffs import change_summary, file_diff, unified
from hermes_core.tools.files.syntax import check

MANY = [f"line {n}\n" for n in range(12_000)]


def changed(at: int, *new: str, gone: int = 1) -> str:
    lines = [*MANY[:at], *new, *MANY[at + gone :]]
    return "".join(lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n", "a\nc\n"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("", "new\n"),
        ("old\n", ""),
        ("a\n\x0cb\u2028c\n", "a\n\x0cB\u2028c\n"),
        ("".join(MANY), changed(6_000, "other\n", "and more\n")),
        ("".join(MANY), changed(0, "first\n")),
        ("".join(MANY), changed(11_999, "no end of line")),
        ("".join(MANY), changed(11_998, gone=2)),
        ("".join(MANY), changed(0, gone=12_000)),
    ],
    ids=lambda text: f"{len(text)}",
)
def test_a_diff_makes_the_new_text_of_the_old_one(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(before.encode())
    diff = unified("f", before, after)
    subprocess.run(
        ["git", "apply", "-p1", "--unidiff-zero", "-"],
        input=diff.encode(),
        cwd=tmp_path,
        check=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path)},
    )
    assert (file.read_bytes().decode() if file.exists() else "") == after


def test_a_change_in_a_very_long_file_is_shown_with_three_lines_around_it() -> None:
    lines = unified("f", "".join(MANY), changed(6_000, "other\n")).splitlines()
    assert lines[2] == "@@ -5998,7 +5998,7 @@"
    around = [f" line {n}" for n in (5_997, 5_998, 5_999)]
    below = [f" line {n}" for n in (6_001, 6_002, 6_003)]
    assert lines[3:] == [*around, "-line 6000", "+other", *below]


def test_nothing_changed_is_an_empty_diff() -> None:
    assert unified("f", "same\n", "same\n") == ""


def test_a_long_diff_is_cut_at_a_line_and_counted_whole() -> None:
    diff = file_diff("src/f.py", "", "".join(MANY))
    assert diff.truncated
    assert len(diff.unified) <= 4_000
    assert diff.unified.endswith("\n")
    assert (diff.added, diff.removed) == (12_000, 0)
    short = file_diff("src/g.py", "a\n", "b\n")
    assert not short.truncated
    assert change_summary((diff, short)) == "+12001 −1"


def test_lines_that_look_like_the_head_of_a_diff_are_counted_too() -> None:
    diff = file_diff("f", "-- a\n", "++ b\n++ c\n")
    assert (diff.added, diff.removed) == (2, 1)


@pytest.mark.parametrize(
    ("name", "good", "bad", "where"),
    [
        ("a.py", "x = 1\n", "x = (\n", "line 1"),
        ("a.pyi", "x: int\n", "x: int =\n", "line 1"),
        ("a.json", '{"a": 1}', '{"a": 1,}', "line 1"),
        ("a.toml", "a = 1\n", "a = \n", "line 1"),
        ("a.yaml", "a: 1\n", "b: 2\na: [1\n", "line"),
        ("A.YML", "a: 1\n", "a: {\n", "line"),
        ("a.py", "x = 1\n", "x = '\0'\n", "null"),
        ("a.yml", "a: 1\n", "a: '\x01'\n", "control characters"),
    ],
)
def test_an_edit_that_breaks_the_file_is_told_with_its_place(
    name: str, good: str, bad: str, where: str
) -> None:
    assert check(name, good, good) == {"status": "ok", "output": ""}
    for before in (good, ""):
        found = check(name, before, bad)
        assert found["status"] == "error"
        assert where in found["output"]
    assert check(name, bad, bad)["status"] == "skipped"
    assert check(name, bad, good)["status"] == "ok"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "1" * 5_000),
        ("a.json", "[" * 100_000),
        ("a.toml", f"a = {'1' * 5_000}"),
        ("a.toml", f"a = {'[' * 10_000}"),
        ("a.py", "(" * 1_000),
        ("a.py", "1" * 5_000),
        ("a.py", f"x = {'-' * 100_000}1"),
        ("a.yaml", "[" * 10_000),
        ("a.yaml", "a: &a [*a, *b]\n"),
    ],
)
def test_no_text_breaks_the_check_itself(name: str, text: str) -> None:
    assert check(name, "", text)["status"] in ("ok", "error")


def test_a_number_may_have_any_length_in_json_alone() -> None:
    assert check("a.json", "", "1" * 5_000)["status"] == "ok"
    assert check("a.toml", "", f"a = {'1' * 5_000}")["status"] == "error"


@pytest.mark.parametrize("name", ["a.rs", "Makefile", "py"])
def test_other_languages_are_left_out(name: str) -> None:
    assert check(name, "", "(((")["status"] == "skipped"


def test_a_very_large_file_is_not_parsed() -> None:
    assert check("a.py", "", "(" + "x" * 1_000_000)["status"] == "skipped"
