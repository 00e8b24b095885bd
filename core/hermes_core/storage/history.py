"""Messages and events of a session, as the store reads them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection

from hermes_core.events import CoreEvent
from hermes_core.messages import Message, Runtime
from hermes_core.storage import event_rows, message_rows, session_rows
from hermes_core.storage.database import Database
from hermes_core.storage.projection import events_from_messages
from hermes_core.storage.records import SessionRecord


class History:
    """The part of the store that reads what was said and done."""

    _database: Database
    _clock: Callable[[], float]
    read_only: bool
    """A newer version wrote the file; every write raises `StoreReadOnly`."""

    async def messages(self, session_id: str, *, active_only: bool = True) -> list[Message]:
        """The model's history, oldest first; all that people see if not `active_only`."""
        return await self._database.read(
            lambda db: message_rows.fetch_all(db, session_id, active_only=active_only)
        )

    async def message(self, session_id: str, message_id: str) -> Message | None:
        """One message, even one taken back; None if there is none of that id."""
        return await self._database.read(lambda db: message_rows.fetch(db, session_id, message_id))

    async def messages_before(
        self, session_id: str, *, before_message_id: str | None = None, limit: int = 20
    ) -> list[Message]:
        """A page of what people see, ending just before a message (or at the end)."""
        return await self._database.read(
            lambda db: message_rows.before(db, session_id, before_message_id, limit)
        )

    async def events(
        self, session_id: str, *, after_seq: int = 0, limit: int | None = None
    ) -> list[CoreEvent]:
        """Stored events after `after_seq`, oldest first.

        A conversation without any (imported, or dropped with age) gets them projected
        from its messages first.
        """

        def fetch(db: sqlite3.Connection) -> list[CoreEvent]:
            return event_rows.fetch(db, session_id, after_seq=after_seq, limit=limit)

        found, is_missing = await self._database.read(
            lambda db: ([], True) if _is_missing(db, session_id) else (fetch(db), False)
        )
        if not is_missing:
            return found
        projected = await self._project(session_id)
        if projected is not None:
            return projected[after_seq:][: limit if limit is not None else len(projected)]
        return await self._database.read(fetch)

    async def last_seq(self, session_id: str) -> int:
        """`seq` of the newest stored event, 0 for a conversation without any."""
        last, is_missing = await self._database.read(
            lambda db: (event_rows.last_seq(db, session_id), _is_missing(db, session_id))
        )
        if not is_missing:
            return last
        projected = await self._project(session_id)
        if projected is not None:
            return len(projected)
        return await self._database.read(lambda db: event_rows.last_seq(db, session_id))

    async def start_of_message(self, session_id: str, message_id: str, *, before_seq: int) -> int:
        """`seq` of the newest event before `before_seq` that begins a message, 0 if none does."""
        return await self._database.read(
            lambda db: event_rows.start_of_message(
                db, session_id, message_id, before_seq=before_seq
            )
        )

    async def old_events(self, *, days: float, limit: int) -> list[str]:
        """Conversations whose events `drop_old_events` would forget, the oldest first."""
        moment = self._clock() - days * 86_400
        return await self._database.read(lambda db: event_rows.old_logs(db, moment, limit=limit))

    async def drop_old_events(self, *, days: float, only: Collection[str] | None = None) -> int:
        """Forget the events of conversations that ended `days` ago; return how many.

        Args:
            days: Since the end.
            only: Of these; None for all.
        """
        moment = self._clock() - days * 86_400
        return len(await self._database.write(lambda db: event_rows.drop_before(db, moment, only)))

    async def _project(self, session_id: str) -> list[CoreEvent] | None:
        """Project a log that is missing and keep it; None when it was kept."""

        def work(db: sqlite3.Connection) -> list[CoreEvent]:
            record = session_rows.fetch(db, session_id)
            events = events_from_messages(
                message_rows.fetch_all(db, session_id, active_only=False),
                session_id=session_id,
                runtime=_runtime(record),
            )
            if not self.read_only and _is_missing(db, session_id):
                event_rows.append(db, session_id, events)
            return events

        if self.read_only:
            return await self._database.read(work)
        await self._database.write(work)
        return None


def _is_missing(db: sqlite3.Connection, session_id: str) -> bool:
    """Whether a conversation has messages and no event."""
    query = "SELECT 1 FROM sessions WHERE id = ? AND last_seq = 0 AND message_count > 0"
    return db.execute(query, (session_id,)).fetchone() is not None


def _runtime(record: SessionRecord) -> Runtime:
    return Runtime(
        model=record.model or "unknown",
        provider=record.billing_provider or "unknown",
        base_url=record.billing_base_url or "",
    )
