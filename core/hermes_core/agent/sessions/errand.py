"""What is different about a session that works for another one."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.sessions.pending import Asker
from hermes_core.security.approvals import ApprovalPolicy
from hermes_core.storage.records import SessionKind


class Errand(Struct, frozen=True, kw_only=True):
    """Who it works for, and how."""

    kind: SessionKind
    """`subagent` is hidden from lists and may not delegate; `root` stands for itself."""
    parent_session_id: str | None = None
    asks: Asker
    """Where its questions to the person go: the conversation that sent it."""
    is_attended: Callable[[], bool]
    """Whether somebody there can answer."""
    policy: ApprovalPolicy
    """What is allowed there is allowed here, and what is granted here is granted there."""
    system_prompt: str = ""
    """Stands in place of the prompt that is built for conversations."""
    effort: str = ""
    budget: Budget | None = None
    """Of the conversation it works for; None: it has one of its own."""
    max_steps: int | None = None
    """None: `agent.max_turns`."""
