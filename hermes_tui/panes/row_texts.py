"""Facts as rows for lists and rails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hermes_core.events import ApprovalRequested
from hermes_core.messages import TodoItem
from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.session_state import SessionState, ToolEntry
from hermes_widgets.blocks.tool_words import AGENT, tool_verb
from hermes_widgets.fitting import age, clean, seconds
from hermes_widgets.list_rows import Row

BESIDE = "beside:"
"""Begins the key of a row about work beside the conversation."""
_TOOL_GLYPHS = {
    "announced": ("◌", "$h-faint"),
    "running": ("●", "$h-gold"),
    "waiting": ("!", "$h-warn bold"),
    "done": ("✓", "$h-ok"),
    "failed": ("✗", "$h-bad bold"),
    "skipped": ("⊘", "$h-faint"),
}
_TODO_GLYPHS = {
    "pending": ("○", "$h-faint", "$h-muted"),
    "in_progress": ("●", "$h-gold", "$h-text bold"),
    "completed": ("✓", "$h-ok", "$h-faint"),
    "cancelled": ("⊘", "$h-faint", "$h-faint"),
}
_DECISION_GLYPHS = {"deny": "⊘", "timeout": "⊘", "cancelled": "⊘"}


def sections(*parts: tuple[Row, Iterable[Row]]) -> list[Row]:
    """Put headings above their rows, one blank row between sections; empty ones are left out."""
    rows: list[Row] = []
    for heading, found in parts:
        entries = list(found)
        if entries:
            rows.extend([*([Row()] if rows else []), heading, *entries])
    return rows


def heading(text: str, right: str = "") -> Row:
    """The heading of a section in a list."""
    return Row(text=text, style="$h-text bold", right=right)


def tool_row(entry: ToolEntry, *, is_compact: bool = False, now: float = 0.0) -> Row:
    """A call of the turn: state, verb, what on, seconds; of a child those so far, at `now`."""
    glyph, style = _TOOL_GLYPHS[entry.phase]
    verb = clean(tool_verb(entry.name))
    indent = "  " * (entry.depth - 1) + "╰ " if entry.depth else ""
    quiet = entry.phase in ("skipped", "announced")
    right = ""
    if entry.phase in ("done", "failed"):
        right = seconds(entry.duration_s)
    elif entry.phase == "running" and entry.name == AGENT and now:
        right = seconds(max(0, round(now - entry.started_at)))
    elif entry.phase == "waiting":
        right = "waits"
    return Row(
        key=entry.call_id,
        glyph=glyph,
        glyph_style=style,
        text=f"{indent}{verb:<5} {clean(entry.preview)}",
        style="$h-faint" if quiet else "$h-text",
        right=right,
        right_style="$h-warn" if entry.phase == "waiting" else "$h-faint",
        detail=clean(entry.summary) if entry.phase == "failed" and not is_compact else "",
    )


def as_tree(entries: Iterable[ToolEntry]) -> list[ToolEntry]:
    """Put child agents under the call that started them, and their calls under them."""
    below: dict[str, list[ToolEntry]] = {}
    for entry in entries:
        below.setdefault(entry.parent, []).append(entry)

    def with_children(entry: ToolEntry) -> Iterator[ToolEntry]:
        yield entry
        for child in below.pop(entry.call_id, ()):
            yield from with_children(child)

    roots = below.pop("", [])
    found = [one for root in roots for one in with_children(root)]
    return [*found, *(one for orphans in list(below.values()) for one in orphans)]


def todo_row(item: TodoItem) -> Row:
    """A step of the plan."""
    glyph, glyph_style, style = _TODO_GLYPHS[item.status]
    return Row(glyph=glyph, glyph_style=glyph_style, text=clean(item.content), style=style)


def todo_count(items: Iterable[TodoItem]) -> str:
    """`3 of 5`."""
    plan = tuple(items)
    done = sum(item.status in ("completed", "cancelled") for item in plan)
    return f"{done} of {len(plan)}" if plan else ""


def beside_rows(state: SessionState) -> list[Row]:
    """What runs beside the conversation, with its age."""
    now = state.clocks.wall()
    return [
        Row(
            key=f"{BESIDE}{task_id}",
            glyph="◆",
            glyph_style="$h-info",
            text=clean(task.label),
            right=age(max(now - task.started_at, 0)),
            detail=clean(task.doing),
        )
        for task_id, task in state.background.items()
    ]


def approval_row(
    request: ApprovalRequested, title: str, *, now: float, key: str = "", way: str = "alt+5"
) -> Row:
    """A request that waits; `way` is the key that leads to it."""
    return Row(
        key=key,
        glyph="!",
        glyph_style="$h-warn bold",
        text=clean(request.subject),
        right=age(max(now - request.ts, 0)) if request.ts else "",
        detail=" · ".join(part for part in (clean(title), way) if part),
    )


def decision_word(decision: str) -> str:
    """What became of a request: `denied`, `no answer`, or how long it is allowed."""
    words = {"deny": "denied", "timeout": "no answer", "once": "allowed once"}
    return words.get(decision, f"allowed: {decision}" if decision != "cancelled" else decision)


def decision_rows(state: SessionState, limit: int = 3) -> list[Row]:
    """What was decided last."""
    rows = []
    for request, answer in reversed(state.decisions[-limit:]):
        denied = answer.decision in _DECISION_GLYPHS
        rows.append(
            Row(
                glyph=_DECISION_GLYPHS.get(answer.decision, "✓"),
                glyph_style="$h-faint" if denied else "$h-ok",
                text=clean(request.subject),
                style="$h-faint" if denied else "$h-muted",
                right={"deny": "denied", "timeout": "no answer"}.get(
                    answer.decision, answer.decision
                ),
                detail=f"by {clean(answer.by)}" if answer.by else "",
            )
        )
    return rows


def spaced(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a blank one between each two."""
    return [part for row in rows for part in (Row(), row)][1:]


