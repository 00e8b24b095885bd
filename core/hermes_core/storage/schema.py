"""The tables of `hermes.db`, as numbered steps.

A step is never edited after a release; a change is a further step. The columns of
`sessions` and `messages` contain those of the older program's store (version 6).
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta (key, value) VALUES ('store_id', lower(hex(randomblob(16))));

    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        kind TEXT NOT NULL DEFAULT 'root',
        user_id TEXT,
        model TEXT,
        model_config TEXT,
        system_prompt TEXT,
        parent_session_id TEXT REFERENCES sessions(id) ON DELETE SET NULL,
        started_at REAL NOT NULL,
        ended_at REAL,
        end_reason TEXT,
        message_count INTEGER NOT NULL DEFAULT 0,
        tool_call_count INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        cache_read_tokens INTEGER NOT NULL DEFAULT 0,
        cache_write_tokens INTEGER NOT NULL DEFAULT 0,
        reasoning_tokens INTEGER NOT NULL DEFAULT 0,
        api_calls INTEGER NOT NULL DEFAULT 0,
        billing_provider TEXT,
        billing_base_url TEXT,
        billing_mode TEXT,
        estimated_cost_usd REAL,
        actual_cost_usd REAL,
        cost_status TEXT,
        cost_source TEXT,
        pricing_version TEXT,
        title TEXT,
        source_id TEXT,
        cwd TEXT NOT NULL DEFAULT '',
        preview TEXT NOT NULL DEFAULT '',
        last_active REAL NOT NULL,
        epoch INTEGER NOT NULL DEFAULT 0,
        last_seq INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX sessions_by_activity ON sessions(last_active DESC);
    CREATE INDEX sessions_by_source ON sessions(source, last_active DESC);
    CREATE INDEX sessions_by_parent ON sessions(parent_session_id);
    CREATE UNIQUE INDEX sessions_by_title ON sessions(title) WHERE title IS NOT NULL;

    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        message_id TEXT NOT NULL,
        position REAL NOT NULL,
        role TEXT NOT NULL,
        content TEXT,
        tool_call_id TEXT,
        tool_calls TEXT,
        tool_name TEXT,
        timestamp REAL NOT NULL,
        token_count INTEGER,
        finish_reason TEXT,
        reasoning TEXT,
        reasoning_details TEXT,
        codex_reasoning_items TEXT,
        attachments TEXT,
        epoch INTEGER NOT NULL DEFAULT 0,
        active INTEGER NOT NULL DEFAULT 1,
        rewound INTEGER NOT NULL DEFAULT 0,
        source_row INTEGER,
        UNIQUE (session_id, message_id)
    );
    CREATE INDEX messages_in_order ON messages(session_id, position);

    CREATE TABLE events (
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        ts REAL NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (session_id, seq)
    );

    CREATE TABLE leases (
        session_id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        heartbeat REAL NOT NULL
    );

    CREATE TABLE questions (
        request_id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        payload BLOB NOT NULL,
        answer BLOB,
        asked_at REAL NOT NULL,
        answered_at REAL
    );
    CREATE INDEX questions_by_session ON questions(session_id);

    CREATE TABLE aliases (
        alias TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE
    );
    CREATE INDEX aliases_by_session ON aliases(session_id);

    CREATE TABLE imported (
        source_id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        last_row INTEGER NOT NULL DEFAULT 0,
        deleted INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX imported_by_session ON imported(session_id);
    """,
)
"""Step N (counted from 1) takes a database from version N - 1 to N."""

SCHEMA_VERSION = len(MIGRATIONS)
