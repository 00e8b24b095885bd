"""`POST /v1/messages` as the real service behaves.

Sources: Anthropic API reference, "Create a Message", "Streaming messages",
"Errors", "Versions", and the guides "Extended thinking", "Tool use", "Prompt caching"
(docs.anthropic.com). Stricter than today's service in one point: it joins
neighbouring turns of one role, we refuse them, as compatible servers do.
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
        "model", "messages", "max_tokens", "system", "metadata", "stop_sequences", "stream",
        "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p", "service_tier",
        "output_config", "container", "speed", "cache_control",
    }
)
# fmt: on
"""Reference, "Create a Message", body."""

_IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]+")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def validate(request: Recorded, *, signatures: set[str]) -> None:
    """Refuse what the service refuses.

    Args:
        request: What came.
        signatures: Thinking signatures this server has given out.

    Raises:
        Refused: With the service's words.
    """
    body = request.json
    require("anthropic-version" in request.headers, "anthropic-version: header is required")
    for name in body:
        require(name in FIELDS, f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages", "max_tokens"):
        require(name in body, f"{name}: Field required")
    if request.headers["anthropic-version"] >= "2026-10-21" and "claude" in body["model"]:
        # Compatible servers, with models of their own, do not look at the version.
        for name in ("temperature", "top_p", "top_k"):
            require(name not in body, f"{name}: Extra inputs are not permitted")
    _validate_thinking(body)
    for number, tool in enumerate(body.get("tools", ())):
        require("input_schema" in tool, f"tools.{number}.custom.input_schema: Field required")
        require(
            _TOOL_NAME.fullmatch(tool.get("name", "")),
            f"tools.{number}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'",
        )
    _validate_turns(body["messages"], signatures)
    _validate_markers(body)


def _validate_thinking(body: dict[str, Any]) -> None:
    thinking = body.get("thinking") or {"type": "disabled"}
    if thinking["type"] == "enabled":
        budget = thinking.get("budget_tokens", 0)
        require(budget >= 1024, "thinking.enabled.budget_tokens: Input should be greater than 1024")
        require(
            body["max_tokens"] > budget,
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        )
    if thinking["type"] != "disabled":
        require(
            body.get("temperature", 1) == 1,
            "`temperature` may only be set to 1 when thinking is enabled.",
        )


def _validate_turns(messages: list[dict[str, Any]], signatures: set[str]) -> None:
    require(messages, "messages: at least one message is required")
    require(messages[0]["role"] == "user", 'messages: first message must use the "user" role')
    previous = ""
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        role = message["role"]
        require(role in ("user", "assistant"), f"messages.{number}.role: Unexpected role")
        require(role != previous, 'messages: roles must alternate between "user" and "assistant"')
        require(set(message) <= {"role", "content"}, f"messages.{number}: Extra inputs")
        previous = role
        blocks = message["content"]
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        require(blocks, f"messages.{number}: all messages must have non-empty content")
        results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        require(
            results <= open_calls,
            f"messages.{number}: unexpected `tool_use_id` found in `tool_result` blocks:"
            f" {', '.join(sorted(results - open_calls))}",
        )
        require(
            open_calls <= results,
            f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks"
            f" immediately after: {', '.join(sorted(open_calls - results))}",
        )
        open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        for block in blocks:
            _validate_block(block, f"messages.{number}.content", signatures)
    require(not open_calls, "messages: `tool_use` ids were found without `tool_result` blocks")


def _validate_block(block: dict[str, Any], where: str, signatures: set[str]) -> None:
    match block["type"]:
        case "text":
            require(block["text"], "messages: text content blocks must be non-empty")
            require(
                block["text"].strip(),
                "messages: text content blocks must contain non-whitespace text",
            )
        case "tool_use":
            require(
                _IDENTIFIER.fullmatch(block["id"]),
                f"{where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
            )
            require(isinstance(block["input"], dict), f"{where}.tool_use.input: not a dictionary")
        case "thinking":
            require("cache_control" not in block, f"{where}.thinking.cache_control: Extra inputs")
            require(
                block.get("signature") in signatures,
                f"{where}: Invalid `signature` in `thinking` block",
            )
        case "tool_result" | "image" | "redacted_thinking":
            pass
        case other:
            raise Refused(f"{where}: Input tag '{other}' found using 'type' does not match")


def _validate_markers(body: dict[str, Any]) -> None:
    marked = str(body).count("'cache_control':")
    require(
        marked <= 4, f"A maximum of 4 blocks with cache_control may be provided. Found {marked}."
    )


_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def error_body(refused: Refused) -> dict[str, Any]:
    """The error object of the page "Errors"."""
    kind = _TYPES.get(refused.status, "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": refused.message},
        "request_id": "req_scripted",
    }


def events(reply: Reply, request: Recorded) -> Iterator[tuple[str, Any]]:
    """Yield (event name, data) in the order of "Streaming messages"."""
    tokens = reply.usage or Tokens()
    message = {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.json["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage(tokens) | {"output_tokens": 1},
    }
    yield "message_start", {"type": "message_start", "message": message}
    for index, (start, deltas) in enumerate(_blocks(reply)):
        yield (
            "content_block_start",
            {"type": "content_block_start", "index": index, "content_block": start},
        )
        if index == 0:
            yield "ping", {"type": "ping"}
        for delta in deltas:
            yield (
                "content_block_delta",
                {"type": "content_block_delta", "index": index, "delta": delta},
            )
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    if reply.no_finish:
        return
    delta = {"stop_reason": _stop_reason(reply), "stop_sequence": None}
    # Token counts of message_delta are cumulative.
    yield "message_delta", {"type": "message_delta", "delta": delta, "usage": usage(tokens)}
    yield "message_stop", {"type": "message_stop"}


def _stop_reason(reply: Reply) -> str:
    if reply.finish:
        return reply.finish
    if reply.refusal:
        return "refusal"
    return "tool_use" if reply.calls else "end_turn"


def _blocks(reply: Reply) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    if reply.reasoning:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in reply.reasoning]
        # The signature comes as the last delta of a thinking block.
        deltas.append({"type": "signature_delta", "signature": signature_of(reply)})
        yield {"type": "thinking", "thinking": "", "signature": ""}, deltas
    said = [*reply.text, *([reply.refusal] if reply.refusal else [])]
    if said:
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": one} for one in said]
    for number, one in enumerate(reply.calls):
        start = {"type": "tool_use", "id": one.id or f"toolu_{number}", "name": one.name}
        pieces = ["", *one.chunks()]
        yield (
            start | {"input": {}},
            [{"type": "input_json_delta", "partial_json": piece} for piece in pieces],
        )


def signature_of(reply: Reply) -> str:
    """The signature of the thinking of this reply."""
    return reply.signature or f"signed:{len(''.join(reply.reasoning))}"


def usage(tokens: Tokens) -> dict[str, Any]:
    """The usage object; `input_tokens` counts only what no cache touched."""
    return {
        "input_tokens": tokens.prompt - tokens.cached - tokens.written,
        "cache_creation_input_tokens": tokens.written,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
    }


def whole(reply: Reply, request: Recorded) -> dict[str, Any]:
    """The answer to a request that does not stream."""
    content: list[dict[str, Any]] = []
    if reply.reasoning:
        thinking = "".join(reply.reasoning)
        content.append({"type": "thinking", "thinking": thinking, "signature": signature_of(reply)})
    said = "".join(reply.text) + reply.refusal
    if said:
        content.append({"type": "text", "text": said})
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.json["model"],
        "content": content,
        "stop_reason": _stop_reason(reply),
        "stop_sequence": None,
        "usage": usage(reply.usage or Tokens()),
    }
