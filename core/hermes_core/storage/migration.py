"""Bringing `hermes.db` to the version this program writes.

Before a file with content is changed, SQLite's backup API makes a copy beside it
(`hermes.db.before-v2`). Going back to an older program means putting the copy in
its place. A file from a newer program is left alone and opened for reading.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from hermes_core.storage.database import connect, transact
from hermes_core.storage.schema import MIGRATIONS


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open database; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(path: Path, steps: Sequence[str] = MIGRATIONS) -> int:
    """Create the file or bring it up to date.

    Returns:
        The version found before. Above `len(steps)` nothing was touched.

    Raises:
        sqlite3.Error: The file is damaged, locked or cannot be written.
        OSError: The folder cannot be written.
    """
    connection = connect(path)
    try:
        found = version_of(connection)
        if found < len(steps):
            if found:
                _keep_copy(connection, copy_name(path, len(steps)))
            transact(connection, lambda locked: _apply(locked, steps))
        return found
    finally:
        connection.close()


def copy_name(path: Path, version: int) -> Path:
    """Where the copy made before the step to `version` lies."""
    return path.with_name(f"{path.name}.before-v{version}")


def copies(path: Path) -> list[Path]:
    """The copies that exist, any version."""
    return sorted(path.parent.glob(f"{path.name}.before-v*"))


def _apply(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    # Read again under the lock: another process may have done the work meanwhile.
    for number in range(version_of(connection), len(steps)):
        for statement in _statements(steps[number]):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def _statements(script: str) -> list[str]:
    """Split a script; `executescript` would commit the open transaction."""
    return [part for part in (piece.strip() for piece in script.split(";")) if part]


def _keep_copy(connection: sqlite3.Connection, target: Path) -> None:
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    copy = sqlite3.connect(draft)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    draft.replace(target)
