"""Everything the core tells the world: one replayable stream of frozen events.

An event is a flat JSON object with a common envelope. Stored events carry `seq`,
dense from 1 in each session; live ones carry `after`, the last `seq` before them,
and are never stored. The guarantees of the stream stand in `agent/stream/hub.py`.

Fields are plain data without markup, colour codes or emoji; secrets are masked
before a value gets here. Texts for people come with a `code`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from hermes_core.messages import Attachment, Runtime, TodoItem, Usage, clean_text

MAX_STORED_BYTES = 8 * 1024
"""Size limit of a stored event; longer bodies live in messages or spill files."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The envelope. The engine fills the body, the session stamps the rest."""

    stored: ClassVar[bool] = True
    """False for events that are live only and have no `seq`."""

    v: int = 1
    seq: int | UnsetType = UNSET
    after: int | UnsetType = UNSET
    ts: float = 0.0
    session_id: str = ""
    turn_id: str | None = None
    step: int | None = None
    agent: tuple[str, ...] = ()
    """Path of child ids, empty for the root agent."""


# --- the session ---------------------------------------------------------------------


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """The conversation can be used. The first event of every session."""

    runtime: Runtime
    tools: tuple[str, ...] = ()
    prompt_hash: str = ""
    cwd: str = ""


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    """No more turns until it is opened again."""

    reason: str


class SessionTitled(Event, frozen=True, kw_only=True, tag="session.titled"):
    """The conversation got or changed its title."""

    title: str


class SessionRuntimeChanged(Event, frozen=True, kw_only=True, tag="session.runtime_changed"):
    """Another model answers from here on."""

    runtime: Runtime
    cause: Literal["user", "fallback", "restore", "routing"] = "user"


RewindCause: TypeAlias = Literal["undo", "retry", "rollback", "rewind"]


class SessionRewound(Event, frozen=True, kw_only=True, tag="session.rewound"):
    """The tail of the conversation was taken back (undo, retry, rollback).

    Everything from `from_message_id` on, that message included, is gone from the
    history; screens drop the blocks that belong to it.
    """

    from_message_id: str
    cause: RewindCause


# --- input and turns -----------------------------------------------------------------

InputMode: TypeAlias = Literal["start", "queue", "steer", "interrupt"]


class InputAccepted(Event, frozen=True, kw_only=True, tag="input.accepted"):
    """A message of the user is safe in the store, whatever happens next."""

    input_id: str
    mode: InputMode
    text: str
    """Cut to 4,000 characters; the whole text lives in the message."""
    attachments: tuple[Attachment, ...] = ()


class InputState(Event, frozen=True, kw_only=True, tag="input.state"):
    """What became of an accepted input."""

    input_id: str
    state: Literal["queued", "held", "delivered", "edited", "cancelled"]
    """`held` waits until somebody lets the queue go on. A new order of the queue is told
    by the state of each input in it, the next one first."""
    message_id: str | None = None
    """With `delivered`: the user message it became."""
    text: str | None = None
    """With `edited`: the new text."""


class TurnStarted(Event, frozen=True, kw_only=True, tag="turn.started"):
    """Exactly one `turn.finished` with the same `turn_id` follows."""

    input_ids: tuple[str, ...] = ()


class TurnFinished(Event, frozen=True, kw_only=True, tag="turn.finished"):
    """The turn is over."""

    outcome: Literal["completed", "partial", "failed", "interrupted"]
    reason: str
    """A code such as `text_response` or `max_iterations_reached`."""
    final_message_id: str | None = None
    usage: Usage = Usage()
    cost_usd: float | None = None
    cost_status: str = "unknown"
    steps: int = 0
    tool_calls: int = 0
    duration_s: float = 0.0
    error: str | None = None
    hint: str | None = None


class StepStarted(Event, frozen=True, kw_only=True, tag="step.started"):
    """One model call and the tools it asks for begin."""

    n: int
    limit: int


class StepFinished(Event, frozen=True, kw_only=True, tag="step.finished"):
    """The step is committed to the store."""

    n: int
    finish_reason: str


# --- requests to the model -----------------------------------------------------------


class RequestStarted(Event, frozen=True, kw_only=True, tag="request.started"):
    """A request leaves for the provider."""

    attempt: int
    provider: str
    model: str
    est_tokens: int = 0
    purpose: str = "turn"
    """`turn`, or the auxiliary task that asks (`compression`, `title_generation`)."""


