"""What went on in a conversation when: turns, requests, tools and waits as spans. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    CoreEvent,
    QuestionAnswered,
    QuestionAsked,
    RequestFailed,
    RequestFinished,
    RequestStarted,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)

SpanKind: TypeAlias = Literal["turn", "request", "tool", "wait"]

KINDS = (
    *("turn.started", "turn.finished", "request.started", "request.finished", "request.failed"),
    *("tool.started", "tool.finished", "tool.skipped", "approval.requested"),
    *("approval.resolved", "question.asked", "question.answered"),
)
"""Types of the events that `spans` reads."""

_RANKS: dict[SpanKind, int] = {"turn": 0, "request": 1, "tool": 2, "wait": 3}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Something with a beginning and an end."""

    kind: SpanKind
    name: str
    start: float
    """Seconds since the epoch."""
    end: float
    ok: bool = True
    is_open: bool = False
    """It has not ended yet; `end` is the last moment known."""


def spans(events: Iterable[CoreEvent], *, now: float = 0.0) -> tuple[Span, ...]:
    """Pair beginnings with ends, in order of their beginnings.

    Args:
        events: Oldest first.
        now: End of what still runs, in seconds since the epoch; 0: the last event.
    """
    opened: dict[str, Span] = {}
    found: list[Span] = []
    last = now
    turns = 0
    for event in events:
        last = now or max(last, event.ts)
        if isinstance(event, TurnStarted):
            turns += 1
        began = _began(event, turns)
        if began is not None:
            key, span = began
            opened[key] = span
            continue
        key, ok = _ended(event)
        span_open = opened.pop(key, None) if key else None
        if span_open is not None:
            found.append(msgspec.structs.replace(span_open, end=event.ts, ok=ok, is_open=False))
    found += [msgspec.structs.replace(span, end=max(last, span.start)) for span in opened.values()]
    return tuple(sorted(found, key=lambda span: (span.start, _RANKS[span.kind])))


def _began(event: CoreEvent, turns: int) -> tuple[str, Span] | None:
    match event:
        case TurnStarted():
            kind: SpanKind = "turn"
            key, name = "turn", f"turn {turns}"
        case RequestStarted():
            purpose = "" if event.purpose == "turn" else f" · {event.purpose}"
            kind, key, name = "request", f"request:{event.purpose}", f"{event.model}{purpose}"
        case ToolStarted():
            kind, key, name = "tool", event.call_id, f"{event.name} {event.preview}".strip()
        case ApprovalRequested():
            kind, key, name = "wait", event.request_id, "approval"
        case QuestionAsked():
            kind, key, name = "wait", event.request_id, "question"
        case _:
            return None
    return key, Span(kind=kind, name=name, start=event.ts, end=event.ts, is_open=True)


def _ended(event: CoreEvent) -> tuple[str, bool]:
    match event:
        case TurnFinished():
            return "turn", event.outcome == "completed"
        case RequestFinished():
            return f"request:{event.purpose}", True
        case RequestFailed():
            return f"request:{event.purpose}", False
        case ToolFinished():
            return event.call_id, event.ok
        case ToolSkipped():
            return event.call_id, False
        case ApprovalResolved():
            return event.request_id, event.decision not in ("deny", "timeout", "cancelled")
        case QuestionAnswered():
            return event.request_id, event.answer is not None
        case _:
            return "", True
