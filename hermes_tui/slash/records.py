"""Commands that show or write down what was said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hermes_core.commands import Branch
from hermes_core.errors import HermesError
from hermes_core.messages import Message
from hermes_core.paths import expanded
from hermes_tui.core_link.text_file import write_text
from hermes_tui.slash.command import SlashCommand
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import clean

_SHOWN_CHARS = 400


def history_text(messages: Sequence[Message]) -> str:
    """Return a conversation to be read: what was said, tools as a count."""
    blocks: list[str] = []
    tools = 0
    for message in messages:
        if message.role == "tool":
            tools += 1
            continue
        tools = _told(blocks, tools)
        text = clean(message.content.strip())
        if text:
            cut = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
            blocks.append(f"{'you' if message.role == 'user' else message.role}: {cut}")
    _told(blocks, tools)
    return "\n\n".join(blocks)


def _told(blocks: list[str], tools: int) -> int:
    if tools:
        blocks.append(f"[{tools} tool {'result' if tools == 1 else 'results'}]")
    return 0


def as_json(model: str, messages: Sequence[Message]) -> str:
    """Return a conversation as `{model, session_start, messages}`."""
    started = messages[0].timestamp if messages else 0.0
    return json.dumps(
        {
            "model": model,
            "session_start": datetime.fromtimestamp(started, UTC).isoformat(),
            "messages": [_entry(message) for message in messages],
        },
        ensure_ascii=False,
        indent=2,
    )


def _entry(message: Message) -> dict[str, object]:
    entry: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        entry["tool_calls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        entry |= {"tool_call_id": message.tool_call_id, "tool_name": message.tool_name}
    return entry


async def _history(door: Door, argument: str) -> None:
    messages = await door.guard(door.workspace.messages(door.state.session_id)) or []
    if messages:
        await door.read("What was said", history_text(messages))
    else:
        found = await door.guard(door.workspace.recent(limit=20)) or []
        picked = await door.pick_session(found)
        if picked:
            door.resume(picked)


async def _save(door: Door, argument: str) -> None:
    if argument.endswith(".md"):
        await _export(door, argument)
        return
    messages = await door.guard(door.workspace.messages(door.state.session_id)) or []
    if not messages:
        door.tell_error("Nothing was said yet", hint="/save writes the conversation down")
        return
    model = door.state.runtime.model if door.state.runtime else ""
    stamp = datetime.fromtimestamp(door.clocks.wall(), UTC).astimezone()
    target = _target(door, argument or f"hermes_conversation_{stamp:%Y%m%d_%H%M%S}.json")
    text = as_json(model, messages) + "\n"
    try:
        await asyncio.to_thread(write_text, target, text)
    except HermesError as error:
        door.tell_error(str(error), hint=error.hint)
    else:
        door.tell(f"Written to {target}")


async def _export(door: Door, argument: str) -> None:
    target = _target(door, argument) if argument else None
    written = await door.guard(door.workspace.export(door.state.session_id, target))
    if written is not None:
        door.tell(f"Written to {written}")


def _target(door: Door, name: str) -> Path:
    return expanded(door.state.cwd or ".") / expanded(name)


async def _branch(door: Door, argument: str) -> None:
    reply = await door.command(Branch(title=argument, client="screen"))
    session_id = reply.data.get("session_id")
    if reply.ok and isinstance(session_id, str):
        door.resume(session_id)


COMMANDS = (
    SlashCommand(name="history", summary="read what was said", run=_history),
    SlashCommand(
        name="save",
        args="[path]",
        summary="write the conversation as JSON, or as Markdown where the path ends in .md",
        run=_save,
    ),
    SlashCommand(
        name="export",
        args="[path]",
        summary="write the conversation as Markdown",
        run=_export,
    ),
    SlashCommand(
        name="branch",
        aliases=("fork",),
        args="[name]",
        summary="go on in a copy of this conversation",
        run=_branch,
    ),
)
