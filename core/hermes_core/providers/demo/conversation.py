"""The part of a request the demo looks at: the last message and what its tools said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_core.messages import Message
from hermes_core.providers.base import ModelRequest

_TYPED = "[I ran this in the shell myself."
"""Begins what stands behind a command that the person typed; its output follows."""


@dataclass(frozen=True, slots=True)
class Done:
    """One tool call and its answer."""

    name: str
    arguments: Mapping[str, Any]
    text: str
    """The answer as it came."""
    data: Mapping[str, Any] | None
    """The answer as an object, if it is one."""

    def get(self, key: str) -> Any:
        """A value of the answer, None where there is none."""
        return self.data.get(key) if self.data is not None else None

    @property
    def problem(self) -> str:
        """What went wrong, empty if nothing did."""
        if self.data is None:
            return (
                self.text.strip().splitlines()[0][:300] if self.text.strip() else "no answer came"
            )
        error = self.data.get("error")
        if error:
            return str(error)
        if self.data.get("success") is False:
            return str(self.data.get("message") or "it was not accepted")
        return ""

    @property
    def was_refused(self) -> bool:
        """Whether the guard or the person said no."""
        return bool(self.get("status") == "blocked")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What matters of the history."""

    said: str
    """The last user message."""
    done: tuple[Done, ...] = ()
    """Calls since then, in order."""
    earlier: tuple[Done, ...] = field(default=(), repr=False)
    """Calls before it."""


def conversation(request: ModelRequest) -> Conversation:
    """Return the last user message and the calls since and before."""
    messages = request.messages
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    said = messages[last].content if last >= 0 else ""
    if _TYPED in said:  # no answer came between the command and the message after it
        said = said.rpartition("\n\n")[2]
    return Conversation(said, _calls(messages[last + 1 :]), _calls(messages[: max(last, 0)]))


def _calls(messages: Sequence[Message]) -> tuple[Done, ...]:
    answers = {m.tool_call_id: m.content for m in messages if m.role == "tool"}
    return tuple(
        Done(call.name, _object(call.arguments) or {}, answers[call.id], _object(answers[call.id]))
        for message in messages
        for call in message.tool_calls
        if call.id in answers
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
