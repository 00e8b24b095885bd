"""From the core's events to the chunks of a streamed chat completion."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    ApprovalRequested,
    ApprovalResolved,
    BackgroundFinished,
    BackgroundStarted,
    CheckpointCreated,
    CheckpointRestored,
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    CoreEvent,
    CredentialRotated,
    Heartbeat,
    InputAccepted,
    InputState,
    MemoryChanged,
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
    RequestFinished,
    RequestStalled,
    RequestStarted,
    RequestWaiting,
    SessionClosed,
    SessionOpened,
    SessionRewound,
    SessionRuntimeChanged,
    SessionTitled,
    SkillChanged,
    StepFinished,
    StepStarted,
    TodoChanged,
    ToolAnnounced,
    ToolFinished,
    ToolKind,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from hermes_core.servers.api.wire import (
    Chunk,
    ChunkChoice,
    Delta,
    ErrorBody,
    FinishReason,
    ToolStatus,
    usage_body,
)

_EMOJI: dict[ToolKind, str] = {
    "read": "📖",
    "edit": "✏️",
    "delete": "🗑️",
    "move": "📦",
    "search": "🔎",
    "execute": "💻",
    "think": "💭",
    "fetch": "🌐",
    "ask": "❓",
    "other": "⚙️",
}
SEPARATOR = "\n\n"
"""Between what is said before and after a tool."""


class Frame(Struct, frozen=True):
    """What all chunks of one answer have in common."""

    completion_id: str
    created: int
    """Seconds since the epoch."""
    model: str

    def chunk(self) -> Chunk:
        """A chunk that says nothing yet."""
        return Chunk(id=self.completion_id, created=self.created, model=self.model)


class Ending(Struct, frozen=True):
    """How a turn ended, in the protocol's words."""

    finish_reason: FinishReason
    error: ErrorBody | None = None


def ending_of(finish: TurnFinished | None) -> Ending:
    """Judge a turn; None means that its session went away before it was over."""
    if finish is None:
        return Ending("error", _failure("The conversation was closed.", "agent_failed"))
    match finish.outcome:
        case "completed":
            return Ending("stop")
        case "partial":
            return Ending("length")
        case "interrupted":
            return Ending("error", _failure("The turn was interrupted.", "interrupted"))
        case "failed":
            text = " ".join(part for part in (finish.error, finish.hint) if part)
            return Ending("error", _failure(text or "The agent failed.", "agent_failed"))


def _failure(message: str, code: str) -> ErrorBody:
    return ErrorBody(message=message, type="server_error", code=code)


class ChunkTranslator:
    """Turns the events of one turn into chunks; holds what one answer needs to remember."""

    def __init__(self, frame: Frame, *, tool_progress: bool, include_usage: bool) -> None:
        self._frame = frame
        self._tool_progress = tool_progress
        self._include_usage = include_usage
        self._lengths: dict[str, int] = {}
        """Characters sent of each message."""
        self._kinds: dict[str, ToolKind] = {}
        """Of tools that run, by call id."""
        self._has_paused = False
        """A tool ran since the last text."""
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """Everything sent as content."""
        return "".join(self._parts)

    def opening(self) -> Chunk:
        """The first chunk."""
        return self._chunk(Delta(role="assistant", content=""))

    def chunk(self, event: CoreEvent) -> Chunk | None:
        """Return what the client is told about an event, if anything.

        Child agents are part of the call that waits for them: their own calls are not told.
        """
        if event.agent:
            return None
        match event:
            case MessageDelta(message_id=message_id, text=text):
                return self._content(message_id, text)
            case MessageFinished(message_id=message_id, role="assistant", text=text):
                return self._rest(event.state, message_id, text)
            case ToolStarted(call_id=call_id, name=name, preview=preview, kind=kind):
                self._kinds[call_id] = kind
                self._has_paused = True
                return self._tool(call_id, name, "started", preview, kind)
            case ToolFinished(call_id=call_id, name=name, ok=ok, summary=summary):
                status: ToolStatus = "completed" if ok else "failed"
                kind = self._kinds.pop(call_id, "other")
                return self._tool(call_id, name, status, summary, kind)
            case ToolSkipped(call_id=call_id, name=name, cause=cause, message=message):
                self._has_paused = True
                kind = self._kinds.pop(call_id, "other")
                return self._tool(call_id, name, "failed", message or cause, kind)
            case (
                MessageFinished() | MessageStarted() | ReasoningDelta() | ReasoningFinished()
            ):  # thinking has no place in this protocol; the user's own words are not echoed
                return None
            case (
                SessionOpened()
                | SessionClosed()
                | SessionTitled()
                | SessionRuntimeChanged()
                | SessionRewound()
                | InputAccepted()
                | InputState()
                | TurnStarted()
                | TurnFinished()
                | StepStarted()
                | StepFinished()
                | RequestStarted()
                | RequestWaiting()
                | RequestStalled()
                | RequestFailed()
                | RequestFinished()
                | CredentialRotated()
                | ToolAnnounced()
                | ToolOutput()
            ):  # `closing` tells how it ended; the rest is between agent and provider
                return None
            case (
                ApprovalRequested()
                | ApprovalResolved()
                | RequestExtended()
                | QuestionAsked()
                | QuestionAnswered()
                | TodoChanged()
                | ContextGauge()
                | CompactionStarted()
                | CompactionFinished()
                | CompactionFailed()
                | CheckpointCreated()
                | CheckpointRestored()
                | AgentSpawned()
                | AgentFinished()
                | BackgroundStarted()
                | BackgroundFinished()
                | MemoryChanged()
                | SkillChanged()
                | Notice()
                | Heartbeat()
            ):  # nobody can be asked here, and state beside the answer has no chunk
                return None
            case _:
                assert_never(event)

    def closing(self, finish: TurnFinished | None) -> list[Chunk]:
        """The last chunks, before `[DONE]`."""
        ending = ending_of(finish)
        last = self._chunk(Delta(), finish_reason=ending.finish_reason)
        if ending.error is not None:
            last = replace(last, error=ending.error)
        if finish is None:
            return [last]
        usage = usage_body(finish.usage)
        if self._include_usage:
            return [last, replace(self._frame.chunk(), usage=usage)]
        return [replace(last, usage=usage)]

    # --- the kinds of chunks ---------------------------------------------------------------

    def _content(self, message_id: str, text: str) -> Chunk | None:
        if not text:
            return None
        self._lengths[message_id] = self._lengths.get(message_id, 0) + len(text)
        if self._has_paused and self._parts:
            text = SEPARATOR + text
        self._has_paused = False
        self._parts.append(text)
        return self._chunk(Delta(content=text))

    def _rest(self, state: str, message_id: str, text: str) -> Chunk | None:
        """What a finished message has beyond its deltas: all of it if there were none."""
        if state == "discarded":
            return None
        return self._content(message_id, text[self._lengths.get(message_id, 0) :])

    def _tool(
        self, call_id: str, name: str, status: ToolStatus, label: str, kind: ToolKind
    ) -> Chunk | None:
        if not self._tool_progress or name.startswith("_"):
            return None
        return replace(
            self._frame.chunk(),
            tool=name,
            emoji=_EMOJI[kind],
            label=label or name,
            status=status,
            tool_call_id=call_id,
        )

    def _chunk(self, delta: Delta, finish_reason: FinishReason | None = None) -> Chunk:
        choice = ChunkChoice(delta=delta, finish_reason=finish_reason)
        return replace(self._frame.chunk(), choices=(choice,))
