"""`.env`: reading, quoting, precedence of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.config.env_file import EnvFile, quoted
from hermes_core.config.secrets import Secrets


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("A=1", "A", "1"),
        ("export A=1", "A", "1"),
        ("  A = 1 # note", "A", "1"),
        ("A='x # y'", "A", "x # y"),
        ('A="x \\"y\\""', "A", 'x "y"'),
        ("A=", "A", ""),
        ("A=b=c", "A", "b=c"),
    ],
)
def test_a_line_is_read(line: str, name: str, value: str) -> None:
    assert EnvFile.parse(line).values == {name: value}


def test_two_assignments_joined_on_one_line_are_taken_apart() -> None:
    parsed = EnvFile.parse("OPENAI_API_KEY=sk-abcANTHROPIC_API_KEY=sk-def\n")

    assert parsed.values == {"OPENAI_API_KEY": "sk-abc", "ANTHROPIC_API_KEY": "sk-def"}


def test_lines_that_are_nothing_are_counted_and_bytes_that_are_not_utf8_are_read(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"# note\n\nwhat\nA=caf\xe9\n")

    read = EnvFile.read(file)

    assert read.values == {"A": "café"}
    assert read.bad_lines == (3,)
    assert EnvFile.read(tmp_path / "missing") == EnvFile()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_value_written_is_read_back(value: str) -> None:
    assert EnvFile.parse(f"A={quoted(value)}").values == {"A": value}


def test_a_line_break_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="line break"):
        quoted("a\nb")


def test_the_environment_beats_the_file_unless_it_is_empty() -> None:
    secrets = Secrets({"A": "exported", "B": " "}, {"A": "file", "B": "file", "C": "file"})

    assert [secrets.get(name) for name in "ABCD"] == ["exported", "file", "file", None]
    assert [secrets.source(name) for name in "ABD"] == ["environment", ".env", None]
    assert secrets.first("D", "C", "A") == ("C", "file")
    assert "D" not in secrets
