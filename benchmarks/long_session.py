"""A stored conversation of any length, as months of use leave it."""

from __future__ import annotations

import asyncio
import json
import random

from hermes_core.messages import Message, Runtime, ToolCall
from hermes_core.paths import Home
from hermes_core.storage.projection import events_from_messages
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store

SESSION_ID = "20260101_120000_0000bench"
LAST_WORDS = "lastwordsofall"
"""Stands in the newest message alone."""

_START = 1_767_268_800.0
_BATCH = 500
_WORDS = [
    "the",
    "file",
    "was",
    "read",
    "and",
    "its",
    "tests",
    "ran",
    "well",
    "after",
    "a",
    "change",
    "to",
    "one",
    "line",
    "of",
    "code",
]


def build(home: Home, count: int) -> None:
    """Write the conversation into the home's store.

    Args:
        home: Created at need.
        count: Messages, a multiple of 4: question, tool call, result, answer.
    """
    asyncio.run(_write(home, count))


async def _write(home: Home, count: int) -> None:
    store = await Store.open(home)
    try:
        record = SessionRecord(id=SESSION_ID, model="scripted-model", title="A long one")
        await store.create_session(record)
        messages = _messages(count)
        runtime = Runtime(model="scripted-model", provider="custom")
        events = events_from_messages(messages, session_id=SESSION_ID, runtime=runtime)
        for start in range(0, count, _BATCH):
            await store.commit(SESSION_ID, messages=messages[start : start + _BATCH])
        for start in range(0, len(events), _BATCH):
            await store.commit(SESSION_ID, events=events[start : start + _BATCH])
        await store.reindex()
    finally:
        await store.aclose()


def _messages(count: int) -> list[Message]:
    source = random.Random(3)
    made: list[Message] = []
    for turn in range(count // 4):
        last = f" {LAST_WORDS}" if (turn + 1) * 4 >= count else ""
        made += _turn(turn, source, last)
    return made


def _turn(turn: int, source: random.Random, last: str) -> list[Message]:
    def words(least: int, most: int) -> str:
        return " ".join(source.choices(_WORDS, k=source.randint(least, most)))

    call = ToolCall(
        id=f"call_{turn}", name="read_file", arguments=json.dumps({"path": f"src/part{turn}.py"})
    )
    answer = (
        f"## Part {turn}\n\n{words(20, 60)}\n\n- **{words(3, 8)}**\n- `{words(2, 5)}`\n\n"
        f"```python\ndef part_{turn}(value: int) -> int:\n    return value + {turn}\n```\n\n"
        f"{words(10, 40)}{last}"
    )
    lines = "\n".join(f"{number}|{words(4, 9)}" for number in range(1, 12))
    said = (
        Message(role="user", content=words(5, 40)),
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content=lines, tool_call_id=call.id, tool_name=call.name),
        Message(role="assistant", content=answer, finish_reason="stop"),
    )
    return [_numbered(message, turn * 4 + at) for at, message in enumerate(said)]


def _numbered(message: Message, number: int) -> Message:
    return Message(
        role=message.role,
        content=message.content,
        tool_calls=message.tool_calls,
        tool_call_id=message.tool_call_id,
        tool_name=message.tool_name,
        finish_reason=message.finish_reason,
        message_id=f"m{number:06}",
        timestamp=_START + number * 20,
    )
