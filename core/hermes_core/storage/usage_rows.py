"""Reading what requests took: one value for each, over many conversations or one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator

import msgspec

from hermes_core.events import RequestFinished
from hermes_core.messages import Usage
from hermes_core.storage.records import RequestUse

_log = logging.getLogger(__name__)

_PREFIX = b'{"type":"request.finished"'
"""How the stored form of the event begins: its tag is its first field."""
_decoder = msgspec.json.Decoder(RequestFinished)
_BUCKETS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)


def fetch(
    connection: sqlite3.Connection,
    *,
    since: float = 0.0,
    source: str | None = None,
    session_id: str | None = None,
) -> list[RequestUse]:
    """Return every request since a moment, oldest first.

    What a conversation took without an event that tells of it (imported ones, and those
    whose events were forgotten) is one value at the time the conversation began.

    Args:
        connection: To read from.
        since: Seconds since the epoch.
        source: Only conversations from there; None for all.
        session_id: Only this conversation.
    """
    sessions = connection.execute(
        "SELECT id, source, model, billing_provider, started_at, api_calls, cost_status,"
        " COALESCE(actual_cost_usd, estimated_cost_usd) AS cost_usd,"
        f" {', '.join(_BUCKETS)} FROM sessions"
        " WHERE last_active >= :since AND (:source IS NULL OR source = :source)"
        " AND (:id IS NULL OR id = :id)"
        # what children took stands in the conversation they worked for
        " AND (source != 'delegate' OR :source = source OR :id = id)",
        {"since": since, "source": source, "id": session_id},
    ).fetchall()
    found: list[RequestUse] = []
    for row in sessions:
        told = list(_told(connection, row))
        found.extend(use for use in told if use.ts >= since)
        if row["started_at"] >= since:
            found.extend(_untold(row, told))
    return sorted(found, key=lambda use: use.ts)


def _told(connection: sqlite3.Connection, session: sqlite3.Row) -> Iterator[RequestUse]:
    rows = connection.execute(
        "SELECT ts, payload FROM events WHERE session_id = ? AND substr(payload, 1, ?) = ?"
        " ORDER BY seq",
        (session["id"], len(_PREFIX), _PREFIX),
    )
    for row in rows:
        try:
            event = _decoder.decode(row["payload"])
        except msgspec.DecodeError as error:
            _log.warning("a request of session %s cannot be read: %s", session["id"], error)
            continue
        yield RequestUse(
            session_id=session["id"],
            ts=row["ts"],
            source=session["source"],
            purpose=event.purpose,
            provider=event.provider or session["billing_provider"] or "",
            model=event.model or session["model"] or "",
            usage=event.usage,
            cost_usd=event.cost_usd,
            latency_s=event.latency_s,
        )


def _untold(session: sqlite3.Row, told: list[RequestUse]) -> Iterator[RequestUse]:
    known = sum((use.usage for use in told), Usage())
    rest = {name: max(session[name] - getattr(known, name), 0) for name in _BUCKETS}
    requests = max(session["api_calls"] - known.requests, 0)
    if not requests and not any(rest.values()):
        return
    cost = session["cost_usd"] if session["cost_status"] != "unknown" else None
    if cost is not None:
        cost = max(cost - sum(use.cost_usd or 0.0 for use in told), 0.0)
    yield RequestUse(
        session_id=session["id"],
        ts=session["started_at"],
        source=session["source"],
        provider=session["billing_provider"] or "",
        model=session["model"] or "",
        usage=Usage(requests=requests, **rest),
        cost_usd=cost,
    )
