"""A part of the conversation as plain text, short enough to be summarised."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_core.agent.turns.history import compact_arguments
from hermes_core.messages import Message

TEXT_CHARS = 6_000
"""The most of one message, 4,000 from its beginning and 1,500 from its end."""
ARGUMENT_CHARS = 1_500
PRUNE_CHARS = 200
"""A longer result outside the newest messages is told in one line."""
LEAST_CHARS = 120

_HEAD, _TAIL = 4_000 / 6_000, 1_500 / 6_000
_NAMES = {"user": "person", "assistant": "agent"}


def excerpt(
    messages: Sequence[Message], *, budget_chars: int, whole_results: int, latest: Message | None
) -> str:
    """Return the messages as text of at most about `budget_chars`.

    Long texts lose their middle; if that is not enough they are cut harder, and
    then messages from the middle are left out.

    Args:
        messages: Oldest first.
        budget_chars: Above 0.
        whole_results: Results of so many newest messages are told at length.
        latest: The request that stays in the conversation by itself; marked.
    """
    limit = TEXT_CHARS
    while True:
        entries = [
            _entry(
                m, number, limit, is_recent=number > len(messages) - whole_results, latest=latest
            )
            for number, m in enumerate(messages, 1)
        ]
        text = "\n\n".join(entries)
        if len(text) <= budget_chars:
            return text
        if limit <= LEAST_CHARS:
            return _without_middle(entries, budget_chars)
        limit //= 2


def cut_middle(text: str, limit: int) -> str:
    """Return the text without its middle if it has more than `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = int(limit * _HEAD), int(limit * _TAIL)
    return f"{text[:head]} [… {len(text) - head - tail:,} characters …] {text[len(text) - tail :]}"


def _entry(
    message: Message, number: int, limit: int, *, is_recent: bool, latest: Message | None
) -> str:
    if message.role == "tool":
        return f"[{number}] result of {message.tool_name or 'a tool'}: " + _result(
            message.content, limit, is_recent=is_recent
        )
    who = _NAMES.get(message.role, message.role)
    if message is latest:
        who += ", latest request (stays in the conversation)"
    lines = [f"[{number}] {who}: {cut_middle(message.content.strip(), limit)}".rstrip()]
    lines += [f"  attached: {one.path}" for one in message.attachments]
    for call in message.tool_calls:
        arguments = cut_middle(compact_arguments(call.arguments), min(limit, ARGUMENT_CHARS))
        lines.append(f"  calls {call.name} {arguments}")
    return "\n".join(lines)


def _result(text: str, limit: int, *, is_recent: bool) -> str:
    if is_recent:
        return cut_middle(text, limit)
    if len(text) <= PRUNE_CHARS:
        return text
    line = " ".join(text[:PRUNE_CHARS].split())
    return f"{line} [… {len(text):,} characters in all]"


def _without_middle(entries: Sequence[str], budget_chars: int) -> str:
    """Keep the first fifth and the newest part of the budget."""
    first: list[str] = []
    last: list[str] = []
    room = budget_chars - 60
    for entry in entries:
        if sum(map(len, first)) + len(entry) > room // 5:
            break
        first.append(entry)
    used = sum(len(entry) + 2 for entry in first)
    for entry in reversed(entries[len(first) :]):
        if used + len(entry) + 2 > room:
            break
        last.append(entry)
        used += len(entry) + 2
    left = len(entries) - len(first) - len(last)
    return "\n\n".join([*first, f"[… {left:,} messages left out …]", *reversed(last)])
