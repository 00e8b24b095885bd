"""Who owns a session and what waits for a person, as the store offers it."""

from __future__ import annotations

from collections.abc import Callable

from hermes_core.storage import lease_rows
from hermes_core.storage.database import Database
from hermes_core.storage.records import Lease, Owner


class Ownership:
    """The part of the store about leases and questions."""

    _database: Database
    _clock: Callable[[], float]
    _judge: lease_rows.Judge

    async def take_lease(self, session_id: str, owner: Owner, *, now: float) -> Lease:
        """Become the session's owner, unless a living process is."""
        return await self._database.write(
            lambda db: lease_rows.take(db, session_id, owner, now=now, judge=self._judge)
        )

    async def renew_lease(self, session_id: str, owner: Owner, *, now: float) -> bool:
        """Write a sign of life; False if somebody else owns the session by now."""
        return await self._database.write(
            lambda db: lease_rows.renew(db, session_id, owner, now=now)
        )

    async def release_lease(self, session_id: str, owner: Owner) -> None:
        """Stop being the owner; nothing happens if it is somebody else."""
        await self._database.write(lambda db: lease_rows.release(db, session_id, owner))

    async def lease(self, session_id: str) -> Lease | None:
        """The lease as it stands, whether its owner lives or not."""
        return await self._database.read(lambda db: lease_rows.fetch(db, session_id))

    async def live_sessions(self) -> list[str]:
        """Ids of the sessions that a living process owns."""
        now = self._clock()
        return await self._database.read(
            lambda db: lease_rows.living(db, now=now, judge=self._judge)
        )

    async def open_question(self, request_id: str, session_id: str, payload: bytes) -> None:
        """Write a question down before it is shown."""
        now = self._clock()
        await self._database.write(
            lambda db: lease_rows.ask(db, request_id, session_id, payload, now)
        )

    async def resolve_question(self, request_id: str, answer_json: bytes) -> bool:
        """Close a question; False if it was closed before. Secrets do not belong here."""
        now = self._clock()
        return await self._database.write(
            lambda db: lease_rows.answer(db, request_id, answer_json, now)
        )

    async def open_questions(self, session_id: str) -> list[tuple[str, bytes]]:
        """Questions without an answer, oldest first."""
        return await self._database.read(lambda db: lease_rows.unanswered(db, session_id))
