"""A request whose tools, calls and results are text, for a model that knows no others. Pure."""

from __future__ import annotations

import json

import msgspec

from hermes_core.messages import Message
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.text_calls.values import Tools
from hermes_core.providers.wires.tool_arguments import compact

_HOW = """\
You can call tools. Each line between <tools> and </tools> describes one as JSON. To call one,
write this outside of any code block, and nothing behind it:
<tool_call>
{"name": "NAME", "arguments": {"PARAMETER": VALUE}}
</tool_call>
Several calls may follow each other. The results come in the next message, between
<tool_response> and </tool_response>. Call only tools that are listed, and never write a
result yourself.
<tools>
"""


def as_text(request: ModelRequest) -> ModelRequest:
    """Return the same request without native tools: all about them stands in the text."""
    system = request.system
    if request.tools:
        system = "\n\n".join(part for part in (system, described(request.tools)) if part)
    return msgspec.structs.replace(
        request,
        system=system,
        tools=(),
        messages=_joined([_plain(message) for message in request.messages]),
    )


def described(tools: Tools) -> str:
    """Return what the model is told about its tools."""
    lines = "\n".join(json.dumps(dict(tool), ensure_ascii=False) for tool in tools)
    return f"{_HOW}{lines}\n</tools>"


def _plain(message: Message) -> Message:
    if message.role == "tool":
        # Foreign text must not end its own frame.
        text = message.content.replace("</tool_response>", "<\\/tool_response>")
        frame = f"<tool_response>\n{text}\n</tool_response>"
        return msgspec.structs.replace(
            message, role="user", content=frame, tool_call_id=None, tool_name=None
        )
    if not message.tool_calls:
        return message
    calls = [
        f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {compact(call.arguments)}}}\n'
        "</tool_call>"
        for call in message.tool_calls
    ]
    content = "\n".join(part for part in (message.content.strip(), *calls) if part)
    return msgspec.structs.replace(message, content=content, tool_calls=())


def _joined(messages: list[Message]) -> tuple[Message, ...]:
    """Put neighbours of one role together: many chat templates want strict turns."""
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].role == message.role:
            last = joined[-1]
            joined[-1] = msgspec.structs.replace(
                last,
                content="\n".join(part for part in (last.content, message.content) if part),
                attachments=(*last.attachments, *message.attachments),
            )
        else:
            joined.append(message)
    return tuple(joined)
