"""What child agents do: a tree under the call that started them."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    ToolAnnounced,
    ToolFinished,
    ToolOutput,
    ToolSkipped,
    ToolStarted,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState, ToolEntry, ToolPhase
from hermes_widgets.blocks.tool_words import AGENT

ChildCall: TypeAlias = ToolAnnounced | ToolStarted | ToolOutput | ToolFinished | ToolSkipped

_PHASES: dict[str, ToolPhase] = {"completed": "done", "interrupted": "skipped"}


def apply(
    event: AgentSpawned | AgentFinished, state: SessionState, view: ConversationView | None
) -> None:
    """Note that a child begins or has ended; draw it if there is a view."""
    if isinstance(event, AgentSpawned):
        state.tools[event.child_id] = ToolEntry(
            event.child_id,
            AGENT,
            preview=event.goal,
            phase="running",
            started_at=event.ts,
            depth=1,
            parent=_delegating(state),
        )
        if view is not None:
            view.start_agent(event)
        return
    entry = state.tools.get(event.child_id)
    if entry is not None:
        entry.phase = _PHASES.get(event.status, "failed")
        entry.duration_s = max(0.0, event.ts - entry.started_at)
        entry.summary = event.status
        entry.output = event.summary
    if view is not None:
        view.finish_agent(event)


def apply_call(event: ChildCall, state: SessionState, view: ConversationView | None) -> None:
    """Note what a child's call does. The conversation says it on the child's own line."""
    match event:
        case ToolStarted():
            entry = _entry(state, event)
            entry.phase = "running"
            entry.preview = event.preview
            entry.started_at = event.ts
            state.tool_calls += 1
            if view is not None:
                view.agent_call(event)
        case ToolFinished():
            entry = _entry(state, event)
            entry.phase = "done" if event.ok else "failed"
            entry.duration_s = event.duration_s
            entry.summary = event.summary
            entry.output = event.result_preview
            for diff in event.diffs:
                added, removed = state.files.get(diff.path, (0, 0))
                state.files[diff.path] = (added + diff.added, removed + diff.removed)
        case ToolSkipped():
            entry = _entry(state, event)
            entry.phase = "skipped"
            entry.summary = event.cause
        case ToolAnnounced() | ToolOutput():
            pass  # stays in the child's own conversation
        case _:
            assert_never(event)


def _entry(state: SessionState, event: ToolStarted | ToolFinished | ToolSkipped) -> ToolEntry:
    new = ToolEntry(event.call_id, event.name, depth=2, parent=event.agent[0])
    return state.tools.setdefault(event.call_id, new)


def _delegating(state: SessionState) -> str:
    """The call that waits for children; empty if it is not known."""
    calls = [entry.call_id for entry in state.tools.values() if entry.name == "delegate_task"]
    return calls[-1] if calls else ""
