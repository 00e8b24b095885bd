"""What was open when a run ended in a way nobody chose, kept for the next one.

Every run has a file of its own, written anew shortly after something changed. A lock
beside it is held while the run lives; the system lets go of it however the process
ends, so a file whose lock is free was left behind.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hermes_core.config.atomic import PRIVATE, replace_text

logger = logging.getLogger(__name__)


class OpenTab(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as it was open."""

    session_id: str = ""
    """Empty if nothing was said in it yet."""
    draft: str = ""
    """What was typed and not sent, pastes whole."""
    rows_above_end: int = 0
    """How far up the person was reading; 0 at the newest row."""
    is_shown: bool = False


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    v: int = 1
    tabs: tuple[OpenTab, ...] = ()


class RunFile:
    """The file of this run. Every method blocks for the time of a small write.

    Args:
        folder: Where the files of all runs are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"run-{os.getpid()}-{time.time_ns()}.json"
        self._lock = -1

    def write(self, tabs: Sequence[OpenTab]) -> None:
        """Keep these, or nothing if there are none.

        Raises:
            OSError: The folder cannot be written.
        """
        if not tabs:
            self._path.unlink(missing_ok=True)
            return
        if self._lock < 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(
                _lock_of(self._path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE
            )
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        replace_text(self._path, msgspec.json.encode(_Saved(tabs=tuple(tabs))).decode())

    def close(self) -> None:
        """Let go; what was written last stays for the next run."""
        if self._lock >= 0:
            if not self._path.exists():
                _lock_of(self._path).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1


def take_left_behind(folder: Path) -> list[OpenTab]:
    """Return what runs that are gone left, and delete their files. Blocking.

    A file that cannot be read is told in the log and left where it is.
    """
    found: list[OpenTab] = []
    for path in sorted(folder.glob("run-*.json")):
        for _ in _held(_lock_of(path)):
            try:
                saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
                path.unlink()
            except (OSError, msgspec.MsgspecError) as error:
                logger.warning("what the last run left cannot be read: %s: %s", path, error)
                continue
            found.extend(saved.tabs)
            _lock_of(path).unlink(missing_ok=True)
    return found


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _held(lock: Path) -> Iterator[None]:
    """Yield once with the lock held; not at all if its run still lives."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        yield
    finally:
        os.close(handle)
