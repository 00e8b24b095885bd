"""Reading and writing rows of `sessions`, and finding one by what a person typed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from hermes_core.errors import SessionNotFound
from hermes_core.messages import Usage
from hermes_core.storage.records import SessionRecord, SessionSummary

_log = logging.getLogger(__name__)

COLUMNS: tuple[str, ...] = SessionRecord.__struct_fields__
"""The record's fields are the table's columns, one to one."""

_NOT_EMPTY = "(message_count > 0 OR title IS NOT NULL OR preview != '' OR source_id IS NOT NULL)"
"""A conversation in which nothing was said yet is nobody's to come back to."""

PATCHABLE = frozenset(COLUMNS) - {"id", "title", "message_count", "last_seq", "source_id"}
"""What `commit` may set; the others have rules of their own."""

_SUMMARY = ", ".join(SessionSummary.__struct_fields__)


def to_record(row: sqlite3.Row) -> SessionRecord:
    """Build the record; a broken `model_config` becomes None with a warning."""
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    if values["model_config"] is not None:
        try:
            values["model_config"] = msgspec.json.decode(
                values["model_config"], type=dict[str, Any]
            )
        except msgspec.DecodeError:
            _log.warning("session %s: model_config is not JSON, ignored", values["id"])
            values["model_config"] = None
    return SessionRecord(**values)


def insert(connection: sqlite3.Connection, record: SessionRecord, *, now: float) -> bool:
    """Insert the row unless the id exists; return whether it was inserted."""
    values = {name: getattr(record, name) for name in COLUMNS}
    values["started_at"] = record.started_at or now
    values["last_active"] = record.last_active or values["started_at"]
    values["model_config"] = _json(record.model_config)
    marks = ", ".join(f":{name}" for name in COLUMNS)
    cursor = connection.execute(
        f"INSERT INTO sessions ({', '.join(COLUMNS)}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING",
        values,
    )
    return cursor.rowcount > 0


def fetch(connection: sqlite3.Connection, session_id: str) -> SessionRecord:
    """Return one row.

    Raises:
        SessionNotFound: No such id.
    """
    row = connection.execute("SELECT * FROM sessions WHERE id = ?", (session_id,)).fetchone()
    if row is None:
        raise SessionNotFound(f"No session found matching '{session_id}'.")
    return to_record(row)


def epoch(connection: sqlite3.Connection, session_id: str) -> int:
    """How often the history was compacted; cheaper than the whole row.

    Raises:
        SessionNotFound: No such id.
    """
    row = connection.execute("SELECT epoch FROM sessions WHERE id = ?", (session_id,)).fetchone()
    if row is None:
        raise SessionNotFound(f"No session found matching '{session_id}'.")
    return int(row[0])


def patch(connection: sqlite3.Connection, session_id: str, values: Mapping[str, object]) -> None:
    """Set columns.

    Raises:
        ValueError: A name is not a column that may be set this way.
    """
    unknown = sorted(set(values) - PATCHABLE)
    if unknown:
        raise ValueError(f"not patchable: {', '.join(unknown)}")
    if not values:
        return
    stored = {
        name: _json(value) if name == "model_config" else value for name, value in values.items()
    }
    assignments = ", ".join(f"{name} = :{name}" for name in stored)
    connection.execute(
        f"UPDATE sessions SET {assignments} WHERE id = :id", {**stored, "id": session_id}
    )


def add_usage(
    connection: sqlite3.Connection,
    session_id: str,
    *,
    usage: Usage | None,
    cost_usd: float | None,
    cost_status: str,
) -> None:
    """Add tokens and cost to the session's sums.

    Unknown cost leaves the amount as it is, and the sum is unknown from then on.
    """
    tokens = usage or Usage()
    connection.execute(
        """
        UPDATE sessions SET
            input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,
            cache_read_tokens = cache_read_tokens + ?, cache_write_tokens = cache_write_tokens + ?,
            reasoning_tokens = reasoning_tokens + ?, api_calls = api_calls + ?,
            estimated_cost_usd = CASE WHEN ? IS NULL THEN estimated_cost_usd
                                      ELSE COALESCE(estimated_cost_usd, 0) + ? END,
            cost_status = CASE
                WHEN ? = '' THEN cost_status
                -- One request without a price leaves the whole sum without one.
                WHEN cost_status = 'unknown' OR (cost_status IS NULL AND api_calls > 0)
                    THEN 'unknown'
                ELSE ? END
        WHERE id = ?
        """,
        (
            *(tokens.input_tokens, tokens.output_tokens),
            *(tokens.cache_read_tokens, tokens.cache_write_tokens),
            *(tokens.reasoning_tokens, tokens.requests),
            *(cost_usd, cost_usd, cost_status, cost_status, session_id),
        ),
    )


