"""Taking over the conversations of the older program from its `state.db`.

The file is opened read-only and never changed. Every row of its `sessions` is taken
once, by its id; a conversation it split by compression becomes one again, under the
id of the newest part, and the older ids become aliases.
"""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hermes_core.errors import StoreError, StoreUnavailable
from hermes_core.messages import Message, ToolCall
from hermes_core.storage import message_rows, session_rows, titles
from hermes_core.storage.database import Database
from hermes_core.storage.records import ImportReport, SessionKind, SessionRecord

_log = logging.getLogger(__name__)

_DONE = "reference_imported"
_SECONDS_BETWEEN_PARTS = 5.0
_ROLES = ("user", "assistant", "tool")

Row = Mapping[str, Any]


class Chain(Struct, frozen=True):
    """One conversation of the older program: its parts, oldest first."""

    parts: tuple[Row, ...]
    kind: SessionKind
    parent_id: str | None

    @property
    def tip(self) -> Row:
        """The newest part, whose id the conversation keeps."""
        return self.parts[-1]


class _Counts(Struct):
    sessions: int = 0
    messages: int = 0
    aliases: int = 0
    skipped: int = 0

    def add(self, other: _Counts) -> None:
        """Add up."""
        self.sessions += other.sessions
        self.messages += other.messages
        self.aliases += other.aliases
        self.skipped += other.skipped


def was_done(db: sqlite3.Connection) -> bool:
    """Whether an import was completed before."""
    return db.execute("SELECT 1 FROM meta WHERE key = ?", (_DONE,)).fetchone() is not None


async def run(database: Database, source: Path) -> ImportReport:
    """Import what is not here yet, one transaction a conversation.

    Raises:
        StoreUnavailable: `source` is not a readable database of versions 1 to 6.
    """
    reader = Database(source, read_only=True, opener=open_reference)
    try:
        chains = await reader.read(lambda ref: chains_of(_table(ref, "sessions")))
        total = _Counts()
        problems = []
        for chain in chains:
            parts = await reader.read(partial(_histories, chain=chain))
            try:
                total.add(await database.write(partial(_take, chain=chain, histories=parts)))
            except StoreUnavailable:
                raise
            except (StoreError, sqlite3.IntegrityError, ValueError, TypeError) as error:
                _log.warning("session %s cannot be imported: %s", chain.tip["id"], error)
                problems.append(f"{chain.tip['id']}: {error}")
        await database.write(_link_parents(chains))
    finally:
        await reader.aclose()
    return ImportReport(
        ran=True,
        sessions=total.sessions,
        messages=total.messages,
        aliases=total.aliases,
        skipped=total.skipped,
        problems=tuple(problems),
    )


def open_reference(path: Path) -> sqlite3.Connection:
    """Open the older program's file so that not even a lock file appears beside it.

    While it runs, its write-ahead log is there and is read along; otherwise the file
    is opened as immutable.
    """
    log = path.with_name(f"{path.name}-wal")
    still = not log.exists() or log.stat().st_size == 0
    options = "mode=ro&immutable=1" if still else "mode=ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    return connection


def chains_of(rows: Sequence[Row]) -> list[Chain]:
    """Group sessions into conversations.

    A part that ended by `compression` goes on in the first child that started after
    it ended. Other children are branches if the parent ended as `branched` or they
    have a title of their own, else subagents.
    """
    by_id = {row["id"]: row for row in rows}
    follower = _followers(rows)
    continued = set(follower.values())
    chains = []
    for row in sorted(rows, key=lambda row: (row.get("started_at") or 0.0, row["id"])):
        if row["id"] in continued:
            continue
        parts = [row]
        while (following := follower.get(parts[-1]["id"])) and len(parts) <= len(rows):
            parts.append(by_id[following])
        parent = by_id.get(row.get("parent_session_id") or "")
        chains.append(
            Chain(
                parts=tuple(parts),
                kind=_kind(row, parent),
                parent_id=None if parent is None else parent["id"],
            )
        )
    return chains


def _followers(rows: Sequence[Row]) -> dict[str, str]:
    ended = {row["id"]: row for row in rows if row.get("end_reason") == "compression"}
    follower: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.get("started_at") or 0.0, row["id"])):
        parent = ended.get(row.get("parent_session_id") or "")
        if parent is None or parent["id"] in follower or parent["id"] == row["id"]:
            continue
        end = parent.get("ended_at") or 0.0
        if (row.get("started_at") or 0.0) >= end - _SECONDS_BETWEEN_PARTS:
            follower[parent["id"]] = row["id"]
    return follower


