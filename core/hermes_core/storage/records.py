"""What the store hands out: rows as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from hermes_core.messages import Message, Usage

SessionKind = Literal["root", "branch", "subagent"]


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation's row, every column of it."""

    id: str
    """`YYYYMMDD_HHMMSS_<hex>`; imported and scheduled ones keep the id they have."""
    source: str = "cli"
    kind: SessionKind = "root"
    user_id: str | None = None
    model: str | None = None
    model_config: dict[str, Any] | None = None
    system_prompt: str | None = None
    parent_session_id: str | None = None
    started_at: float = 0.0
    """Seconds since the epoch; 0 lets the store fill in the time."""
    ended_at: float | None = None
    end_reason: str | None = None
    message_count: int = 0
    tool_call_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    api_calls: int = 0
    billing_provider: str | None = None
    billing_base_url: str | None = None
    billing_mode: str | None = None
    estimated_cost_usd: float | None = None
    actual_cost_usd: float | None = None
    cost_status: str | None = None
    cost_source: str | None = None
    pricing_version: str | None = None
    title: str | None = None
    source_id: str | None = None
    """The row's id in the older program's store, for imported ones."""
    cwd: str = ""
    preview: str = ""
    """First user message on one line, 60 characters."""
    last_active: float = 0.0
    epoch: int = 0
    """How often the history was compacted."""
    last_seq: int = 0
    """`seq` of the newest stored event."""


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of conversations shows."""

    id: str
    title: str | None
    preview: str
    source: str
    started_at: float
    last_active: float
    message_count: int
    kind: SessionKind
    model: str | None
    parent_session_id: str | None
    user_id: str | None = None
    cwd: str = ""
    estimated_cost_usd: float | None = None


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A process that may own sessions, named so that no other can be mistaken for it."""

    pid: int
    start_time: str
    """When the process started, in the system's own unit; compared, never read."""
    boot_id: str
    machine_id: str
    pid_namespace: str
    socket_path: str


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a session."""

    owner: Owner
    heartbeat: float
    """Seconds since the epoch of the last sign of life."""
    taken_over_from: Owner | None = None
    """Set once, for the process that took it: the dead owner before."""
    held_elsewhere: bool = False
    """True when the asker did not get it; `owner` is then the holder."""


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """One message that matched."""

    session_id: str
    message_id: str
    title: str | None
    role: str
    snippet: str
    """About 40 words around the match, matches between `>>>` and `<<<`."""
    timestamp: float
    source: str = ""
    model: str | None = None
    kind: SessionKind = "root"
    parent_session_id: str | None = None
    user_id: str | None = None


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import of the older program's conversations did."""

    ran: bool
    """False when there was nothing to read or it was done before."""
    sessions: int = 0
    messages: int = 0
    aliases: int = 0
    """Old ids of compressed chains that now lead to the conversation."""
    skipped: int = 0
    """Conversations that were here already or were deleted here."""
    problems: tuple[str, ...] = ()


class RequestUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one request to a model took."""

    session_id: str
    ts: float
    """Seconds since the epoch, when it was answered."""
    source: str
    """Of the conversation: `cli`, `telegram`, `cron`."""
    purpose: str = "turn"
    """`turn`, or the side job that asked."""
    provider: str = ""
    model: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """None if a price is not known."""
    latency_s: float = 0.0


class Shortening(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the model's history that leaves people's view of it alone."""

    dropped: Sequence[str]
    """Ids that leave the model's history; unknown ones are nothing."""
    summary: Sequence[Message] = ()
    """What stands for them."""
    before: str | None = None
    """The summary goes right before this message; if that is None or unknown, where the
    last of the dropped ones stood."""
    replaced: Sequence[tuple[str, Message]] = ()
    """Ids of dropped messages, each with what takes its very place."""
