"""Searching with a real ripgrep."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from hermes_core.errors import Cancelled, ToolError
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.files.ripgrep import find_ripgrep, run_ripgrep
from hermes_core.tools.files.search_files import SearchFiles, SearchFilesArgs
from tests.fakes.tool_context import FakeCancel, FakePermissions, tool_context
from tests.support import until

pytestmark = pytest.mark.skipif(find_ripgrep(os.environ) is None, reason="ripgrep is not installed")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = (tmp_path / "work").resolve()
    (folder / "src").mkdir()
    (folder / "src" / "a.py").write_text("import os\nvalue = 1\nprint(value)\n")
    (folder / "src" / "b.py").write_text("value = 2\n")
    (folder / "notes with space.md").write_text("the value\n")
    for age, name in enumerate(("src/a.py", "src/b.py", "notes with space.md")):
        os.utime(folder / name, (1_000_000 - age, 1_000_000 - age))
    return folder


@pytest.fixture
def ctx(work: Path) -> ToolContext:
    return tool_context(work, services={ReadMemory: ReadMemory()})


async def search(ctx: ToolContext, pattern: str, **more: Any) -> ToolResult:
    return await SearchFiles().run(SearchFilesArgs(pattern, **more), ctx)


async def test_matches_come_newest_file_first(ctx: ToolContext) -> None:
    result = await search(ctx, "value")
    assert result.data == {
        "total_count": 4,
        "matches": [
            {"path": "src/a.py", "line": 2, "content": "value = 1"},
            {"path": "src/a.py", "line": 3, "content": "print(value)"},
            {"path": "src/b.py", "line": 1, "content": "value = 2"},
            {"path": "notes with space.md", "line": 1, "content": "the value"},
        ],
    }
    assert result.summary == "4 hits"


async def test_results_are_paged(ctx: ToolContext) -> None:
    first = await search(ctx, "value", limit=3)
    assert first.data["truncated"] is True
    assert "offset=3" in first.data["_hint"]
    second = await search(ctx, "value", limit=3, offset=3)
    assert [m["path"] for m in second.data["matches"]] == ["notes with space.md"]
    assert "truncated" not in second.data


async def test_files_and_counts_instead_of_lines(ctx: ToolContext) -> None:
    files = await search(ctx, "value", output_mode="files_only", file_glob="*.py")
    assert files.data["files"] == ["src/a.py", "src/b.py"]
    counts = await search(ctx, "value", output_mode="count")
    assert counts.data["counts"] == {"src/a.py": 2, "src/b.py": 1, "notes with space.md": 1}
    assert counts.data["total_count"] == 4


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["src/a.py", "src/b.py"]),
        ("NOTES", ["notes with space.md"]),
        ("src/b", ["src/b.py"]),
    ],
)
async def test_files_are_found_by_glob_or_by_a_plain_word(
    ctx: ToolContext, pattern: str, found: list[str]
) -> None:
    result = await search(ctx, pattern, target="files")
    assert result.data["files"] == found


async def test_lines_around_a_match_come_with_it(ctx: ToolContext) -> None:
    result = await search(ctx, "value = 1", context=1)
    assert result.data["matches"] == [
        {
            "path": "src/a.py",
            "line": 2,
            "content": "value = 1",
            "before": ["import os"],
            "after": ["print(value)"],
        }
    ]


@pytest.mark.ac("search-names")
async def test_names_that_are_no_utf8_are_returned(ctx: ToolContext, work: Path) -> None:
    (work / os.fsdecode(b"caf\xe9.txt")).write_text("needle\n")
    result = await search(ctx, "needle")
    assert result.data["matches"][0]["path"] == "caf\\xe9.txt"


@pytest.mark.ac("search-bad-regex")
async def test_a_wrong_pattern_is_an_error_not_zero_results(ctx: ToolContext) -> None:
    with pytest.raises(ToolError, match="unclosed group"):
        await search(ctx, "(")


@pytest.mark.ac("search-literal-dash")
@pytest.mark.parametrize("pattern", ["--pre=id", "-f/etc/passwd"])
async def test_a_pattern_like_an_option_is_text(ctx: ToolContext, work: Path, pattern: str) -> None:
    (work / "opt").write_text(f"use {pattern}\n")
    result = await search(ctx, pattern)
    assert [m["content"] for m in result.data["matches"]] == [f"use {pattern}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_an_unreadable_folder_does_not_lose_the_others(ctx: ToolContext, work: Path) -> None:
    (work / "closed").mkdir(mode=0)
    assert (await search(ctx, "value")).data["total_count"] == 4


async def test_matches_are_kept_when_ripgrep_also_reports_errors(work: Path) -> None:
    program = work / "rg"
    program.write_text("#!/bin/sh\necho found\necho 'rg: x: Permission denied' >&2\nexit 2\n")
    program.chmod(0o755)
    output = await run_ripgrep(
        ["x"], cwd=work, environ={"PATH": "/nowhere"}, cancel=FakeCancel(), beside=work
    )
    assert output.records == [b"found"]
    assert "Permission denied" in output.errors


async def test_closed_files_are_left_out(work: Path) -> None:
    ctx = tool_context(
        work,
        services={ReadMemory: ReadMemory()},
        permissions=FakePermissions(blocked=[work / "src" / "a.py"]),
    )
    result = await search(ctx, "value")
    assert {m["path"] for m in result.data["matches"]} == {"src/b.py", "notes with space.md"}
    assert "1 files closed" in result.data["_warning"]


async def test_secrets_in_matches_are_masked(ctx: ToolContext, work: Path) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA12cD"
    (work / "t.py").write_text(f'token = "{token}"\n')
    result = await search(ctx, "token")
    assert token not in str(result)
    assert result.data["redacted"] is True


async def test_a_missing_path_names_similar_ones(ctx: ToolContext) -> None:
    result = await search(ctx, "x", path="srcs")
    assert not result.ok
    assert "Path not found: srcs. Similar paths: " in result.data["error"]


async def test_one_file_can_be_searched(ctx: ToolContext) -> None:
    result = await search(ctx, "value", path="src/b.py")
    assert [m["path"] for m in result.data["matches"]] == ["src/b.py"]


async def test_the_third_equal_search_warns_and_the_fourth_is_refused(ctx: ToolContext) -> None:
    _, _, third, fourth = [await search(ctx, "value") for _ in range(4)]
    assert "_warning" in third.data
    assert fourth.data["already_searched"] == 4


async def test_without_ripgrep_the_error_names_it(work: Path, ctx: ToolContext) -> None:
    with pytest.raises(ToolError, match="ripgrep"):
        await run_ripgrep(
            ["x"],
            cwd=work,
            environ={"PATH": "/nowhere"},
            cancel=FakeCancel(),
            beside=work,
        )


@pytest.mark.ac("search-cancel")
async def test_an_interrupt_kills_the_search(work: Path) -> None:
    os.mkfifo(work / "pipe")  # named itself, ripgrep waits for it for ever
    cancel = FakeCancel()
    running = asyncio.create_task(
        run_ripgrep(["x", "pipe"], cwd=work, environ=os.environ, cancel=cancel)
    )
    await until(lambda: _children(), timeout_s=5)
    cancel.set()
    with pytest.raises(Cancelled):
        await asyncio.wait_for(running, 2)
    assert _children() == []


async def test_a_search_that_takes_too_long_is_killed(work: Path) -> None:
    os.mkfifo(work / "pipe")
    with pytest.raises(ToolError, match=r"longer than 0\.2 s"):
        await run_ripgrep(
            ["x", "pipe"], cwd=work, environ=os.environ, cancel=FakeCancel(), timeout_s=0.2
        )
    assert _children() == []


def _children() -> list[str]:
    """Running rg processes of this one."""
    return [child.name() for child in psutil.Process().children() if child.name() == "rg"]
