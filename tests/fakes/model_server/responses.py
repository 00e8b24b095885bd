"""`POST /v1/responses` as far as plain text, reasoning and function tools.

Source: OpenAI API reference, "Create a model response" and "Streaming events"
(platform.openai.com/docs/api-reference/responses).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fakes.model_server.request import Recorded, require
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


def validate(request: Recorded) -> None:
    """Refuse what the service refuses.

    Raises:
        Refused: With the service's words.
    """
    body = request.json
    for name in body:
        require(name in FIELDS, f"Unknown parameter: '{name}'.", param=name)
    require(body.get("model"), "Missing required parameter: 'model'.")
    for number, tool in enumerate(body.get("tools", ())):
        # Function tools are flat here, not nested as in chat completions.
        require(tool.get("name"), f"Missing required parameter: 'tools[{number}].name'.")
    items = body.get("input", [])
    calls = {item["call_id"] for item in _typed(items, "function_call")}
    answered = {item["call_id"] for item in _typed(items, "function_call_output")}
    for call_id in sorted(answered - calls):
        require(False, f"No tool call found for function call output with call_id {call_id}.")
    for call_id in sorted(calls - answered):
        require(False, f"No tool output found for function call {call_id}.")


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
    for index, item in enumerate(output):
        yield "response.output_item.added", {"output_index": index, "item": _opened(item)}
        yield from _item_deltas(reply, item, index)
        yield "response.output_item.done", {"output_index": index, "item": item}
    if reply.no_finish:
        return
    incomplete = reply.finish == "length"
    status = "incomplete" if incomplete else "completed"
    yield (
        f"response.{status}",
        {"response": _response(reply, request, status=status, output=output)},
    )


def _item_deltas(
    reply: Reply, item: dict[str, Any], index: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": index}
    if item["type"] == "reasoning":
        for piece in reply.reasoning:
            yield (
                "response.reasoning_summary_text.delta",
                where | {"summary_index": 0, "delta": piece},
            )
    elif item["type"] == "message":
        kind = "refusal" if reply.refusal else "output_text"
        for piece in [reply.refusal] if reply.refusal else reply.text:
            yield f"response.{kind}.delta", where | {"content_index": 0, "delta": piece}
        yield f"response.{kind}.done", where | {"content_index": 0, **item["content"][0]}
    else:
        call = reply.calls[int(item["id"].removeprefix("fc_"))]
        for piece in call.chunks():
            yield "response.function_call_arguments.delta", where | {"delta": piece}
        yield "response.function_call_arguments.done", where | {"arguments": call.written}


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
            {"id": "rs_0", "type": "reasoning", "summary": [summary], "encrypted_content": "sealed"}
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
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.prompt + tokens.output,
    }


def whole(reply: Reply, request: Recorded) -> dict[str, Any]:
    """The answer to a request that does not stream."""
    status = "incomplete" if reply.finish == "length" else "completed"
    return _response(reply, request, status=status, output=_items(reply))
