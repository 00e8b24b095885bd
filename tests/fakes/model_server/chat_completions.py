"""`POST /v1/chat/completions` as the real service behaves.

Sources: OpenAI API reference, "Create chat completion" and "The chat completion
chunk object" (platform.openai.com/docs/api-reference/chat); error texts as the
service words them in "Error codes" (platform.openai.com/docs/guides/error-codes).
`reasoning_content`: DeepSeek API docs, "Reasoning model". `reasoning`,
`reasoning_details`: OpenRouter docs, "Reasoning tokens". Several calls on index 0:
Ollama's OpenAI compatibility route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.model_server.request import Recorded, Refused, require
from tests.fakes.model_server.script import Reply, Tokens

# fmt: off
FIELDS = frozenset(
    {
        "messages", "model", "audio", "frequency_penalty", "function_call", "functions",
        "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "metadata",
        "modalities", "n", "parallel_tool_calls", "prediction", "presence_penalty",
        "prompt_cache_key", "reasoning_effort", "response_format", "safety_identifier",
        "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
        "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
        "web_search_options",
    }
)
# fmt: on
"""Reference, "Create chat completion", request body."""

MESSAGE_FIELDS = {
    "developer": {"role", "content", "name"},
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "refusal", "audio", "tool_calls", "function_call"},
    "tool": {"role", "content", "tool_call_id"},
}
"""Reference, one list per role; the service rejects properties beyond them."""

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def validate(request: Recorded, *, extra: frozenset[str] = frozenset()) -> None:
    """Refuse what the service refuses.

    Args:
        request: What came.
        extra: Field names a compatible server knows beyond the reference, both at
            the top and in messages.

    Raises:
        Refused: With the service's status and words.
    """
    body = request.json
    for name in body:
        require(
            name in FIELDS | extra,
            f"Unrecognized request argument supplied: {name}",
            param=name,
        )
    require(isinstance(body.get("model"), str) and body["model"], "you must provide a model")
    require(isinstance(body.get("messages"), list), "Missing required parameter: 'messages'.")
    require(body["messages"], "[] is too short - 'messages'", param="messages")
    require(
        "stream_options" not in body or body.get("stream"),
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )
    _validate_tools(body.get("tools"))
    _validate_messages(body["messages"], extra)


def _validate_tools(tools: Any) -> None:
    if tools is None:
        return
    require(tools, "[] is too short - 'tools'", param="tools")
    for number, tool in enumerate(tools):
        where = f"tools[{number}].function.name"
        require(tool.get("type") == "function", f"Invalid value: 'tools[{number}].type'.")
        name = tool.get("function", {}).get("name", "")
        require(
            _TOOL_NAME.fullmatch(name),
            f"Invalid '{where}': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
            param=where,
        )


def _validate_messages(messages: list[dict[str, Any]], extra: frozenset[str]) -> None:
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        role = message.get("role")
        if role not in MESSAGE_FIELDS:
            raise Refused(f"Invalid value: '{role}'.", param=f"messages[{number}].role")
        unknown = set(message) - MESSAGE_FIELDS[role] - extra
        require(
            not unknown,
            f"Unknown parameter: 'messages[{number}].{min(unknown, default='')}'.",
            param=f"messages[{number}]",
        )
        if role == "tool":
            require(
                message.get("tool_call_id") in open_calls,
                "Invalid parameter: messages with role 'tool' must be a response to a"
                " preceeding message with 'tool_calls'.",
                param=f"messages.[{number}].role",
            )
            open_calls.discard(message["tool_call_id"])
            continue
        _require_answered(open_calls)
        if role == "assistant":
            _validate_assistant(message, number)
            open_calls = {one["id"] for one in message.get("tool_calls", ())}
        else:
            require(
                message.get("content") is not None,
                f"Invalid value for 'content': expected a string, got null. messages[{number}]",
            )
    _require_answered(open_calls)


def _validate_assistant(message: dict[str, Any], number: int) -> None:
    calls = message.get("tool_calls")
    require(
        calls or message.get("content") is not None,
        f"Invalid value for 'content': expected a string, got null. messages[{number}]",
    )
    require(calls is None or calls, f"[] is too short - 'messages.{number}.tool_calls'")
    for one in calls or ():
        require(
            {"id", "type", "function"} <= set(one)
            and isinstance(one["function"].get("arguments"), str),
            f"Missing required parameter: 'messages[{number}].tool_calls[0]'.",
        )


def _require_answered(open_calls: set[str]) -> None:
    require(
        not open_calls,
        "An assistant message with 'tool_calls' must be followed by tool messages responding"
        " to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        + ", ".join(sorted(open_calls)),
    )


def error_body(refused: Refused) -> dict[str, Any]:
    """The error object of the guide "Error codes"."""
    return {
        "error": {
            "message": refused.message,
            "type": "invalid_request_error",
            "param": refused.param,
            "code": refused.code,
        }
    }


def events(reply: Reply, request: Recorded) -> Iterator[tuple[str, Any]]:
    """Yield (event name, data); the names of this wire are empty."""
    head = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": request.json["model"],
        "system_fingerprint": "fp_scripted",
    }
    wants_usage = bool((request.json.get("stream_options") or {}).get("include_usage"))

    def chunk(delta: dict[str, Any], finish: str | None = None) -> tuple[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        # With include_usage every chunk but the last carries `usage: null`.
        return "", head | {"choices": [choice]} | ({"usage": None} if wants_usage else {})

    # The first chunk carries the role and an empty text.
    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in reply.reasoning:
        yield chunk({reply.reasoning_field: piece})
    for item in reply.reasoning_details:
        yield chunk({"reasoning_details": [item]})
    for piece in reply.text:
        yield chunk({"content": piece})
    for piece in [reply.refusal] if reply.refusal else []:
        yield chunk({"refusal": piece})
    for delta in _call_deltas(reply):
        yield chunk({"tool_calls": [delta]})
    if reply.no_finish:
        return
    yield chunk({}, reply.finish or ("tool_calls" if reply.calls else "stop"))
    if wants_usage and reply.usage is not None:
        # The usage chunk comes last and has no choices.
        yield "", head | {"choices": [], "usage": usage(reply.usage)}
    yield "", "[DONE]"


def _call_deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(reply.calls):
        index = 0 if reply.index_zero else number
        call_id = one.id or f"call_{number}"
        function = {"name": one.name, "arguments": ""}
        if reply.index_zero:
            # Ollama sends a call in one piece.
            function["arguments"] = one.written
            yield {"index": 0, "id": call_id, "type": "function", "function": function}
            continue
        yield {"index": index, "id": call_id, "type": "function", "function": function}
        for piece in one.chunks():
            yield {"index": index, "function": {"arguments": piece}}


def usage(tokens: Tokens) -> dict[str, Any]:
    """The usage object; cached tokens are part of `prompt_tokens`."""
    details = {"cached_tokens": tokens.cached, "audio_tokens": 0}
    if tokens.written:
        details["cache_write_tokens"] = tokens.written  # OpenRouter docs, "Prompt caching"
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.prompt + tokens.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def whole(reply: Reply, request: Recorded) -> dict[str, Any]:
    """The answer to a request that does not stream."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(reply.text) or None,
        "refusal": reply.refusal or None,
    }
    if reply.reasoning:
        message[reply.reasoning_field] = "".join(reply.reasoning)
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": one.id or f"call_{number}",
                "type": "function",
                "function": {"name": one.name, "arguments": one.written},
            }
            for number, one in enumerate(reply.calls)
        ]
    finish = reply.finish or ("tool_calls" if reply.calls else "stop")
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": request.json["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": usage(reply.usage or Tokens()),
    }