def _kind(row: Row, parent: Row | None) -> SessionKind:
    if parent is None:
        return "root"
    branched = (
        parent.get("end_reason") == "branched"
        and (row.get("started_at") or 0.0)
        >= (parent.get("ended_at") or 0.0) - _SECONDS_BETWEEN_PARTS
    )
    return "branch" if branched or row.get("title") else "subagent"


def _table(ref: sqlite3.Connection, name: str) -> list[Row]:
    known = {row[1] for row in ref.execute(f"PRAGMA table_info({name})")}
    if not {"id", "source"} <= known:
        raise StoreUnavailable("state.db holds no sessions this program can read")
    return [dict(row) for row in ref.execute(f"SELECT * FROM {name}")]


def _histories(ref: sqlite3.Connection, chain: Chain) -> list[list[Row]]:
    return [
        [
            dict(row)
            for row in ref.execute(
                "SELECT * FROM messages WHERE session_id = ? ORDER BY timestamp, id",
                (part["id"],),
            )
        ]
        for part in chain.parts
    ]


def _take(db: sqlite3.Connection, chain: Chain, histories: Sequence[Sequence[Row]]) -> _Counts:
    """Write one conversation, or what is new of it."""
    ids = [str(part["id"]) for part in chain.parts]
    known: dict[str, Row] = {
        str(row["source_id"]): dict(row)
        for row in db.execute(
            f"SELECT * FROM imported WHERE source_id IN ({', '.join('?' for _ in ids)})", ids
        )
    }
    if not known:
        counts = _add(db, _create(db, chain), ids, histories, {})
        counts.sessions = 1
        return counts
    session_id = str(next(iter(known.values()))["session_id"])
    if any(row["deleted"] for row in known.values()):
        for source_id in ids:
            _mark(db, source_id, session_id, 0, deleted=True)
        return _Counts(skipped=1)
    if _was_continued_here(db, session_id):
        return _Counts(skipped=1)
    counts = _add(db, session_id, ids, histories, known)
    if counts.messages:
        # The log kept so far lacks the new messages; it is projected again when opened.
        db.execute("DELETE FROM events WHERE session_id = ?", (session_id,))
        db.execute("UPDATE sessions SET last_seq = 0 WHERE id = ?", (session_id,))
    else:
        counts.skipped = 1
    return counts


def _add(
    db: sqlite3.Connection,
    session_id: str,
    ids: Sequence[str],
    histories: Sequence[Sequence[Row]],
    known: Mapping[str, Row],
) -> _Counts:
    """Append what each part has beyond what is known of it; the newest part stays active."""
    counts = _Counts()
    for epoch, (source_id, rows) in enumerate(zip(ids, histories, strict=True)):
        last = int(known[source_id]["last_row"]) if source_id in known else 0
        fresh = [row for row in rows if row["id"] > last and row.get("role") in _ROLES]
        counts.messages += _add_part(db, session_id, epoch, fresh)
        _mark(db, source_id, session_id, max((row["id"] for row in rows), default=last))
        if source_id != session_id and source_id not in known:
            db.execute(
                "INSERT OR IGNORE INTO aliases (alias, session_id) VALUES (?, ?)",
                (source_id, session_id),
            )
            counts.aliases += 1
    newest = len(ids) - 1
    db.execute(
        "UPDATE messages SET active = (epoch = ?) WHERE session_id = ? AND rewound = 0",
        (newest, session_id),
    )
    db.execute(
        "UPDATE sessions SET epoch = :epoch, last_active = max(last_active, COALESCE("
        "(SELECT max(timestamp) FROM messages WHERE session_id = :id), 0)) WHERE id = :id",
        {"epoch": newest, "id": session_id},
    )
    return counts


def _was_continued_here(db: sqlite3.Connection, session_id: str) -> bool:
    row = db.execute(
        "SELECT 1 FROM messages WHERE session_id = ? AND source_row IS NULL LIMIT 1", (session_id,)
    ).fetchone()
    return row is not None


