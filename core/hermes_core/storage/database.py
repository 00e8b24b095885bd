"""One SQLite file, one writing thread, a few reading ones.

Every write is one short `BEGIN IMMEDIATE` transaction on the writing thread; nothing
inside one waits for anything but the disk. Readers see the last commit. A write that
was handed over is carried out even when the task that asked for it is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hermes_core.errors import StoreReadOnly, StoreUnavailable

T = TypeVar("T")

BUSY_TIMEOUT_MS = 2_400
"""One wait for the lock. A write waits twice at most, and so never longer than 5 s."""
READERS = 3
FULL_BELOW = 256 * 1024
"""Free bytes that SQLite cannot do with: a write-ahead log begins with 32 kB, and grows."""

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def connect(
    path: Path,
    *,
    read_only: bool = False,
    synchronous: str = "normal",
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> sqlite3.Connection:
    """Open one connection the way all of ours are set up.

    Raises:
        sqlite3.Error: It cannot be opened or is not a database.
    """
    if synchronous not in ("normal", "full"):
        raise ValueError(f"synchronous must be normal or full, not {synchronous}")
    if not read_only:
        _create(path)
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,  # closed from another thread than it worked in
        timeout=busy_timeout_ms / 1000,
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if not read_only:
            connection.execute(f"PRAGMA synchronous = {synchronous.upper()}")
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make the file private from its first byte on.

    Only when it is missing: closing any other handle of a database that is in use
    here would drop all the locks this process holds on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def error_code(error: BaseException) -> int:
    """SQLite's primary result code, 0 for errors that carry none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def unavailable(error: BaseException, path: Path) -> StoreUnavailable:
    """Turn an error of SQLite or the disk into one sentence for a person."""
    code = error_code(error)
    if code in _BUSY:
        return StoreUnavailable(
            f"{path.name} is locked by another process", hint="Close the other one or try again."
        )
    if code in _BROKEN:
        return StoreUnavailable(
            f"{path} is damaged or not a database: {error}",
            hint="Move it away, or put the copy beside it in its place.",
        )
    return StoreUnavailable(
        f"{path} cannot be used: {getattr(error, 'strerror', None) or error}",
        hint=_place_problem(path.parent),
    )


def _place_problem(folder: Path) -> str:
    """What about the folder keeps any database in it from being used; may be empty."""
    if not folder.is_dir():
        return "HERMES_HOME may name another folder for what the program keeps."
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"Nothing can be written in {folder}. HERMES_HOME may name another folder."
    if is_full(folder):
        return f"The disk with {folder} is full."
    return ""


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room left for a database to work."""
    return shutil.disk_usage(folder).free < FULL_BELOW


def transact(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run `work` in one transaction; all of it is kept, or nothing.

    Waits up to twice the busy timeout for the lock.

    Raises:
        sqlite3.Error: From `work`, or because the lock could not be had.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error_code(error) not in _BUSY:
            raise
        connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


class Database:
    """The threads and connections of one file."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        synchronous: str = "normal",
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
        opener: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._synchronous = synchronous
        self._busy_timeout_ms = busy_timeout_ms
        self._open_for_reading = opener or (lambda path: connect(path, read_only=True))
        self._writer_pool = ThreadPoolExecutor(1, thread_name_prefix=f"{path.name}-write")
        self._reader_pool = ThreadPoolExecutor(READERS, thread_name_prefix=f"{path.name}-read")
        self._writer: sqlite3.Connection | None = None
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._broken: StoreUnavailable | None = None
        self._is_closed = False

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction on the writing thread.

        Raises:
            StoreReadOnly: The file was written by a newer version.
            StoreUnavailable: Locked, full, damaged; after damage every write is refused.
        """
        return await self._on_writer(lambda connection: transact(connection, work))

    async def maintain(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the writing thread outside any transaction (checkpoints, vacuum)."""
        return await self._on_writer(work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on a reading thread.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        self._check_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader_pool, self._run_read, work)

    async def aclose(self) -> None:
        """Finish what was handed over and close every connection."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Like `aclose`, blocking."""
        self._is_closed = True
        self._writer_pool.shutdown(wait=True)
        self._reader_pool.shutdown(wait=True)
        # The writer goes last: only it can fold the write-ahead log in and remove it.
        for connection in sorted(self._opened, key=lambda one: one is self._writer):
            connection.close()
        self._opened.clear()
        self._writer = None

    async def _on_writer(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self.read_only:
            raise StoreReadOnly(
                f"{self.path.name} was written by a newer version; nothing is saved here"
            )
        self._check_open()
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._writer_pool, self._run_write, work))

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"{self.path.name} was closed")

    def _run_write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._broken is not None:
            raise self._broken
        try:
            if self._writer is None:
                self._writer = connect(
                    self.path,
                    synchronous=self._synchronous,
                    busy_timeout_ms=self._busy_timeout_ms,
                )
                self._opened.append(self._writer)
            return work(self._writer)
        except (sqlite3.OperationalError, OSError) as error:
            raise unavailable(error, self.path) from error
        except sqlite3.DatabaseError as error:
            if error_code(error) not in _BROKEN:
                raise
            self._broken = unavailable(error, self.path)
            raise self._broken from error

    def _run_read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._open_for_reading(self.path)
                self._local.connection = connection
                self._opened.append(connection)
            return work(connection)
        except (sqlite3.OperationalError, OSError) as error:
            raise unavailable(error, self.path) from error
        except sqlite3.DatabaseError as error:
            if error_code(error) not in _BROKEN:
                raise
            raise unavailable(error, self.path) from error
