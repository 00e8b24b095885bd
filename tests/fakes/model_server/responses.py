"""`POST /v1/responses` as far as text, reasoning, images and function tools.

Sources: OpenAI API reference, "Create a model response" and "Streaming events"
(platform.openai.com/docs/api-reference/responses); guides "Reasoning" (sealed items,
their following item), "Conversation state" (`store`), "Function calling" (strict by
default). Error texts as the service words them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fakes.model_server.chat_completions import error_body
from tests.fakes.model_server.request import Recorded, Refused, require
from tests.fakes.model_server.script import Reply, Tokens

# fmt: off
FIELDS = frozenset(
    {
        "background", "conversation", "include", "input", "instructions",
        "max_output_tokens", "max_tool_calls", "metadata", "model", "parallel_tool_calls",
        "previous_response_id", "prompt", "prompt_cache_key", "reasoning",
        "safety_identifier", "service_tier", "store", "stream", "stream_options",
        "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p",
        "truncation", "user",
    }
)
# fmt: on
ITEM_FIELDS = {
    "message": {"type", "role", "content", "id", "status", "phase"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content", "status"},
    "function_call": {"type", "id", "call_id", "name", "arguments", "status"},
    "function_call_output": {"type", "id", "call_id", "output", "status"},
}
"""Reference, input items; an item without a type is a message."""
THINKING_MODELS = ("gpt-5", "o1", "o3", "o4")

__all__ = ["error_body", "events", "seal_of", "usage", "validate", "whole"]


def validate(request: Recorded, *, seals: set[str], extra: frozenset[str] = frozenset()) -> None:
    """Refuse what the service refuses.

    Args:
        request: What came.
        seals: Sealed thinking this server has given out.
        extra: Field names a gateway knows beyond the reference.

    Raises:
        Refused: With the service's words.
    """
    body = request.json
    for name in body:
        require(name in FIELDS | extra, f"Unknown parameter: '{name}'.", param=name)
    require(body.get("model"), "Missing required parameter: 'model'.")
    _validate_model_limits(body)
    _validate_tools(body)
    items = body.get("input", [])
    if isinstance(items, str):
        return
    for number, item in enumerate(items):
        _validate_item(item, f"input[{number}]")
    _validate_reasoning(items, seals, stored=body.get("store", True))
    calls = {item["call_id"] for item in _typed(items, "function_call")}
    answered = {item["call_id"] for item in _typed(items, "function_call_output")}
    for call_id in sorted(answered - calls):
        require(False, f"No tool call found for function call output with call_id {call_id}.")
    for call_id in sorted(calls - answered):
        require(False, f"No tool output found for function call {call_id}.")


def _validate_model_limits(body: dict[str, Any]) -> None:
    thinks = body["model"].rsplit("/", 1)[-1].startswith(THINKING_MODELS)
    unsupported = "Unsupported parameter: '{}' is not supported with this model."
    if thinks:
        require("temperature" not in body, unsupported.format("temperature"))
    else:
        require("reasoning" not in body, unsupported.format("reasoning.effort"))
        sealed = "reasoning.encrypted_content" in body.get("include", ())
        require(not sealed, "Encrypted content is not supported with this model.")
    cap = body.get("max_output_tokens", 16)
    require(
        cap >= 16,
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16,"
        f" but got {cap} instead.",
    )


def _validate_tools(body: dict[str, Any]) -> None:
    for number, tool in enumerate(body.get("tools", ())):
        # Function tools are flat here, not nested as in chat completions.
        where = f"tools[{number}]"
        require(tool.get("type") == "function", f"Invalid value: '{where}.type'.")
        require(tool.get("name"), f"Missing required parameter: '{where}.name'.")
        schema = tool.get("parameters") or {}
        names = set(schema.get("properties", {}))
        strict = tool.get("strict", True) and names != set(schema.get("required", ()))
        require(
            not strict,
            f"Invalid schema for function '{tool['name']}': 'required' is required to be"
            " supplied and to be an array including every key in properties.",
        )


def _validate_item(item: dict[str, Any], where: str) -> None:
    kind = item.get("type", "message")
    if kind not in ITEM_FIELDS:
        raise Refused(f"Invalid value: '{kind}'.", param=f"{where}.type")
    unknown = sorted(set(item) - ITEM_FIELDS[kind])
    require(not unknown, f"Unknown parameter: '{where}.{unknown and unknown[0]}'.", param=where)
    call_id = item.get("call_id", "")
    require(
        len(call_id) <= 64,
        f"Invalid '{where}.call_id': string too long. Expected a string with maximum length"
        f" 64, but got a string with length {len(call_id)} instead.",
    )
    if kind == "message" and isinstance(item.get("content"), list):
        answers = {"output_text", "refusal"}
        wanted = answers if item["role"] == "assistant" else {"input_text", "input_image"}
        for block in item["content"]:
            require(block["type"] in wanted, f"Invalid value: '{block['type']}'.", param=where)


def _validate_reasoning(items: list[dict[str, Any]], seals: set[str], *, stored: bool) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        if item.get("type") != "reasoning":
            continue
        name = item["id"]
        sealed = item.get("encrypted_content")
        require(
            stored or sealed,
            f"Item with id '{name}' not found. Items are not persisted when `store` is set"
            " to false.",
        )
        if sealed not in seals:
            raise Refused(
                f"The encrypted content for item {name} could not be verified.",
                code="invalid_encrypted_content",
            )
        kind = "" if following is None else following.get("type", "message")
        follows = kind in ("reasoning", "function_call") or (
            kind == "message" and following is not None and following["role"] == "assistant"
        )
        require(
            follows,
            f"Item '{name}' of type 'reasoning' was provided without its required following item.",
        )


def _typed(items: Any, kind: str) -> list[dict[str, Any]]:
    return [] if isinstance(items, str) else [one for one in items if one.get("type") == kind]


def events(reply: Reply, request: Recorded) -> Iterator[tuple[str, Any]]:
    """Yield (event name, data); data repeats the name and counts the events."""
    for number, (name, data) in enumerate(_events(reply, request)):
        yield name, {"type": name, "sequence_number": number, **data}


def _events(reply: Reply, request: Recorded) -> Iterator[tuple[str, dict[str, Any]]]:
    empty = _response(reply, request, status="in_progress", output=[])
    yield "response.created", {"response": empty}
    yield "response.in_progress", {"response": empty}
    output = _items(reply)
    for index, item in enumerate(output if reply.output_list != "only" else ()):
        yield "response.output_item.added", {"output_index": index, "item": _opened(item)}
        yield from _item_deltas(reply, item, index)
        yield "response.output_item.done", {"output_index": index, "item": item}
    if reply.no_finish:
        return
    incomplete = reply.finish == "length"
    status = "incomplete" if incomplete else "completed"
    listed = [] if reply.output_list == "empty" else output
    yield (
        f"response.{status}",
        {"response": _response(reply, request, status=status, output=listed)},
    )


def _item_deltas(
    reply: Reply, item: dict[str, Any], index: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": index}
    if item["type"] == "reasoning":
        part = where | {"summary_index": 0}
        (summary,) = item["summary"]
        blank = summary | {"text": ""}
        yield "response.reasoning_summary_part.added", part | {"part": blank}
        for piece in reply.reasoning:
            yield "response.reasoning_summary_text.delta", part | {"delta": piece}
        yield "response.reasoning_summary_text.done", part | {"text": summary["text"]}
        yield "response.reasoning_summary_part.done", part | {"part": summary}
    elif item["type"] == "message":
        kind = "refusal" if reply.refusal else "output_text"
        part = where | {"content_index": 0}
        yield "response.content_part.added", part | {"part": {"type": kind}}
        for piece in [reply.refusal] if reply.refusal else reply.text:
            yield f"response.{kind}.delta", part | {"delta": piece}
        field = "refusal" if reply.refusal else "text"
        yield f"response.{kind}.done", part | {field: item["content"][0][field]}
        yield "response.content_part.done", part | {"part": item["content"][0]}
    else:
        call = reply.calls[int(item["id"].removeprefix("fc_"))]
        for piece in call.chunks():
            yield "response.function_call_arguments.delta", where | {"delta": piece}
        yield "response.function_call_arguments.done", where | {"arguments": call.written}


def seal_of(reply: Reply) -> str:
    """The sealed thinking of this reply."""
    return reply.signature or f"sealed:{len(''.join(reply.reasoning))}"


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    blank: dict[str, dict[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "reasoning": {"summary": []},
    }
    return item | blank[item["type"]] | {"status": "in_progress"}


def _items(reply: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.reasoning:
        summary = {"type": "summary_text", "text": "".join(reply.reasoning)}
        items.append(
            {
                "id": "rs_0",
                "type": "reasoning",
                "summary": [summary],
                "encrypted_content": seal_of(reply),
            }
        )
    if reply.refusal:
        content: dict[str, Any] = {"type": "refusal", "refusal": reply.refusal}
    else:
        content = {"type": "output_text", "text": "".join(reply.text), "annotations": []}
    if reply.text or reply.refusal:
        items.append(
            {
                "id": "msg_0",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [content],
                **({"phase": reply.phase} if reply.phase else {}),
            }
        )
    for number, one in enumerate(reply.calls):
        items.append(
            {
                "id": f"fc_{number}",
                "type": "function_call",
                "status": "completed",
                "call_id": one.id or f"call_{number}",
                "name": one.name,
                "arguments": one.written,
            }
        )
    return items


def _response(
    reply: Reply, request: Recorded, *, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": "resp_scripted",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "error": None,
        "model": request.json["model"],
        "output": output,
        "usage": None if status == "in_progress" else usage(reply.usage or Tokens()),
    }


def usage(tokens: Tokens) -> dict[str, Any]:
    """The usage object; cached tokens are part of `input_tokens`."""
    return {
        "input_tokens": tokens.prompt,
        "input_tokens_details": {
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.written,
        },
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.prompt + tokens.output,
    }


def whole(reply: Reply, request: Recorded) -> dict[str, Any]:
    """The answer to a request that does not stream."""
    status = "incomplete" if reply.finish == "length" else "completed"
    return _response(reply, request, status=status, output=_items(reply))
