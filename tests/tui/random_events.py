"""Random events of the core whose texts are as hostile as a model or a tool can make them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec

from hermes_core.events import (
    ApprovalFinding,
    ApprovalRequested,
    ApprovalResolved,
    BackgroundStarted,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    CoreEvent,
    Heartbeat,
    InputAccepted,
    InputState,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    Notice,
    QuestionAnswered,
    QuestionAsked,
    ReasoningDelta,
    ReasoningFinished,
    RequestExtended,
    RequestFailed,
    RequestWaiting,
    SessionTitled,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import TodoItem
from tests.fakes import scripted_turns as turns

MARK = "QXQ"
"""Stands in foreign markup behind a letter: shown, it has the bracket before it."""
SCRAPS = (
    "word ", "two words ", "**bold** ", "`code` ", "\n", "\n\n", "```py\nx = 1\n", "\n```\n", "- item\n",
    "> quote\n", "| a | b |\n|--|--|\n| 1 | 2 |\n", "日本語 ", "👩‍💻", "עברית ", "[/]", "[bold", "]",
    f"w[red]{MARK}[/red] ", f"w[$h-warn]{MARK}[/] ", f"w[@click=app.quit]{MARK}[/] ", f"w[b]{MARK}[/b]", "[link=x]",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "\u202e", "\x00", "\x07", "\r", "\t", "\ud800",
    "a" * 90, "{braces} $dollar %s ", "# head\n", "http://a.example/b?c=[d] ",
)  # fmt: skip


def hostile_text(chance: random.Random, most: int = 8) -> str:
    """A text of fewer than so many scraps."""
    return "".join(chance.choices(SCRAPS, k=chance.randrange(1, most)))


def random_event(chance: random.Random) -> CoreEvent:
    """An event of any kind about one of a few messages, calls and requests."""
    text, small = hostile_text(chance), hostile_text(chance, 3)
    message, call = f"m{chance.randrange(3)}", f"c{chance.randrange(4)}"
    request = f"r{chance.randrange(3)}"
    made: Sequence[Callable[[], CoreEvent]] = (
        lambda: TurnStarted(turn_id="t1", input_ids=()),
        lambda: MessageStarted(message_id=message, role="assistant"),
        lambda: MessageDelta(message_id=message, text=text),
        lambda: MessageDelta(message_id=message, text=text),
        lambda: MessageFinished(message_id=message, role="assistant", text=text, final=True),
        lambda: MessageFinished(message_id=f"u{message}", role="user", text=text),
        lambda: ReasoningDelta(message_id=message, text=text),
        lambda: ReasoningFinished(message_id=message, text=text),
        lambda: ToolAnnounced(call_id=call, name=small),
        lambda: ToolStarted(call_id=call, name="terminal", args={"command": text}, preview=text),
        lambda: ToolStarted(call_id=call, name=small, args={small: text}, preview=small),
        lambda: ToolOutput(call_id=call, stream="stdout", chunk=text),
        lambda: ToolFinished(
            call_id=call,
            name="terminal",
            ok=chance.random() < 0.7,
            duration_s=1.0,
            result_preview=text,
            diffs=(turns.DIFF,) if chance.random() < 0.3 else (),
        ),
        lambda: ToolSkipped(call_id=call, name=small, cause="interrupt", message=small),
        lambda: _approval(chance, request, text),
        lambda: ApprovalResolved(request_id=request, decision="deny", by=small),
        lambda: RequestExtended(
            request_id=chance.choice((request, f"q{request}")), expires_at=chance.random() * 4e9
        ),
        lambda: QuestionAsked(
            request_id=f"q{request}",
            kind=chance.choice(("choice", "text", "secret")),
            question=text,
            choices=(small, "other") if chance.random() < 0.6 else (),
        ),
        lambda: QuestionAnswered(request_id=f"q{request}", answer=small, by=small),
        lambda: InputAccepted(input_id=call, mode="queue", text=text),
        lambda: InputState(input_id=call, state=chance.choice(("delivered", "cancelled"))),
        lambda: TodoChanged(items=(TodoItem(id="1", content=text, status="in_progress"),)),
        lambda: SessionTitled(title=small),
        lambda: ContextGauge(used=chance.randrange(200_000), window=200_000, threshold=150_000),
        lambda: CompactionStarted(cause="threshold", messages_before=9),
        lambda: CompactionFinished(messages_before=9, messages_after=2),
        lambda: BackgroundStarted(task_id=call, kind="process"),
        lambda: RequestWaiting(
            reason=small, seconds=3.0, until=9e9, attempt=1, max_attempts=3
        ),
        lambda: RequestFailed(reason=small, message=text, hint=small),
        lambda: Heartbeat(state="working"),
        lambda: Notice(level=chance.choice(("info", "warn", "error")), code="x", text=text),
        lambda: TurnFinished(
            turn_id="t1",
            outcome=chance.choice(("completed", "failed", "interrupted")),
            reason="text_response",
        ),
    )  # fmt: skip
    return chance.choice(made)()


def _approval(chance: random.Random, request: str, text: str) -> ApprovalRequested:
    return ApprovalRequested(
        request_id=request,
        subject=text,
        findings=(ApprovalFinding(key="rule", explanation=hostile_text(chance, 4)),),
        options=("once", "session", "always", "deny"),
        shown_hash=f"hash-{request}",
        diff=turns.DIFF if chance.random() < 0.3 else None,
    )


def short(event: CoreEvent) -> str:
    """An event with what is not as usual in it, for the report of a failure."""
    fields = {
        field.name: getattr(event, field.name)
        for field in msgspec.structs.fields(event)
        if getattr(event, field.name) not in (field.default, msgspec.UNSET, ())
    }
    fields.pop("ts", None)
    return f"{type(event).__name__}({', '.join(f'{k}={v!r}' for k, v in fields.items())})"
