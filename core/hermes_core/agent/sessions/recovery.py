"""After a crash: what an owner that is gone left open is closed, once, and never rerun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from hermes_core.agent.sessions.conversation import Input
from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    ApprovalRequested,
    ApprovalResolved,
    BackgroundFinished,
    BackgroundStarted,
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    CoreEvent,
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    QuestionAnswered,
    QuestionAsked,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.messages import Message, TodoItem
from hermes_core.storage.history import History

SEARCHED_EVENTS = 20_000
"""How far back a resumed session is searched for what was left open: days of work."""
_PAGE = 1_000

OUTCOME_UNKNOWN = (
    '{"error": "Outcome unknown: hermes stopped while this call ran. It was not repeated; '
    'check what it did before calling it again."}'
)
RESULT_LOST = (
    '{"error": "This call had ended when hermes stopped, but its result was lost. It was not '
    'repeated."}'
)
NEVER_STARTED = '{"error": "Not run: hermes stopped before this call began."}'


class LeftOpen(Struct):
    """What the stored events of a session have opened and not closed."""

    turn: TurnStarted | None = None
    messages: dict[str, MessageStarted] = field(default_factory=dict)
    tools: dict[str, ToolStarted] = field(default_factory=dict)
    announced: dict[str, ToolAnnounced] = field(default_factory=dict)
    """Calls the model named that were never started."""
    approvals: dict[str, ApprovalRequested] = field(default_factory=dict)
    questions: dict[str, QuestionAsked] = field(default_factory=dict)
    compaction: CompactionStarted | None = None
    children: dict[str, AgentSpawned] = field(default_factory=dict)
    background: dict[str, BackgroundStarted] = field(default_factory=dict)

    def take(self, event: CoreEvent) -> None:
        """Follow one event."""
        match event:
            case TurnStarted():
                self.turn = event
            case TurnFinished():
                self.turn = None
            case MessageStarted(message_id=message_id):
                self.messages[message_id] = event
            case MessageFinished(message_id=message_id):
                self.messages.pop(message_id, None)
            case ToolAnnounced(call_id=call_id):
                self.announced[call_id] = event
            case ToolStarted(call_id=call_id):
                self.announced.pop(call_id, None)
                self.tools[call_id] = event
            case ToolFinished(call_id=call_id) | ToolSkipped(call_id=call_id):
                self.announced.pop(call_id, None)
                self.tools.pop(call_id, None)
            case ApprovalRequested(request_id=request_id):
                self.approvals[request_id] = event
            case ApprovalResolved(request_id=request_id):
                self.approvals.pop(request_id, None)
            case QuestionAsked(request_id=request_id):
                self.questions[request_id] = event
            case QuestionAnswered(request_id=request_id):
                self.questions.pop(request_id, None)
            case _:
                self._take_agents(event)

    def _take_agents(self, event: CoreEvent) -> None:
        match event:
            case AgentSpawned(child_id=child_id):
                self.children[child_id] = event
            case AgentFinished(child_id=child_id):
                self.children.pop(child_id, None)
            case BackgroundStarted(task_id=task_id):
                self.background[task_id] = event
            case BackgroundFinished(task_id=task_id):
                self.background.pop(task_id, None)


class Remains(Struct):
    """What the stored events of a session leave to the one who goes on with it.

    Gathered event by event, so that a long conversation is never held as a whole.
    """

    open: LeftOpen = field(default_factory=LeftOpen)
    waiting: dict[str, Input] = field(default_factory=dict)
    """Messages that were accepted and never delivered, in order, by their ids."""
    todos: tuple[TodoItem, ...] = ()
    started: set[str] = field(default_factory=set)
    """Ids of calls that began to run; of those that ended, `ended`."""
    ended: set[str] = field(default_factory=set)

    def take(self, event: CoreEvent) -> None:
        """Follow one event."""
        self.open.take(event)
        match event:
            case CompactionStarted():
                self.open.compaction = event
            case CompactionFinished() | CompactionFailed():
                self.open.compaction = None
            case TodoChanged(items=items):
                self.todos = items
            case ToolStarted(call_id=call_id):
                self.started.add(call_id)
            case ToolFinished(call_id=call_id):
                self.ended.add(call_id)
            case InputAccepted(input_id=input_id, text=text, attachments=attachments):
                self.waiting[input_id] = Input(input_id, text, attachments)
            case InputState(input_id=input_id, state="edited", text=str(text)):
                old = self.waiting.get(input_id)
                if old is not None:
                    self.waiting[input_id] = Input(input_id, text, old.attachments)
            case InputState(input_id=input_id, state="delivered" | "cancelled"):
                self.waiting.pop(input_id, None)


def remains_of(events: Iterable[CoreEvent]) -> Remains:
    """Return what a stored stream leaves."""
    found = Remains()
    for event in events:
        found.take(event)
    return found


async def read_remains(store: History, session_id: str, *, last_seq: int) -> Remains:
    """Read what the last events of a session leave, page by page."""
    found = Remains()
    at = max(0, last_seq - SEARCHED_EVENTS)
    while at < last_seq:
        for event in await store.events(session_id, after_seq=at, limit=_PAGE):
            found.take(event)
        at += _PAGE
    return found


def closing_events(found: LeftOpen) -> list[CoreEvent]:
    """Return the events that close everything, in an order screens understand."""
    turn_id = found.turn.turn_id if found.turn else None
    return [*_closed_requests(found, turn_id), *_closed_work(found, turn_id)]


def _closed_requests(found: LeftOpen, turn_id: str | None) -> Iterator[CoreEvent]:
    by = "owner lost"
    for request_id in found.approvals:
        yield ApprovalResolved(request_id=request_id, decision="cancelled", by=by, turn_id=turn_id)
    for request_id in found.questions:
        yield QuestionAnswered(request_id=request_id, answer=None, by=by, turn_id=turn_id)
    unknown = "Outcome unknown: hermes stopped while it ran."
    not_run = "Not run: hermes stopped before it began."
    lost: list[tuple[ToolStarted | ToolAnnounced, str]] = [
        *((tool, unknown) for tool in found.tools.values()),
        *((call, not_run) for call in found.announced.values()),
    ]
    for call, message in lost:
        yield ToolSkipped(
            call_id=call.call_id,
            name=call.name,
            cause="lost",
            message=message,
            turn_id=turn_id,
            agent=call.agent,
        )


def _closed_work(found: LeftOpen, turn_id: str | None) -> Iterator[CoreEvent]:
    for open_message in found.messages.values():
        yield MessageFinished(
            message_id=open_message.message_id,
            role=open_message.role,
            state="discarded",
            reason="lost",
            turn_id=turn_id,
        )
    for child_id in found.children:
        summary = "hermes stopped while it worked."
        yield AgentFinished(child_id=child_id, status="lost", summary=summary, turn_id=turn_id)
    for task_id in found.background:
        summary = "hermes stopped while this ran; it was not begun again."
        yield BackgroundFinished(task_id=task_id, status="lost", summary=summary, turn_id=turn_id)
    if found.compaction is not None:
        text = "hermes stopped while it was at it; the conversation is unchanged."
        yield CompactionFailed(error=text, turn_id=turn_id)
    if found.turn is not None:
        yield TurnFinished(outcome="interrupted", reason="owner_lost", turn_id=turn_id)


def missing_results(
    messages: Sequence[Message], remains: Remains, *, timestamp: float
) -> list[Message]:
    """Return a result for each call of the last round that has none.

    Args:
        messages: The active history.
        remains: What was stored of the round; decides what is known about each call.
        timestamp: Of the new messages.
    """
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.role == "tool":
            continue
        if message.role != "assistant" or not message.tool_calls:
            return []
        answered = {m.tool_call_id for m in messages[index + 1 :]}
        return [
            Message(
                role="tool",
                content=(
                    RESULT_LOST
                    if call.id in remains.ended
                    else OUTCOME_UNKNOWN
                    if call.id in remains.started
                    else NEVER_STARTED
                ),
                message_id=f"{message.message_id}-lost-{number}",
                tool_call_id=call.id,
                tool_name=call.name,
                timestamp=timestamp,
            )
            for number, call in enumerate(message.tool_calls)
            if call.id not in answered
        ]
    return []
