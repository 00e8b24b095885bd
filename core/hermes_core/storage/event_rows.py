"""Reading and writing rows of `events`, the log that screens replay."""

from __future__ import annotations

import itertools
import logging
import sqlite3
from collections.abc import Collection, Iterable, Sequence

import msgspec

from hermes_core.errors import StoreError
from hermes_core.events import CoreEvent, InputAccepted, InputState, decode_event, encode_event

_log = logging.getLogger(__name__)


def append(connection: sqlite3.Connection, session_id: str, events: Sequence[CoreEvent]) -> None:
    """Insert events, whose `seq` is set and goes on from the last stored one.

    Raises:
        StoreError: The numbers leave a gap or are taken: somebody else writes too.
        ValueError: An event is live only or belongs to another session.
    """
    if not events:
        return
    expected = last_seq(connection, session_id) + 1
    rows = []
    for number, event in enumerate(events, expected):
        if not event.stored or event.session_id != session_id:
            raise ValueError(f"{type(event).__name__} is not an event to store in {session_id}")
        if event.seq != number:
            raise StoreError(
                f"session {session_id} is being written by another process"
                f" (event {event.seq} where {number} comes next)"
            )
        rows.append((session_id, number, event.ts, encode_event(event)))
    try:
        connection.executemany(
            "INSERT INTO events (session_id, seq, ts, payload) VALUES (?, ?, ?, ?)", rows
        )
    except sqlite3.IntegrityError as error:
        raise StoreError(f"events of session {session_id} are numbered twice") from error
    connection.execute(
        "UPDATE sessions SET last_seq = ? WHERE id = ?", (expected + len(rows) - 1, session_id)
    )


def last_seq(connection: sqlite3.Connection, session_id: str) -> int:
    """`seq` of the newest stored event, 0 if there is none."""
    row = connection.execute("SELECT last_seq FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return 0 if row is None else int(row[0])


def fetch(
    connection: sqlite3.Connection, session_id: str, *, after_seq: int, limit: int | None
) -> list[CoreEvent]:
    """Events after `after_seq`, oldest first. Unreadable ones are left out with a warning."""
    return _decoded(
        session_id,
        connection.execute(
            "SELECT seq, payload FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            (session_id, after_seq, -1 if limit is None else limit),
        ),
    )


def fetch_kinds(
    connection: sqlite3.Connection, session_id: str, kinds: Sequence[str]
) -> list[CoreEvent]:
    """Events whose type is one of `kinds`, oldest first."""
    starts = [f'{{"type":"{kind}"'.encode() for kind in kinds]
    wanted = " OR ".join("substr(payload, 1, ?) = ?" for _ in starts)
    rows = connection.execute(
        f"SELECT seq, payload FROM events WHERE session_id = ? AND ({wanted}) ORDER BY seq",
        (session_id, *(value for start in starts for value in (len(start), start))),
    )
    return _decoded(session_id, rows)


def start_of_message(
    connection: sqlite3.Connection, session_id: str, message_id: str, *, before_seq: int
) -> int:
    """`seq` of the newest event before `before_seq` that begins this message, 0 if none does."""
    kind = b'{"type":"message.started"'
    named = b'"message_id":' + msgspec.json.encode(message_id)
    row = connection.execute(
        "SELECT seq FROM events WHERE session_id = ? AND seq < ? AND substr(payload, 1, ?) = ?"
        " AND instr(payload, ?) ORDER BY seq DESC LIMIT 1",
        (session_id, before_seq, len(kind), kind, named),
    ).fetchone()
    return 0 if row is None else int(row[0])


def _decoded(session_id: str, rows: Iterable[sqlite3.Row]) -> list[CoreEvent]:
    found = []
    for row in rows:
        try:
            found.append(decode_event(row["payload"]))
        except msgspec.DecodeError as error:
            _log.warning("session %s event %d cannot be read: %s", session_id, row["seq"], error)
    return found


def old_logs(
    connection: sqlite3.Connection,
    moment: float,
    *,
    limit: int | None = None,
    only: Collection[str] | None = None,
) -> list[str]:
    """Ids of conversations that ended before `moment` and whose events nobody needs.

    Events stay where somebody has the conversation open, or died with it open: they say
    what has to be closed. They stay where a message was accepted and never delivered,
    which is written nowhere else.
    """
    rows = connection.execute(
        "SELECT id FROM sessions WHERE COALESCE(ended_at, last_active) < ? AND last_seq > 0"
        " AND message_count > 0 AND id NOT IN (SELECT session_id FROM leases)"
        " ORDER BY COALESCE(ended_at, last_active)",
        (moment,),
    )
    found = (
        str(row[0])
        for row in rows.fetchall()
        if (only is None or row[0] in only) and not _has_waiting(connection, str(row[0]))
    )
    return list(itertools.islice(found, limit))


def _has_waiting(connection: sqlite3.Connection, session_id: str) -> bool:
    """Whether a message was accepted that was neither delivered nor taken out."""
    waiting: set[str] = set()
    for event in fetch_kinds(connection, session_id, ("input.accepted", "input.state")):
        if isinstance(event, InputAccepted):
            waiting.add(event.input_id)
        elif isinstance(event, InputState) and event.state in ("delivered", "cancelled"):
            waiting.discard(event.input_id)
    return bool(waiting)


def drop_before(
    connection: sqlite3.Connection, moment: float, only: Collection[str] | None = None
) -> list[str]:
    """Forget the events that `old_logs` finds; return the ids of their conversations.

    They are projected from the messages again when such a conversation is opened.
    """
    ids = old_logs(connection, moment, only=only)
    for session_id in ids:
        connection.execute("DELETE FROM events WHERE session_id = ?", (session_id,))
        connection.execute("UPDATE sessions SET last_seq = 0 WHERE id = ?", (session_id,))
    return ids
