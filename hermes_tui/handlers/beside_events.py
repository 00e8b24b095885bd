"""Events beside the conversation: plan, window, snapshots, background work, learning."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

from msgspec.structs import replace

from hermes_core.events import (
    BackgroundFinished,
    BackgroundStarted,
    CheckpointCreated,
    CheckpointRestored,
    CompactionFailed,
    CompactionFinished,
    CompactionStarted,
    ContextGauge,
    Heartbeat,
    MemoryChanged,
    Notice,
    SkillChanged,
    TodoChanged,
)
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import BesideTask, SessionState, Snapshot
from hermes_widgets.fitting import tokens

WorkEvent: TypeAlias = (
    TodoChanged | ContextGauge | BackgroundStarted | BackgroundFinished | Heartbeat
)
RemarkEvent: TypeAlias = (
    CompactionStarted
    | CompactionFinished
    | CompactionFailed
    | CheckpointCreated
    | CheckpointRestored
    | MemoryChanged
    | SkillChanged
    | Notice
)


def apply(event: WorkEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note work that goes on beside the words."""
    match event:
        case TodoChanged():
            state.todos = event.items
        case ContextGauge():
            state.used_tokens = event.used
            state.window_tokens = event.window
        case BackgroundStarted():
            label = event.label or event.kind
            state.background[event.task_id] = BesideTask(label, event.kind, event.ts)
            if view is not None:
                view.begin_beside(event)
        case BackgroundFinished():
            task = state.background.pop(event.task_id, None)
            is_told = task is None or task.kind != "process" or _tells(event, state.process_notices)
            if view is not None and is_told:
                view.finish_beside(event)
        case Heartbeat():
            # of the agent itself the spinner already says that it works
            task = state.background.get(event.agent[0]) if event.agent else None
            if task is not None:
                state.background[event.agent[0]] = replace(task, doing=event.tool or "")
        case _:
            assert_never(event)


def _tells(event: BackgroundFinished, wanted: str) -> bool:
    """Whether the end of a process is worth a remark; their beginning is none."""
    went_well = event.status in ("ended", "exit 0")
    return wanted != "off" and not (wanted == "error" and went_well)


def apply_remark(event: RemarkEvent, state: SessionState, view: ConversationView | None) -> None:
    """Show what a person should know."""
    if isinstance(event, CompactionStarted):
        state.word, state.is_compacting = "summarising", True
    elif isinstance(event, CompactionFinished | CompactionFailed):
        state.word, state.is_compacting = "thinking" if state.turn_id else "", False
    elif isinstance(event, CheckpointCreated):
        shot = Snapshot(event.checkpoint_id, event.directory, state.last_user_id)
        state.snapshots.append(shot)
    remark = _remark(event)
    if remark is not None and view is not None:
        view.notice(remark)


def _remark(event: RemarkEvent) -> Notice | None:
    match event:
        case Notice():
            return event
        case CompactionStarted():
            text = f"Summarising the conversation, {event.messages_before} messages so far"
            return Notice(level="info", code="compacting", text=text)
        case CompactionFinished():
            return _compacted(event)
        case CompactionFailed():
            text = f"The conversation could not be summarised: {event.error} {event.fallback}"
            return Notice(level="warn", code="compaction_failed", text=text.strip())
        case CheckpointRestored():
            count = len(event.files)
            files = event.files[0] if count == 1 else f"{count} files"
            return Notice(level="info", code="restored", text=f"Restored {files}")
        case MemoryChanged():
            return Notice(level="info", code="memory", text=f"Memory: {event.summary}")
        case SkillChanged():
            return Notice(level="info", code="skill", text=f"Skill: {event.summary}")
        case CheckpointCreated():
            return None  # seen in the list of /rollback
        case _:
            assert_never(event)


def _compacted(event: CompactionFinished) -> Notice:
    how = "Shortened" if event.summary_ref is None else "Summarised"
    text = f"{how} the conversation: {event.messages_before} messages became {event.messages_after}"
    if event.tokens_before:
        text += f", about {tokens(event.tokens_before)} tokens became {tokens(event.tokens_after)}"
    if event.tokens_after > event.tokens_before:
        text += " (it was short already)"
    if event.degraded:
        text += ", without a model"
    level: Literal["info", "warn"] = "warn" if event.degraded else "info"
    return Notice(level=level, code="compacted", text=text)
