"""Our messages as a request of the Responses wire. Pure.

Source: OpenAI API reference, "Create a model response"; guides "Reasoning",
"Conversation state", "Function calling", "Images and vision".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from hermes_core.messages import Message, ToolCall, clean_text
from hermes_core.providers.address import host_of
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.facts import plain_id
from hermes_core.providers.facts.fast_mode import fast_fields
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.images import Images, images_of, missing_text
from hermes_core.providers.wires.tool_arguments import compact

_THINKING_MODELS = ("gpt-5", "gpt-oss", "o1", "o3", "o4", "codex")
_GENERATION = re.compile(r"gpt-5-(\d+)")
_MAX_ID_CHARS = 64
_MAX_CACHE_KEY_CHARS = 64
_LEAST_OUTPUT_TOKENS = 16


def request_body(request: ModelRequest, resolution: Resolution, images: Images) -> dict[str, Any]:
    """Return the JSON body of a request that the service does not keep."""
    model = request.runtime.model
    body: dict[str, Any] = {
        "model": model,
        "input": _input(request, resolution, images),
        "stream": resolution.record.streams,
        "store": False,
    }
    texts = [clean_text(text) for text in (request.system, request.ephemeral_system) if text]
    if texts:
        # The frozen part comes first, so that the cached prefix stays the same.
        body["instructions"] = "\n\n".join(texts)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body["tool_choice"] = "auto"
        body["parallel_tool_calls"] = True
    cap = request.max_output_tokens or resolution.max_output_tokens
    if resolution.record.takes_output_cap and cap is not None:
        body["max_output_tokens"] = max(cap, _LEAST_OUTPUT_TOKENS)
    if thinks(model):
        body["reasoning"] = {"summary": "auto", **_effort(model, request.reasoning_effort)}
        body["include"] = ["reasoning.encrypted_content"]
    elif request.temperature is not None:
        body["temperature"] = request.temperature
    if request.session_id and resolution.record.cache_key:
        body["prompt_cache_key"] = request.session_id[:_MAX_CACHE_KEY_CHARS]
    body.update(fast_fields(resolution.record, request.runtime.model, request.service_tier))
    body.update(resolution.extra_body)
    return body


def thinks(model: str) -> bool:
    """Whether the model takes `reasoning`; others refuse a request that names it."""
    name = plain_id(model)
    return name.startswith(_THINKING_MODELS) and "-chat" not in name


def _effort(model: str, effort: str) -> dict[str, str]:
    """Map an effort to what the model's generation knows; nothing asked, nothing sent."""
    if not effort:
        return {}
    name = plain_id(model)
    found = _GENERATION.match(name)
    generation = int(found.group(1)) if found and len(found.group(1)) <= 2 else 0
    if effort == "none":
        return {"effort": "none" if generation >= 1 else "low"}
    if effort == "xhigh":
        return {"effort": "xhigh" if generation >= 2 or "codex-max" in name else "high"}
    return {"effort": "low" if effort == "minimal" else effort}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool["name"],
        "description": tool.get("description", ""),
        "parameters": tool["parameters"],
        # Strict is the default here and refuses schemas with optional fields.
        "strict": False,
    }


# --- history -------------------------------------------------------------------------


def _input(request: ModelRequest, resolution: Resolution, images: Images) -> list[dict[str, Any]]:
    origin = host_of(resolution.runtime.base_url)
    items: list[dict[str, Any]] = []
    for message in request.messages:
        text = clean_text(message.content).strip()
        if message.role == "assistant":
            items.extend(_assistant(message, text, origin))
        elif message.role == "tool":
            call_id = wire_id(message.tool_call_id or "")
            items.append({"type": "function_call_output", "call_id": call_id, "output": text})
        else:
            items.append({"role": message.role, "content": _content(message, text, images)})
    return items


def _content(message: Message, text: str, images: Images) -> str | list[dict[str, Any]]:
    pictures = images_of(message)
    if not pictures:
        return text
    blocks: list[dict[str, Any]] = [{"type": "input_text", "text": text}] if text else []
    for picture in pictures:
        if picture.path in images:
            url = f"data:{picture.media_type};base64,{images[picture.path]}"
            blocks.append({"type": "input_image", "image_url": url, "detail": "auto"})
        else:
            blocks.append({"type": "input_text", "text": missing_text(picture)})
    return blocks


def _assistant(message: Message, text: str, origin: str) -> Iterator[dict[str, Any]]:
    """Yield the reply in the order in which the service gave it.

    Its own items say the order; sealed thinking goes back only to where it came from.
    """
    calls = [_call(call) for call in message.tool_calls]
    said: list[dict[str, Any]] = [{"role": "assistant", "content": text}] if text else []
    built: list[dict[str, Any]] = []
    for item in message.codex_reasoning_items or ():
        if not isinstance(item, dict) or item.get("origin") != origin:
            continue
        kind = item.get("type")
        if kind == "reasoning":
            built.append({key: value for key, value in item.items() if key != "origin"})
        elif kind == "message" and said:
            built.append(said.pop() | ({"phase": item["phase"]} if item.get("phase") else {}))
        elif kind == "function_call" and calls:
            built.append(calls.pop(0))
    built += said + calls
    if (built and built[-1].get("type") == "reasoning") or not built:
        # Thinking must be followed by what it led to, even if that is nothing.
        built.append({"role": "assistant", "content": ""})
    yield from built


def _call(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": wire_id(call.id),
        "name": call.name,
        "arguments": compact(clean_text(call.arguments)),
    }


def wire_id(call_id: str) -> str:
    """The id within the length this wire allows; the same id always gives the same."""
    if len(call_id) <= _MAX_ID_CHARS:
        return call_id or "call"
    return f"{call_id[:31]}_{hashlib.sha256(call_id.encode()).hexdigest()[:32]}"