class RequestWaiting(Event, frozen=True, kw_only=True, tag="request.waiting"):
    """The next attempt waits; sent again about once a second as a countdown."""

    stored: ClassVar[bool] = False
    reason: str
    seconds: float
    """Still to wait."""
    until: float
    attempt: int
    max_attempts: int


class RequestStalled(Event, frozen=True, kw_only=True, tag="request.stalled"):
    """The provider has been silent for too long."""

    stored: ClassVar[bool] = False
    idle_seconds: float
    action: str


class RequestFailed(Event, frozen=True, kw_only=True, tag="request.failed"):
    """One attempt failed; `next_action` says what the engine does about it."""

    reason: str
    status: int | None = None
    retryable: bool = False
    next_action: Literal["retry", "continue", "fallback", "compress", "stop"] = "stop"
    message: str = ""
    hint: str = ""
    purpose: str = "turn"


class RequestFinished(Event, frozen=True, kw_only=True, tag="request.finished"):
    """The provider answered to the end."""

    usage: Usage
    latency_s: float = 0.0
    purpose: str = "turn"
    provider: str = ""
    model: str = ""
    cost_usd: float | None = None
    """At list prices; None if a price is not known."""
    cost_status: str = "unknown"
    """`estimated`, `included` or `unknown`."""


class CredentialRotated(Event, frozen=True, kw_only=True, tag="credential.rotated"):
    """Another key of the pool is used. Never carries the key."""

    provider: str
    label: str
    cause: str
    cooldown_until: float | None = None


# --- what the model says -------------------------------------------------------------


class MessageStarted(Event, frozen=True, kw_only=True, tag="message.started"):
    """A message begins. User messages start and finish at once."""

    message_id: str
    role: Literal["user", "assistant"]


class MessageDelta(Event, frozen=True, kw_only=True, tag="message.delta"):
    """More text of an open message."""

    stored: ClassVar[bool] = False
    message_id: str
    text: str


class MessageFinished(Event, frozen=True, kw_only=True, tag="message.finished"):
    """The message is complete; its deltas add up to its text unless discarded."""

    message_id: str
    role: Literal["user", "assistant"]
    state: Literal["complete", "truncated", "discarded"] = "complete"
    final: bool = False
    """True for the answer that ends the turn."""
    reason: str | None = None
    """Why it was truncated or discarded: `steered`, `interrupted`, `connection`."""
    text: str = ""
    """The whole text when it fits into a stored event, else its beginning."""
    text_ref: str | None = None
    """Set when `text` is cut: the message id to read the whole from the store."""


class ReasoningDelta(Event, frozen=True, kw_only=True, tag="reasoning.delta"):
    """More of the model's thinking."""

    stored: ClassVar[bool] = False
    message_id: str
    text: str


class ReasoningFinished(Event, frozen=True, kw_only=True, tag="reasoning.finished"):
    """The model stopped thinking about this message."""

    message_id: str
    text: str
    """Cut to 4,000 characters; the whole is in the message."""
    seconds: float = 0.0


# --- tools ---------------------------------------------------------------------------

ToolKind: TypeAlias = Literal[
    "read", "edit", "delete", "move", "search", "execute", "think", "fetch", "ask", "other"
]


class ToolAnnounced(Event, frozen=True, kw_only=True, tag="tool.announced"):
    """The model has named a tool; its arguments are still being written."""

    call_id: str
    name: str


class ToolStarted(Event, frozen=True, kw_only=True, tag="tool.started"):
    """Stored before the tool acts. One `tool.finished` or `tool.skipped` follows."""

    call_id: str
    name: str
    args: dict[str, Any] = {}
    """Arguments with long strings cut to 500 characters."""
    preview: str = ""
    """One line: the path, the command, the pattern."""
    kind: ToolKind = "other"
    paths: tuple[str, ...] = ()
    parallel_group: int | None = None
    by_person: bool = False
    """Whether the person typed the command themselves."""


