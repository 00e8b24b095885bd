"""Results that are too long for the model: where the whole goes, and what is told instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_core.agent.turns.results import (
    STEP_LIMIT_CHARS,
    ResultText,
    error_json,
    limit_result,
    limit_step,
)
from hermes_core.errors import ToolBlocked, ToolError


def spilled(text: str, folder: Path, call_id: str = "call_1") -> ResultText:
    return limit_result(text, limit=100, folder=folder, call_id=call_id)


@pytest.mark.parametrize(("length", "limit"), [(100, 100), (5_000, None)])
def test_what_fits_or_limits_itself_stays_as_it_is(
    tmp_path: Path, length: int, limit: int | None
) -> None:
    text = "x" * length
    result = limit_result(text, limit=limit, folder=tmp_path / "spills", call_id="c")
    assert result == ResultText(text)
    assert not (tmp_path / "spills").exists()


def test_a_long_result_lies_in_a_private_file_on_real_lines(tmp_path: Path) -> None:
    output = "".join(f"line {n}\n" for n in range(2_000))
    text = json.dumps({"output": output, "exit_code": 0})
    result = spilled(text, tmp_path / "spills")
    assert result.spilled_path is not None
    path = Path(result.spilled_path)
    assert path.read_text() == f"## output\n{output}\n\n## exit_code\n0\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert str(path) in result.text
    assert f"{len(text):,} characters" in result.text
    # The beginning is shown, and no line of it is cut.
    assert '{"output": "line 0\\nline 1\\n' in result.text
    shown = result.text.rpartition("\n</persisted-output>")[0]
    assert shown.rpartition("\\n")[2] in output.split("\n")
    assert len(result.text) < 2_000


@pytest.mark.parametrize("text", ["no JSON " * 50, json.dumps(["a list"] * 50)])
def test_what_is_no_object_is_written_as_it_is(tmp_path: Path, text: str) -> None:
    result = spilled(text, tmp_path)
    assert Path(str(result.spilled_path)).read_text() == text


@pytest.mark.parametrize(
    ("call_id", "name"),
    [("../../etc/passwd", "______etc_passwd.txt"), ("", "result.txt"), ("x" * 300, "x" * 80)],
)
def test_a_call_id_never_leads_out_of_the_folder(tmp_path: Path, call_id: str, name: str) -> None:
    result = spilled("y" * 200, tmp_path, call_id)
    path = Path(str(result.spilled_path))
    assert path.parent == tmp_path
    assert path.name.startswith(name)


def test_where_nothing_can_be_written_the_beginning_is_told_and_why(tmp_path: Path) -> None:
    (tmp_path / "spills").write_text("a file is in the way")
    result = spilled("z" * 5_000, tmp_path / "spills")
    assert result.spilled_path is None
    assert result.text.startswith("zzz")
    assert "5,000 chars. Full output could not be saved." in result.text
    assert len(result.text) < 2_000


def test_of_a_step_that_is_too_long_the_largest_results_are_put_away_first(
    tmp_path: Path,
) -> None:
    small, large = "s" * 1_000, "l" * (STEP_LIMIT_CHARS - 1_000)
    middle = "m" * 5_000
    before = [ResultText(text) for text in (small, large, middle)]
    after = limit_step(before, folder=tmp_path, ids=["a", "b", "c"])
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1].spilled_path == str(tmp_path / "b.txt")
    assert sum(len(result.text) for result in after) <= STEP_LIMIT_CHARS


def test_what_was_put_away_before_is_not_put_away_again(tmp_path: Path) -> None:
    away = ResultText("p" * STEP_LIMIT_CHARS, "/somewhere/else.txt")
    after = limit_step([away, ResultText("q" * 3_000)], folder=tmp_path, ids=["a", "b"])
    assert after[0] == away
    assert after[1].spilled_path == str(tmp_path / "b.txt")


@pytest.mark.parametrize(
    ("error", "read"),
    [
        (ToolError("it broke"), {"error": "it broke"}),
        (ToolError("it broke", hint="mend it"), {"error": "it broke", "_hint": "mend it"}),
        (ToolBlocked("no"), {"error": "no", "status": "blocked"}),
    ],
)
def test_a_failure_tells_the_model_what_and_what_to_do(
    error: ToolError, read: dict[str, str]
) -> None:
    assert json.loads(error_json(error)) == read