def session_row(
    summary: SessionSummary, *, open_states: dict[str, SessionState], now: float, detailed: bool
) -> Row:
    """A conversation: state, title, age; with `detailed` what it is about below."""
    state = open_states.get(summary.id)
    glyph, style, doing = "○", "$h-faint", ""
    if state is not None and state.needs_person:
        glyph, style, doing = "?", "$h-warn bold", "waiting for you"
    elif state is not None and state.is_busy:
        glyph, style, doing = "●", "$h-gold", state.word
    title = (state.title if state is not None else "") or summary.title or summary.preview
    tag = "" if summary.source in ("cli", "tui", "") else f"{summary.source} · "
    count = summary.message_count
    about = "" if summary.preview.strip() == (title or "").strip() else clean(summary.preview)
    said = f"{tag}{count} message{'s' if count != 1 else ''}"
    cost = f"${summary.estimated_cost_usd:.2f}" if summary.estimated_cost_usd else ""
    detail = doing or " · ".join(part for part in (said, cost, about) if part)
    return Row(
        key=summary.id,
        glyph=glyph,
        glyph_style=style,
        text=clean(title or "untitled"),
        right=age(max(now - summary.last_active, 0)),
        detail=detail if detailed else "",
    )


def skill_rows(skills: Iterable[SkillInfo], *, is_compact: bool = False) -> list[Row]:
    """Skills under their categories."""
    by_category: dict[str, list[SkillInfo]] = {}
    for skill in skills:
        by_category.setdefault(skill.category or "general", []).append(skill)
    parts = []
    for category in sorted(by_category):
        group = sorted(by_category[category], key=lambda item: item.name)
        if is_compact:
            head = Row(text=category, style="$h-muted")
        else:
            head = Row(text=category, style="$h-muted bold", right=str(len(group)))
        parts.append((head, [_skill_row(skill, is_compact=is_compact) for skill in group]))
    if is_compact:
        return [row for head, rows in parts for row in (head, *rows)]
    return sections(*parts)


def _skill_row(skill: SkillInfo, *, is_compact: bool) -> Row:
    glyph, style = {
        "on": ("✓", "$h-ok"),
        "off": ("·", "$h-faint"),
        "needs": ("!", "$h-warn bold"),
    }[skill.state]
    version = "" if is_compact else skill.version
    right = {"on": version, "off": "off", "needs": skill.needs}[skill.state]
    return Row(
        key=skill.name,
        glyph=glyph,
        glyph_style=style,
        text=clean(skill.name),
        style="$h-faint" if skill.state == "off" else "$h-text",
        right=clean(right),
        right_style="$h-warn" if skill.state == "needs" else "$h-faint",
        note="" if is_compact else clean(skill.description),
    )


def file_rows(files: dict[str, tuple[int, int]], limit: int = 8) -> list[Row]:
    """Files that changed, with their lines."""
    return [
        Row(text=clean(path), style="$h-muted", right=f"+{added} −{removed}")
        for path, (added, removed) in list(files.items())[-limit:]
    ]
