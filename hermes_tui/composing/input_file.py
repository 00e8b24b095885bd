"""The file of earlier inputs, in the form the older program writes too.

An entry is a line `# time` and its lines with a `+` before each. Several instances
may append at once: one write each, opened for appending.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

_KEPT = 1000


def holds_secret(text: str) -> bool:
    """Whether an input has something of the shape of a key in it; it is not kept then."""
    # measured: 15 ms of patterns, which the first paint can do without
    from hermes_core.security.redaction import Redactor

    return Redactor().redact(text) != text


def parse_history(text: str) -> list[str]:
    """Return the inputs, oldest first; lines of another form end an entry."""
    entries: list[str] = []
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            entries.append("\n".join(lines))
            lines = []
    return entries


def history_entry(text: str, at: datetime) -> str:
    """Return what is appended for an input."""
    body = "".join(f"+{line}\n" for line in text.split("\n"))
    return f"\n# {at.isoformat(sep=' ')}\n{body}"


def read_history(path: Path) -> list[str]:
    """Read the newest inputs; none if there is no file.

    Raises:
        OSError: The file is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return parse_history(text)[-_KEPT:]


def append_history(path: Path, text: str) -> None:
    """Add an input; the file is readable by its owner alone.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    entry = history_entry(text, datetime.now(UTC)).encode("utf-8", "replace")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # One write of the system, so that entries of two instances never mix.
        os.write(descriptor, entry)
    finally:
        os.close(descriptor)
