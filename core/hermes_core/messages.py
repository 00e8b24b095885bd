"""What a conversation is made of, as plain frozen data.

The internal form follows the chat-completions shape; provider adapters translate
from it, the store keeps it, and nothing here knows a wire format.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call the model asked for."""

    id: str
    """Unique in the conversation; results refer to it."""
    name: str
    arguments: str = "{}"
    """JSON text of an object, exactly as the model wrote it."""
    extra_content: dict[str, Any] | None = None
    """Opaque provider data (thought signatures) that is sent back unchanged."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that came with a user message."""

    path: str
    """Absolute path on this machine."""
    media_type: str = "application/octet-stream"
    chars: int = 0
    """Of a text of `CONTEXT_TYPE`: its length; 0 for everything else."""


CONTEXT_TYPE = "text/x-hermes-context"
"""Text of ours that goes to the model behind the message, and is not shown with it."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the history. The system prompt is not one of them."""

    role: Role
    content: str = ""
    message_id: str = ""
    """Stable id; events name the message by it."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Assistant only."""
    tool_call_id: str | None = None
    """Tool only: the call this answers."""
    tool_name: str | None = None
    """Tool only."""
    finish_reason: str | None = None
    """Assistant only: the provider's word, or `interrupted` / `steered`."""
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None
    """Opaque provider items (signed thinking) that are replayed verbatim."""
    codex_reasoning_items: list[Any] | None = None
    attachments: tuple[Attachment, ...] = ()
    """User only."""
    timestamp: float = 0.0
    """Seconds since the epoch, UTC."""
    token_count: int | None = None


SUMMARY_ID = "summary_"
"""Begins the id of a message that tells an earlier part of the conversation in short."""
SHORT_ID = "short_"
"""Begins the id of a message that stands for a longer one."""


def is_summary(message: Message) -> bool:
    """Whether it is a summary of ours and not the person's words."""
    return message.role == "user" and message.message_id.startswith(SUMMARY_ID)


def is_stand_in(message: Message) -> bool:
    """Whether it was written for the model alone; people see what it stands for."""
    return message.message_id.startswith((SUMMARY_ID, SHORT_ID))


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model call or a sum of calls, in exact buckets.

    prompt = input + cache_read + cache_write; total = prompt + output.
    Source: the provider's usage object; fields it lacks stay 0.
    """

    input_tokens: int = 0
    """Prompt tokens that were neither read from nor written to a cache."""
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of `output_tokens`, not an addition to it."""
    requests: int = 0

    @property
    def prompt_tokens(self) -> int:
        """Everything the model read."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def total_tokens(self) -> int:
        """Everything read and written."""
        return self.prompt_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            requests=self.requests + other.requests,
        )


class TodoItem(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the agent's plan."""

    id: str
    content: str
    status: Literal["pending", "in_progress", "completed", "cancelled"] = "pending"


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answers, as everyone may see it. Holds no secret."""

    model: str
    provider: str
    base_url: str = ""
    api_mode: str = "chat_completions"
    window_tokens: int = 128_000
    """Context size: prompt and reply together."""


def clean_text(text: str) -> str:
    """Drop lone UTF-16 surrogates, which no encoder and no provider accepts."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATES.sub("", text)
    return text
