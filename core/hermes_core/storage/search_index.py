"""`search.db`: a full-text index beside the store, which can be thrown away.

It holds no texts, only where words occur. Rows of `hermes.db` are indexed in the
order of their row ids behind a cursor; one batch is one transaction on `search.db`,
so that of several processes one indexes at a time and no writer of `hermes.db` ever
waits for it. Rows are read from `hermes.db` after the lock on `search.db` is held:
what was deleted before is not there, what is deleted later is taken out again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from hermes_core.errors import StoreUnavailable
from hermes_core.messages import ToolCall
from hermes_core.storage.database import Database, connect, error_code
from hermes_core.storage.search_query import (
    SearchQuery,
    index_runs,
    index_words,
    pair_tokens,
)

_log = logging.getLogger(__name__)

VERSION = 1
BATCH = 500
"""Rows indexed in one transaction."""
FREQUENT_SHARE = 0.2
"""A query matching more than this share of all rows is ranked among the newest only."""
NEWEST = 10_000
LOCK_WAIT_MS = 100
"""How long to wait for another process that is indexing."""
MAX_TEXT_CHARS = 200_000

TEXT_COLUMNS = "id, content, tool_name, tool_calls"
"""What `index_text` needs of a row of `messages`."""

_TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE VIRTUAL TABLE words USING fts5
    (text, content='', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE VIRTUAL TABLE pairs USING fts5
    (text, content='', tokenize='ascii', detail='none', columnsize=0)""",
    """CREATE VIRTUAL TABLE trigrams USING fts5
    (text, content='', tokenize='trigram', columnsize=0)""",
)
_INDEXES = ("words", "pairs", "trigrams")


def index_text(row: sqlite3.Row) -> str:
    """Everything of a message that can be searched: text, tool names, arguments."""
    parts = [row["content"] or "", row["tool_name"] or ""]
    if row["tool_calls"]:
        try:
            calls = msgspec.json.decode(row["tool_calls"], type=tuple[ToolCall, ...])
        except msgspec.DecodeError:
            parts.append(row["tool_calls"])
        else:
            parts += [f"{call.name} {call.arguments}" for call in calls]
    return "\n".join(part for part in parts if part)[:MAX_TEXT_CHARS]


