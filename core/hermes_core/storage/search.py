"""Finding messages: keeps the index up to date and asks it.

New rows are indexed a moment after they were written, and before a query is answered.
What cannot be indexed at once, because another process is at it or because there is
too much, is looked through directly as far as the newest 500 rows go.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice

from msgspec import Struct

from hermes_core.errors import StoreUnavailable
from hermes_core.messages import SHORT_ID, SUMMARY_ID
from hermes_core.paths import Home
from hermes_core.storage.database import Database
from hermes_core.storage.deletion import PURGE_DUE
from hermes_core.storage.records import SearchHit
from hermes_core.storage.search_index import SearchIndex, index_text
from hermes_core.storage.search_query import SearchQuery, parse
from hermes_core.storage.snippet import contains, snippet

_log = logging.getLogger(__name__)

SETTLE_S = 1.0
"""How long new rows wait for more of them before they are indexed."""
SCANNED_ROWS = 500
"""How many rows that are not indexed yet a query looks through itself."""
BATCHES_BEFORE_QUERY = 4
PAGE = 100
"""Candidates asked of the index at a time; some fall away by role, user or deletion."""
MAX_PAGES = 20
_LOCK_TRIES = 40

_HIT = """
    SELECT messages.id, content, tool_name, tool_calls, messages.session_id, message_id, role,
        timestamp, title, source, model, kind, parent_session_id, user_id
    FROM messages JOIN sessions ON sessions.id = messages.session_id
    WHERE rewound = 0 AND messages.session_id != :excluded
        AND substr(message_id, 1, length(:summary)) != :summary
        AND substr(message_id, 1, length(:short)) != :short
        AND (:user IS NULL OR user_id = :user)
"""


class Scope(Struct, frozen=True, kw_only=True):
    """Where to look."""

    roles: tuple[str, ...] = ()
    """Only messages of these roles; empty for all."""
    exclude_session: str = ""
    user_id: str | None = None
    """Only this person's conversations; None for everybody's."""

    @property
    def bindings(self) -> dict[str, object]:
        """Parameters of the query for hits."""
        return {
            "excluded": self.exclude_session,
            "user": self.user_id,
            "summary": SUMMARY_ID,
            "short": SHORT_ID,
        }

    def has_role(self, role: str) -> bool:
        """Whether messages of this role are wanted."""
        return not self.roles or role in self.roles


class Search:
    """The search side of one store."""

    def __init__(self, home: Home, database: Database) -> None:
        self._database = database
        self._index = SearchIndex(home.search_database, home.database)
        self._new_rows = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Prepare the index and start keeping it up to date.

        Beside a store that may only be read, the index is left alone.
        """
        if self._database.read_only:
            return
        await self._index.open(await self._database.read(_store_id))
        if await self._database.read(_purge_is_due):
            _log.warning("a deletion was cut short; the search index is built again")
            await self._index.clear()
            await self._database.write(_purge_is_done)
        self._task = asyncio.create_task(self._follow(), name="search-indexer")

    async def aclose(self) -> None:
        """Stop indexing and close the files; the next start goes on at the cursor."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._index.aclose()

    def wake(self) -> None:
        """Say that there are new rows."""
        self._new_rows.set()

    async def find(self, text: str, *, limit: int, scope: Scope) -> list[SearchHit]:
        """Return matching messages, those not indexed yet first, then best first."""
        query = parse(text)
        if query.is_empty or limit <= 0:
            return []
        cursor = await self._catch_up()
        hits = await self._database.read(lambda db: _scan(db, query, cursor, scope))
        page = 0
        while len(hits) < limit and page < MAX_PAGES and not self._database.read_only:
            candidates = await self._index.candidates(query, limit=PAGE, offset=page * PAGE)
            # What was indexed since the scan is among its hits already.
            ids = [row_id for row_id in candidates if row_id <= cursor]
            found = await self._database.read(
                partial(_fetch, ids=ids, query=query, scope=scope, limit=limit - len(hits))
            )
            hits += found
            if len(candidates) < PAGE:
                break
            page += 1
        return hits[:limit]

    async def forget(self, rows: Iterable[tuple[int, str]]) -> None:
        """Take deleted rows out of the index.

        When the index stays locked, the note in `hermes.db` stays too, and the next
        start builds the index again.
        """
        listed = list(rows)
        for _ in range(_LOCK_TRIES):
            try:
                await self._index.forget(listed)
            except StoreUnavailable as error:
                _log.info("search index busy while deleting: %s", error)
                continue
            await self._database.write(_purge_is_done)
            return
        _log.warning("deleted words stay in the search index until the next start")

    async def rebuild(self) -> int:
        """Empty the index and fill it again; return how many rows it holds."""
        await self._index.clear()
        while await self._index.index_batch():
            pass
        return await self._index.rows()

    async def _follow(self) -> None:
        self._new_rows.set()  # what an earlier process left undone
        while True:
            await self._new_rows.wait()
            self._new_rows.clear()
            await asyncio.sleep(SETTLE_S)
            try:
                while await self._index.index_batch():
                    pass
            except StoreUnavailable as error:
                _log.debug("indexing put off: %s", error)

    async def _catch_up(self) -> int:
        """Index what is new; return the row id the index reaches, 0 without an index."""
        if self._database.read_only:
            return 0
        try:
            for _ in range(BATCHES_BEFORE_QUERY):
                if not await self._index.index_batch():
                    break
        except StoreUnavailable as error:
            _log.debug("searching beside another indexer: %s", error)
        return await self._index.cursor()


def _scan(db: sqlite3.Connection, query: SearchQuery, cursor: int, scope: Scope) -> list[SearchHit]:
    """Hits among the newest rows that are not indexed yet, newest first."""
    rows = db.execute(
        f"{_HIT} AND messages.id > :cursor ORDER BY messages.id DESC LIMIT :limit",
        {**scope.bindings, "cursor": cursor, "limit": SCANNED_ROWS},
    )
    return [
        _hit(row, text, query)
        for row, text in ((row, index_text(row)) for row in rows if scope.has_role(row["role"]))
        if contains(text, query.terms)
    ]


def _fetch(
    db: sqlite3.Connection, ids: Sequence[int], query: SearchQuery, scope: Scope, limit: int
) -> list[SearchHit]:
    """The first hits of these row ids, in their order; those gone since are left out."""
    listed = ", ".join(str(row_id) for row_id in ids)
    found = db.execute(f"{_HIT} AND messages.id IN ({listed})", scope.bindings)
    rows = {int(row["id"]): row for row in found}
    present = (rows[row_id] for row_id in ids if row_id in rows)
    wanted = (row for row in present if scope.has_role(row["role"]))
    return [_hit(row, index_text(row), query) for row in islice(wanted, limit)]


def _hit(row: sqlite3.Row, text: str, query: SearchQuery) -> SearchHit:
    return SearchHit(
        session_id=row["session_id"],
        message_id=row["message_id"],
        title=row["title"],
        role=row["role"],
        snippet=snippet(text, query.terms),
        timestamp=row["timestamp"],
        source=row["source"],
        model=row["model"],
        kind=row["kind"],
        parent_session_id=row["parent_session_id"],
        user_id=row["user_id"],
    )


def _store_id(db: sqlite3.Connection) -> str:
    return str(db.execute("SELECT value FROM meta WHERE key = 'store_id'").fetchone()[0])


def _purge_is_due(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM meta WHERE key = ?", (PURGE_DUE,)).fetchone() is not None


def _purge_is_done(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM meta WHERE key = ?", (PURGE_DUE,))
