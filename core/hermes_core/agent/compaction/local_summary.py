"""A summary without a model: what was asked, done, broken and said last. Deterministic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from hermes_core.agent.compaction.excerpt import cut_middle
from hermes_core.agent.compaction.plan import Plan
from hermes_core.agent.compaction.summary_text import summary_body
from hermes_core.messages import Message, ToolCall, is_summary

MAX_CHARS = 8_000
NOTES_CHARS = 1_500
ASK_CHARS, MAX_ASKS = 200, 8
CALL_CHARS, MAX_CALLS = 110, 16
ERROR_CHARS, MAX_ERRORS = 200, 5
LAST_TEXT_CHARS = 800

_TELLING = ("path", "file_path", "command", "pattern", "query", "url", "name", "goal", "code")
"""Arguments that say what a call was about, the most telling first."""


def local_summary(plan: Plan) -> str:
    """Return at most 8,000 characters about what is left out, newest things first kept."""
    middle = [m for m in plan.middle if not is_summary(m)]
    parts = ["(Written without a model, from the messages themselves; details are missing.)"]
    if plan.previous is not None:
        parts.append("## Earlier notes\n" + cut_middle(summary_body(plan.previous), NOTES_CHARS))
    parts += _section(
        "Asked before the latest request, oldest first", _asks(middle, plan.pinned), MAX_ASKS
    )
    parts += _section("Calls made, oldest first", _calls(middle), MAX_CALLS)
    parts += _section("Errors seen", _errors(middle), MAX_ERRORS)
    last = next((m for m in reversed(middle) if m.role == "assistant" and m.content.strip()), None)
    if last is not None:
        text = cut_middle(last.content.strip(), LAST_TEXT_CHARS)
        parts.append(f"## Last said by the agent\n{text}")
    return "\n\n".join(parts)[:MAX_CHARS]


def _section(title: str, lines: Iterator[str], most: int) -> list[str]:
    """The newest lines under a heading; repeated lines once, at their newest place."""
    found = list(lines)
    unique = list(dict.fromkeys(reversed(found)))[:most]
    if not unique:
        return []
    left = len(set(found)) - len(unique)
    shown = [f"- {line}" for line in reversed(unique)]
    if left:
        shown.insert(0, f"- ({left} earlier ones left out)")
    return ["\n".join([f"## {title}", *shown])]


def _asks(messages: Sequence[Message], pinned: Message | None) -> Iterator[str]:
    for message in messages:
        if message.role == "user" and message is not pinned and message.content.strip():
            yield _line(message.content, ASK_CHARS)


def _calls(messages: Sequence[Message]) -> Iterator[str]:
    results = {m.tool_call_id: m for m in messages if m.role == "tool"}
    for message in messages:
        for call in message.tool_calls:
            answer = results.get(call.id)
            failed = answer is not None and _error(answer.content) is not None
            yield f"{call.name} {_subject(call)}{' (failed)' if failed else ''}"


def _subject(call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return _line(call.arguments, CALL_CHARS)
    if isinstance(arguments, dict):
        for name in _TELLING:
            if isinstance(arguments.get(name), str) and arguments[name]:
                return _line(arguments[name], CALL_CHARS)
    return _line(call.arguments, CALL_CHARS)


def _errors(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        if message.role == "tool" and (error := _error(message.content)) is not None:
            yield f"{message.tool_name or 'tool'}: {_line(error, ERROR_CHARS)}"


def _error(content: str) -> str | None:
    """What went wrong, from a stored result; None if nothing did."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    if data.get("error"):
        return str(data["error"])
    if data.get("exit_code"):
        return f"exit code {data['exit_code']}: {str(data.get('output', ''))[-ERROR_CHARS:]}"
    return None


def _line(text: str, limit: int) -> str:
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
