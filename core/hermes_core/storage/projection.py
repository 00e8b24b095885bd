"""The event log a history would have left, made from its messages alone.

Used for imported conversations and for those whose log was dropped with age. It says
nothing that the messages do not hold: no durations, no token counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

import msgspec

from hermes_core.events import (
    MAX_STORED_BYTES,
    CoreEvent,
    Event,
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    ReasoningFinished,
    SessionOpened,
    StepFinished,
    StepStarted,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import Message, Runtime, ToolCall, is_stand_in

E = TypeVar("E", bound=Event)

TEXT_BYTES = MAX_STORED_BYTES - 2048
"""Room for text in one event, as JSON; the rest is for the envelope."""

_ARGUMENT_CHARS = 500
_ATTACHMENTS = 10
_PREVIEW_KEYS = ("command", "path", "pattern", "query", "url", "code", "name", "question", "goal")


def events_from_messages(
    messages: Sequence[Message], *, session_id: str, runtime: Runtime
) -> list[CoreEvent]:
    """Project a history, oldest message first.

    Args:
        messages: What people see of the conversation; each has a `message_id`.
        session_id: Stamped on every event.
        runtime: Named in `session.opened`.

    Returns:
        Events with `seq` dense from 1, `session.opened` first, every turn, step and
        tool call closed, each within `MAX_STORED_BYTES`.
    """
    projection = _Projection(session_id, messages)
    start = messages[0].timestamp if messages else 0.0
    projection.add(SessionOpened(runtime=runtime), start)
    for message in messages:
        projection.take(message)
    projection.close_turn()
    return projection.events


class _Projection:
    """Where the walk through the messages stands."""

    def __init__(self, session_id: str, messages: Iterable[Message]) -> None:
        self.events: list[CoreEvent] = []
        self._session_id = session_id
        self._results = {
            message.tool_call_id: message
            for message in messages
            if message.role == "tool" and not is_stand_in(message)
        }
        self._turn_id: str | None = None
        self._turns = 0
        self._steps = 0
        self._calls = 0
        self._ts = 0.0
        self._answer: str | None = None

    def add(self, event: Event, ts: float, *, step: int | None = None) -> None:
        self._ts = ts
        stamped = msgspec.structs.replace(
            event,
            seq=len(self.events) + 1,
            ts=ts,
            session_id=self._session_id,
            turn_id=self._turn_id,
            step=step,
        )
        self.events.append(cast(CoreEvent, stamped))

    def take(self, message: Message) -> None:
        if is_stand_in(message):
            return  # what it stands for is told
        if message.role == "user":
            self._user(message)
        elif message.role == "assistant":
            self._assistant(message)
        # Results are told with the call they answer; system texts are not shown.

    def close_turn(self) -> None:
        if self._turn_id is None:
            return
        done = self._answer is not None
        finished = TurnFinished(
            outcome="completed" if done else "interrupted",
            reason="text_response" if done else "unfinished",
            final_message_id=self._answer,
            steps=self._steps,
            tool_calls=self._calls,
        )
        self.add(finished, self._ts)
        self._turn_id = None

    def _open_turn(self, input_ids: tuple[str, ...], ts: float) -> None:
        self._turns += 1
        self._turn_id = f"turn-{self._turns}"
        self._steps, self._calls, self._answer = 0, 0, None
        self.add(TurnStarted(input_ids=input_ids), ts)

    def _user(self, message: Message) -> None:
        self.close_turn()
        ts, message_id = message.timestamp, message.message_id
        input_id = f"input-{message_id}"
        text = cut_to_bytes(message.content[:4000], TEXT_BYTES - 1024)
        attachments = message.attachments[:_ATTACHMENTS]
        self.add(
            InputAccepted(input_id=input_id, mode="start", text=text, attachments=attachments), ts
        )
        self._open_turn((input_id,), ts)
        self.add(InputState(input_id=input_id, state="delivered", message_id=message_id), ts)
        self._spoken(message, "user", final=False)

    def _assistant(self, message: Message) -> None:
        ts = message.timestamp
        if self._turn_id is None:
            self._open_turn((), ts)
        self._steps += 1
        step = self._steps
        self.add(StepStarted(n=step, limit=step), ts, step=step)
        if message.reasoning:
            thought = cut_to_bytes(message.reasoning[:4000], TEXT_BYTES)
            self.add(ReasoningFinished(message_id=message.message_id, text=thought), ts, step=step)
        if message.content:
            self._spoken(message, "assistant", final=not message.tool_calls, step=step)
        for call in message.tool_calls:
            self._call(call, ts, step)
        self._answer = message.message_id if not message.tool_calls else None
        reason = message.finish_reason or ("tool_calls" if message.tool_calls else "stop")
        self.add(StepFinished(n=step, finish_reason=reason), self._ts, step=step)

    def _spoken(
        self,
        message: Message,
        role: Literal["user", "assistant"],
        *,
        final: bool,
        step: int | None = None,
    ) -> None:
        message_id, ts = message.message_id, message.timestamp
        text = cut_to_bytes(message.content, TEXT_BYTES)
        interrupted = message.finish_reason in ("interrupted", "steered")
        self.add(MessageStarted(message_id=message_id, role=role), ts, step=step)
        self.add(
            MessageFinished(
                message_id=message_id,
                role=role,
                state="truncated" if interrupted else "complete",
                final=final,
                reason=message.finish_reason if interrupted else None,
                text=text,
                text_ref=None if text == message.content else message_id,
            ),
            ts,
            step=step,
        )

    def _call(self, call: ToolCall, ts: float, step: int) -> None:
        self._calls += 1
        args = _arguments(call.arguments)
        self.add(
            ToolStarted(call_id=call.id, name=call.name, args=args, preview=_preview(args)),
            ts,
            step=step,
        )
        result = self._results.get(call.id)
        if result is None:
            skipped = ToolSkipped(
                call_id=call.id, name=call.name, cause="lost", message="outcome unknown"
            )
            self.add(skipped, ts, step=step)
            return
        finished = ToolFinished(
            call_id=call.id,
            name=call.name,
            ok=_succeeded(result.content),
            result_preview=cut_to_bytes(result.content[:2000], TEXT_BYTES),
            result_ref=result.message_id,
        )
        self.add(finished, result.timestamp, step=step)


def cut_to_bytes(text: str, limit: int) -> str:
    """Return the longest beginning of `text` that takes at most `limit` bytes as JSON."""
    if len(text) * 6 <= limit or len(msgspec.json.encode(text)) <= limit:
        return text
    return text[: _bisect(lambda size: len(msgspec.json.encode(text[:size])) <= limit, limit)]


def _bisect(fits: Callable[[int], bool], high: int) -> int:
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _arguments(text: str) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return {"arguments": text[:_ARGUMENT_CHARS]}
    if not isinstance(decoded, dict):
        return {"arguments": text[:_ARGUMENT_CHARS]}
    shortened = {key: _shorten(value) for key, value in decoded.items()}
    if len(msgspec.json.encode(shortened)) > TEXT_BYTES - 512:
        return {"arguments": cut_to_bytes(text[:_ARGUMENT_CHARS], TEXT_BYTES - 512)}
    return shortened


def _shorten(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_ARGUMENT_CHARS]
    if isinstance(value, list):
        return [_shorten(item) for item in value]
    if isinstance(value, dict):
        return {key: _shorten(item) for key, item in value.items()}
    return value


def _preview(args: Mapping[str, Any]) -> str:
    for key in _PREVIEW_KEYS:
        value = args.get(key)
        if isinstance(value, str) and value:
            return " ".join(value.split())[:80]
    return ""


def _succeeded(content: str) -> bool:
    """Judge a stored result: an `error`, a failed exit code or `success: false` is a failure."""
    try:
        decoded = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return True
    if not isinstance(decoded, dict):
        return True
    return not (
        decoded.get("error") or decoded.get("success") is False or decoded.get("exit_code") or 0
    )
