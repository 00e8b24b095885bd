"""Our messages as a request of the messages wire. Pure.

Source: Anthropic API reference, "Create a Message" and "Versions" (2026-10-21 has no
`temperature`); guides "Thinking", "Effort", "Tool use", "Prompt caching".
"""

from __future__ import annotations

import re
from typing import Any

from hermes_core.messages import Message, clean_text
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.facts import max_output_of, plain_id
from hermes_core.providers.facts.fast_mode import fast_fields
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.cache_markers import marker, marks_claude
from hermes_core.providers.wires.images import Images, images_of, missing_text
from hermes_core.providers.wires.tool_arguments import parsed

EMPTY_TEXT = "(empty)"
"""Stands where the wire forbids an empty text."""
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_BUDGETS = {"xhigh": 32_000, "high": 16_000, "medium": 8_000, "low": 4_000, "minimal": 4_000}
_EFFORTS = {"xhigh": "max", "minimal": "low"}
_FIRST_ADAPTIVE = (4, 6)
"""Later generations think as they see fit and refuse a budget."""
_VERSION = re.compile(r"claude-[a-z]+-(\d{1,2})(?:-(\d{1,2}))?(?![\d])")
_ROOM_FOR_ANSWER = 4_096
_MARKED_MESSAGES = 3


def request_body(request: ModelRequest, resolution: Resolution, images: Images) -> dict[str, Any]:
    """Return the JSON body of a streaming request."""
    model = request.runtime.model
    is_native = resolution.record.id == "anthropic"
    marked = marks_claude(resolution.record, model)
    messages = _merged(request, images, keeps_thinking=is_native)
    if marked:
        for message in messages[-_MARKED_MESSAGES:]:
            _mark(message["content"], resolution.cache_ttl)
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": _output_cap(request, resolution, model),
        "messages": messages,
        "stream": True,
    }
    system = _system(request, resolution, marked=marked)
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body["tool_choice"] = {"type": "auto"}
    if request.temperature is not None and "claude" not in model.lower():
        # The service itself has no such field any more; compatible ones still do.
        body["temperature"] = request.temperature
    _add_thinking(body, request, model)
    body.update(fast_fields(resolution.record, request.runtime.model, request.service_tier))
    body.update(resolution.extra_body)
    return body


def _output_cap(request: ModelRequest, resolution: Resolution, model: str) -> int:
    asked = request.max_output_tokens or resolution.max_output_tokens or max_output_of(model)
    return max(1, min(asked, request.runtime.window_tokens - 1))


def _add_thinking(body: dict[str, Any], request: ModelRequest, model: str) -> None:
    effort = request.reasoning_effort
    name = model.lower()
    if not effort or effort == "none" or "claude" not in name or "haiku" in name:
        return
    version = _version_of(name)
    if version >= _FIRST_ADAPTIVE:
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        knows_xhigh = version > _FIRST_ADAPTIVE and effort == "xhigh"
        body["output_config"] = {"effort": effort if knows_xhigh else _EFFORTS.get(effort, effort)}
    elif "3-5" in name or "claude-3-opus" in name:
        return
    else:
        budget = min(_BUDGETS[effort], max(1_024, max_output_of(model) - _ROOM_FOR_ANSWER))
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        body["max_tokens"] = max(body["max_tokens"], budget + _ROOM_FOR_ANSWER)


def _version_of(model: str) -> tuple[int, int]:
    """The generation of a Claude model, (0, 0) where its id does not say."""
    found = _VERSION.search(plain_id(model))
    return (int(found.group(1)), int(found.group(2) or 0)) if found else (0, 0)


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": tool["name"],
        "description": tool.get("description", ""),
        "input_schema": tool["parameters"],
    }


def _system(request: ModelRequest, resolution: Resolution, *, marked: bool) -> list[dict[str, Any]]:
    texts = [clean_text(text) for text in (request.system, request.ephemeral_system) if text]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    if marked and request.system:
        blocks[0]["cache_control"] = marker(resolution.cache_ttl)
    return blocks


# --- messages ------------------------------------------------------------------------


def _merged(request: ModelRequest, images: Images, *, keeps_thinking: bool) -> list[dict[str, Any]]:
    """Build turns that alternate: neighbours of one role become one message."""
    last = max(
        (at for at, one in enumerate(request.messages) if one.role == "assistant"), default=-1
    )
    turns: list[dict[str, Any]] = []
    for at, message in enumerate(request.messages):
        role = "assistant" if message.role == "assistant" else "user"
        if message.role == "assistant":
            blocks = _assistant(message, keeps_thinking=keeps_thinking and at == last)
        elif message.role == "tool":
            blocks = [_tool_result(message)]
        else:
            blocks = _user(message, images)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _user(message: Message, images: Images) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for picture in images_of(message):
        if picture.path in images:
            source = {
                "type": "base64",
                "media_type": picture.media_type,
                "data": images[picture.path],
            }
            blocks.append({"type": "image", "source": source})
        else:
            blocks.append({"type": "text", "text": missing_text(picture)})
    text = clean_text(message.content).strip()
    if text or not blocks:
        blocks.append({"type": "text", "text": text or EMPTY_TEXT})
    return blocks


def _tool_result(message: Message) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": wire_id(message.tool_call_id or ""),
        "content": clean_text(message.content).strip() or EMPTY_TEXT,
    }


def _assistant(message: Message, *, keeps_thinking: bool) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if keeps_thinking:
        blocks = [one for one in message.reasoning_details or () if _is_signed(one)]
    text = clean_text(message.content).strip()
    if text:
        blocks.append({"type": "text", "text": text})
    for call in message.tool_calls:
        blocks.append(
            {
                "type": "tool_use",
                "id": wire_id(call.id),
                "name": call.name,
                "input": parsed(clean_text(call.arguments)),
            }
        )
    if all(_is_signed(block) for block in blocks):
        blocks.append({"type": "text", "text": EMPTY_TEXT})
    return blocks


def _is_signed(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    if item.get("type") == "redacted_thinking":
        return True
    return item.get("type") == "thinking" and bool(item.get("signature"))


def wire_id(call_id: str) -> str:
    """The id in the characters this wire allows; the same id always gives the same."""
    return _NOT_IN_IDS.sub("_", call_id) or "call"


def _mark(blocks: list[dict[str, Any]], ttl: str) -> None:
    for block in reversed(blocks):
        if block["type"] not in ("thinking", "redacted_thinking"):
            block["cache_control"] = marker(ttl)
            return
