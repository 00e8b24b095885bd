"""Our messages as a chat-completions request. Pure.

Source: OpenAI API reference, "Create chat completion"; OpenRouter docs, "Reasoning
tokens" and "Prompt caching"; DeepSeek docs, "Reasoning model".
"""

from __future__ import annotations

from typing import Any

from hermes_core.messages import Message, ToolCall, clean_text
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.facts import facts_of, max_output_of
from hermes_core.providers.facts.fast_mode import fast_fields
from hermes_core.providers.resolve import Resolution
from hermes_core.providers.wires.cache_markers import marker, marks_claude
from hermes_core.providers.wires.images import Images, images_of, missing_text
from hermes_core.providers.wires.tool_arguments import compact

_REASONING_PREFIXES = (
    "deepseek/",
    "anthropic/",
    "openai/",
    "x-ai/",
    "google/gemini-2",
    "qwen/qwen3",
)
_MARKED_MESSAGES = 3


def request_body(request: ModelRequest, resolution: Resolution, images: Images) -> dict[str, Any]:
    """Return the JSON body of a request."""
    body: dict[str, Any] = {
        "model": request.runtime.model,
        "messages": _messages(request, resolution, images),
        "stream": resolution.record.streams,
    }
    if resolution.record.streams and resolution.record.usage_in_stream:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in request.tools]
    cap = _output_cap(request, resolution)
    if cap is not None:
        body[resolution.record.output_cap_field] = cap
    if request.temperature is not None:
        body["temperature"] = request.temperature
    body.update(_reasoning(request, resolution))
    body.update(resolution.record.extra_body)
    if resolution.record.prompt_metadata and request.session_id:
        body["metadata"] = _metadata(request)
    body.update(fast_fields(resolution.record, request.runtime.model, request.service_tier))
    body.update(resolution.extra_body)
    return body


def claude_headers(request: ModelRequest, resolution: Resolution) -> dict[str, str]:
    """Return the headers an aggregator wants for Claude models."""
    record = resolution.record
    if record.cache_markers and marks_claude(record, request.runtime.model):
        return {"x-anthropic-beta": "fine-grained-tool-streaming-2025-05-14"}
    return {}


def _output_cap(request: ModelRequest, resolution: Resolution) -> int | None:
    asked = request.max_output_tokens or resolution.max_output_tokens
    if asked is None and marks_claude(resolution.record, request.runtime.model):
        # An aggregator assumes a small cap for Claude unless told the real one.
        facts = facts_of(request.runtime.model)
        return max_output_of(request.runtime.model) if facts and facts.max_output else None
    return asked or resolution.record.default_output_cap


def _metadata(request: ModelRequest) -> dict[str, str]:
    """The session, and which message of the person in it is answered."""
    number = sum(one.role == "user" for one in request.messages)
    return {"sessionId": request.session_id, "promptId": f"{request.session_id}-{number}"}


def _reasoning(request: ModelRequest, resolution: Resolution) -> dict[str, Any]:
    effort = request.reasoning_effort
    kind = resolution.record.reasoning_request
    model = request.runtime.model.lower()
    if not effort or not kind:
        return {}
    if kind == "effort":
        thinks = model.startswith(("gpt-5", "o1", "o3", "o4"))
        return {"reasoning_effort": effort} if thinks else {}
    if kind == "effort_object" and effort == "none":
        return {}
    if kind == "listed" and not model.startswith(_REASONING_PREFIXES):
        return {}
    return {"reasoning": {"enabled": False} if effort == "none" else {"effort": effort}}


# --- messages ------------------------------------------------------------------------


def _messages(
    request: ModelRequest, resolution: Resolution, images: Images
) -> list[dict[str, Any]]:
    marked = marks_claude(resolution.record, request.runtime.model)
    history = [_message(one, resolution, images) for one in request.messages]
    if marked:
        for message in [one for one in history if one["role"] != "tool"][-_MARKED_MESSAGES:]:
            _mark(message, resolution.cache_ttl)
    if resolution.record.content_blocks:
        for message in history:
            if isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
        marked = True
    return [*_system(request, resolution, marked=marked), *history]


def _system(request: ModelRequest, resolution: Resolution, *, marked: bool) -> list[dict[str, Any]]:
    # Not a message of its own at the end: many chat templates take a system message in
    # first place only. The frozen part comes first, so the prefix stays the same.
    texts = [clean_text(text) for text in (request.system, request.ephemeral_system) if text]
    if not texts:
        return []
    model = request.runtime.model.lower()
    is_developer = resolution.record.developer_role and ("gpt-5" in model or "codex" in model)
    role = "developer" if is_developer else "system"
    if not marked:
        return [{"role": role, "content": "\n\n".join(texts)}]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    if request.system:
        blocks[0]["cache_control"] = marker(resolution.cache_ttl)
    return [{"role": role, "content": blocks}]


def _message(message: Message, resolution: Resolution, images: Images) -> dict[str, Any]:
    text = clean_text(message.content).strip()
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": text}
    if message.role == "assistant":
        return _assistant(message, text, resolution)
    pictures = images_of(message)
    if not pictures:
        return {"role": message.role, "content": text}
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for picture in pictures:
        if picture.path in images:
            url = f"data:{picture.media_type};base64,{images[picture.path]}"
            blocks.append({"type": "image_url", "image_url": {"url": url}})
        else:
            blocks.append({"type": "text", "text": missing_text(picture)})
    return {"role": message.role, "content": blocks}


def _assistant(message: Message, text: str, resolution: Resolution) -> dict[str, Any]:
    built: dict[str, Any] = {"role": "assistant", "content": text}
    if message.tool_calls:
        built["tool_calls"] = [_tool_call(call) for call in message.tool_calls]
        if not text:
            built["content"] = None
    replay = resolution.record.reasoning_replay
    details = [one for one in message.reasoning_details or () if _is_detail(one)]
    if replay == "reasoning_details" and details:
        built["reasoning_details"] = details
    elif replay == "reasoning_content" and message.reasoning:
        built["reasoning_content"] = clean_text(message.reasoning)
    return built


def _is_detail(item: Any) -> bool:
    # Signed thinking of the messages wire is nothing to send here.
    return isinstance(item, dict) and str(item.get("type", "")).startswith("reasoning.")


def _tool_call(call: ToolCall) -> dict[str, Any]:
    built: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": compact(clean_text(call.arguments))},
    }
    if call.extra_content is not None:
        built["extra_content"] = call.extra_content
    return built


def _mark(message: dict[str, Any], ttl: str) -> None:
    content = message["content"]
    if not content:
        message["cache_control"] = marker(ttl)
    elif isinstance(content, str):
        message["content"] = [{"type": "text", "text": content, "cache_control": marker(ttl)}]
    else:
        content[-1]["cache_control"] = marker(ttl)
