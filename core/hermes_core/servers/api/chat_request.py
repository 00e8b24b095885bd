"""From the body of `/v1/chat/completions` to what the agent is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from hermes_core.servers.api.wire import ApiError

MAX_PARTS = 1_000
MAX_DEPTH = 10
MAX_CONTENT_CHARS = 65_536
_TEXT_PARTS = ("text", "input_text", "output_text")


class Said(msgspec.Struct, frozen=True):
    """One message of the client's history."""

    role: Literal["user", "assistant"]
    text: str


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of the body; everything else is accepted and ignored."""

    text: str
    """The newest user message."""
    history: tuple[Said, ...] = ()
    """What came before it, oldest first."""
    system: str = ""
    """The client's own system text."""
    model: str = ""
    """Echoed back; empty: the server's name."""
    stream: bool = False
    include_usage: bool = False
    """Usage as a chunk of its own rather than on the last one."""


def parse(body: bytes) -> ChatRequest:
    """Read a request.

    Raises:
        ApiError: Not JSON, no usable messages, or content that cannot be passed on.
    """
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "Invalid JSON in request body", code="invalid_json") from error
    if not isinstance(data, dict):
        raise ApiError(400, "The request body must be a JSON object", code="invalid_json")
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ApiError(400, "Missing or invalid 'messages' field", param="messages")
    system, said = _sorted(messages)
    if not said or said[-1].role != "user" or not said[-1].text.strip():
        raise ApiError(400, "No user message found in messages", param="messages")
    options = data.get("stream_options")
    model = data.get("model")
    return ChatRequest(
        text=said[-1].text,
        history=tuple(one for one in said[:-1] if one.text.strip()),
        system="\n".join(system),
        model=model if isinstance(model, str) else "",
        stream=data.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _sorted(messages: list[Any]) -> tuple[list[str], list[Said]]:
    """Part system texts from the conversation; other roles are left out."""
    system: list[str] = []
    said: list[Said] = []
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise ApiError(400, f"messages[{number}] must be an object", param="messages")
        role = message.get("role")
        if role not in ("system", "developer", "user", "assistant"):
            continue
        text = content_text(message.get("content"), f"messages[{number}].content")
        if role in ("system", "developer"):
            system.append(text)
        else:
            said.append(Said(role, text))
    return [text for text in system if text], said


def content_text(content: Any, param: str) -> str:
    """Return a message's content as text.

    Args:
        content: A string, null, or parts, possibly nested.
        param: Names the field in errors.

    Raises:
        ApiError: Parts that are not text, or too many or too long.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ApiError(400, f"{param} must be a string or a list of parts", param=param)
    texts: list[str] = []
    for text in _parts(content, param, 1):
        texts.append(text)
        if len(texts) > MAX_PARTS:
            raise ApiError(
                400, f"{param} has over {MAX_PARTS:,} parts", code="content_too_long", param=param
            )
    joined = "\n".join(texts)
    if len(joined) > MAX_CONTENT_CHARS:
        raise ApiError(
            400,
            f"{param} has over {MAX_CONTENT_CHARS:,} characters in parts",
            code="content_too_long",
            param=param,
        )
    return joined


def _parts(parts: list[Any], param: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise ApiError(400, f"{param} is nested too deeply", code="content_too_long", param=param)
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            yield from _parts(part, param, depth + 1)
        elif isinstance(part, dict) and part.get("type") in _TEXT_PARTS:
            text = part.get("text")
            if isinstance(text, str) and text:
                yield text
        else:
            kind = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise ApiError(
                400,
                f"{param} has a part of type {str(kind)[:40]!r}; only text can be passed on",
                code="unsupported_content_type",
                param=param,
            )