class ToolOutput(Event, frozen=True, kw_only=True, tag="tool.output"):
    """Live output of a running tool, secrets masked."""

    stored: ClassVar[bool] = False
    call_id: str
    stream: Literal["stdout", "stderr", "progress"] = "stdout"
    chunk: str


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A change to one file, small enough to show."""

    path: str
    unified: str
    """Unified diff text, cut at a line end to 4,000 characters."""
    added: int
    removed: int
    truncated: bool = False


class ToolFinished(Event, frozen=True, kw_only=True, tag="tool.finished"):
    """The tool answered."""

    call_id: str
    name: str
    ok: bool
    duration_s: float = 0.0
    summary: str = ""
    """The fact of the result column: `58 lines`, `exit 1`, `3 hits`, `+4 -3`."""
    result_preview: str = ""
    """The tail or head of the result for people, at most 2,000 characters."""
    result_lines: int = 0
    """Lines of the whole of what the preview may show a part of; 0 if it shows all."""
    result_ref: str | None = None
    """Message id of the stored result."""
    diffs: tuple[FileDiff, ...] = ()
    spilled_path: str | None = None


class ToolSkipped(Event, frozen=True, kw_only=True, tag="tool.skipped"):
    """The call was not run, or was cancelled while running."""

    call_id: str
    name: str
    cause: Literal["interrupt", "steer", "blocked", "denied", "invalid", "duplicate", "lost"]
    message: str = ""


# --- needing the user ----------------------------------------------------------------


class ApprovalFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why the guard asks."""

    key: str
    """Stable key, e.g. `recursive delete`; what `always` would remember."""
    explanation: str
    """One line in plain words: what it does here."""
    fragment: str = ""
    """The risky part of what is shown, literally, for marking."""


class ApprovalRequested(Event, frozen=True, kw_only=True, tag="approval.requested"):
    """The agent may not go on without a decision."""

    request_id: str
    call_id: str | None = None
    tool: str = "terminal"
    action: Literal["run", "write", "send", "spend"] = "run"
    subject: str = ""
    """The command or path as shown, secrets masked; the executed one is not."""
    cwd: str = ""
    backend: str = "local"
    findings: tuple[ApprovalFinding, ...] = ()
    options: tuple[str, ...] = ("once", "session", "always", "deny")
    always_pattern: str = ""
    """What `always` would allow, in words a person can judge."""
    diff: FileDiff | None = None
    shown_hash: str = ""
    """An answer must repeat it, so that a stale screen decides nothing."""
    expires_at: float | None = None
    asked_by: str = ""
    """The task of the child or background agent that asks; empty for the agent itself."""


class ApprovalResolved(Event, frozen=True, kw_only=True, tag="approval.resolved"):
    """The request is closed; the first answer won."""

    request_id: str
    decision: Literal["once", "session", "always", "deny", "timeout", "cancelled"]
    by: str = ""
    """Who or what answered: a client's name, `policy`, `timeout`."""
    reason: str = ""


class RequestExtended(Event, frozen=True, kw_only=True, tag="request.extended"):
    """An open approval or question waits longer than it said."""

    request_id: str
    expires_at: float


class QuestionAsked(Event, frozen=True, kw_only=True, tag="question.asked"):
    """The agent asks the person something."""

    request_id: str
    kind: Literal["choice", "text", "sudo", "secret"]
    question: str
    choices: tuple[str, ...] = ()
    call_id: str | None = None
    shown_hash: str = ""
    expires_at: float | None = None


class QuestionAnswered(Event, frozen=True, kw_only=True, tag="question.answered"):
    """The question is closed. Never carries a password or secret."""

    request_id: str
    answer: str | None
    by: str = ""


# --- state beside the conversation ---------------------------------------------------


class TodoChanged(Event, frozen=True, kw_only=True, tag="todo.changed"):
    """The agent's plan, whole."""

    items: tuple[TodoItem, ...]


class ContextGauge(Event, frozen=True, kw_only=True, tag="context.gauge"):
    """How full the context window is."""

    stored: ClassVar[bool] = False
    used: int
    window: int
    threshold: int
    source: Literal["reported", "estimated"] = "estimated"


class CompactionStarted(Event, frozen=True, kw_only=True, tag="compaction.started"):
    """The history is being summarised."""

    cause: str
    messages_before: int


class CompactionFinished(Event, frozen=True, kw_only=True, tag="compaction.finished"):
    """The history is shorter; the session keeps its id."""

    messages_before: int
    messages_after: int
    summary_ref: str | None = None
    """Id of the message that holds the summary; None if results were only cut."""
    degraded: bool = False
    """The summary was put together without a model."""
    tokens_before: int = 0
    """Of the whole request, estimated, as is `tokens_after`."""
    tokens_after: int = 0


class CompactionFailed(Event, frozen=True, kw_only=True, tag="compaction.failed"):
    """The history stayed as it was, in the store at least."""

    error: str
    fallback: str = ""
    """What was done instead; empty if nothing was."""


class CheckpointCreated(Event, frozen=True, kw_only=True, tag="checkpoint.created"):
    """Files were snapshotted before a change."""

    checkpoint_id: str
    directory: str
    cause: str


