"""The local disk behind the `Files` port.

Blocking work runs in the default thread pool of the loop. A write goes to a
temporary file in the same folder and is renamed over the target, so a reader sees
the old bytes or the new ones, never half of either. A link at the path is replaced,
not followed: callers resolve first, so a link swapped in later cannot lead elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import tempfile
from pathlib import Path


class LocalFiles:
    """Read and write the disk of this machine."""

    async def read_bytes(self, path: Path, *, limit: int | None = None) -> bytes:
        """Return the file's bytes, at most `limit` of them if given.

        Raises:
            OSError: As `Path.read_bytes` does.
        """
        return await asyncio.to_thread(_read, path, limit)

    async def write_bytes(self, path: Path, data: bytes) -> None:
        """Replace the file's content by rename, keeping its mode.

        Raises:
            OSError: The folder is missing or closed, or the disk is full. The old
                content is untouched.
        """
        await asyncio.to_thread(write_atomically, path, data)


def _read(path: Path, limit: int | None) -> bytes:
    if limit is None:
        return path.read_bytes()
    with path.open("rb") as source:
        return source.read(limit)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` by rename, keeping mode and owner where it may.

    A new file gets the mode the process's umask gives; so does one that takes the
    place of a symbolic link.

    Raises:
        OSError: Nothing was changed.
    """
    try:
        before: os.stat_result | None = path.lstat()
    except FileNotFoundError:
        before = None
    if before is not None and stat.S_ISLNK(before.st_mode):
        before = None
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as sink:  # noqa: PTH123  the descriptor is open already
            sink.write(data)
            sink.flush()
            os.fsync(sink.fileno())
        if before is None:
            Path(name).chmod(0o666 & ~_umask())
        else:
            _keep_owner(name, before)
            Path(name).chmod(before.st_mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _keep_owner(name: str, before: os.stat_result) -> None:
    """Give the new file the old one's owner; only a privileged process can change it."""
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.chown(name, before.st_uid, before.st_gid)


def _umask() -> int:
    """The process's umask, read without changing it where the system tells it."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0o022
    line = next((line for line in status.splitlines() if line.startswith("Umask:")), "Umask: 022")
    return int(line.split()[1], 8)
