"""What an agent that hands out work brings along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.pending import Asker
from hermes_core.agent.sessions.session_plan import Ground, SessionPlan
from hermes_core.agent.stream.journal import Journal
from hermes_core.providers.resolve import Resolution
from hermes_core.security.approvals import ApprovalPolicy
from hermes_core.tools.registry import Registry
from hermes_core.tools.toolsets import resolve

BLOCKED = frozenset({"delegate_task", "clarify", "memory", "send_message", "execute_code"})
"""Tools no child ever has."""

_WHO = (
    "You are an agent that does one task for another agent. You cannot ask anybody and "
    "nobody reads along: decide yourself, and say what you assumed."
)
_REPORT = (
    "Work until the task is done or you are sure it cannot be. Then answer with a report, "
    "short and complete: what you did, what you found, which files you changed, and what "
    "went wrong or is left. Your report is all that is read."
)


class Employer(Struct, frozen=True, kw_only=True):
    """The session that hands out work."""

    ground: Ground
    plan: SessionPlan
    journal: Journal
    conversation: Conversation
    resolution: Callable[[], Resolution]
    """Who answers it now."""
    asker: Asker
    is_attended: Callable[[], bool]
    policy: ApprovalPolicy
    cwd: Callable[[], Path]
    budget: Budget

    def plan_with(self, session_id: str, **changes: object) -> SessionPlan:
        """The plan of a session that works for this one."""
        same = {"warnings": (), "interactive": False, "cwd": self.cwd()}
        return replace(self.plan, session_id=session_id, **(same | changes))


def name_of(task: str) -> str:
    """A task on one line, short enough for a card."""
    line = re.sub(r"\s+", " ", task).strip()
    return line if len(line) <= 80 else f"{line[:79]}…"


def child_tools(
    parent: Registry, asked: Iterable[str] | None, custom: dict[str, object]
) -> tuple[Registry, tuple[str, ...]]:
    """Return what a child may use, and the toolsets it asked for that its parent lacks.

    Args:
        parent: The tools of the agent that asks; a child never has another one.
        asked: Toolsets; None for all.
        custom: `custom_toolsets`.
    """
    names, missing = set(parent.names()), []
    if asked is not None:
        names = set()
        for toolset in asked:
            found = resolve(toolset.strip(), parent, custom)
            names |= found or set()
            if not found:
                missing.append(toolset)
    return parent.subset(names - BLOCKED), tuple(missing)


def child_prompt(*, goal: str, context: str, cwd: Path, missing: Iterable[str]) -> str:
    """The system prompt of a child: its task and nothing else of its parent's world."""
    lacking = ", ".join(missing)
    parts = [
        _WHO,
        f"# Task\n\n{goal.strip()}",
        f"# What you should know\n\n{context.strip()}" if context.strip() else "",
        f"Working folder: {cwd}\nUse this path as it is; do not guess others.",
        f"You have no tools of: {lacking}." if lacking else "",
        _REPORT,
    ]
    return "\n\n".join(part for part in parts if part)
