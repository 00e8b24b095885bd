"""The bodies of the HTTP API, in the shapes the OpenAI protocol gives them.

Source: https://platform.openai.com/docs/api-reference/chat. Fields beyond it are
`error` on a completion that failed half-way and the tool fields of progress chunks.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from hermes_core.messages import Usage

FinishReason = Literal["stop", "length", "error"]
ToolStatus = Literal["started", "completed", "failed"]
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keepalive\n\n"


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong; every field is always there."""

    message: str
    type: Literal["invalid_request_error", "server_error"] = "invalid_request_error"
    param: str | None = None
    code: str | None = None


class ApiError(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        message: One sentence for a person.
        code: The stable word.
        param: The field it is about.
        headers: Sent along, e.g. `Retry-After`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        kind: Literal["invalid_request_error", "server_error"] = (
            "server_error" if status >= 500 else "invalid_request_error"
        )
        self.body = ErrorBody(message=message, type=kind, param=param, code=code)


class CachedTokens(msgspec.Struct, frozen=True):
    """Part of the prompt that was read from a cache."""

    cached_tokens: int = 0


class ReasoningTokens(msgspec.Struct, frozen=True):
    """Part of the completion that was thinking."""

    reasoning_tokens: int = 0


class UsageBody(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of all model calls of the turn together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens


class ReplyMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a whole completion."""

    role: Literal["assistant"] = "assistant"
    content: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The one answer."""

    index: int = 0
    message: ReplyMessage
    logprobs: None = None
    finish_reason: FinishReason


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer in one piece."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: UsageBody
    error: ErrorBody | UnsetType = UNSET


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What a chunk adds."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The one answer of a chunk."""

    index: int = 0
    delta: Delta
    logprobs: None = None
    finish_reason: FinishReason | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a streamed answer; a progress chunk has no choices but a tool."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[ChunkChoice, ...] = ()
    usage: UsageBody | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET
    tool: str | UnsetType = UNSET
    emoji: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    status: ToolStatus | UnsetType = UNSET
    tool_call_id: str | UnsetType = UNSET


class ModelBody(msgspec.Struct, frozen=True, kw_only=True):
    """The agent as an entry of the model list."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "hermes"
    permission: tuple[()] = ()
    root: str
    parent: None = None


_encode = msgspec.json.Encoder().encode


def usage_body(usage: Usage) -> UsageBody:
    """Return the tokens under the protocol's names."""
    return UsageBody(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.output_tokens,
        total_tokens=usage.total_tokens,
        prompt_tokens_details=CachedTokens(usage.cache_read_tokens),
        completion_tokens_details=ReasoningTokens(usage.reasoning_tokens),
    )


def json_bytes(value: Any) -> bytes:
    """Return a body as JSON."""
    return _encode(value)


def error_bytes(error: ErrorBody) -> bytes:
    """Return the error envelope as JSON."""
    return _encode({"error": error})


def sse(chunk: Chunk) -> bytes:
    """Return a chunk as one server-sent event."""
    return b"data: " + _encode(chunk) + b"\n\n"