def _create(db: sqlite3.Connection, chain: Chain) -> str:
    tip, first = chain.tip, chain.parts[0]
    sums: dict[str, Any] = {
        name: sum(int(part.get(name) or 0) for part in chain.parts)
        for name in (
            *("input_tokens", "output_tokens", "cache_read_tokens"),
            *("cache_write_tokens", "reasoning_tokens"),
        )
    }
    title = titles.clean_cut(str(tip.get("title") or ""))
    record = SessionRecord(
        id=str(tip["id"]),
        source="api_server" if tip["source"] == "api-server" else str(tip["source"]),
        kind=chain.kind,
        user_id=tip.get("user_id"),
        model=tip.get("model"),
        model_config=_object(tip.get("model_config")),
        system_prompt=tip.get("system_prompt"),
        started_at=float(first.get("started_at") or 0.0),
        ended_at=tip.get("ended_at"),
        end_reason=tip.get("end_reason"),
        billing_provider=tip.get("billing_provider"),
        billing_base_url=tip.get("billing_base_url"),
        billing_mode=tip.get("billing_mode"),
        estimated_cost_usd=_sum(chain.parts, "estimated_cost_usd"),
        actual_cost_usd=_sum(chain.parts, "actual_cost_usd"),
        cost_status=tip.get("cost_status"),
        cost_source=tip.get("cost_source"),
        pricing_version=tip.get("pricing_version"),
        title=titles.following(db, title) if title and _is_taken(db, title) else title or None,
        source_id=str(tip["id"]),
        last_active=float(tip.get("started_at") or 0.0),
        **sums,
    )
    if not session_rows.insert(db, record, now=record.started_at):
        raise StoreError("a conversation of this program has that id")
    return record.id


def _is_taken(db: sqlite3.Connection, title: str) -> bool:
    return db.execute("SELECT 1 FROM sessions WHERE title = ?", (title,)).fetchone() is not None


def _add_part(db: sqlite3.Connection, session_id: str, epoch: int, rows: Sequence[Row]) -> int:
    for row in rows:
        if row.get("tool_calls") and _calls(row["tool_calls"]) is None:
            _log.warning("message %s of %s: broken tool calls", row["id"], session_id)
    message_rows.append(
        db,
        session_id,
        [_message(row) for row in rows],
        now=0.0,
        epoch=epoch,
        source_rows=[int(row["id"]) for row in rows],
    )
    return len(rows)


def _message(row: Row) -> Message:
    return Message(
        role=row["role"],
        content=row.get("content") or "",
        message_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{row['session_id']}/{row['id']}").hex,
        tool_calls=_calls(row.get("tool_calls")) or (),
        tool_call_id=row.get("tool_call_id"),
        tool_name=row.get("tool_name"),
        finish_reason=row.get("finish_reason"),
        reasoning=row.get("reasoning"),
        reasoning_details=_list(row.get("reasoning_details")),
        codex_reasoning_items=_list(row.get("codex_reasoning_items")),
        timestamp=float(row.get("timestamp") or 0.0),
        token_count=row.get("token_count"),
    )


def _calls(text: str | None) -> tuple[ToolCall, ...] | None:
    """Read the chat-completions form `[{id, type, function: {name, arguments}}]`."""
    entries = _list(text)
    if entries is None:
        return None
    calls = []
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        nested = entry.get("function")
        function: dict[str, Any] = nested if isinstance(nested, dict) else entry
        arguments = function.get("arguments", "{}")
        if not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        extra = entry.get("extra_content")
        calls.append(
            ToolCall(
                id=str(entry.get("id") or entry.get("call_id") or ""),
                name=str(function.get("name") or ""),
                arguments=arguments,
                extra_content=extra if isinstance(extra, dict) else None,
            )
        )
    return tuple(calls)


def _decoded(text: object) -> Any:
    if not isinstance(text, str | bytes) or not text:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _list(text: object) -> list[Any] | None:
    value = _decoded(text)
    return value if isinstance(value, list) else None


def _object(text: object) -> dict[str, Any] | None:
    value = _decoded(text)
    return value if isinstance(value, dict) else None


def _sum(parts: Sequence[Row], name: str) -> float | None:
    values = [float(part[name]) for part in parts if part.get(name) is not None]
    return sum(values) if values else None


def _mark(
    db: sqlite3.Connection, source_id: str, session_id: str, last_row: int, *, deleted: bool = False
) -> None:
    db.execute(
        "INSERT INTO imported (source_id, session_id, last_row, deleted) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (source_id) DO UPDATE SET last_row = excluded.last_row,"
        " deleted = excluded.deleted",
        (source_id, session_id, last_row, int(deleted)),
    )


def _link_parents(chains: Sequence[Chain]) -> Callable[[sqlite3.Connection], None]:
    """Set the parents once all are here: they may have been merged under another id."""

    def work(db: sqlite3.Connection) -> None:
        for chain in chains:
            if chain.parent_id is not None:
                db.execute(
                    """
                    UPDATE sessions SET parent_session_id = (SELECT parent.id FROM imported
                        JOIN sessions AS parent ON parent.id = imported.session_id
                        WHERE imported.source_id = :parent AND imported.deleted = 0)
                    WHERE source_id = :child AND parent_session_id IS NULL
                    """,
                    {"parent": chain.parent_id, "child": chain.tip["id"]},
                )
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')", (_DONE,))

    return work
