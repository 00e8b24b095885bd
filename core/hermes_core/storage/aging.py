"""What is cleared away with age: old event logs, files of old conversations, old log files.

Messages are never touched here; conversations as a whole go only where that was asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from hermes_core.paths import Home
from hermes_core.storage import lease_rows
from hermes_core.storage.database import Database
from hermes_core.storage.deletion import attachment_paths

DAY_S = 86_400.0
_CLAIM = "upkeep_at"
"""Key in `meta`: when some process looked last, in seconds since the epoch."""
_WAITING_INPUT = "input_"
"""How the files of messages begin that were accepted and not delivered yet."""


class Aging:
    """The part of the store about what has grown old."""

    _database: Database
    _clock: Callable[[], float]
    _judge: lease_rows.Judge

    async def claim_upkeep(self, *, every_s: float) -> bool:
        """Whether it is this process's turn to clear away; of several one a time is."""
        now = self._clock()

        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (_CLAIM,)).fetchone()
            if row is not None and 0 <= now - float(row[0]) < every_s:
                return False
            db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_CLAIM, str(now)))
            return True

        return await self._database.write(work)

    async def unused_since(self, *, days: float, limit: int) -> list[str]:
        """Conversations nobody has open or has used for so long, the oldest first."""
        moment = self._clock() - days * DAY_S

        def work(db: sqlite3.Connection) -> list[str]:
            open_now = self._open_now(db)
            rows = db.execute(
                "SELECT id FROM sessions WHERE last_active < ? AND kind != 'subagent'"
                " ORDER BY last_active",
                (moment,),
            )
            return [str(row[0]) for row in rows if str(row[0]) not in open_now][:limit]

        return await self._database.read(work)

    async def files_in_use(self, *, days: float) -> tuple[set[str], set[str]]:
        """What keeps files of conversations.

        Returns:
            Ids of conversations that are open or were used within so many days, and folder
            and name of all files that messages refer to; the home may be spelled otherwise.
        """
        moment = self._clock() - days * DAY_S

        def work(db: sqlite3.Connection) -> tuple[set[str], set[str]]:
            young = db.execute("SELECT id FROM sessions WHERE last_active >= ?", (moment,))
            columns = db.execute(
                "SELECT attachments FROM messages WHERE attachments LIKE '%spills%'"
            )
            attached = {_place(Path(one)) for one in attachment_paths(row[0] for row in columns)}
            return {str(row[0]) for row in young} | self._open_now(db), attached

        return await self._database.read(work)

    def _open_now(self, db: sqlite3.Connection) -> set[str]:
        return set(lease_rows.living(db, now=self._clock(), judge=self._judge))


def old_spills(
    home: Home, *, before: float, in_use: Collection[str], attached: Collection[str]
) -> Iterator[Path]:
    """Find spilled results older than a moment. Blocking.

    Args:
        home: Whose `spills` are looked through, a folder for each conversation.
        before: Seconds since the epoch.
        in_use: Conversations whose files stay.
        attached: Folder and name of files that stay, since a message is made of them.
    """
    for folder in _entries(home.spills):
        if folder.name in in_use or folder.is_symlink() or not folder.is_dir():
            continue
        for file in _entries(folder):
            stays = file.name.startswith(_WAITING_INPUT) or _place(file) in attached
            if not stays and _is_old(file, before):
                yield file


def old_logs(home: Home, *, before: float) -> Iterator[Path]:
    """Find turned-over logs and crash reports older than a moment. Blocking."""
    for file in _entries(home.logs):
        is_done = file.suffix == ".gz" or file.match("crash-*.txt")
        if is_done and _is_old(file, before):
            yield file


def remove_files(files: Collection[Path]) -> int:
    """Delete files, and their folders of spills that are then empty. Blocking.

    Returns:
        How many were there.

    Raises:
        OSError: One cannot be deleted.
    """
    count = 0
    for file in files:
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        count += 1
        if file.parent.parent.name == "spills" and not _entries(file.parent):
            file.parent.rmdir()
    return count


def _place(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_old(file: Path, before: float) -> bool:
    try:
        return not file.is_symlink() and file.is_file() and file.stat().st_mtime < before
    except FileNotFoundError:
        return False
