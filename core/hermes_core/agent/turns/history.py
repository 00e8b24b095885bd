"""Make any history one that every provider accepts. Pure; the stored one stays as it is.

Invariants of what is sent (on a copy): every tool result answers a call and every
call has a result; user and assistant alternate, only tool results may repeat; no
message is empty; call ids exist and are stable. The same history gives the same
bytes, so that prompt caches hit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import msgspec

from hermes_core.messages import Message, ToolCall, clean_text

MISSING_RESULT = '{"error": "The result of this call is not available."}'
"""Stands in for a result that was lost."""

EMPTY_REPLY = "(no answer)"
"""Stands in for an assistant message without text and calls."""


def request_history(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a valid history for the next request."""
    with_ids = [_with_call_ids(m) for m in messages if m.role in ("user", "assistant", "tool")]
    paired = _pair_results(with_ids)
    return tuple(_alternate(paired))


def without_opaque(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the history without what only the service that wrote it can read.

    Signed and sealed thinking is refused by a service that cannot verify it, for
    example after the key or the organisation has changed; the words stay.
    """
    return tuple(
        msgspec.structs.replace(one, reasoning_details=None, codex_reasoning_items=None)
        if one.reasoning_details or one.codex_reasoning_items
        else one
        for one in messages
    )


def compact_arguments(arguments: str) -> str:
    """Return the arguments with sorted keys and no spaces; other text unchanged."""
    try:
        value = json.loads(arguments or "{}")
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return arguments


def stable_call_id(name: str, arguments: str, index: int) -> str:
    """Return the id for a call that came without one; the same for the same call."""
    digest = hashlib.sha256(f"{name}\0{arguments}\0{index}".encode()).hexdigest()
    return f"call_{digest[:24]}"


def _with_call_ids(message: Message) -> Message:
    if not message.tool_calls or all(call.id for call in message.tool_calls):
        return message
    calls = tuple(
        call
        if call.id
        else msgspec.structs.replace(call, id=stable_call_id(call.name, call.arguments, index))
        for index, call in enumerate(message.tool_calls)
    )
    return msgspec.structs.replace(message, tool_calls=calls)


def _pair_results(messages: Sequence[Message]) -> list[Message]:
    """Put each result behind its call, drop orphans, stub what is missing."""
    result: list[Message] = []
    index = 0
    while index < len(messages):
        message = messages[index]
        index += 1
        if message.role == "tool":
            continue  # an orphan: results are taken below, with their calls
        result.append(message)
        if not message.tool_calls:
            continue
        answers: dict[str, Message] = {}
        while index < len(messages) and messages[index].role == "tool":
            answer = messages[index]
            if answer.tool_call_id:
                answers.setdefault(answer.tool_call_id, answer)
            index += 1
        result.extend(_answer(call, answers.get(call.id)) for call in message.tool_calls)
    return result


def _answer(call: ToolCall, found: Message | None) -> Message:
    if found is not None:
        return found
    return Message(role="tool", content=MISSING_RESULT, tool_call_id=call.id, tool_name=call.name)


def _alternate(messages: Iterable[Message]) -> list[Message]:
    result: list[Message] = []
    for message in messages:
        cleaned = _clean(message)
        if cleaned is None:
            continue
        last = result[-1] if result else None
        if last is not None and last.role == cleaned.role and cleaned.role != "tool":
            result[-1] = _join(last, cleaned)
        else:
            result.append(cleaned)
    while result and result[0].role != "user":
        result.pop(0)  # a history starts with the user; results of a dropped call go too
    return result


def _clean(message: Message) -> Message | None:
    content = clean_text(message.content)
    if message.role != "tool":
        content = content.strip()
    if message.role == "assistant" and not content and not message.tool_calls:
        content = EMPTY_REPLY
    if message.role == "user" and not content and not message.attachments:
        return None
    if content == message.content:
        return message
    return msgspec.structs.replace(message, content=content)


def _join(first: Message, second: Message) -> Message:
    if first.role == "assistant" and first.tool_calls:
        # cannot happen after pairing (results follow calls) unless the call list is empty
        raise AssertionError("an assistant message with calls is followed by its results")
    seam = "" if first.finish_reason == "cut" else "\n\n"
    return msgspec.structs.replace(
        first,
        content=seam.join(part for part in (first.content, second.content) if part),
        attachments=first.attachments + second.attachments,
        tool_calls=second.tool_calls,
        reasoning_details=second.reasoning_details or first.reasoning_details,
        codex_reasoning_items=second.codex_reasoning_items or first.codex_reasoning_items,
        reasoning=second.reasoning or first.reasoning,
        finish_reason=second.finish_reason,
    )
