"""One reply of the model while it comes in: text, thinking, calls, and their events."""

from __future__ import annotations

import time
from typing import Any, Literal

from msgspec import Struct, field

from hermes_core.agent.sessions.conversation import fresh_call_id
from hermes_core.agent.stream.deltas import DeltaBuffer
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.inline_reasoning import InlineReasoning, Piece
from hermes_core.events import (
    MessageDelta,
    MessageFinished,
    MessageStarted,
    ReasoningDelta,
    ReasoningFinished,
    ToolAnnounced,
    ToolSkipped,
    fit_text,
)
from hermes_core.messages import Message, ToolCall, Usage, clean_text
from hermes_core.providers.base import (
    ReplayItem,
    StreamEnd,
    StreamPart,
    TextDelta,
    ThinkingBlock,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from hermes_core.providers.facts.pricing import Cost

Ending = Literal["complete", "cut", "steered"]


class _Slot(Struct):
    id: str
    name: str
    parts: list[str] = field(default_factory=list)
    extra_content: dict[str, Any] | None = None


class Answer:
    """Takes stream parts, emits the events of what is shown, and keeps the whole.

    Args:
        journal: Where its events go.
        message_id: Names the message, unless it continues another one.
        used_call_ids: Ids of all calls of the conversation so far. Some servers number
            calls from zero in each reply; screens and results tell them apart by id, so
            a repeated one gets another. The ids of this answer are added.
        continues: An answer stopped by the output limit; its message goes on.
    """

    def __init__(
        self,
        journal: Journal,
        message_id: str,
        *,
        used_call_ids: set[str] | None = None,
        continues: Answer | None = None,
    ) -> None:
        if continues is not None:
            message_id = continues.message_id
        self.message_id: str = message_id
        self.usage: Usage | None = None
        self.cost = Cost()
        self.finish_reason: str | None = None
        self.ending: Ending = "complete"
        self.parts_seen = 0
        """Counts up with everything that arrives; a watchdog looks at it."""
        self._journal = journal
        self._inline = InlineReasoning()
        self._text: list[str] = []
        self._late_text: list[str] = []
        self._thinking: list[str] = []
        self._details: list[Any] = []
        self._replayed: list[Any] = []
        self._slots: dict[int, _Slot] = {}
        self._text_out = DeltaBuffer(
            lambda text: self._emit(MessageDelta(message_id=message_id, text=text))
        )
        self._thinking_out = DeltaBuffer(
            lambda text: self._emit(ReasoningDelta(message_id=message_id, text=text))
        )
        self._started_thinking: float | None = None
        self._is_thinking = False
        self._is_started = continues is not None
        self._is_closed = False
        self._is_over = False
        self._used_call_ids = set() if used_call_ids is None else used_call_ids
        self._successor: Answer | None = None
        if continues is not None:
            self._text.append(continues.text)
            continues._successor = self

    # --- what came ---------------------------------------------------------------------

    @property
    def shown(self) -> bool:
        """Whether the person has seen text of this reply."""
        return self._is_started

    @property
    def latest(self) -> Answer:
        """The answer that has gone furthest in this message: this one or what continues it."""
        return self if self._successor is None else self._successor.latest

    @property
    def text(self) -> str:
        """The answer without thinking, everything that belongs into the history."""
        return "".join(self._text) + "".join(self._late_text)

    @property
    def thinking(self) -> str:
        """The reasoning, from whichever channel."""
        return "".join(self._thinking).strip()

    @property
    def has_unclosed_scratchpad(self) -> bool:
        """Whether an inline thinking block was opened and never closed."""
        return self._inline.is_open

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """What the model asked for, in its order."""
        return tuple(
            ToolCall(
                id=slot.id,
                name=slot.name,
                arguments="".join(slot.parts),
                extra_content=slot.extra_content,
            )
            for _, slot in sorted(self._slots.items())
        )

    def to_message(self, *, timestamp: float, calls: tuple[ToolCall, ...] = ()) -> Message:
        """Return the reply as a message of the history."""
        return Message(
            role="assistant",
            content=self.text,
            message_id=self.message_id,
            tool_calls=calls,
            finish_reason=self.finish_reason,
            reasoning=self.thinking or None,
            reasoning_details=self._details or None,
            codex_reasoning_items=self._replayed or None,
            timestamp=timestamp,
            token_count=self.usage.output_tokens if self.usage else None,
        )

    # --- taking parts ------------------------------------------------------------------

    def take(self, part: StreamPart) -> None:
        """Take the next part of the stream; after its end nothing is taken any more."""
        if self._is_over:
            return
        self.parts_seen += 1
        match part:
            case TextDelta(text=text):
                for piece in self._inline.feed(clean_text(text)):
                    self._take_piece(piece)
            case ThinkingDelta(text=text):
                self._think(clean_text(text))
            case ThinkingBlock(item=item):
                self._details.append(item)
            case ReplayItem(item=item):
                self._replayed.append(item)
            case ToolCallStart(index=index, id=call_id, name=name):
                self._announce(index, call_id, name)
            case ToolCallDelta(index=index, arguments=arguments, extra_content=extra):
                slot = self._slots.setdefault(index, _Slot("", ""))
                slot.parts.append(clean_text(arguments))
                slot.extra_content = extra or slot.extra_content
            case UsageReport(usage=usage):
                self.usage = usage
            case StreamEnd(finish_reason=reason):
                self.finish_reason = reason

    def end_stream(self) -> None:
        """Release what was held back and close the thinking. Nothing is taken after it."""
        self._is_over = True
        for piece in self._inline.finish():
            self._take_piece(piece)
        self._stop_thinking()
        self._text_out.flush()

    def _take_piece(self, piece: Piece) -> None:
        if piece.kind == "thinking":
            self._think(piece.text)
        else:
            self._say(piece.text)

    def _say(self, text: str) -> None:
        if self._slots:
            self._late_text.append(text)  # text behind a call is history, not screen
            return
        if not self._is_started:
            if not text.strip() and not self._text:
                return  # leading white space alone is not an answer
            self._stop_thinking()
            self._is_started = True
            self._emit(MessageStarted(message_id=self.message_id, role="assistant"))
        self._text.append(text)
        self._text_out.add(text)

    def _think(self, text: str) -> None:
        if not text:
            return
        if not self._is_thinking:
            self._is_thinking = True
            self._started_thinking = time.monotonic()
        self._thinking.append(text)
        self._thinking_out.add(text)

    def _stop_thinking(self) -> None:
        if not self._is_thinking or self._started_thinking is None:
            return
        self._is_thinking = False
        self._thinking_out.flush()
        seconds = time.monotonic() - self._started_thinking
        self._emit(
            ReasoningFinished(
                message_id=self.message_id,
                text=fit_text(self.thinking, 4_000),
                seconds=round(seconds, 2),
            )
        )

    def _announce(self, index: int, call_id: str, name: str) -> None:
        self._stop_thinking()
        self._text_out.flush()
        unique = fresh_call_id(call_id or "call", self._used_call_ids)
        self._used_call_ids.add(unique)
        self._slots[index] = _Slot(unique, clean_text(name))
        self._emit(ToolAnnounced(call_id=unique, name=name))

    def _emit(self, event: Any) -> None:
        self._journal.emit(event)

    # --- closing -----------------------------------------------------------------------

    def close(
        self,
        *,
        state: Literal["complete", "truncated", "discarded"] = "complete",
        final: bool = False,
        reason: str | None = None,
    ) -> None:
        """Close the message on the screens; nothing happens if none was opened."""
        self.end_stream()
        if self._is_closed or not self._is_started:
            return
        self._is_closed = True
        whole = "".join(self._text)
        text = fit_text(whole)
        self._emit(
            MessageFinished(
                message_id=self.message_id,
                role="assistant",
                state=state,
                final=final,
                reason=reason,
                text=text,
                text_ref=self.message_id if len(text) < len(whole) else None,
            )
        )

    def retract_calls(self, cause: Literal["interrupt", "steer", "invalid", "lost"]) -> None:
        """Tell screens that announced calls will not come."""
        for slot in self._slots.values():
            if slot.id:
                self._emit(ToolSkipped(call_id=slot.id, name=slot.name, cause=cause))
        self._slots.clear()


def say(journal: Journal, text: str, *, message_id: str, timestamp: float, final: bool) -> Message:
    """Show a whole assistant message at once and return it for the history."""
    journal.emit(MessageStarted(message_id=message_id, role="assistant"))
    journal.emit(MessageDelta(message_id=message_id, text=text))
    shown = fit_text(text)
    journal.emit(
        MessageFinished(
            message_id=message_id,
            role="assistant",
            final=final,
            text=shown,
            text_ref=message_id if len(shown) < len(text) else None,
        )
    )
    return Message(
        role="assistant",
        content=text,
        message_id=message_id,
        finish_reason="stop",
        timestamp=timestamp,
    )
