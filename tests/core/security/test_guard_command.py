"""`hermes guard` prints the verdict and runs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hermes_tui.commands.guard import command


@pytest.mark.ac("guard-cli")
@pytest.mark.parametrize(
    ("line", "code", "words"),
    [("ls -la", 0, "allow: runs"), ("rm -rf x", 1, "recursive delete"), ("rm -rf /", 2, "never")],
)
def test_exit_code_and_text_tell_the_verdict(line: str, code: int, words: str) -> None:
    result = CliRunner().invoke(command, ["--", line])
    assert result.exit_code == code
    assert words in result.output


@pytest.mark.ac("guard-cli")
def test_words_after_the_dashes_are_the_command_and_nothing_runs() -> None:
    target = Path("victim")
    target.mkdir()
    result = CliRunner().invoke(command, ["--json", "--", "rm", "-rf", "victim"])
    said = json.loads(result.output)
    assert (result.exit_code, said["action"]) == (1, "ask")
    assert said["findings"][0]["key"] == "recursive delete"
    assert target.is_dir()


def test_unattended_surface_says_that_nobody_can_agree() -> None:
    result = CliRunner().invoke(command, ["--surface", "cron", "--", "rm -rf x"])
    assert "nobody is present" in result.output
