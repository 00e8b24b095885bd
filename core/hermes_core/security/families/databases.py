"""Destructive statements given to database clients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hermes_core.security.command_line import Command
from hermes_core.security.rules import Finding, Scene, rule

_CLIENTS = frozenset(
    {"psql", "mysql", "mariadb", "sqlite3", "sqlite", "duckdb", "sqlcmd", "clickhouse-client",
     "clickhouse", "cockroach", "sqlplus", "bq", "usql", "pgcli", "mycli"}
)  # fmt: skip
_DROP = re.compile(
    r"\bdrop\s+(?:table|database|schema|index|view|materialized|user|role)\b", re.IGNORECASE
)
_TRUNCATE = re.compile(r"\btruncate\s+(?:table\s+)?\w", re.IGNORECASE)
_DELETE = re.compile(r"\bdelete\s+from\b", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)


@rule
def statements(command: Command, scene: Scene) -> Iterator[Finding]:
    """SQL in the arguments or the standard input of a client."""
    if command.name not in _CLIENTS:
        return
    feeders = [t for source in command.upstream for t in (*source.texts, source.stdin_text)]
    text = ";".join([*command.texts, command.stdin_text, *feeders])
    if _DROP.search(text):
        yield Finding("SQL DROP", "drops a database object with its data", command.fragment)
    if _TRUNCATE.search(text):
        yield Finding("SQL TRUNCATE", "removes every row of a table", command.fragment)
    if any(_DELETE.search(part) and not _WHERE.search(part) for part in text.split(";")):
        line = "deletes every row, there is no WHERE"
        yield Finding("SQL DELETE without WHERE", line, command.fragment)


@rule
def other_stores(command: Command, scene: Scene) -> Iterator[Finding]:
    """Clients that do not speak SQL, and programs that drop databases."""
    upper = {text.upper() for text in command.texts}
    if command.name in ("redis-cli", "valkey-cli") and upper & {"FLUSHALL", "FLUSHDB"}:
        yield Finding("flush key store", "removes every key of the store", command.fragment)
    if command.name in ("dropdb", "dropuser") or (
        command.name in ("mysqladmin", "mariadb-admin") and "DROP" in upper
    ):
        yield Finding("SQL DROP", "drops a database", command.fragment)
    if command.name in ("mongo", "mongosh") and any("drop" in t.lower() for t in command.texts):
        yield Finding("SQL DROP", "drops a database object with its data", command.fragment)
