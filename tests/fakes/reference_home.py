"""A `state.db` as the older program writes it, schema versions 1 to 6.

Tables, columns, indexes and triggers follow the description of that program's
version 6 store; earlier versions lack the columns its migrations added later.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_V5_COLUMNS = """, cache_read_tokens INTEGER DEFAULT 0, cache_write_tokens INTEGER DEFAULT 0,
    reasoning_tokens INTEGER DEFAULT 0, billing_provider TEXT, billing_base_url TEXT,
    billing_mode TEXT, estimated_cost_usd REAL, actual_cost_usd REAL, cost_status TEXT,
    cost_source TEXT, pricing_version TEXT"""

_FTS = """
    CREATE VIRTUAL TABLE messages_fts USING fts5(content, content=messages, content_rowid=id);
    CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages BEGIN
        INSERT INTO messages_fts(rowid, content) VALUES (new.id, new.content); END;
    CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
        INSERT INTO messages_fts(messages_fts, rowid, content)
        VALUES ('delete', old.id, old.content); END;
    CREATE TRIGGER messages_fts_update AFTER UPDATE ON messages BEGIN
        INSERT INTO messages_fts(messages_fts, rowid, content)
        VALUES ('delete', old.id, old.content);
        INSERT INTO messages_fts(rowid, content) VALUES (new.id, new.content); END;
"""


class ReferenceHome:
    """Writes sessions and messages the way the older program leaves them."""

    def __init__(self, path: Path, *, version: int = 6) -> None:
        self.path = path
        self._version = version
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_schema(version))
        connection.execute("INSERT INTO schema_version VALUES (?)", (version,))
        connection.commit()
        connection.close()

    def add_session(
        self, session_id: str, *, source: str = "cli", started_at: float = 1000.0, **columns: Any
    ) -> None:
        """Insert a row of `sessions`; any column may be given."""
        values = {"id": session_id, "source": source, "started_at": started_at, **columns}
        self._insert("sessions", values)

    def add_message(
        self,
        session_id: str,
        role: str,
        content: str | None,
        *,
        timestamp: float = 1001.0,
        tool_calls: Sequence[tuple[str, str, dict[str, Any]]] = (),
        **columns: Any,
    ) -> None:
        """Insert a row of `messages`; tool calls are given as id, name, arguments."""
        values = {
            "session_id": session_id,
            "role": role,
            "content": content,
            "timestamp": timestamp,
            **columns,
        }
        if tool_calls:
            values["tool_calls"] = json.dumps(
                [
                    {
                        "id": call_id,
                        "type": "function",
                        "function": {"name": name, "arguments": json.dumps(arguments)},
                    }
                    for call_id, name, arguments in tool_calls
                ]
            )
        self._insert("messages", values)

    def execute(self, statement: str, *values: object) -> None:
        """Change the file by hand."""
        connection = sqlite3.connect(self.path)
        connection.execute(statement, values)
        connection.commit()
        connection.close()

    def checksum(self) -> str:
        """Digest of the file's bytes and of the names beside it that start like it."""
        names = sorted(path.name for path in self.path.parent.glob(f"{self.path.name}*"))
        return hashlib.sha256(self.path.read_bytes() + repr(names).encode()).hexdigest()

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        marks = ", ".join("?" for _ in values)
        self.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *values.values()
        )


def _schema(version: int) -> str:
    sessions = """id TEXT PRIMARY KEY, source TEXT NOT NULL, user_id TEXT, model TEXT,
        model_config TEXT, system_prompt TEXT, parent_session_id TEXT, started_at REAL NOT NULL,
        ended_at REAL, end_reason TEXT, message_count INTEGER DEFAULT 0,
        tool_call_count INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0,
        output_tokens INTEGER DEFAULT 0"""
    messages = """id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions(id), role TEXT NOT NULL, content TEXT,
        tool_call_id TEXT, tool_calls TEXT, tool_name TEXT, timestamp REAL NOT NULL,
        token_count INTEGER"""
    if version >= 2:
        messages += ", finish_reason TEXT"
    if version >= 3:
        sessions += ", title TEXT"
    if version >= 5:
        sessions += _V5_COLUMNS
    if version >= 6:
        messages += ", reasoning TEXT, reasoning_details TEXT, codex_reasoning_items TEXT"
    unique = (
        "CREATE UNIQUE INDEX idx_sessions_title_unique ON sessions(title) WHERE title IS NOT NULL;"
        if version >= 4
        else ""
    )
    return f"""
        CREATE TABLE schema_version (version INTEGER NOT NULL);
        CREATE TABLE sessions ({sessions}, FOREIGN KEY (parent_session_id)
            REFERENCES sessions(id));
        CREATE TABLE messages ({messages});
        CREATE INDEX idx_sessions_source ON sessions(source);
        CREATE INDEX idx_sessions_parent ON sessions(parent_session_id);
        CREATE INDEX idx_sessions_started ON sessions(started_at DESC);
        CREATE INDEX idx_messages_session ON messages(session_id, timestamp);
        {unique}
        {_FTS}
    """
