"""Reading files by pages, with secrets masked and repeats noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.security.redaction import Redactor, contains_sentinel
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.files.page import scan
from hermes_core.tools.files.read_file import ReadFile, ReadFileArgs
from hermes_core.tools.files.read_memory import ReadMemory, ScriptReadMemory
from hermes_core.tools.files.similar import likeness
from tests.fakes.tool_context import FakePermissions, tool_context

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA12cD"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return (tmp_path / "work").resolve()


@pytest.fixture
def memory() -> ReadMemory:
    return ReadMemory()


@pytest.fixture
def ctx(work: Path, memory: ReadMemory) -> ToolContext:
    return tool_context(work, services={ReadMemory: memory})


async def read(ctx: ToolContext, path: str, offset: int = 1, limit: int = 500) -> ToolResult:
    return await ReadFile().run(ReadFileArgs(path, offset, limit), ctx)


@pytest.mark.ac("read-pages")
async def test_a_long_file_comes_in_pages_with_the_next_offset(
    ctx: ToolContext, work: Path
) -> None:
    (work / "f.txt").write_text("".join(f"line {n}\n" for n in range(1, 3001)))
    result = await read(ctx, "f.txt")
    lines = result.data["content"].split("\n")
    assert (lines[0], lines[-1], len(lines)) == ("     1|line 1", "   500|line 500", 500)
    assert result.data["total_lines"] == 3000
    assert result.data["truncated"] is True
    assert "offset=501" in result.data["hint"]
    assert result.summary == "500 lines"
    last = await read(ctx, "f.txt", 2999, 9999)
    assert last.data["content"] == "  2999|line 2999\n  3000|line 3000"
    assert last.data["truncated"] is False


@pytest.mark.parametrize(
    ("body", "total", "content"),
    [
        (b"", 0, ""),
        (b"a", 1, "     1|a"),
        (b"a\n", 1, "     1|a"),
        (b"a\n\n", 2, "     1|a\n     2|"),
        (b"a\r\nb\r\n", 2, "     1|a\n     2|b"),
        (b"caf\xe9\n", 1, "     1|café"),
        ("\ufeffhi\n".encode("utf-16-le"), 1, "     1|hi"),
        (b"a\x0cb\n", 1, "     1|a\x0cb"),
    ],
)
async def test_lines_are_counted_and_decoded(
    ctx: ToolContext, work: Path, body: bytes, total: int, content: str
) -> None:
    (work / "f").write_bytes(body)
    result = await read(ctx, "f")
    assert (result.data["total_lines"], result.data["content"]) == (total, content)
    assert result.data["file_size"] == len(body)


async def test_an_offset_behind_the_end_is_told(ctx: ToolContext, work: Path) -> None:
    (work / "f").write_text("a\n")
    result = await read(ctx, "f", 10)
    assert (result.data["content"], result.data["hint"]) == ("", "The file ends at line 1.")


@pytest.mark.ac("read-unchanged")
async def test_an_unchanged_region_is_not_sent_twice(
    ctx: ToolContext, work: Path, memory: ReadMemory
) -> None:
    (work / "f").write_text("a\n")
    await read(ctx, "f")
    again = await read(ctx, "f")
    assert again.data["status"] == "unchanged"
    assert again.data["content_returned"] is False
    assert "content" not in again.data
    (work / "f").write_text("b\n")
    assert (await read(ctx, "f")).data["content"] == "     1|b"
    memory.forget_returned()
    assert (await read(ctx, "f")).data["content"] == "     1|b"
    memory.forget_call("c1")
    assert (await read(ctx, "f")).data["content"] == "     1|b"


async def test_a_script_always_gets_the_content(work: Path) -> None:
    ctx = tool_context(work, services={ReadMemory: ScriptReadMemory()})
    (work / "f").write_text("a\n")
    for _ in range(6):
        assert (await read(ctx, "f")).data["content"] == "     1|a"


@pytest.mark.ac("read-loop")
async def test_the_third_equal_call_warns_and_the_fourth_is_refused(
    ctx: ToolContext, work: Path, memory: ReadMemory
) -> None:
    (work / "f").write_text("a\n")
    first, second, third, fourth = [await read(ctx, "f") for _ in range(4)]
    assert "_warning" not in first.data | second.data
    assert "3 times" in third.data["_warning"]
    assert not fourth.ok
    assert fourth.data["already_read"] == 4
    assert fourth.data["error"].startswith("BLOCKED")
    memory.note_tool("terminal")
    assert (await read(ctx, "f")).ok


@pytest.mark.ac("read-masks")
async def test_strong_credentials_become_sentinels_no_writer_accepts(
    ctx: ToolContext, work: Path
) -> None:
    (work / "f.py").write_text(f'token = "{TOKEN}"\npassword = get()\n')
    result = await read(ctx, "f.py")
    assert TOKEN not in str(result)
    assert result.data["redacted"] is True
    assert contains_sentinel(result.data["content"])
    assert "password = get()" in result.data["content"]


async def test_a_credential_across_the_cut_of_a_line_does_not_escape(
    ctx: ToolContext, work: Path
) -> None:
    (work / "f").write_text("x" * 1985 + " " + TOKEN + " " + "y" * 9000)
    result = await read(ctx, "f")
    assert TOKEN[:14] not in result.data["content"]
    assert result.data["content"].endswith("... [truncated]")


async def test_a_page_inside_a_private_key_is_masked_and_lines_keep_their_numbers(
    ctx: ToolContext, work: Path
) -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA7bq9Q2Wn3Xk5" for _ in range(20))
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    (work / "f").write_text(f"before\n{key}\nafter\n")
    page = await read(ctx, "f", 10, 5)
    assert "MIIE" not in page.data["content"]
    tail = await read(ctx, "f", 24, 5)
    assert tail.data["content"] == "    24|after"


async def test_the_sessions_own_redactor_is_used(work: Path) -> None:
    services = {ReadMemory: ReadMemory(), Redactor: Redactor(["plain-word-secret"])}
    ctx = tool_context(work, services=services)
    (work / "f").write_text("say plain-word-secret\n")
    assert "plain-word-secret" not in (await read(ctx, "f")).data["content"]


async def test_a_missing_file_names_similar_ones(ctx: ToolContext, work: Path) -> None:
    for name in ("config.yaml", "config_test.py", "zzz.md"):
        (work / name).touch()
    result = await read(ctx, "config.yml")
    assert not result.ok
    assert result.data["error"] == "File not found: config.yml"
    assert [Path(p).name for p in result.data["similar_files"]] == [
        "config.yaml",
        "config_test.py",
    ]


def test_likeness_prefers_stem_then_prefix_then_content() -> None:
    scores = [likeness("app.py", name) for name in ("app.js", "apple.py", "myapp.py", "zz.md")]
    assert scores == [90, 70, 60, 0]


async def test_folders_pipes_and_closed_files_are_refused_without_opening(
    work: Path, memory: ReadMemory
) -> None:
    os.mkfifo(work / "pipe")
    (work / "secret").write_text("x")
    ctx = tool_context(
        work,
        services={ReadMemory: memory},
        permissions=FakePermissions(blocked=[work / "secret"]),
    )
    with pytest.raises(ToolError, match="is a folder"):
        await read(ctx, ".")
    with pytest.raises(ToolError, match="no regular file"):
        await read(ctx, "pipe")
    with pytest.raises(ToolBlocked):
        await read(ctx, "secret")


async def test_images_and_binaries_are_named_and_not_shown(ctx: ToolContext, work: Path) -> None:
    (work / "p.png").write_bytes(b"\x89PNG")
    (work / "a.zip").write_bytes(b"PK")
    (work / "raw").write_bytes(bytes(range(256)))
    (work / "d.pdf").write_bytes(b"%PDF-1.7\n...")
    image = await read(ctx, "p.png")
    assert (image.data["is_image"], "vision_analyze" in image.data["_hint"]) == (True, True)
    assert (await read(ctx, "a.zip")).data["is_binary"] is True
    with pytest.raises(ToolError, match="binary"):
        await read(ctx, "raw")
    with pytest.raises(ToolError, match="PDF"):
        await read(ctx, "d.pdf")


async def test_too_much_at_once_is_refused_with_the_line_count(
    ctx: ToolContext, work: Path
) -> None:
    (work / "f").write_text(("x" * 100 + "\n") * 3000)
    result = await read(ctx, "f", 1, 2000)
    assert not result.ok
    assert result.data["total_lines"] == 3000
    assert "100000 at most" in result.data["error"]


@pytest.mark.ac("read-huge")
async def test_a_thirty_megabyte_line_is_cut(ctx: ToolContext, work: Path) -> None:
    (work / "f").write_bytes(b"x" * (30 << 20))
    result = await read(ctx, "f")
    assert result.data["total_lines"] == 1
    assert len(result.data["content"]) < 2_100
    assert result.data["content"].endswith("... [truncated]")


@pytest.mark.parametrize("body", [b"", b"a", b"a\n", b"a\n\nb", b"a\r\nb\n"])
def test_scanning_in_pieces_counts_as_reading_does(work: Path, body: bytes) -> None:
    (work / "f").write_bytes(body)
    lines, total = scan(work / "f", 1, 10)
    text = body.decode().replace("\r\n", "\n")
    expected = text.split("\n")[:-1] if text.endswith("\n") or not text else text.split("\n")
    assert (lines, total) == (expected, len(expected))


def test_the_schema_states_defaults_and_limits() -> None:
    schema = ReadFile().schema()["parameters"]
    assert schema["required"] == ["path"]
    assert schema["properties"]["limit"]["default"] == 500
    assert schema["properties"]["limit"]["maximum"] == 2000
