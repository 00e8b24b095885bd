"""Taking a conversation out of the store with all that belongs to it."""

from __future__ import annotations

import glob
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from hermes_core.messages import Attachment
from hermes_core.paths import Home
from hermes_core.storage import session_rows
from hermes_core.storage.search_index import TEXT_COLUMNS, index_text

PURGE_DUE = "index_purge_due"
"""Key in `meta` while deleted words may still be in the index; see `Store.open`."""

_OUR_FILES = ("pastes", "images", "cache", "image_cache", "audio_cache", "document_cache")
"""Folders in the home whose files came from the person, one conversation each."""


class Remains(Struct, frozen=True):
    """What is left to clear away outside `hermes.db`."""

    session_ids: tuple[str, ...]
    """The conversation and its subagents."""
    indexed: tuple[tuple[int, str], ...]
    """Row ids and texts to take out of the index."""
    attachments: tuple[str, ...]


def delete_rows(connection: sqlite3.Connection, session_id: str) -> Remains:
    """Delete the session's rows and those of its subagents; branches lose their parent.

    The ids it was imported under stay behind, so that no later import brings it back.

    Raises:
        SessionNotFound: No such session.
    """
    session_rows.fetch(connection, session_id)
    ids = [
        str(row[0])
        for row in connection.execute(
            """
            WITH RECURSIVE family(id) AS (
                SELECT ? UNION SELECT child.id FROM sessions AS child, family
                WHERE child.parent_session_id = family.id AND child.kind = 'subagent'
            ) SELECT id FROM family
            """,
            (session_id,),
        )
    ]
    marks = ", ".join("?" for _ in ids)
    rows = connection.execute(
        f"SELECT {TEXT_COLUMNS}, attachments FROM messages WHERE session_id IN ({marks})", ids
    ).fetchall()
    connection.execute(f"UPDATE imported SET deleted = 1 WHERE session_id IN ({marks})", ids)
    connection.execute(f"DELETE FROM leases WHERE session_id IN ({marks})", ids)
    connection.execute(f"DELETE FROM sessions WHERE id IN ({marks})", ids)
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')", (PURGE_DUE,))
    return Remains(
        session_ids=tuple(ids),
        indexed=tuple((int(row["id"]), index_text(row)) for row in rows),
        attachments=tuple(attachment_paths(row["attachments"] for row in rows)),
    )


def delete_files(home: Home, remains: Remains, copies: Iterable[Path]) -> None:
    """Delete spilled results, written requests, pasted and cached files, and copies made before migrations.

    A copy holds every conversation of its day, this one too. Files of the person
    outside our folders are never touched.

    Raises:
        OSError: Something cannot be deleted.
    """
    for session_id in remains.session_ids:
        folder = home.spills / session_id
        if folder.is_dir() and folder.parent == home.spills:
            shutil.rmtree(folder)
        for dump in home.request_dumps.glob(f"request_dump_{glob.escape(session_id)}_*Z.json"):
            dump.unlink(missing_ok=True)
    ours = [(home.root / name).resolve() for name in _OUR_FILES]
    for name in remains.attachments:
        path = Path(name)
        if any(path.resolve().is_relative_to(folder) for folder in ours):
            path.unlink(missing_ok=True)
    for copy in copies:
        copy.unlink(missing_ok=True)


def attachment_paths(columns: Iterable[str | None]) -> list[str]:
    """Return the paths in columns of attachments, as messages have them."""
    found = []
    for text in columns:
        if text is None:
            continue
        try:
            found += [item.path for item in msgspec.json.decode(text, type=list[Attachment])]
        except msgspec.DecodeError:
            continue  # a broken list names no file
    return found
