"""Carry out planned changes of files: all of them, or none.

Planning and asking happen before; here every file is written by rename, and when one
step fails the earlier ones are taken back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from hermes_core.errors import ToolError
from hermes_core.events import FileDiff
from hermes_core.security.redaction import contains_sentinel
from hermes_core.tools.base import ToolContext
from hermes_core.tools.files.diffs import file_diff
from hermes_core.tools.files.read_memory import ReadMemory, content_version
from hermes_core.tools.files.text_file import decode, looks_binary

_log = logging.getLogger(__name__)


class Change(Struct, frozen=True, kw_only=True):
    """One file before and after."""

    shown: str
    """The path as the model gave it."""
    path: Path
    """Resolved, by `Permissions.writable` at the latest when it is carried out."""
    before: bytes | None
    """None: the file is new."""
    after: bytes | None
    """None: the file goes."""
    mode_of: Path | None = None
    """A new file takes the mode of this one (a move)."""

    def diff(self) -> FileDiff:
        """Return the change for screens; a binary side counts as empty."""
        return file_diff(self.shown, _text(self.before), _text(self.after))


async def carry_out(changes: Sequence[Change], ctx: ToolContext, *, cause: str) -> list[Path]:
    """Ask for every file, snapshot, then write; return the resolved paths.

    Raises:
        ToolBlocked: One of the files may not be written; nothing was changed.
        ToolError: Writing failed, or a masked secret would be written; nothing was
            changed, or everything was taken back.
    """
    for change in changes:
        _refuse_masked(change)
    paths = [await ctx.permissions.writable(change.path, diff=change.diff()) for change in changes]
    ctx.cancel.raise_if_set()
    await ctx.checkpoints.before_change(paths, cause=cause)
    done: list[tuple[Change, Path]] = []
    made: list[Path] = []
    try:
        for change, path in zip(changes, paths, strict=True):
            done.append((change, path))
            await _write(change, path, ctx, made)
    except OSError as error:
        await _take_back(done, ctx, made)
        reason = error.strerror or str(error)
        raise ToolError(f"{done[-1][0].shown} could not be written: {reason}") from error
    memory = ctx.service(ReadMemory)
    for change, path in done:
        if change.after is None:
            memory.forget(path)
        else:
            memory.saw(path, content_version(change.after))
    return paths


async def current(path: Path, ctx: ToolContext) -> bytes | None:
    """Return what the file holds now, or None if there is none.

    Raises:
        ToolError: It is a folder or a device, or cannot be read.
    """
    kind = await asyncio.to_thread(_kind, path)
    if kind is None:
        return None
    if stat.S_ISDIR(kind):
        raise ToolError(f"{path} is a folder")
    if not stat.S_ISREG(kind):
        raise ToolError(f"{path} is no regular file")
    try:
        return await ctx.files.read_bytes(path)
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror or error}") from error


def stale_warning(path: Path, before: bytes | None, memory: ReadMemory) -> str | None:
    """Return a warning if the file changed since it was last read in this session."""
    known = memory.version(path)
    if known is None or before is None or known == content_version(before):
        return None
    return f"{path.name} was changed by something else since you last read it."


def _refuse_masked(change: Change) -> None:
    if change.after is not None and contains_sentinel(
        _added_text(change), stored=_text(change.before)
    ):
        raise ToolError(
            f"{change.shown}: the text holds a masked secret («redacted:…» or ***), "
            "which would destroy the real value",
            code="masked",
            hint="Leave the lines with the secret out of the edit, or use a variable instead.",
        )


def _added_text(change: Change) -> str:
    """The lines that were not in the file already: a mask it held before is its own."""
    before = set(_text(change.before).split("\n"))
    return "\n".join(line for line in _text(change.after).split("\n") if line not in before)


async def _write(change: Change, path: Path, ctx: ToolContext, made: list[Path]) -> None:
    if change.after is None:
        await asyncio.to_thread(path.unlink)
        return
    made += await asyncio.to_thread(_prepare_folder, path)
    await ctx.files.write_bytes(path, change.after)
    if change.mode_of is not None:
        await asyncio.to_thread(_copy_mode, change.mode_of, path)


def _prepare_folder(path: Path) -> list[Path]:
    """Make missing folders and refuse a folder that was swapped for a link meanwhile."""
    missing = []
    folder = path.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    path.parent.mkdir(parents=True, exist_ok=True)
    if Path(os.path.realpath(path.parent)) != path.parent:
        raise PermissionError(f"{path.parent} became a link")
    return missing


def _copy_mode(source: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        target.chmod(stat.S_IMODE(source.stat().st_mode))


async def _take_back(
    done: Sequence[tuple[Change, Path]], ctx: ToolContext, made: Sequence[Path]
) -> None:
    for change, path in reversed(done):
        try:
            if change.before is None:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            elif await asyncio.to_thread(_bytes_of, path) != change.before:
                await ctx.files.write_bytes(path, change.before)
        except OSError:
            _log.warning("cannot take back the change of %s", path, exc_info=True)
    for folder in made:
        with contextlib.suppress(OSError):  # not empty: somebody else uses it now
            folder.rmdir()


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _kind(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror or error}") from error


def _text(data: bytes | None) -> str:
    return "" if data is None or looks_binary(data) else decode(data).text
