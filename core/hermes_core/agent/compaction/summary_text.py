"""The summary as the message the model reads, and back to its bare words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hermes_core.messages import SUMMARY_ID, Message, TodoItem

OPENING_WORDS = (
    "[Summary of the earlier conversation. It is background, written down because the "
    "conversation grew too long: what it says was done is done, what it says was asked and "
    "answered is settled. Follow the latest message of the person, which stands after it.]"
)
CLOSING_WORDS = "[End of the summary. The conversation goes on from here.]"

_BODY = re.compile(r"<summary>\n(.*)\n</summary>", re.DOTALL)
_MARKS = {"completed": "done", "cancelled": "cancelled", "in_progress": "in progress"}


def summary_message(
    body: str, todos: Sequence[TodoItem], *, unique: str, timestamp: float
) -> Message:
    """Return the message that stands for what was left out.

    Args:
        body: The summary itself.
        todos: The plan; shown while any of it is unfinished.
        unique: Makes the id.
        timestamp: Seconds since the epoch.
    """
    parts = [OPENING_WORDS, f"<summary>\n{body.strip()}\n</summary>"]
    if plan := plan_text(todos):
        parts.append(f"<plan>\n{plan}\n</plan>")
    parts.append(CLOSING_WORDS)
    return Message(
        role="user",
        content="\n\n".join(parts),
        message_id=f"{SUMMARY_ID}{unique}",
        timestamp=timestamp,
    )


def summary_body(message: Message) -> str:
    """Return the bare summary of such a message; its whole text if it has no marks."""
    found = _BODY.search(message.content)
    return found[1] if found else message.content


def plan_text(todos: Sequence[TodoItem]) -> str:
    """Return the plan, one line a step; empty when nothing of it is open."""
    if not any(item.status in ("pending", "in_progress") for item in todos):
        return ""
    lines = [f"- ({_MARKS.get(item.status, 'open')}) {item.content}" for item in todos]
    return "\n".join(["The plan, as kept with the todo tool:", *lines])