class SearchIndex:
    """The index of one store."""

    def __init__(self, path: Path, store_path: Path, *, newest: int = NEWEST) -> None:
        self._path = path
        self._store_path = store_path
        self._newest = newest
        self._store_id = ""
        self._database = Database(path, busy_timeout_ms=LOCK_WAIT_MS)
        self._store: sqlite3.Connection | None = None

    async def open(self, store_id: str) -> None:
        """Create the file; one that is damaged, old or of another store is made anew.

        Args:
            store_id: Names the `hermes.db` the index belongs to.

        Raises:
            StoreUnavailable: The folder cannot be written.
        """
        self._store_id = store_id
        try:
            await self._database.write(self._prepare)
        except StoreUnavailable as error:
            if error_code(error.__cause__ or error) not in (
                sqlite3.SQLITE_CORRUPT,
                sqlite3.SQLITE_NOTADB,
            ):
                raise
            _log.warning("%s is damaged and is built again", self._path.name)
            await self._database.aclose()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._database = Database(self._path, busy_timeout_ms=LOCK_WAIT_MS)
            await self._database.write(self._prepare)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._database.aclose()
        if self._store is not None:
            self._store.close()
            self._store = None

    async def index_batch(self) -> int:
        """Index the next rows; return how many there were, 0 at the end.

        Raises:
            StoreUnavailable: Another process is indexing.
        """
        return await self._database.write(self._index_batch)

    async def cursor(self) -> int:
        """Row id up to which the index is complete."""
        return await self._database.read(_cursor)

    async def rows(self) -> int:
        """How many rows are indexed."""
        return await self._database.read(lambda connection: _number(connection, "rows"))

    async def candidates(self, query: SearchQuery, *, limit: int, offset: int) -> list[int]:
        """Row ids that match, best first. A query FTS5 refuses matches nothing."""
        return await self._database.read(
            lambda connection: _candidates(
                connection, query, limit=limit, offset=offset, newest=self._newest
            )
        )

    async def forget(self, rows: Iterable[tuple[int, str]]) -> None:
        """Take rows out, given as id and indexed text, and leave no trace of their words.

        Raises:
            StoreUnavailable: Another process is indexing.
        """
        listed = list(rows)
        await self._database.write(lambda connection: _forget(connection, listed))
        await self._database.maintain(checkpoint)

    async def clear(self) -> None:
        """Empty the index; the next batches fill it again."""
        await self._database.write(_clear)
        await self._database.maintain(checkpoint)

    # --- on the writing thread ---------------------------------------------------------

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            for table in (*_INDEXES, "meta"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            version = 0
        if version == 0:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            _set(connection, "store", self._store_id)
        known = connection.execute("SELECT value FROM meta WHERE key = 'store'").fetchone()
        if known is None or known[0] != self._store_id:
            _clear(connection)
            _set(connection, "store", self._store_id)

    def _index_batch(self, connection: sqlite3.Connection) -> int:
        if self._store is None:
            self._store = connect(self._store_path, read_only=True)
        rows = self._store.execute(
            f"SELECT {TEXT_COLUMNS} FROM messages WHERE id > ? ORDER BY id LIMIT ?",
            (_cursor(connection), BATCH),
        ).fetchall()
        if rows:
            _put(connection, [(int(row["id"]), index_text(row)) for row in rows])
            _set(connection, "cursor", str(rows[-1]["id"]))
            _set(connection, "rows", str(_number(connection, "rows") + len(rows)))
        return len(rows)


def checkpoint(connection: sqlite3.Connection) -> None:
    """Empty the write-ahead log, so that no copy of a deleted page stays in it.

    A reader in another process may keep part of it alive for as long as it reads.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _number(connection: sqlite3.Connection, key: str) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return 0 if row is None else int(row[0])


def _cursor(connection: sqlite3.Connection) -> int:
    return _number(connection, "cursor")


def _set(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def _put(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> None:
    for table, values in _entries(rows).items():
        connection.executemany(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", values)


def _entries(rows: Sequence[tuple[int, str]]) -> dict[str, list[tuple[int, str]]]:
    entries: dict[str, list[tuple[int, str]]] = {table: [] for table in _INDEXES}
    for row_id, text in rows:
        runs = index_runs(text)
        entries["words"].append((row_id, index_words(text) if runs else text))
        if runs:
            entries["pairs"].append((row_id, " ".join(pair_tokens(run) for run in runs)))
            entries["trigrams"].append((row_id, "\n".join(runs)))
    return entries


def _forget(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> None:
    cursor = _cursor(connection)
    indexed = [(row_id, text) for row_id, text in rows if row_id <= cursor]
    for table, values in _entries(indexed).items():
        connection.executemany(
            f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)", values
        )
        # A deletion is a note beside the old entry until the segments are merged.
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
    _set(connection, "rows", str(max(0, _number(connection, "rows") - len(indexed))))


def _clear(connection: sqlite3.Connection) -> None:
    for table in _INDEXES:
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    connection.execute("DELETE FROM meta WHERE key IN ('cursor', 'rows')")


def _candidates(
    connection: sqlite3.Connection, query: SearchQuery, *, limit: int, offset: int, newest: int
) -> list[int]:
    parts = [
        (table, expression)
        for table, expression in zip(
            _INDEXES, (query.words, query.pairs, query.trigrams), strict=True
        )
        if expression
    ]
    try:
        return _matching(connection, parts, limit=limit, offset=offset, newest=newest)
    except sqlite3.OperationalError as error:
        # FTS5 reports every slip in its query grammar with the general error code.
        if error_code(error) != sqlite3.SQLITE_ERROR:
            raise
        _log.debug("query refused by the index: %s", error)
        return []


def _matching(
    connection: sqlite3.Connection,
    parts: Sequence[tuple[str, str]],
    *,
    limit: int,
    offset: int,
    newest: int,
) -> list[int]:
    (table, expression), *others = parts
    where, values = [f"{table} MATCH ?"], [expression]
    for other, other_expression in others:
        where.append(f"rowid IN (SELECT rowid FROM {other} WHERE {other} MATCH ?)")
        values.append(other_expression)
    condition = " AND ".join(where)
    order = "rank" if table == "words" else "rowid DESC"
    if table == "words" and _is_frequent(connection, condition, values, newest):
        condition += f" AND rowid > {_cursor(connection) - newest}"
    rows = connection.execute(
        f"SELECT rowid FROM {table} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [int(row[0]) for row in rows]


def _is_frequent(
    connection: sqlite3.Connection, condition: str, values: Sequence[str], newest: int
) -> bool:
    total = _number(connection, "rows")
    if total <= newest:
        return False
    bound = int(total * FREQUENT_SHARE)
    found = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM words WHERE {condition} LIMIT ?)",
        (*values, bound + 1),
    ).fetchone()[0]
    return bool(found > bound)