class CheckpointRestored(Event, frozen=True, kw_only=True, tag="checkpoint.restored"):
    """Files are back as they were at a checkpoint."""

    checkpoint_id: str
    files: tuple[str, ...]
    """At most 100 paths."""


class AgentSpawned(Event, frozen=True, kw_only=True, tag="agent.spawned"):
    """A child agent works. Its own events carry its id in `agent`, and call ids begin with it."""

    child_id: str
    """Also the id of its conversation."""
    parent: tuple[str, ...] = ()
    goal: str
    toolsets: tuple[str, ...] = ()
    model: str = ""


class AgentFinished(Event, frozen=True, kw_only=True, tag="agent.finished"):
    """A child agent is done."""

    child_id: str
    status: str
    """`completed`, `failed`, `interrupted`, `timeout`, `error` or `lost`."""
    summary: str = ""
    """The beginning of what it said last, or why it failed."""
    usage: Usage = Usage()


class BackgroundStarted(Event, frozen=True, kw_only=True, tag="background.started"):
    """Work goes on beside the conversation."""

    task_id: str
    kind: Literal["prompt", "side", "process", "review"]
    label: str = ""


class BackgroundFinished(Event, frozen=True, kw_only=True, tag="background.finished"):
    """Background work ended."""

    task_id: str
    status: str
    summary: str = ""
    result_ref: str | None = None


class MemoryChanged(Event, frozen=True, kw_only=True, tag="memory.changed"):
    """The agent learned or forgot a fact."""

    target: str
    action: str
    summary: str


class SkillChanged(Event, frozen=True, kw_only=True, tag="skill.changed"):
    """The agent wrote or changed a skill."""

    target: str
    action: str
    summary: str


class Notice(Event, frozen=True, kw_only=True, tag="notice"):
    """Anything else a person should know."""

    level: Literal["info", "warn", "error"]
    code: str
    text: str
    actions: tuple[str, ...] = ()


class Heartbeat(Event, frozen=True, kw_only=True, tag="heartbeat"):
    """A sign of life, at most every 10 s while busy."""

    stored: ClassVar[bool] = False
    state: str
    tool: str | None = None
    idle_seconds: float = 0.0


CoreEvent: TypeAlias = (
    SessionOpened
    | SessionClosed
    | SessionTitled
    | SessionRuntimeChanged
    | SessionRewound
    | InputAccepted
    | InputState
    | TurnStarted
    | TurnFinished
    | StepStarted
    | StepFinished
    | RequestStarted
    | RequestWaiting
    | RequestStalled
    | RequestFailed
    | RequestFinished
    | CredentialRotated
    | MessageStarted
    | MessageDelta
    | MessageFinished
    | ReasoningDelta
    | ReasoningFinished
    | ToolAnnounced
    | ToolStarted
    | ToolOutput
    | ToolFinished
    | ToolSkipped
    | ApprovalRequested
    | ApprovalResolved
    | RequestExtended
    | QuestionAsked
    | QuestionAnswered
    | TodoChanged
    | ContextGauge
    | CompactionStarted
    | CompactionFinished
    | CompactionFailed
    | CheckpointCreated
    | CheckpointRestored
    | AgentSpawned
    | AgentFinished
    | BackgroundStarted
    | BackgroundFinished
    | MemoryChanged
    | SkillChanged
    | Notice
    | Heartbeat
)
"""Every event there is; front ends match over it and end in `assert_never`."""

_encoder = msgspec.json.Encoder()


@cache
def _decoder() -> msgspec.json.Decoder[CoreEvent]:
    # Not when this is imported: measured, 20 ms of the time to the first paint.
    return msgspec.json.Decoder(CoreEvent)


def encode_event(event: CoreEvent) -> bytes:
    """Return the event as one line of JSON without the line end."""
    return _encoder.encode(event)


def decode_event(data: bytes | str) -> CoreEvent:
    """Read an event back.

    Raises:
        msgspec.ValidationError: Not an event of this version.
    """
    return _decoder().decode(data)


def fit_text(text: str, limit_bytes: int = 6_000) -> str:
    """Return the beginning of `text` whose JSON form has at most `limit_bytes`."""
    text = clean_text(text[:limit_bytes])  # every character takes a byte or more
    if len(text) * 6 <= limit_bytes or len(_encoder.encode(text)) <= limit_bytes:
        return text
    low, high = 0, min(len(text), limit_bytes)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_encoder.encode(text[:middle])) <= limit_bytes:
            low = middle
        else:
            high = middle - 1
    return text[:low]
