"""Events about tools."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from hermes_core.events import ToolAnnounced, ToolFinished, ToolOutput, ToolSkipped, ToolStarted
from hermes_tui.handlers.view import ConversationView
from hermes_tui.session_state import SessionState, ToolEntry
from hermes_widgets.blocks.tool_words import tool_verb, was_stopped

ToolEvent: TypeAlias = ToolAnnounced | ToolStarted | ToolOutput | ToolFinished | ToolSkipped


def apply(event: ToolEvent, state: SessionState, view: ConversationView | None) -> None:
    """Note the event; draw it if there is a view."""
    match event:
        case ToolAnnounced():
            _entry(state, event.call_id, event.name)
            if view is not None:
                view.announce_tool(event.call_id, event.name)
        case ToolStarted():
            _started(event, state, view)
        case ToolOutput():
            if view is not None:
                view.tool_output(event.call_id, event.chunk)
        case ToolFinished():
            _finished(event, state, view)
        case ToolSkipped():
            entry = _entry(state, event.call_id, event.name)
            entry.phase = "skipped"
            entry.summary = event.cause
            if view is not None:
                view.skip_tool(event)
        case _:
            assert_never(event)


def _running(name: str, preview: str) -> str:
    """What the status row says: the command itself, or verb and object."""
    return preview if name == "terminal" else f"{tool_verb(name)} {preview}".strip()


def _entry(state: SessionState, call_id: str, name: str) -> ToolEntry:
    return state.tools.setdefault(call_id, ToolEntry(call_id, name))


def _started(event: ToolStarted, state: SessionState, view: ConversationView | None) -> None:
    entry = _entry(state, event.call_id, event.name)
    entry.phase = "running"
    state.tool_calls += 1
    entry.preview = event.preview
    entry.started_at = event.ts
    state.word = _running(event.name, event.preview)
    if view is not None:
        view.start_tool(
            event.call_id,
            event.name,
            preview=event.preview,
            args=event.args,
            paths=event.paths,
            kind=event.kind,
            by_person=event.by_person,
        )


def _finished(event: ToolFinished, state: SessionState, view: ConversationView | None) -> None:
    entry = _entry(state, event.call_id, event.name)
    entry.phase = "done" if event.ok else "skipped" if was_stopped(event) else "failed"
    entry.duration_s = event.duration_s
    entry.summary = event.summary
    entry.output = event.result_preview
    entry.result_ref = event.result_ref
    for diff in event.diffs:
        added, removed = state.files.get(diff.path, (0, 0))
        state.files[diff.path] = (added + diff.added, removed + diff.removed)
    running = [item for item in state.tools.values() if item.phase == "running"]
    state.word = _running(running[-1].name, running[-1].preview) if running else "thinking"
    if view is not None:
        view.finish_tool(event)
