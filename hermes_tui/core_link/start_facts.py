"""What the start card of an empty conversation says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from hermes_core.events import Notice
from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.workspace import StartInfo
from hermes_tui.keys import key_of
from hermes_tui.model_label import model_label
from hermes_widgets.blocks.start_card import RecentSession, StartCardInfo

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane


def long_age(seconds: float) -> str:
    """Return an age as people say it: `12 min`, `3 h`, `yesterday`, `5 days`."""
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h"
    days = int(seconds // 86400)
    return "yesterday" if days == 1 else f"{days} days"


def card_info(
    info: StartInfo,
    recent: list[SessionSummary],
    waiting: frozenset[str],
    now: float,
    offer: str = "",
    *,
    is_short: bool = False,
    palette_key: str = "^p",
) -> StartCardInfo:
    """Gather the card's facts.

    Args:
        info: Of the workspace.
        recent: Conversations, the newest first.
        waiting: Ids of those that need the person.
        now: Seconds since the epoch.
        offer: What an earlier run left open, in words.
        is_short: Whether it takes few rows.
        palette_key: As people write it; empty for none.
    """
    ways = ["Type a message", "/ commands", "@ files", "! shell"]
    if palette_key:
        ways.append(f"{palette_key} everything else")
    return StartCardInfo(
        model=model_label(info.model),
        provider=info.provider,
        window_tokens=info.window_tokens,
        approvals=info.approval_mode,
        counts=(
            (info.tool_count, "tools"),
            (info.skill_count, "skills"),
            (info.mcp_count, "MCP servers"),
            (info.memory_count, "memories"),
        ),
        recent=tuple(
            RecentSession(
                session_id=item.id,
                title=item.title or item.preview or "untitled",
                age=long_age(max(now - item.last_active, 0)),
                is_waiting=item.id in waiting,
            )
            for item in recent
        ),
        remark=info.demo or offer,
        is_short=is_short,
        hint=" · ".join(ways),
    )


def _demo_line(host: HermesApp) -> str:
    """Say that a script answers, and with which key that is changed here."""
    if not host.start_info.demo or host.launch.open_setup is None:
        return host.start_info.demo
    key = key_of("app.setup", host.keymap.keys_of) or "/setup"
    return f"{host.start_info.demo.partition(' · ')[0]} · {key} sets up a real one"


async def start_card(host: HermesApp, pane: ChatPane) -> None:
    """Greet an empty conversation; warnings follow the card."""
    found = await host.guard(host.workspace.recent(limit=4)) or []
    recent = [item for item in found if item.id != pane.state.session_id][:3]
    waiting = frozenset(key for key, state in host.open_states().items() if state.needs_person)
    pane.transcript.show_start_card(
        card_info(
            structs.replace(host.start_info, demo=_demo_line(host)),
            recent,
            waiting,
            host.clocks.wall(),
            offer=host.keeper.offer,
            is_short=host.chosen.greets_shortly,
            palette_key=key_of("app.palette", host.keymap.keys_of),
        )
    )
    for warning in host.start_info.warnings:
        pane.transcript.notice(Notice(level="warn", code="warning", text=warning))
