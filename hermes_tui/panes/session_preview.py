"""What a conversation is about, drawn from its stored events."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from hermes_core.events import CoreEvent, MessageFinished, ToolFinished
from hermes_core.storage.records import SessionSummary
from hermes_widgets.fitting import clean

SHOWN = 8
"""Messages and results at most."""


def preview_content(past: Sequence[CoreEvent], summary: SessionSummary | None) -> Content:
    """Draw the last words of both sides, a line or a few each.

    Args:
        past: Stored events, oldest first.
        summary: For the head, if known.
    """
    parts: list[Content] = []
    if summary is not None:
        title = clean(summary.title or summary.preview or "untitled")
        parts.append(Content.styled(title, "$h-text bold"))
        facts = [f"{summary.message_count} messages", summary.model or "", summary.source]
        parts.append(Content.styled(" · ".join(filter(None, facts)), "$h-faint"))
        parts.append(Content(""))
    shown: list[Content] = []
    for event in reversed(past):
        if len(shown) >= SHOWN:
            break
        if isinstance(event, MessageFinished) and event.text.strip() and not event.agent:
            words = "\n".join(clean(line) for line in event.text.strip().splitlines()[:4])
            style = "$h-text bold" if event.role == "user" else "$h-muted"
            mark = "▌ " if event.role == "user" else "  "
            shown.append(Content.assemble((mark, "$h-gold"), (words[:400], style)))
        elif isinstance(event, ToolFinished):
            glyph, style = ("✓ ", "$h-ok") if event.ok else ("✗ ", "$h-bad")
            line = f"{clean(event.name)}  {clean(event.summary)}"
            shown.append(Content.assemble("  ", (glyph, style), (line, "$h-faint")))
    return Content("\n").join([*parts, *reversed(shown)])
