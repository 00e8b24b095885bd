"""What a title may be, and how a person's words become one."""

from __future__ import annotations

import re
import sqlite3
import unicodedata

from hermes_core.errors import SessionNotFound, StoreError, TitleTaken
from hermes_core.storage.session_rows import lineage

MAX_CHARS = 100

_NUMBERED = re.compile(r"^(?P<base>.*\S) #(?P<number>\d+)$")


def clean(title: str) -> str:
    """Drop what cannot be seen, collapse spaces; empty if nothing is left.

    Control, zero-width and direction-override characters go.

    Raises:
        StoreError: More than 100 characters are left.
    """
    cleaned = _visible(title)
    if len(cleaned) > MAX_CHARS:
        raise StoreError(f"Title too long ({len(cleaned)} chars, max {MAX_CHARS})")
    return cleaned


def clean_cut(title: str) -> str:
    """Like `clean`, but cut to 100 characters; for titles somebody else gave."""
    return _visible(title)[:MAX_CHARS].strip()


def _visible(title: str) -> str:
    visible = "".join(
        " " if char.isspace() else char
        for char in title
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    return " ".join(visible.split())


def assign(connection: sqlite3.Connection, session_id: str, title: str) -> None:
    """Set a cleaned title; an empty one takes the title away.

    Raises:
        TitleTaken: Another session has it.
        SessionNotFound: No such session.
    """
    row = connection.execute(
        "SELECT id FROM sessions WHERE title = ? AND id != ?", (title, session_id)
    ).fetchone()
    if title and row is not None:
        raise TitleTaken(f"Title '{title}' is already in use by session {row[0]}")
    changed = connection.execute(
        "UPDATE sessions SET title = ? WHERE id = ?", (title or None, session_id)
    )
    if changed.rowcount == 0:
        raise SessionNotFound(f"No session found matching '{session_id}'.")


def following(connection: sqlite3.Connection, title: str) -> str:
    """Return the next free title of the line: `base`, then `base #2`, `base #3`."""
    match = _NUMBERED.match(title)
    base = match["base"] if match else title
    numbers = lineage(connection, base)
    taken = connection.execute("SELECT 1 FROM sessions WHERE title = ?", (base,)).fetchone()
    if not numbers and taken is None:
        return base
    suffix = f" #{max(numbers, default=1) + 1}"
    return base[: MAX_CHARS - len(suffix)] + suffix
