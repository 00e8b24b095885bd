"""Reading and writing rows of `messages`.

Three flags decide who sees a row: `active` rows are the model's history; rows left
behind by a compaction are inactive but still shown and searched; `rewound` rows were
taken back by the person and are neither. `position` orders them, because a summary
is written last and stands in the middle.
"""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from hermes_core.messages import (
    SHORT_ID,
    SUMMARY_ID,
    Attachment,
    Message,
    ToolCall,
    clean_text,
    is_stand_in,
)
from hermes_core.storage.records import Shortening

_log = logging.getLogger(__name__)

T = TypeVar("T")

PREVIEW_CHARS = 60

_INSERT = """
    INSERT INTO messages (session_id, message_id, position, role, content, tool_call_id, tool_calls,
        tool_name, timestamp, token_count, finish_reason, reasoning, reasoning_details,
        codex_reasoning_items, attachments, epoch, active, source_row)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def append(
    connection: sqlite3.Connection,
    session_id: str,
    messages: Sequence[Message],
    *,
    now: float,
    epoch: int,
    active: bool = True,
    positions: Sequence[float] | None = None,
    source_rows: Sequence[int] | None = None,
) -> None:
    """Insert messages after the last one, or at `positions`, and count them.

    Raises:
        sqlite3.IntegrityError: A message id exists in this session already.
    """
    if not messages:
        return
    if positions is None:
        last = connection.execute(
            "SELECT COALESCE(MAX(position), 0) FROM messages WHERE session_id = ?", (session_id,)
        ).fetchone()[0]
        positions = [last + offset for offset in range(1, len(messages) + 1)]
    rows: Sequence[int | None] = source_rows or [None] * len(messages)
    connection.executemany(
        _INSERT,
        [
            (session_id, *_values(message, position, now), epoch, int(active), row)
            for message, position, row in zip(messages, positions, rows, strict=True)
        ],
    )
    connection.execute(
        "UPDATE sessions SET message_count = message_count + ?,"
        " tool_call_count = tool_call_count + ? WHERE id = ?",
        (
            sum(not is_stand_in(message) for message in messages),
            sum(len(message.tool_calls) for message in messages),
            session_id,
        ),
    )
    first = next((message for message in messages if message.role == "user"), None)
    if first is not None:
        connection.execute(
            "UPDATE sessions SET preview = ? WHERE id = ? AND preview = ''",
            (preview(first.content), session_id),
        )


def preview(text: str) -> str:
    """Return the text on one line, cut to 60 characters."""
    line = " ".join(clean_text(text[:2000]).split())
    return line if len(line) <= PREVIEW_CHARS else line[: PREVIEW_CHARS - 1] + "…"


def to_message(row: sqlite3.Row) -> Message:
    """Build the message; broken JSON becomes nothing, with a warning."""
    where = f"{row['session_id']}/{row['message_id']}"
    return Message(
        role=row["role"],
        content=row["content"] or "",
        message_id=row["message_id"],
        tool_calls=_decode(row["tool_calls"], tuple[ToolCall, ...], where) or (),
        tool_call_id=row["tool_call_id"],
        tool_name=row["tool_name"],
        finish_reason=row["finish_reason"],
        reasoning=row["reasoning"],
        reasoning_details=_decode(row["reasoning_details"], list[Any], where),
        codex_reasoning_items=_decode(row["codex_reasoning_items"], list[Any], where),
        attachments=_decode(row["attachments"], tuple[Attachment, ...], where) or (),
        timestamp=row["timestamp"],
        token_count=row["token_count"],
    )


def fetch_all(
    connection: sqlite3.Connection, session_id: str, *, active_only: bool
) -> list[Message]:
    """The model's history, or with `active_only=False` what people see; oldest first.

    People see what was summarised or shortened, not what stands for it.
    """
    shown = "active = 1 AND rewound = 0" if active_only else "rewound = 0"
    rows = connection.execute(
        f"SELECT * FROM messages WHERE session_id = ? AND {shown} ORDER BY position, id",
        (session_id,),
    )
    messages = [to_message(row) for row in rows]
    return [m for m in messages if active_only or not is_stand_in(m)]


def fetch(connection: sqlite3.Connection, session_id: str, message_id: str) -> Message | None:
    """One message, whatever its flags."""
    row = connection.execute(
        "SELECT * FROM messages WHERE session_id = ? AND message_id = ?", (session_id, message_id)
    ).fetchone()
    return None if row is None else to_message(row)


def before(
    connection: sqlite3.Connection, session_id: str, message_id: str | None, limit: int
) -> list[Message]:
    """Up to `limit` messages people see, just before `message_id` (or the last), oldest first."""
    rows = connection.execute(
        """
        SELECT * FROM messages WHERE session_id = :session AND rewound = 0
            AND substr(message_id, 1, length(:summary)) != :summary
            AND substr(message_id, 1, length(:short)) != :short
            AND (:before IS NULL OR position < (SELECT position FROM messages
                 WHERE session_id = :session AND message_id = :before))
        ORDER BY position DESC, id DESC LIMIT :limit
        """,
        {
            "session": session_id,
            "before": message_id,
            "limit": limit,
            "summary": SUMMARY_ID,
            "short": SHORT_ID,
        },
    ).fetchall()
    return [to_message(row) for row in reversed(rows)]


def rewind(connection: sqlite3.Connection, session_id: str, from_message_id: str) -> int:
    """Take back the message and all after it; return how many of those people saw."""
    rows = connection.execute(
        """
        UPDATE messages SET active = 0, rewound = 1 WHERE session_id = :session AND rewound = 0
            AND position >= (SELECT position FROM messages
                 WHERE session_id = :session AND message_id = :first)
        RETURNING message_id
        """,
        {"session": session_id, "first": from_message_id},
    ).fetchall()
    taken = sum(not row["message_id"].startswith((SUMMARY_ID, SHORT_ID)) for row in rows)
    connection.execute(
        "UPDATE sessions SET message_count = MAX(0, message_count - ?) WHERE id = ?",
        (taken, session_id),
    )
    return taken


def compact(
    connection: sqlite3.Connection,
    session_id: str,
    change: Shortening,
    *,
    epoch: int,
    now: float,
) -> None:
    """Make what was dropped inactive and put what stands for it in its place."""
    dropped, summary, replaced = change.dropped, change.summary, change.replaced
    places = _positions(connection, session_id, [*dropped, *(old for old, _ in replaced)])
    connection.executemany(
        "UPDATE messages SET active = 0 WHERE session_id = ? AND message_id = ?",
        [(session_id, message_id) for message_id in dropped],
    )
    following = None
    if change.before is not None:
        following = _positions(connection, session_id, [change.before]).get(change.before)
    if following is not None:
        after = _one(
            connection,
            "SELECT MAX(position) FROM messages WHERE session_id = ? AND position < ?",
            (session_id, following),
        )
    else:
        after = max((places[one] for one in dropped if one in places), default=None)
        following = _one(
            connection,
            "SELECT MIN(position) FROM messages WHERE session_id = ? AND position > ?",
            (session_id, after or 0.0),
        )
        if after is None:
            following = None
    positions = None
    if following is not None:
        after = following - 1 if after is None else after
        gap = (following - after) / (len(summary) + 1)
        positions = [after + gap * number for number in range(1, len(summary) + 1)]
    append(connection, session_id, summary, now=now, epoch=epoch, positions=positions)
    known = [(places[old], message) for old, message in replaced if old in places]
    append(
        connection,
        session_id,
        [message for _, message in known],
        now=now,
        epoch=epoch,
        positions=[position for position, _ in known],
    )


def _positions(
    connection: sqlite3.Connection, session_id: str, message_ids: Sequence[str]
) -> dict[str, float]:
    rows = connection.execute(
        "SELECT message_id, position FROM messages WHERE session_id = ? AND message_id IN"
        " (SELECT value FROM json_each(?))",
        (session_id, msgspec.json.encode(list(message_ids)).decode()),
    )
    return {row["message_id"]: row["position"] for row in rows}


def _one(connection: sqlite3.Connection, query: str, values: tuple[str, float]) -> float | None:
    value: float | None = connection.execute(query, values).fetchone()[0]
    return value


def _values(message: Message, position: float, now: float) -> tuple[Any, ...]:
    return (
        message.message_id or uuid.uuid4().hex,
        position,
        message.role,
        clean_text(message.content),
        message.tool_call_id,
        _encode(message.tool_calls),
        message.tool_name,
        message.timestamp or now,
        message.token_count,
        message.finish_reason,
        None if message.reasoning is None else clean_text(message.reasoning),
        _encode(message.reasoning_details),
        _encode(message.codex_reasoning_items),
        _encode(message.attachments),
    )


def _encode(value: object) -> str | None:
    return None if value is None or value == () else msgspec.json.encode(value).decode()


def _decode(text: str | None, kind: type[T], where: str) -> T | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        _log.warning("message %s holds broken JSON, left out: %s", where, error)
        return None
