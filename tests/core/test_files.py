"""The local disk behind the port: whole writes, kept modes, no link followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_core.files import LocalFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "work"


async def test_a_new_file_gets_the_mode_of_the_umask(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        await LocalFiles().write_bytes(folder / "f", b"x")
    finally:
        os.umask(before)
    assert (folder / "f").stat().st_mode & 0o777 == 0o640


async def test_a_replaced_file_keeps_its_mode(folder: Path) -> None:
    (folder / "f").write_bytes(b"old")
    (folder / "f").chmod(0o755)
    await LocalFiles().write_bytes(folder / "f", b"new")
    assert (folder / "f").read_bytes() == b"new"
    assert (folder / "f").stat().st_mode & 0o777 == 0o755


async def test_a_link_that_was_swapped_in_is_replaced_not_followed(folder: Path) -> None:
    (folder / "victim").write_bytes(b"keep")
    (folder / "f").symlink_to(folder / "victim")
    await LocalFiles().write_bytes(folder / "f", b"new")
    assert (folder / "victim").read_bytes() == b"keep"
    assert (folder / "f").read_bytes() == b"new"


async def test_a_failed_write_leaves_nothing_behind(folder: Path) -> None:
    (folder / "f").mkdir()
    with pytest.raises(OSError, match="f"):
        await LocalFiles().write_bytes(folder / "f", b"new")
    assert sorted(entry.name for entry in _entries(folder)) == ["f"]


async def test_a_limit_reads_the_head(folder: Path) -> None:
    (folder / "f").write_bytes(b"abcdef")
    assert await LocalFiles().read_bytes(folder / "f", limit=3) == b"abc"


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())
