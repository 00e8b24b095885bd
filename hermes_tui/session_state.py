"""What is known about one open conversation, gathered from its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from hermes_core.events import (
    ApprovalRequested,
    ApprovalResolved,
    InputAccepted,
    QuestionAnswered,
    QuestionAsked,
)
from hermes_core.messages import Runtime, TodoItem, Usage

ToolPhase = Literal["announced", "running", "waiting", "done", "failed", "skipped"]


class Clocks(Struct, frozen=True):
    """Where the time comes from; tests give their own."""

    steady: Callable[[], float] = time.monotonic
    """Seconds for durations."""
    wall: Callable[[], float] = time.time
    """Seconds since the epoch, for ages."""


class ToolEntry(Struct):
    """One call of the running (or last) turn."""

    call_id: str
    name: str
    preview: str = ""
    phase: ToolPhase = "announced"
    started_at: float = 0.0
    """Seconds since the epoch."""
    duration_s: float = 0.0
    summary: str = ""
    depth: int = 0
    """Nesting: 0 for the agent itself, 1 for its children."""
    output: str = ""
    """The beginning or the end of what it answered."""
    result_ref: str | None = None
    """Message id of the whole answer."""
    parent: str = ""
    """The call or child agent it belongs to; empty for the agent's own calls."""


class BesideTask(Struct, frozen=True):
    """Work that goes on beside the conversation."""

    label: str
    kind: str
    """`process`, `prompt`, `side`, `review`, or `agent` for a child of the turn."""
    started_at: float
    """Seconds since the epoch."""
    doing: str = ""
    """What an agent does now, if it is known."""

    @property
    def noun(self) -> str:
        """What it is called."""
        return {"process": "process", "side": "question"}.get(self.kind, "agent")


class PastTurn(Struct, frozen=True):
    """A turn that is over."""

    question: str
    """First words of what was asked."""
    tools: tuple[ToolEntry, ...]
    """Its calls, in order."""


class Snapshot(Struct, frozen=True):
    """Files as they were before a change."""

    checkpoint_id: str
    directory: str
    after: str
    """The message of the person whose turn made the change."""


_SCREENS_OWN = frozenset(
    (
        "clocks",
        "session_id",
        "approval_mode",
        "process_notices",
        "rewriting",
        "requeueing",
    )
)
"""Facts of a state that no event tells."""


class SessionState(Struct):
    """Plain facts; the handlers write them, panes read them."""

    clocks: Clocks = Clocks()
    session_id: str = ""
    title: str = ""
    cwd: str = ""
    runtime: Runtime | None = None
    approval_mode: str = "manual"

    turn_id: str | None = None
    turn_started: float | None = None
    """On the monotonic clock; None at rest."""
    outcome: str = ""
    """How the last turn ended; empty before the first did."""
    word: str = ""
    """What goes on, for the status row."""
    is_compacting: bool = False
    is_offline: bool = False
    is_closed: bool = False

    inputs: dict[str, InputAccepted] = field(default_factory=dict)
    """Accepted and not yet delivered."""
    queued: dict[str, str] = field(default_factory=dict)
    """Texts that wait, by input id, in order."""
    is_held: bool = False
    """Whether what waits stays there until it may go on."""
    delivered: dict[str, InputAccepted] = field(default_factory=dict)
    """Inputs by the message they became; emptied when the message is drawn."""

    tools: dict[str, ToolEntry] = field(default_factory=dict)
    """Calls of the turn, in order."""
    past: list[PastTurn] = field(default_factory=list)
    """Turns that are over, the newest last; of a conversation at rest that is the turn whose
    calls `tools` holds."""
    todos: tuple[TodoItem, ...] = ()
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Lines added and removed by path, in the whole conversation."""
    process_notices: str = "all"
    """Which ends of background processes are told: `off`, `error`, `result` or `all`."""
    background: dict[str, BesideTask] = field(default_factory=dict)
    """What runs beside the turn, by id."""
    approvals: dict[str, ApprovalRequested] = field(default_factory=dict)
    decisions: list[tuple[ApprovalRequested, ApprovalResolved]] = field(default_factory=list)
    """The newest last."""
    questions: dict[str, QuestionAsked] = field(default_factory=dict)
    answered_last: QuestionAnswered | None = None
    """The newest answer to a question."""

    used_tokens: int = 0
    window_tokens: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    has_cost: bool = False
    turns: int = 0
    user_messages: int = 0
    replies: int = 0
    tool_calls: int = 0
    asked: dict[str, str] = field(default_factory=dict)
    """Beginnings of the person's messages by id, oldest first, without those taken back."""
    snapshots: list[Snapshot] = field(default_factory=list)
    """Oldest first."""
    rewriting: str = ""
    """The message that the draft replaces when it is sent; empty for none."""
    requeueing: str = ""
    """The waiting input whose text the draft replaces when it is sent; empty for none."""
    last_user_text: str = ""
    last_user_id: str = ""
    """Message id of `last_user_text`."""
    failures: list[str] = field(default_factory=list)
    """What failed between us and the provider in this turn, a line each."""
    last_reply: str = ""
    last_seq: int = 0
    is_whole: bool = True
    """Whether all that happened so far is known; False while only the end of it is drawn."""

    def become(self, told: SessionState) -> None:
        """Know what events told another state; what belongs to the screen stays."""
        for name in self.__struct_fields__:
            if name not in _SCREENS_OWN:
                setattr(self, name, getattr(told, name))

    @property
    def turn_seconds(self) -> float:
        """How long the turn runs, 0 at rest."""
        return 0.0 if self.turn_started is None else self.clocks.steady() - self.turn_started

    @property
    def is_busy(self) -> bool:
        """Whether a turn runs, or the conversation is being summarised."""
        return self.turn_id is not None or self.is_compacting

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to decide or answer."""
        return bool(self.approvals or self.questions)

    @property
    def has_content(self) -> bool:
        """Whether anything was said."""
        return bool(self.last_user_text)

    @property
    def shown_title(self) -> str:
        """The title, or the first words, or that it is new."""
        # Of a past of which only the end is drawn yet, the first words are not known.
        words = next(iter(self.asked.values()), "") or self.last_user_text.split("\n")[0]
        return self.title or words[:40] or "new session"
