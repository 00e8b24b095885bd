"""Edits change what is meant, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.files import LocalFiles
from hermes_core.tools.base import ToolContext, ToolResult
from hermes_core.tools.files.fuzzy import Edit, locate, locate_similar, plan_replace
from hermes_core.tools.files.patch import Patch, PatchArgs
from hermes_core.tools.files.read_file import ReadFile, ReadFileArgs
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.files.text_file import Splice, TextFile, decode
from hermes_core.tools.files.v4a import parse
from tests.fakes.tool_context import FakeCheckpoints, FakePermissions, tool_context


class FailingFiles(LocalFiles):
    """A disk that refuses to write one file."""

    def __init__(self, refused: str) -> None:
        self._refused = refused

    async def write_bytes(self, path: Path, data: bytes) -> None:
        if path.name == self._refused:
            raise OSError(28, "No space left on device")
        await super().write_bytes(path, data)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return (tmp_path / "work").resolve()


@pytest.fixture
def ctx(work: Path) -> ToolContext:
    return tool_context(work, services={ReadMemory: ReadMemory()})


async def replace(ctx: ToolContext, path: str, old: str, new: str) -> ToolResult:
    return await Patch().run(PatchArgs(path=path, old_string=old, new_string=new), ctx)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


async def apply(ctx: ToolContext, patch: str) -> ToolResult:
    return await Patch().run(PatchArgs(mode="patch", patch=patch), ctx)


def replaced(text: str, old: str, new: str, *, replace_all: bool = False) -> tuple[str, Edit]:
    edit = plan_replace(text, old, new, replace_all=replace_all)
    return TextFile(text).spliced(edit.splices).raw, edit


# --- finding the place --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "strategy", "expected"),
    [
        ("a\nb\nc\n", "b", "x", "exact", "a\nx\nc\n"),
        ("  a \n  b\nc\n", "a\nb", "x\ny", "line_trimmed", "  x\n  y\nc\n"),
        ("f(a,   b)\n", "f(a, b)", "g()", "whitespace_normalized", "g()\n"),
        ("a\n\tb\n", "a\\n\\tb", "x\\n\\ty", "escape_normalized", "x\n\ty\n"),
        ("y(x = 1)\n", "  x = 1", "  x = 2", "trimmed_boundary", "y(x = 2)\n"),
        ("say “hi” — now\n", 'say "hi" -- now', "bye", "unicode_normalized", "bye\n"),
    ],
)
def test_each_strategy_finds_its_kind_of_difference(
    text: str, old: str, new: str, strategy: str, expected: str
) -> None:
    result, edit = replaced(text, old, new)
    assert edit.strategy == strategy
    assert result == expected


def test_two_matches_are_an_error_and_no_other_strategy_is_tried() -> None:
    with pytest.raises(ToolError, match=r"Found 2 matches for old_string \(lines 1, 3\)"):
        plan_replace("a = 1\nb\na = 1\n", "a = 1", "a = 2")


@pytest.mark.parametrize(
    ("text", "old"), [("aaa", "aa"), ("  a\n    a\n  a\n", "a\na"), ("x\n\n\n\ny", "\n\n")]
)
def test_overlapping_matches_are_several(text: str, old: str) -> None:
    with pytest.raises(ToolError, match=r"Found [23] matches"):
        plan_replace(text, old, "b")


def test_replace_all_changes_every_match_without_overlap() -> None:
    assert replaced("aaaa", "aa", "b", replace_all=True)[0] == "bb"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "x", "cannot be empty"),
        ("x", "x", "identical"),
        ("zzz", "x", "Could not find a match"),
    ],
)
def test_impossible_edits_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        plan_replace("a\nb\n", old, new)


def test_an_edit_that_is_applied_already_is_named_so() -> None:
    with pytest.raises(ToolError, match=r"applied already") as caught:
        plan_replace("a\nnew line\n", "old line", "new line")
    assert caught.value.code == "already_applied"


def test_the_error_shows_the_nearest_text_with_line_numbers() -> None:
    text = "first\ndef compute(alpha, beta):\n    return 1\n"
    with pytest.raises(ToolError, match=r"     2\|def compute\(alpha, beta\)"):
        plan_replace(text, "def compute(alpha, gamma, delta):", "x")


_BLOCK = "def f():\n    first = load(one)\n    second = load(two)\n    return first\n"


def test_a_similar_block_is_edited_when_it_is_the_only_one() -> None:
    old = "def f():\n    first = load(one)\n    second = load(twoo)\n    return first\n"
    result, edit = replaced(_BLOCK + "other = 1\n", old, "def f():\n    return 0\n")
    assert edit.strategy == "block_anchor"
    assert 0.85 <= edit.similarity < 1
    assert result == "def f():\n    return 0\nother = 1\n"


def test_two_similar_blocks_are_never_chosen_between() -> None:
    text = _BLOCK + _BLOCK.replace("two", "six")
    old = _BLOCK.replace("two", "ten")
    assert locate(text, old) is None
    assert locate_similar(text, old) is None


def test_a_block_below_the_similarity_is_refused() -> None:
    old = "def f():\n    alpha = load(one)\n    beta = parse(x)\n    return first\n"
    assert locate_similar(_BLOCK, old) is None


def test_a_single_similar_line_is_never_edited() -> None:
    assert locate_similar("value_2 = compute(10)\n", "value_1 = compute(10)") is None


def test_new_lines_take_the_indentation_of_the_place() -> None:
    text = "class A:\n    def f(self):\n        a()\n        b()\n"
    old = "def f(self):\n    a()\n    b()"
    new = "def f(self):\n    if x:\n        a()\n    c()"
    assert replaced(text, old, new)[0] == (
        "class A:\n    def f(self):\n        if x:\n            a()\n        c()\n"
    )


def test_blanks_become_tabs_where_the_file_has_tabs() -> None:
    text = "if a:\n\tb()\n\tc()\n"
    old = "if a:\n    b()\n    c()"
    new = "if a:\n    b()\n    if d:\n        c()"
    assert replaced(text, old, new)[0] == "if a:\n\tb()\n\tif d:\n\t\tc()\n"


def test_a_match_inside_a_widened_character_is_none() -> None:
    assert locate("a—b", "a-") is None


# --- what must stay -----------------------------------------------------------------

_LINES = st.lists(st.text(st.sampled_from("ab \t(){}“—é"), max_size=8), min_size=1, max_size=12)


Splicer = Callable[[TextFile, Sequence[Splice]], TextFile]


def _other_lines_survive(
    lines: list[str], ends: list[str], at: int, new: str, splice: Splicer = TextFile.spliced
) -> None:
    """Replace line `at` and look at all others, byte for byte."""
    raw = "".join(line + end for line, end in zip(lines, ends, strict=False))
    file = decode(raw.encode())
    old = lines[at]
    try:
        edit = plan_replace(file.text, old, new)
    except ToolError:
        return
    assert edit.strategy == "exact"
    changed = splice(file, edit.splices).encode().decode()
    start = sum(len(line) + len(end) for line, end in zip(lines[:at], ends, strict=False))
    assert (
        changed
        == raw[:start]
        + changed[start : len(changed) - len(raw) + start + len(old)]
        + (raw[start + len(old) :])
    )
    assert changed[start:].replace("\r\n", "\n").startswith(new)


@pytest.mark.ac("patch-only-the-span")
@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(data=st.data(), lines=_LINES, new=st.text(st.sampled_from("xyz\n"), max_size=6))
def test_a_replace_never_changes_another_line(
    data: st.DataObject, lines: list[str], new: str
) -> None:
    ends = data.draw(
        st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(lines), max_size=len(lines))
    )
    at = data.draw(st.integers(0, len(lines) - 1))
    _other_lines_survive(lines, ends, at, new)


@pytest.mark.ac("patch-only-the-span")
def test_the_property_finds_a_planted_bug() -> None:
    """A splice that forgets about the carriage returns before it must be caught."""

    def forgetful(file: TextFile, splices: Sequence[Splice]) -> TextFile:
        raw = file.raw
        for splice in reversed(splices):
            raw = raw[: splice.start] + splice.new + raw[splice.end :]
        return TextFile(raw, file.encoding, file.mark)

    @settings(max_examples=500, derandomize=True, deadline=None, database=None)
    @given(lines=_LINES, new=st.text(st.sampled_from("xyz"), max_size=6), at=st.integers(0, 11))
    def search(lines: list[str], new: str, at: int) -> None:
        ends = ["\r\n"] * len(lines)
        _other_lines_survive(lines, ends, min(at, len(lines) - 1), new, forgetful)

    with pytest.raises(AssertionError):
        search()


_PERTURBED: tuple[Callable[[str], str], ...] = (
    lambda line: line.strip(),
    lambda line: f"{line}  ",
    lambda line: f"    {line}",
    lambda line: line.replace("    ", "\t"),
    lambda line: line.replace("(", "( "),
    lambda line: line.replace("-", "—"),
    lambda line: line.replace("0", "1"),
)


@pytest.mark.ac("patch-only-the-span")
@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(data=st.data(), depths=st.lists(st.integers(0, 3), min_size=6, max_size=20))
def test_a_badly_quoted_block_is_edited_in_place_or_refused(
    data: st.DataObject, depths: list[int]
) -> None:
    words = data.draw(
        st.lists(
            st.sampled_from(["call(x, 10)", "a - b", "return", "", "if y:"]),
            min_size=len(depths),
            max_size=len(depths),
        )
    )
    lines = ["    " * depth + word for depth, word in zip(depths, words, strict=True)]
    first = data.draw(st.integers(0, len(lines) - 3))
    last = data.draw(st.integers(first + 2, len(lines)))
    perturb = data.draw(st.sampled_from(_PERTURBED))
    old = "\n".join(perturb(line) for line in lines[first:last])
    try:
        result, edit = replaced("\n".join(lines), old, "NEW")
    except ToolError:
        return
    after = result.split("\n")
    at = next(n for n, line in enumerate(after) if "NEW" in line)
    kept = len(lines) - (len(after) - at - 1)
    assert after[:at] == lines[:at]
    assert after[at + 1 :] == lines[kept:]
    replaced_lines = [line.strip() for line in lines[at:kept]]
    quoted = [line.strip() for line in old.split("\n")]
    if edit.strategy == "exact":
        assert "\n".join(lines).count(old) == 1
        assert result == "\n".join(lines).replace(old, "NEW")
    if edit.strategy == "line_trimmed":
        assert quoted == replaced_lines
    assert edit.similarity >= 0.85


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\nb\r\nc", b"a\r\nx\r\ny\r\nc"),
        (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\nx\ny\n"),
        (b"a\nb\nc\r\n", b"a\nx\ny\nc\r\n"),
        ("é\nb\n".encode("cp1252"), "é\nx\ny\n".encode("cp1252")),
        ("\ufeffa\nb\n".encode("utf-16-le"), "\ufeffa\nx\ny\n".encode("utf-16-le")),
        (b"b", b"x\ny"),
    ],
)
async def test_line_ends_mark_encoding_and_final_newline_stay(
    ctx: ToolContext, work: Path, before: bytes, after: bytes
) -> None:
    (work / "f.txt").write_bytes(before)
    await replace(ctx, "f.txt", "b", "x\ny")
    assert (work / "f.txt").read_bytes() == after


async def test_the_mode_stays_and_no_temporary_file_is_left(ctx: ToolContext, work: Path) -> None:
    (work / "f.sh").write_text("a\n")
    (work / "f.sh").chmod(0o751)
    await replace(ctx, "f.sh", "a", "b")
    assert (work / "f.sh").stat().st_mode & 0o777 == 0o751
    assert names(work) == ["f.sh"]


async def test_a_link_stays_and_its_target_is_edited(ctx: ToolContext, work: Path) -> None:
    (work / "real.txt").write_text("a\n")
    (work / "link.txt").symlink_to("real.txt")
    await replace(ctx, "link.txt", "a", "b")
    assert (work / "link.txt").is_symlink()
    assert (work / "real.txt").read_text() == "b\n"


# --- the tool -----------------------------------------------------------------------


async def test_the_result_names_diff_strategy_and_facts(ctx: ToolContext, work: Path) -> None:
    (work / "f.py").write_text("a = 1\nb = 2\n")
    result = await replace(ctx, "f.py", "b = 2", "b = 3\nc = 4")
    assert result.data["success"] is True
    assert result.data["files_modified"] == ["f.py"]
    assert (result.data["strategy"], result.data["similarity"]) == ("exact", 1.0)
    assert "-b = 2\n+b = 3\n+c = 4\n" in result.data["diff"]
    assert result.data["lint"] == {"status": "ok", "output": ""}
    assert result.summary == "+2 −1"
    (diff,) = result.diffs
    assert (diff.path, diff.added, diff.removed) == ("f.py", 2, 1)
    assert isinstance(ctx.checkpoints, FakeCheckpoints)
    assert ctx.checkpoints.taken == [((work / "f.py",), "before patch")]


async def test_only_new_syntax_errors_are_told(ctx: ToolContext, work: Path) -> None:
    (work / "f.py").write_text("a = 1\n")
    broken = await replace(ctx, "f.py", "a = 1", "a = (")
    assert broken.data["lint"]["status"] == "error"
    assert "line 1" in broken.data["lint"]["output"]
    again = await replace(ctx, "f.py", "a = (", "b = (")
    assert again.data["lint"]["status"] == "skipped"
    assert not (work / "__pycache__").exists()


async def test_a_missing_and_a_binary_file_are_refused(ctx: ToolContext, work: Path) -> None:
    (work / "f.bin").write_bytes(b"a\0b")
    with pytest.raises(ToolError, match=r"File not found: x\.txt"):
        await replace(ctx, "x.txt", "a", "b")
    with pytest.raises(ToolError, match="binary"):
        await replace(ctx, "f.bin", "a", "b")


async def test_a_character_the_encoding_lacks_is_refused(ctx: ToolContext, work: Path) -> None:
    (work / "f.txt").write_bytes(b"caf\xe9 a\n")
    with pytest.raises(ToolError, match=r"cp1252, which has no '→'"):
        await replace(ctx, "f.txt", "a\n", "→\n")
    assert (work / "f.txt").read_bytes() == b"caf\xe9 a\n"


async def test_a_masked_secret_is_never_written(ctx: ToolContext, work: Path) -> None:
    (work / "c.py").write_text('key = "real"\n')
    with pytest.raises(ToolError, match="masked secret"):
        await replace(ctx, "c.py", '"real"', '"«redacted:ghp_…»"')
    assert (work / "c.py").read_text() == 'key = "real"\n'


async def test_a_change_by_somebody_else_is_pointed_out(ctx: ToolContext, work: Path) -> None:
    (work / "f.txt").write_text("a\nb\n")
    await ReadFile().run(ReadFileArgs("f.txt"), ctx)
    (work / "f.txt").write_text("a\nb\nc\n")
    first = await replace(ctx, "f.txt", "b", "x")
    second = await replace(ctx, "f.txt", "x", "y")
    assert "changed by something else" in first.data["_warning"]
    assert "_warning" not in second.data


async def test_a_refusal_of_the_guard_changes_nothing(work: Path) -> None:
    (work / "f.txt").write_text("a\n")
    ctx = tool_context(
        work,
        services={ReadMemory: ReadMemory()},
        permissions=FakePermissions(blocked=[work / "f.txt"]),
    )
    with pytest.raises(ToolBlocked):
        await replace(ctx, "f.txt", "a", "b")
    assert (work / "f.txt").read_text() == "a\n"


# --- patches over several files -----------------------------------------------------


async def test_a_patch_updates_adds_deletes_and_moves(ctx: ToolContext, work: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        (work / name).write_text(f"{name}\none\ntwo\n")
    (work / "c.txt").chmod(0o640)
    result = await apply(
        ctx,
        "*** Begin Patch\n"
        "*** Update File: a.txt\n@@ a.txt @@\n one\n-two\n+2\n"
        "*** Add File: sub/new.txt\n+hello\n+world\n"
        "*** Delete File: b.txt\n"
        "*** Move File: c.txt -> moved/c.txt\n"
        "*** Update File: d.txt\n*** Move to: e.txt\n@@\n-one\n+1\n"
        "*** End Patch\n",
    )
    assert (work / "a.txt").read_text() == "a.txt\none\n2\n"
    assert (work / "sub" / "new.txt").read_text() == "hello\nworld\n"
    assert (work / "moved" / "c.txt").read_text() == "c.txt\none\ntwo\n"
    assert (work / "moved" / "c.txt").stat().st_mode & 0o777 == 0o640
    assert (work / "e.txt").read_text() == "d.txt\n1\ntwo\n"
    assert names(work) == ["a.txt", "e.txt", "moved", "sub"]
    assert result.data["files_modified"] == ["a.txt"]
    assert sorted(result.data["files_created"]) == ["e.txt", "moved/c.txt", "sub/new.txt"]
    assert sorted(result.data["files_deleted"]) == ["b.txt", "c.txt", "d.txt"]


@pytest.mark.ac("patch-all-or-nothing")
async def test_a_patch_whose_third_file_cannot_match_changes_nothing(
    ctx: ToolContext, work: Path
) -> None:
    for name in "abc":
        (work / name).write_text("one\ntwo\n")
    with pytest.raises(ToolError, match=r"no files were modified\):\n- c: Could not find"):
        await apply(
            ctx,
            "*** Update File: a\n@@\n-one\n+1\n*** Update File: b\n@@\n-one\n+1\n"
            "*** Update File: c\n@@\n-absent\n+1\n",
        )
    assert {(work / name).read_text() for name in "abc"} == {"one\ntwo\n"}


@pytest.mark.ac("patch-all-or-nothing")
async def test_a_full_disk_takes_everything_back(work: Path) -> None:
    (work / "a").write_text("one\n")
    (work / "b").write_text("one\n")
    ctx = tool_context(work, services={ReadMemory: ReadMemory()}, files=FailingFiles("b"))
    with pytest.raises(ToolError, match="b could not be written: No space left"):
        await apply(
            ctx,
            "*** Add File: new/x\n+x\n*** Update File: a\n@@\n-one\n+1\n"
            "*** Update File: b\n@@\n-one\n+1\n",
        )
    assert (work / "a").read_text() == "one\n"
    assert names(work) == ["a", "b"]


async def test_one_closed_file_refuses_the_whole_patch(work: Path) -> None:
    (work / "a").write_text("one\n")
    ctx = tool_context(
        work,
        services={ReadMemory: ReadMemory()},
        permissions=FakePermissions(blocked=[work / "etc"]),
    )
    with pytest.raises(ToolBlocked):
        await apply(ctx, "*** Update File: a\n@@\n-one\n+1\n*** Move File: a -> etc/hosts\n")
    assert (work / "a").read_text() == "one\n"


async def test_later_hunks_see_earlier_ones(ctx: ToolContext, work: Path) -> None:
    (work / "a").write_text("one\ntwo\n")
    await apply(ctx, "*** Update File: a\n@@\n-one\n+1\n@@\n 1\n-two\n+2\n")
    assert (work / "a").read_text() == "1\n2\n"


async def test_a_hint_chooses_between_equal_places(ctx: ToolContext, work: Path) -> None:
    body = "def f():\n    pass\n\ndef g():\n    pass\n"
    (work / "a").write_text(body)
    with pytest.raises(ToolError, match="Found 2 places for a hunk"):
        await apply(ctx, "*** Update File: a\n@@\n-    pass\n+    x\n")
    await apply(ctx, "*** Update File: a\n@@ def g():\n-    pass\n+    x\n")
    assert (work / "a").read_text() == "def f():\n    pass\n\ndef g():\n    x\n"


async def test_a_hunk_never_matches_inside_a_line(ctx: ToolContext, work: Path) -> None:
    (work / "a").write_text("xmax = 1\n")
    with pytest.raises(ToolError, match="Could not find"):
        await apply(ctx, "*** Update File: a\n@@\n-max = 1\n+max = 2\n")


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ("a\nb\n", "@@ a @@\n+x\n", "a\nx\nb\n"),
        ("a\nb\n", "@@\n+x\n", "a\nb\nx\n"),
        ("a\nb", "@@\n+x\n", "a\nb\nx"),
        ("a\n\nb\n", "@@\n a\n\n-b\n+c\n", "a\n\nc\n"),
        ("a\nb\na\n", "@@\n-a\n+c\n*** End of File\n", "a\nb\nc\n"),
        ("a\nb\n", "@@\n-a\n", "b\n"),
        ("a\r\nb\r\n", "@@\n a\n-b\n+c\n+d\n", "a\r\nc\r\nd\r\n"),
        ("a\nb\n", "@@ -1,2 +1,2 @@\n-a\n+c\n", "c\nb\n"),
        ("a\nb", "@@ b\n+x\n", "a\nb\nx"),
        ("a\nb\n", "\n-a\n+c\n\\ No newline at end of file\n", "c\nb\n"),
        ("x\n", "*** End of File\n@@\n-x\n+y\n", "y\n"),
        ("a\nof h\na\nh\na\n", "@@ h\n-a\n+c\n", "a\nof h\na\nh\nc\n"),
        ("a\nb\n", "@@\n-a\n+c\n@@\n b\n", "c\nb\n"),
        ("", "@@\n+x\n", "x\n"),
    ],
)
async def test_hunks_of_every_form(
    ctx: ToolContext, work: Path, before: str, patch: str, after: str
) -> None:
    (work / "f").write_bytes(before.encode())
    await apply(ctx, f"***Begin Patch\n*** Update File: f\n{patch}*** End Patch")
    assert (work / "f").read_bytes().decode() == after


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ("", "the patch names no file"),
        ("*** Begin Patch\n\n*** End Patch\n*** Delete File: a\n", "the patch names no file"),
        ("\nnonsense", "line 2: expected '*** Update File: PATH'"),
        ("*** Update File: \n@@\n-a\n+b\n", "line 1: no path"),
        ("*** Update File: a\n", "a: an update needs at least one hunk"),
        ("*** Update File: a\n@@\n only context\n", "a: an update needs at least one hunk"),
        ("*** Move File: a\n", "line 1: expected 'OLD -> NEW'"),
        ("*** Move File: a -> \n", "line 1: expected 'OLD -> NEW'"),
        ("*** Add File: a\n+x\nno sign\n", "line 3: lines of an added file begin with '+'"),
        ("*** Move to: b\n", "line 1: 'Move to' must follow 'Update File'"),
        ("*** Delete File: a\n*** Move to: b\n", "line 2: 'Move to' must follow"),
        ("*** Delete File: a\n\n-old line\n", "line 3: nothing may follow 'delete'"),
        ("*** Move File: a -> b\n@@\n", "line 2: nothing may follow 'move'"),
    ],
)
def test_text_that_is_no_patch_is_refused_with_the_line(patch: str, reason: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse(patch)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("body", "hunk", "reason"),
    [
        ("a\nb\n", "@@\n-a\n+b\n", "a hunk seems to be applied already"),
        ("x\ny\nx\n", "@@\n-x\n+z\n", "Found 2 places for a hunk (lines 1, 3)"),
        ("x\nh\nh\nx\n", "@@ h\n-x\n+z\n", "Found 2 places for a hunk (lines 1, 4)"),
        ("a\n", "@@ gone\n+x\n", "the hint 'gone' must name exactly one line"),
        ("h\na\nh\n", "@@ h\n+x\n", "the hint 'h' must name exactly one line"),
    ],
)
async def test_a_hunk_without_one_place_is_refused_with_the_reason(
    ctx: ToolContext, work: Path, body: str, hunk: str, reason: str
) -> None:
    (work / "f").write_text(body)
    if "applied already" in reason:
        (work / "f").write_text("b\n")
    with pytest.raises(ToolError) as caught:
        await apply(ctx, f"*** Update File: f\n{hunk}")
    assert reason in str(caught.value)


async def test_a_move_never_overwrites(ctx: ToolContext, work: Path) -> None:
    (work / "a").write_text("a")
    (work / "b").write_text("b")
    with pytest.raises(ToolError, match="b exists already"):
        await apply(ctx, "*** Move File: a -> b\n")
    assert (work / "b").read_text() == "b"


async def test_a_five_thousand_line_file_is_patched(ctx: ToolContext, work: Path) -> None:
    lines = [f"line {n} ünï\n" for n in range(5000)]
    (work / "f").write_text("".join(lines))
    await apply(ctx, "*** Update File: f\n@@\n line 4000 ünï\n-line 4001 ünï\n+new\n")
    lines[4001] = "new\n"
    assert (work / "f").read_text() == "".join(lines)


def test_the_paths_of_a_patch_are_known_before_it_runs() -> None:
    args = PatchArgs(mode="patch", patch="*** Move File: a -> b\n*** Delete File: c\n")
    assert Patch().paths(args) == ("a", "b", "c")
    assert Patch().preview(args) == "a and 2 more"
