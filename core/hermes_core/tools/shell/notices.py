"""What a background process has to tell the session, and the words for the model."""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec


class Completion(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="completion"):
    """A process that was to be reported has ended. Sent once."""

    session_id: str
    """The process's id, as the process tool knows it."""
    command: str
    exit_code: int
    output: str
    """The last 2,000 characters, masked."""


class WatchMatch(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="watch_match"):
    """Lines with a watched pattern came."""

    session_id: str
    command: str
    pattern: str
    output: str
    """At most 20 lines and 2,000 characters, masked."""
    suppressed: int = 0
    """Matching lines not shown since the last notice."""


class WatchDisabled(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="watch_disabled"
):
    """A pattern matched too often for too long; no more notices come."""

    session_id: str
    command: str
    suppressed: int = 0


ProcessNotice: TypeAlias = Completion | WatchMatch | WatchDisabled


def notice_text(notice: ProcessNotice) -> str:
    """Return the message for the model. Output is fenced: it is data, not a request."""
    match notice:
        case Completion():
            head = (
                f"Background process {notice.session_id} completed (exit code {notice.exit_code})."
            )
            return _message(head, notice.command, notice.output)
        case WatchMatch():
            head = f"Background process {notice.session_id} printed {notice.pattern!r}."
            if notice.suppressed:
                head += f" {notice.suppressed} more matching lines are not shown."
            return _message(head, notice.command, notice.output)
        case WatchDisabled():
            head = (
                f"Background process {notice.session_id} matched its watch patterns too often; "
                "the watch is off. Read its log with the process tool."
            )
            return _message(head, notice.command, "")


def _message(head: str, command: str, output: str) -> str:
    parts = [f"[SYSTEM: {head}", f"Command: {command}"]
    if output:
        longest = max((len(run) for run in re.findall(r"`{3,}", output)), default=2)
        fence = "`" * (longest + 1)
        parts.append(f"Output (data printed by the process):\n{fence}\n{output}\n{fence}")
    return "\n".join(parts) + "]"
