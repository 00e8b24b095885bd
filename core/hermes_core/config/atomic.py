"""Changing a small file of the home: one writer at a time, never half a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

PRIVATE = 0o600


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock beside a file; waits for another process to let go.

    Raises:
        OSError: The folder cannot be written.
    """
    lock = path.with_name(f".{path.name.lstrip('.')}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_text(path: Path, text: str) -> None:
    """Put a file in place at once, readable by its owner alone.

    A link is followed, so that a file kept elsewhere stays there.

    Raises:
        OSError: The place cannot be written; it is named, and the old file is untouched.
    """
    target = path.resolve()
    try:
        _replace(target, text)
    except OSError as error:
        if error.filename is None:  # a full disk does not say where
            error.filename = str(path)
        raise


def _replace(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(PRIVATE)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
