"""The conversation store: every conversation, its events, who owns it, what waits.

All of it is in `hermes.db`; `search.db` beside it is only an index. A method that
writes is one transaction, kept when the method returns. Methods raise
`StoreUnavailable` when the disk or a lock says no and `StoreReadOnly` when a newer
version wrote the file; their own errors stand with them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.errors import StoreError, StoreUnavailable
from hermes_core.events import CoreEvent
from hermes_core.messages import Message, Usage
from hermes_core.paths import Home
from hermes_core.storage import (
    branching,
    deletion,
    event_rows,
    lease_rows,
    message_rows,
    reference_import,
    session_rows,
    titles,
    usage_rows,
)
from hermes_core.storage import owner as owners
from hermes_core.storage.aging import Aging
from hermes_core.storage.database import Database, unavailable
from hermes_core.storage.filesystem import mounts, network_filesystem
from hermes_core.storage.history import History
from hermes_core.storage.migration import copies, migrate
from hermes_core.storage.ownership import Ownership
from hermes_core.storage.records import (
    ImportReport,
    RequestUse,
    SearchHit,
    SessionRecord,
    SessionSummary,
    Shortening,
)
from hermes_core.storage.schema import SCHEMA_VERSION
from hermes_core.storage.search import Scope, Search
from hermes_core.storage.search_index import checkpoint

_log = logging.getLogger(__name__)


class Store(History, Ownership, Aging):
    """One process's door to the home's conversations. Make it with `open`."""

    def __init__(
        self,
        home: Home,
        database: Database,
        search: Search,
        *,
        clock: Callable[[], float],
        judge: lease_rows.Judge,
    ) -> None:
        self._home = home
        self._database = database
        self._search = search
        self._clock = clock
        self._judge = judge
        self._forgetters: list[Callable[[str], Awaitable[object]]] = []
        self.read_only = database.read_only

    @classmethod
    async def open(
        cls,
        home: Home,
        *,
        synchronous: str = "normal",
        clock: Callable[[], float] = time.time,
        judge: lease_rows.Judge = owners.holds,
        mount_table: Iterable[tuple[str, str]] | None = None,
    ) -> Store:
        """Open the home's store, creating or migrating it.

        Args:
            home: Created if missing.
            synchronous: `normal` (a power cut may lose the last second) or `full`.
            clock: Seconds since the epoch.
            judge: Says whether a lease still counts.
            mount_table: Mount points and file system types; None reads the system's.

        Raises:
            StoreUnavailable: The home is on a network disk, cannot be written, or the
                file is damaged.
        """
        database = await asyncio.to_thread(_open_database, home, synchronous, mount_table)
        search = Search(home, database)
        try:
            await search.open()
        except BaseException:
            await search.aclose()
            await database.aclose()
            raise
        return cls(home, database, search, clock=clock, judge=judge)

    async def aclose(self) -> None:
        """Finish what was begun and close the files."""
        await self._search.aclose()
        await self._database.aclose()

    # --- conversations -----------------------------------------------------------------

    async def create_session(self, record: SessionRecord) -> None:
        """Insert the row; an id that exists is left as it is."""
        now = self._clock()
        await self._database.write(lambda db: session_rows.insert(db, record, now=now))

    async def session(self, session_id: str) -> SessionRecord:
        """Return the row of exactly that id.

        Raises:
            SessionNotFound: No such session.
        """
        return await self._database.read(lambda db: session_rows.fetch(db, session_id))

    async def resolve(self, text: str) -> str:
        """Turn an id, title (newest of its line), old id or unique id prefix into an id.

        Raises:
            SessionNotFound: Nothing matches, or a prefix matches several.
        """
        return await self._database.read(lambda db: session_rows.resolve(db, text))

    async def latest(self, *, source: str | None = "cli") -> str | None:
        """Return the id with the newest activity, subagents aside; None if there is none."""
        return await self._database.read(lambda db: session_rows.latest(db, source))

    async def list_sessions(
        self,
        *,
        source: str | None = None,
        limit: int = 20,
        offset: int = 0,
        include_tool: bool = False,
        text: str = "",
        user_id: str | None = None,
        cwd: str | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[SessionSummary]:
        """List conversations, newest activity first, subagents never.

        Args:
            source: Only this one; None lists all but `tool`.
            limit: At most so many; -1 for all.
            offset: Leave out so many.
            include_tool: With no source given, list `tool` as well.
            text: Words that title, preview, id or source must hold.
            user_id: Only this person's; None for everybody's.
            cwd: Only those of this working folder.
            ids: Only these.
        """
        return await self._database.read(
            lambda db: session_rows.summaries(
                db,
                source=source,
                limit=limit,
                offset=offset,
                include_tool=include_tool,
                text=text,
                user_id=user_id,
                cwd=cwd,
                ids=ids,
            )
        )

    async def session_ids(self, *, source: str | None = None) -> list[str]:
        """Every id, oldest first, subagents and `tool` included; only of one source if given."""
        return await self._database.read(lambda db: session_rows.ids(db, source))

    async def commit(
        self,
        session_id: str,
        *,
        messages: Sequence[Message] = (),
        events: Sequence[CoreEvent] = (),
        usage: Usage | None = None,
        cost_usd: Decimal | float | None = None,
        cost_status: str = "",
        patch: Mapping[str, object] | None = None,
    ) -> None:
        """Keep a step: all of it in one transaction, or nothing.

        Args:
            session_id: An existing session.
            messages: Appended to the history; one without id or time gets them.
            events: With `seq` going on from the last stored one.
            usage: Added to the session's sums.
            cost_usd: Added to the estimated cost; None leaves it.
            cost_status: Replaces the old word unless empty.
            patch: Columns of the session to set, see `session_rows.PATCHABLE`.

        Raises:
            SessionNotFound: No such session.
            StoreError: Another process writes this session too.
            ValueError: A live-only event, or a column that may not be set.
        """
        now = self._clock()
        cost = None if cost_usd is None else float(cost_usd)

        def work(db: sqlite3.Connection) -> None:
            epoch = session_rows.epoch(db, session_id)
            _append(db, session_id, messages, now=now, epoch=epoch)
            event_rows.append(db, session_id, events)
            if usage is not None or cost is not None or cost_status:
                session_rows.add_usage(
                    db, session_id, usage=usage, cost_usd=cost, cost_status=cost_status
                )
            session_rows.patch(db, session_id, {"last_active": now, **(patch or {})})

        await self._database.write(work)
        if messages:
            self._search.wake()

    async def compact(
        self,
        session_id: str,
        change: Shortening,
        *,
        events: Sequence[CoreEvent] = (),
        patch: Mapping[str, object] | None = None,
    ) -> int:
        """Replace messages by a summary in the model's history; return the new epoch.

        The dropped ones stay for people and for search. The same errors as `commit`.
        """
        now = self._clock()

        def work(db: sqlite3.Connection) -> int:
            epoch = session_rows.epoch(db, session_id) + 1
            message_rows.compact(db, session_id, change, epoch=epoch, now=now)
            event_rows.append(db, session_id, events)
            session_rows.patch(
                db, session_id, {"last_active": now, **(patch or {}), "epoch": epoch}
            )
            return epoch

        epoch = await self._database.write(work)
        self._search.wake()
        return epoch

    async def rewind(
        self, session_id: str, *, from_message_id: str, events: Sequence[CoreEvent] = ()
    ) -> int:
        """Take back a message and all after it; return how many were taken back."""

        def work(db: sqlite3.Connection) -> int:
            taken = message_rows.rewind(db, session_id, from_message_id)
            event_rows.append(db, session_id, events)
            return taken

        return await self._database.write(work)

    # --- usage -------------------------------------------------------------------------

    async def request_uses(
        self, *, since: float = 0.0, source: str | None = None, session_id: str | None = None
    ) -> list[RequestUse]:
        """Return what each request since a moment took, oldest first.

        Args:
            since: Seconds since the epoch.
            source: Only conversations from there; None for all.
            session_id: Only this conversation.
        """
        return await self._database.read(
            lambda db: usage_rows.fetch(db, since=since, source=source, session_id=session_id)
        )

    async def events_of(self, session_id: str, kinds: Sequence[str]) -> list[CoreEvent]:
        """Return the stored events of some types, such as `turn.started`, oldest first."""
        return await self._database.read(lambda db: event_rows.fetch_kinds(db, session_id, kinds))

    async def branch(
        self, session_id: str, new_id: str, *, before_message_id: str = "", title: str = ""
    ) -> int:
        """Begin another conversation with the first part of one; return its message count.

        Args:
            session_id: The conversation to copy; it stays as it is.
            new_id: Id of the branch, unused so far.
            before_message_id: The first message left out; empty copies all.
            title: Of the branch; empty takes the next number of the old one's line.

        Raises:
            SessionNotFound: No such conversation or message.
            TitleTaken: Another session has the title.
        """
        now = self._clock()
        wanted = titles.clean(title)

        def work(db: sqlite3.Connection) -> int:
            named = wanted
            if not named and (old := session_rows.fetch(db, session_id).title):
                named = titles.following(db, old)
            return branching.branch(
                db, session_id, new_id, before_message_id=before_message_id, title=named, now=now
            )

        count = await self._database.write(work)
        self._search.wake()
        return count

    # --- titles ------------------------------------------------------------------------

    async def set_title(self, session_id: str, title: str) -> str:
        """Set the title, cleaned; an empty one takes it away. Return what was set.

        Raises:
            TitleTaken: Another session has it.
            StoreError: Longer than 100 characters.
            SessionNotFound: No such session.
        """
        cleaned = titles.clean(title)
        await self._database.write(lambda db: titles.assign(db, session_id, cleaned))
        return cleaned

    async def next_title(self, base: str) -> str:
        """Return the next free title of a line: `base`, `base #2`, `base #3`."""
        cleaned = titles.clean(base)
        return await self._database.read(lambda db: titles.following(db, cleaned))

    # --- whole conversations -----------------------------------------------------------

    def on_delete(self, forget: Callable[[str], Awaitable[object]]) -> None:
        """Call `forget` with the id of each conversation that was deleted.

        For what belongs to a conversation and lies outside the store: snapshots, caches.
        """
        self._forgetters.append(forget)

    async def delete_session(self, session_id: str) -> None:
        """Delete the conversation, its subagents and all that belongs to them.

        Raises:
            SessionNotFound: No such session.
            StoreError: The rows are gone, but a file of it cannot be deleted.
        """
        await self._delete([session_id])

    async def forget_empty(self, session_id: str | None = None) -> int:
        """Drop a conversation in which nothing was said, or all that a crash left an hour ago."""
        moment = self._clock() - (0 if session_id is not None else 3_600)
        return await self._database.write(
            lambda db: session_rows.forget_empty(db, session_id=session_id, started_before=moment)
        )

    async def prune(self, *, older_than_days: float, source: str | None = None) -> int:
        """Delete ended conversations that started so long ago; return how many."""
        ids = await self.prunable(older_than_days=older_than_days, source=source)
        if ids:
            await self._delete(ids)
        return len(ids)

    async def prunable(self, *, older_than_days: float, source: str | None = None) -> list[str]:
        """Ids that `prune` would delete."""
        moment = self._clock() - older_than_days * 86_400
        return list(
            await self._database.read(
                lambda db: session_rows.ended_before(
                    db, moment, source, open_now=self._open_now(db)
                )
            )
        )

    async def _delete(self, session_ids: Sequence[str]) -> None:
        remains = await self._database.write(
            lambda db: [deletion.delete_rows(db, session_id) for session_id in session_ids]
        )
        await self._database.maintain(checkpoint)
        await self._search.forget([pair for one in remains for pair in one.indexed])
        for session_id in (name for one in remains for name in one.session_ids):
            for forget in self._forgetters:
                await forget(session_id)
        try:
            for one in remains:
                await asyncio.to_thread(
                    deletion.delete_files, self._home, one, copies(self._home.database)
                )
        except OSError as error:
            raise StoreError(f"deleted, but a file of it is left: {error}") from error

    async def export(self, session_id: str) -> dict[str, Any]:
        """Every column of the session and its `messages`, as plain JSON values."""

        def work(db: sqlite3.Connection) -> dict[str, Any]:
            record = session_rows.fetch(db, session_id)
            history = message_rows.fetch_all(db, session_id, active_only=False)
            return {
                **msgspec.to_builtins(record),
                "messages": [_full(message) for message in history],
            }

        return await self._database.read(work)

    async def stats(self) -> dict[str, Any]:
        """Totals: sessions, messages, `by_source`, tokens, cost, bytes of the two files."""
        totals = await self._database.read(session_rows.totals)
        for key, path in (
            ("database_bytes", self._home.database),
            ("search_bytes", self._home.search_database),
        ):
            totals[key] = await asyncio.to_thread(_size, path)
        return totals

    async def import_reference(self, *, again: bool = False) -> ImportReport:
        """Import the conversations of the older program, which are only read.

        Args:
            again: Look for new ones although an import was done before.
        """
        source = self._home.reference_database
        done = await self._database.read(reference_import.was_done)
        if (done and not again) or not await asyncio.to_thread(source.exists):
            return ImportReport(ran=False)
        report = await reference_import.run(self._database, source)
        self._search.wake()
        return report

    # --- search ------------------------------------------------------------------------

    async def search(
        self,
        query: str,
        *,
        limit: int = 20,
        roles: Sequence[str] = (),
        exclude_session: str = "",
        user_id: str | None = None,
    ) -> list[SearchHit]:
        """Find messages, best first. No query is an error; a hopeless one finds nothing.

        Args:
            query: Words, `"phrases"`, `AND`, `OR`, `NOT`, `prefix*`.
            limit: At most so many.
            roles: Only messages of these; empty for all.
            exclude_session: Leave this conversation out.
            user_id: Only this person's conversations; None for everybody's.
        """
        scope = Scope(roles=tuple(roles), exclude_session=exclude_session, user_id=user_id)
        return await self._search.find(query, limit=limit, scope=scope)

    async def reindex(self) -> int:
        """Build `search.db` anew; return how many messages it holds."""
        return await self._search.rebuild()

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file as far as readers allow."""
        await self._database.maintain(
            lambda db: db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        )


