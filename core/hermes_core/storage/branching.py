"""A branch: another conversation that begins with the first part of one."""

from __future__ import annotations

import sqlite3

from hermes_core.errors import SessionNotFound
from hermes_core.messages import is_stand_in
from hermes_core.storage import message_rows, session_rows, titles
from hermes_core.storage.records import SessionRecord

_KEPT = ("source", "user_id", "model", "model_config", "system_prompt", "billing_provider")
"""Columns a branch takes over: the model, and the prompt byte for byte."""


def branch(
    connection: sqlite3.Connection,
    session_id: str,
    new_id: str,
    *,
    before_message_id: str,
    title: str,
    now: float,
) -> int:
    """Copy a conversation up to a message; return how many messages people see in it.

    A summary goes along if it stands before the cut; else what it stood for is the
    model's history again. The event log is projected when the branch is opened.

    Args:
        connection: In a transaction.
        session_id: The conversation to copy.
        new_id: Id of the branch, unused so far.
        before_message_id: The first message left out; empty copies all.
        title: Of the branch, free and clean; empty for none.
        now: Seconds since the epoch.

    Raises:
        SessionNotFound: No such conversation, or no such message in it.
    """
    old = session_rows.fetch(connection, session_id)
    end = _position(connection, session_id, before_message_id) if before_message_id else None
    rows = connection.execute(
        "SELECT * FROM messages WHERE session_id = :session AND rewound = 0"
        " AND (:end IS NULL OR position < :end) ORDER BY position, id",
        {"session": session_id, "end": end},
    ).fetchall()
    messages = [(message_rows.to_message(row), bool(row["active"])) for row in rows]
    if not any(is_stand_in(message) and active for message, active in messages):
        messages = [(message, True) for message, _ in messages if not is_stand_in(message)]
    record = SessionRecord(
        id=new_id,
        kind="branch",
        parent_session_id=session_id,
        cwd=old.cwd,
        epoch=old.epoch,
        started_at=now,
        **{name: getattr(old, name) for name in _KEPT},
    )
    session_rows.insert(connection, record, now=now)
    for active in (True, False):
        places = [place for place, (_, flag) in enumerate(messages) if flag is active]
        message_rows.append(
            connection,
            new_id,
            [messages[place][0] for place in places],
            now=now,
            epoch=old.epoch,
            active=active,
            positions=[float(place + 1) for place in places],
        )
    if title:
        titles.assign(connection, new_id, title)
    return sum(not is_stand_in(message) for message, _ in messages)


def _position(connection: sqlite3.Connection, session_id: str, message_id: str) -> float:
    row = connection.execute(
        "SELECT position FROM messages WHERE session_id = ? AND message_id = ? AND rewound = 0",
        (session_id, message_id),
    ).fetchone()
    if row is None:
        raise SessionNotFound("That message is no longer part of the conversation.")
    return float(row["position"])
