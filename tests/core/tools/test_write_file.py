"""Writing whole files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.files.read_file import ReadFile, ReadFileArgs
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.files.write_file import WriteFile, WriteFileArgs
from tests.fakes.tool_context import FakeCheckpoints, FakePermissions, tool_context


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return (tmp_path / "work").resolve()


@pytest.fixture
def ctx(work: Path) -> ToolContext:
    return tool_context(work, services={ReadMemory: ReadMemory()})


async def write(ctx: ToolContext, path: str, content: str) -> ToolResult:
    return await WriteFile().run(WriteFileArgs(path, content), ctx)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


async def test_a_new_file_gets_its_folders(ctx: ToolContext, work: Path) -> None:
    result = await write(ctx, "a/b/f.txt", "é\nx\n")
    assert (work / "a" / "b" / "f.txt").read_bytes() == "é\nx\n".encode()
    assert result.data == {"bytes_written": 5, "dirs_created": True}
    assert result.summary == "2 lines"


async def test_a_replaced_file_shows_its_diff_and_is_saved_first(
    ctx: ToolContext, work: Path
) -> None:
    (work / "f.txt").write_text("a\nb\n")
    (work / "f.txt").chmod(0o600)
    result = await write(ctx, "f.txt", "a\nc\nd\n")
    assert result.summary == "+2 −1"
    assert "-b\n+c\n+d\n" in result.diffs[0].unified
    assert (work / "f.txt").stat().st_mode & 0o777 == 0o600
    assert isinstance(ctx.checkpoints, FakeCheckpoints)
    assert ctx.checkpoints.taken == [((work / "f.txt",), "before write_file")]
    assert isinstance(ctx.permissions, FakePermissions)
    assert ctx.permissions.shown[0].removed == 1


async def test_a_file_with_a_strange_name_gets_exactly_that_name(
    ctx: ToolContext, work: Path
) -> None:
    await write(ctx, "a'b\"; id #.txt", "x")
    assert names(work) == ["a'b\"; id #.txt"]


async def test_a_change_since_the_last_read_is_pointed_out(ctx: ToolContext, work: Path) -> None:
    (work / "f").write_text("a\n")
    await ReadFile().run(ReadFileArgs("f"), ctx)
    (work / "f").write_text("theirs\n")
    assert "changed by something else" in (await write(ctx, "f", "b\n")).data["_warning"]
    assert "_warning" not in (await write(ctx, "f", "c\n")).data


@pytest.mark.ac("write-no-masks")
@pytest.mark.parametrize("content", ["k=«redacted:ghp_…»\n", "API_KEY=***\n"])
async def test_masked_secrets_are_refused(ctx: ToolContext, work: Path, content: str) -> None:
    with pytest.raises(ToolError, match="masked secret"):
        await write(ctx, "conf", content)
    assert not (work / "conf").exists()


async def test_a_closed_path_stays_as_it_is(work: Path) -> None:
    (work / "keys").mkdir()
    (work / "link").symlink_to(work / "keys" / "id")
    ctx = tool_context(
        work,
        services={ReadMemory: ReadMemory()},
        permissions=FakePermissions(blocked=[work / "keys"]),
    )
    with pytest.raises(ToolBlocked):
        await write(ctx, "link", "x")
    assert names(work / "keys") == []


async def test_a_folder_and_an_empty_path_are_refused(ctx: ToolContext) -> None:
    with pytest.raises(ToolError, match="is a folder"):
        await write(ctx, ".", "x")
    with pytest.raises(ToolError, match="cannot be empty"):
        await write(ctx, " ", "x")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("f.py", "a = (\n", "line 1"),
        ("f.json", '{"a": 1,\n}', "line"),
        ("f.toml", "a = \n", "line 1"),
        ("f.yaml", "a: [1\nb: 2\n", "line"),
    ],
)
async def test_a_file_that_does_not_parse_is_told(
    ctx: ToolContext, name: str, content: str, line: str
) -> None:
    lint = (await write(ctx, name, content)).data["lint"]
    assert lint["status"] == "error"
    assert line in lint["output"]


async def test_a_secret_in_the_old_content_stays_out_of_the_diff(
    ctx: ToolContext, work: Path
) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA12cD"
    (work / "f.py").write_text(f'token = "{token}"\n')
    result = await write(ctx, "f.py", "token = None\n")
    assert token not in str(result)