def _open_database(
    home: Home, synchronous: str, mount_table: Iterable[tuple[str, str]] | None
) -> Database:
    kind = network_filesystem(home.root, mounts() if mount_table is None else mount_table)
    if kind is not None:
        raise StoreUnavailable(
            f"{home.root} is on a network disk ({kind}), where SQLite cannot lock files",
            hint="Set HERMES_HOME to a folder on a local disk.",
        )
    try:
        home.create()
        newer = migrate(home.database) > SCHEMA_VERSION
    except (sqlite3.Error, OSError) as error:
        raise unavailable(error, home.database) from error
    if newer:
        _log.warning(
            "%s was written by a newer version; conversations are shown, nothing is saved",
            home.database,
        )
    return Database(home.database, read_only=newer, synchronous=synchronous)


def _append(
    db: sqlite3.Connection,
    session_id: str,
    messages: Sequence[Message],
    *,
    now: float,
    epoch: int,
) -> None:
    try:
        message_rows.append(db, session_id, messages, now=now, epoch=epoch)
    except sqlite3.IntegrityError as error:
        raise StoreError(f"a message of this step is in session {session_id} already") from error


def _full(message: Message) -> dict[str, Any]:
    """Every field, defaults too, so that each line of an export has the same keys."""
    return {name: msgspec.to_builtins(getattr(message, name)) for name in Message.__struct_fields__}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