def summaries(
    connection: sqlite3.Connection,
    *,
    source: str | None,
    limit: int,
    offset: int,
    include_tool: bool,
    text: str,
    user_id: str | None,
    cwd: str | None = None,
    ids: Sequence[str] | None = None,
) -> list[SessionSummary]:
    """List conversations, newest activity first; subagents and empty ones never."""
    where, values = ["kind != 'subagent'", _NOT_EMPTY], list[object]()
    if source is not None:
        where.append("source = ?")
        values.append(source)
    elif not include_tool:
        where.append("source != 'tool'")
    if user_id is not None:
        where.append("user_id = ?")
        values.append(user_id)
    if cwd is not None:
        where.append("cwd = ?")
        values.append(cwd)
    if ids is not None:
        where.append(f"id IN ({', '.join('?' * len(ids))})")
        values.extend(ids)
    for word in text.split():
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append(
            "(COALESCE(title, '') || ' ' || preview || ' ' || id || ' ' || source)"
            " LIKE ? ESCAPE '\\'"
        )
        values.append(like)
    rows = connection.execute(
        f"SELECT {_SUMMARY} FROM sessions WHERE {' AND '.join(where)}"
        " ORDER BY last_active DESC, id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return [SessionSummary(**dict(row)) for row in rows]


def resolve(connection: sqlite3.Connection, text: str) -> str:
    """Turn what a person typed into an id: id, title, alias, then unique id prefix.

    A title with numbered successors (`base #2`) leads to the highest number.

    Raises:
        SessionNotFound: Nothing matches, or a prefix matches several.
    """
    text = text.strip()
    not_found = SessionNotFound(
        f"No session found matching '{text}'.", hint="See them with: hermes sessions list"
    )
    if not text:
        raise not_found
    if _one(connection, "SELECT id FROM sessions WHERE id = ?", text):
        return text
    found = newest_of_lineage(connection, text) or _one(
        connection, "SELECT session_id FROM aliases WHERE alias = ?", text
    )
    if found:
        return found
    rows = connection.execute(
        "SELECT id FROM sessions WHERE substr(id, 1, length(:t)) = :t"
        " UNION SELECT session_id FROM aliases WHERE substr(alias, 1, length(:t)) = :t LIMIT 2",
        {"t": text},
    ).fetchall()
    if len(rows) > 1:
        raise SessionNotFound(
            f"'{text}' matches more than one session.", hint="Type more of the id."
        )
    if not rows:
        raise not_found
    return str(rows[0][0])


def newest_of_lineage(connection: sqlite3.Connection, title: str) -> str | None:
    """Return the id of the highest `title #N`, else of exactly `title`, else None."""
    numbered = lineage(connection, title)
    if numbered:
        return numbered[max(numbered)]
    return _one(connection, "SELECT id FROM sessions WHERE title = ?", title)


def lineage(connection: sqlite3.Connection, base: str) -> dict[int, str]:
    """Map the N of every title `base #N` to its session id."""
    start = f"{base} #"
    rows = connection.execute(
        "SELECT id, title FROM sessions WHERE substr(title, 1, length(:s)) = :s", {"s": start}
    )
    found = {}
    for row in rows:
        number = row["title"][len(start) :]
        if number.isascii() and number.isdigit():
            found[int(number)] = str(row["id"])
    return found


def latest(connection: sqlite3.Connection, source: str | None) -> str | None:
    """Return the id with the newest activity, or None; subagents and empty ones are left out."""
    row = connection.execute(
        f"SELECT id FROM sessions WHERE kind != 'subagent' AND {_NOT_EMPTY}"
        " AND (:s IS NULL OR source = :s)"
        " ORDER BY last_active DESC, id DESC LIMIT 1",
        {"s": source},
    ).fetchone()
    return None if row is None else str(row[0])


def ids(connection: sqlite3.Connection, source: str | None) -> list[str]:
    """Ids of all conversations, subagents too, oldest first."""
    rows = connection.execute(
        "SELECT id FROM sessions WHERE :s IS NULL OR source = :s ORDER BY started_at, id",
        {"s": source},
    )
    return [str(row[0]) for row in rows]


def ended_before(
    connection: sqlite3.Connection, moment: float, source: str | None, *, open_now: Collection[str]
) -> Sequence[str]:
    """Ids of ended conversations that started before `moment` (seconds since the epoch).

    One whose process was killed has no end written down; it has ended if nobody has it open
    or has used it since that moment.

    Args:
        connection: The database.
        moment: Seconds since the epoch.
        source: Only conversations from there; None: from anywhere.
        open_now: What living processes have open.
    """
    rows = connection.execute(
        "SELECT id FROM sessions WHERE started_at < :m"
        " AND (ended_at IS NOT NULL OR last_active < :m)"
        " AND kind != 'subagent' AND (:s IS NULL OR source = :s) ORDER BY started_at",
        {"m": moment, "s": source},
    )
    return [str(row[0]) for row in rows if row[0] not in open_now]


def totals(connection: sqlite3.Connection) -> dict[str, Any]:
    """Sums over all sessions, and counts `by_source`."""
    sums = connection.execute(
        """
        SELECT count(*) AS sessions, COALESCE(sum(message_count), 0) AS messages,
            COALESCE(sum(input_tokens + cache_read_tokens + cache_write_tokens), 0)
                AS prompt_tokens,
            COALESCE(sum(output_tokens), 0) AS output_tokens,
            COALESCE(sum(estimated_cost_usd), 0.0) AS cost_usd
        FROM sessions
        """
    ).fetchone()
    by_source = connection.execute(
        "SELECT source, count(*), sum(message_count) FROM sessions GROUP BY source ORDER BY 2 DESC"
    )
    return {
        **dict(sums),
        "by_source": {row[0]: {"sessions": row[1], "messages": row[2] or 0} for row in by_source},
    }


def _one(connection: sqlite3.Connection, query: str, value: str) -> str | None:
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else str(row[0])


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def forget_empty(
    connection: sqlite3.Connection, *, session_id: str | None, started_before: float
) -> int:
    """Delete conversations in which nothing was ever said; return how many.

    Args:
        connection: Inside a write transaction.
        session_id: This one alone; None: every one that nobody holds a lease of.
        started_before: Younger ones stay, in seconds since the epoch.
    """
    unheld = "id NOT IN (SELECT session_id FROM leases)"
    cursor = connection.execute(
        f"DELETE FROM sessions WHERE NOT {_NOT_EMPTY} AND source_id IS NULL AND started_at <= ?"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE session_id = sessions.id)"
        f" AND {'id = ?' if session_id is not None else unheld}",
        (started_before,) if session_id is None else (started_before, session_id),
    )
    return cursor.rowcount
