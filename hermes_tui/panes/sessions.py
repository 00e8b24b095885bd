"""The session pane: find a conversation again, by title or by its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from hermes_core.errors import HermesError
from hermes_core.storage.records import SessionSummary
from hermes_tui.handlers.past import newest_part
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.list_pane import SearchPane
from hermes_tui.panes.pane import PaneSpec
from hermes_tui.panes.row_texts import session_row, spaced
from hermes_tui.panes.session_preview import SHOWN, preview_content
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_EMPTY = "Conversations will be listed here; type a message to begin one."
_WIDE_ENOUGH = 100
"""Cells from which on the chosen conversation is shown beside the list."""


class SessionsPane(SearchPane):
    """Search box, conversations, and where there is room what the chosen one is about."""

    DEFAULT_CSS = """
    SessionsPane > Horizontal { width: 100%; height: 1fr; }
    SessionsPane RowList { width: 1fr; }
    SessionsPane #session-preview { width: 2fr; padding: 0 2; display: none; }
    SessionsPane.-wide #session-preview { display: block; }
    """

    def __init__(self, host: HermesApp) -> None:
        rows = RowList(empty=_EMPTY)
        super().__init__(host, rows, placeholder="search titles and words", id="pane-sessions")
        self.preview = Static(id="session-preview", markup=False)
        self.found: dict[str, SessionSummary] = {}
        self._is_compact = False
        """Whether each conversation takes one row now."""
        self.is_here = False
        """Whether only conversations of this folder are listed."""

    def compose(self) -> ComposeResult:
        """Search above, list and preview below."""
        yield self.head
        yield self.search
        with Horizontal():
            yield self.list
            yield self.preview

    @property
    def has_news(self) -> bool:
        """Other conversations are always worth a place where there is one."""
        return True

    def on_resize(self, event: events.Resize) -> None:
        """Show the chosen conversation where there is room."""
        super().on_resize(event)
        if self.host.chosen.is_compact is not self._is_compact:
            self.refresh_content()
        is_wide = event.size.width >= _WIDE_ENOUGH
        if is_wide is not self.has_class("-wide"):
            self.set_class(is_wide, "-wide")
            if is_wide and self.list.chosen_key:
                self._show_preview(self.list.chosen_key)

    def refresh_content(self) -> None:
        """Show what the program knows, or what is searched for as it is known now."""
        if self.host.is_ready:
            self.is_here = self.host.workspace.setting("tui.sessions_scope") == "cwd"
        if not self.wanted and not self.is_here:
            self._show(self.host.recent)

    def load(self) -> None:
        """Read the list again."""
        self._load(self.wanted)

    @work(exclusive=True)
    async def _load(self, text: str) -> None:
        try:
            found = await self.host.workspace.recent(text=text, limit=100, here=self.is_here)
        except HermesError as error:
            self.host.tell_error(str(error), hint=error.hint)
            return
        self._show(found)

    def _show(self, found: list[SessionSummary]) -> None:
        self.found = {item.id: item for item in found}
        now = self.host.clocks.wall()
        states = self.host.open_states()
        count = f"{len(found)} here" if self.is_here else str(len(found))
        self.show_head("Sessions", count)
        empty = "No conversation mentions that." if self.wanted else _EMPTY
        if self.is_here and not self.wanted:
            empty = "No conversation in this folder yet; f5 shows those of all folders."
        chosen = self.host.chosen
        self._is_compact = chosen.is_compact
        rows = [
            session_row(item, open_states=states, now=now, detailed=not self._is_compact)
            for item in found
        ]
        self.list.show(
            spaced(rows) if chosen.density == "roomy" else rows,
            empty=empty,
            keep_cursor=not self.wanted,
        )
        if not self.has_focus_within:
            self.list.point_at(self.host.chat.state.session_id)

    def searched(self) -> None:
        """Read what mentions it."""
        self.load()

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        if self.has_class("-wide"):
            self._show_preview(event.key)

    @work(exclusive=True, group="preview")
    async def _show_preview(self, session_id: str) -> None:
        try:
            newest = await newest_part(self.host.workspace.stored(session_id), SHOWN)
        except HermesError as error:
            self.preview.update(str(error))
            return
        self.preview.update(preview_content(newest.shown, self.found.get(session_id)))

    def action_choose(self) -> None:
        """Open the conversation under the cursor."""
        if self.list.chosen_key:
            self.host.resume(self.list.chosen_key)

    def action_rename(self) -> None:
        """Ask for a new title."""
        chosen = self.found.get(self.list.chosen_key)
        if chosen is not None:
            self._rename(chosen)

    @work
    async def _rename(self, chosen: SessionSummary) -> None:
        title = await self.host.ask_text("New title", chosen.title or "")
        if title:
            await self.host.guard(self.host.workspace.rename(chosen.id, title))
            self.load()

    def action_here(self) -> None:
        """List the conversations of this folder alone, or of all folders again."""
        self._set_here(not self.is_here)

    @work
    async def _set_here(self, is_here: bool) -> None:
        scope = "cwd" if is_here else "all"
        await self.host.guard(self.host.workspace.set_setting("tui.sessions_scope", scope))
        self.is_here = is_here
        self.load()

    def action_branch(self) -> None:
        """Begin another conversation with what was said in the one under the cursor."""
        if self.list.chosen_key:
            self._branch(self.list.chosen_key)

    @work
    async def _branch(self, session_id: str) -> None:
        branch = await self.host.guard(self.host.workspace.branch(session_id))
        if branch is not None:
            self.host.resume(branch)

    def action_delete(self) -> None:
        """Delete the conversation under the cursor, after a question."""
        chosen = self.found.get(self.list.chosen_key)
        if chosen is not None:
            self._delete(chosen)

    @work
    async def _delete(self, chosen: SessionSummary) -> None:
        name = chosen.title or chosen.preview or chosen.id
        sure = await self.host.confirm(
            "Delete this conversation?",
            f"“{name}” with {chosen.message_count} messages, its snapshots and files is gone"
            " for good.",
            yes="Delete",
        )
        if sure:
            await self.host.close_session(chosen.id)
            await self.host.guard(self.host.workspace.delete(chosen.id))
            self.load()

    def action_export(self) -> None:
        """Write the conversation to a file."""
        if self.list.chosen_key:
            self._export(self.list.chosen_key)

    @work
    async def _export(self, session_id: str) -> None:
        path = await self.host.guard(self.host.workspace.export(session_id))
        if path is not None:
            self.host.notify(f"Written to {path}", markup=False)


PANES = (
    PaneSpec(
        id="sessions",
        title="Sessions",
        number=3,
        build=SessionsPane,
        side="left",
        label="Resume a conversation",
        keys=("ctrl+s",),
        rank=11,
        footer="sessions",
        actions=(
            pane_action("sessions", "choose", "Open", "enter", footer="open", over_fields=False),
            pane_action("sessions", "rename", "Rename", "f3", footer="rename"),
            pane_action("sessions", "delete", "Delete", "f8", footer="delete"),
            pane_action("sessions", "branch", "Branch off", "f7", footer="branch"),
            pane_action("sessions", "here", "This folder or all", "f5", footer="folder"),
            pane_action("sessions", "export", "Export to a file", "f4", footer="export"),
        ),
    ),
)
