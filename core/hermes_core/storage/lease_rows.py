"""Rows of `leases` and `questions`: who owns a session, and what waits for a person."""

from __future__ import annotations

import sqlite3
from typing import Protocol

import msgspec

from hermes_core.storage.records import Lease, Owner


class Judge(Protocol):
    """Says whether a lease still counts; see `owner.holds`."""

    def __call__(self, owner: Owner, *, heartbeat: float, now: float) -> bool:
        """Return False if the owner is gone."""
        ...


def take(
    connection: sqlite3.Connection, session_id: str, owner: Owner, *, now: float, judge: Judge
) -> Lease:
    """Give the lease to `owner` unless somebody living has it."""
    held = fetch(connection, session_id)
    before = None
    if held is not None and held.owner != owner:
        if judge(held.owner, heartbeat=held.heartbeat, now=now):
            return Lease(owner=held.owner, heartbeat=held.heartbeat, held_elsewhere=True)
        before = held.owner
    connection.execute(
        "INSERT INTO leases (session_id, owner, heartbeat) VALUES (?, ?, ?)"
        " ON CONFLICT (session_id) DO UPDATE SET owner = excluded.owner,"
        " heartbeat = excluded.heartbeat",
        (session_id, msgspec.json.encode(owner).decode(), now),
    )
    return Lease(owner=owner, heartbeat=now, taken_over_from=before)


def renew(connection: sqlite3.Connection, session_id: str, owner: Owner, *, now: float) -> bool:
    """Write a sign of life; False if the lease belongs to somebody else by now."""
    held = fetch(connection, session_id)
    if held is None or held.owner != owner:
        return False
    connection.execute("UPDATE leases SET heartbeat = ? WHERE session_id = ?", (now, session_id))
    return True


def release(connection: sqlite3.Connection, session_id: str, owner: Owner) -> None:
    """Give the lease back; somebody else's stays."""
    held = fetch(connection, session_id)
    if held is not None and held.owner == owner:
        connection.execute("DELETE FROM leases WHERE session_id = ?", (session_id,))


def fetch(connection: sqlite3.Connection, session_id: str) -> Lease | None:
    """The lease row, living or not."""
    row = connection.execute(
        "SELECT owner, heartbeat FROM leases WHERE session_id = ?", (session_id,)
    ).fetchone()
    if row is None:
        return None
    return Lease(owner=msgspec.json.decode(row["owner"], type=Owner), heartbeat=row["heartbeat"])


def living(connection: sqlite3.Connection, *, now: float, judge: Judge) -> list[str]:
    """Ids of the sessions some living process owns."""
    rows = connection.execute("SELECT session_id, owner, heartbeat FROM leases").fetchall()
    return [
        str(row["session_id"])
        for row in rows
        if judge(msgspec.json.decode(row["owner"], type=Owner), heartbeat=row["heartbeat"], now=now)
    ]


def ask(
    connection: sqlite3.Connection, request_id: str, session_id: str, payload: bytes, now: float
) -> None:
    """Write a question down as open. Asking it again changes nothing."""
    connection.execute(
        "INSERT INTO questions (request_id, session_id, payload, asked_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (request_id) DO NOTHING",
        (request_id, session_id, payload, now),
    )


def answer(connection: sqlite3.Connection, request_id: str, value: bytes, now: float) -> bool:
    """Close a question; False if it is unknown or was closed before."""
    cursor = connection.execute(
        "UPDATE questions SET answer = ?, answered_at = ?"
        " WHERE request_id = ? AND answered_at IS NULL",
        (value, now, request_id),
    )
    return cursor.rowcount == 1


def unanswered(connection: sqlite3.Connection, session_id: str) -> list[tuple[str, bytes]]:
    """Open questions with their payload, oldest first."""
    rows = connection.execute(
        "SELECT request_id, payload FROM questions"
        " WHERE session_id = ? AND answered_at IS NULL ORDER BY asked_at, rowid",
        (session_id,),
    )
    return [(str(row[0]), bytes(row[1])) for row in rows]
