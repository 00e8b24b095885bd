"""The session pane: find a conversation again, by title or by its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from hermes_core.errors import HermesError
from hermes_core.storage.records import SessionSummary
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.pane import Pane, PaneSpec
from hermes_tui.panes.row_texts import session_row
from hermes_tui.panes.session_preview import preview_content
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class SessionsPane(Pane):
    """Search box, conversations, and on wide screens what the chosen one is about."""

    DEFAULT_CSS = """
    SessionsPane > Horizontal { height: 1fr; }
    SessionsPane RowList { width: 1fr; }
    SessionsPane #session-preview { width: 2fr; padding: 0 2; display: none; }
    .-w-wide SessionsPane #session-preview { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="sessions.up"),
        Binding("down", "move(1)", "Down", show=False, id="sessions.down"),
    ]

    def __init__(self, host: HermesApp) -> None:
        super().__init__(host, id="pane-sessions")
        self.search = Input(placeholder="search titles and words", compact=True)
        self.search.cursor_blink = False
        self.list = RowList(
            empty="Conversations will be listed here; type a message to begin one.", is_lit=True
        )
        self.preview = Static(id="session-preview", markup=False)
        self.found: dict[str, SessionSummary] = {}

    def compose(self) -> ComposeResult:
        """Search above, list and preview below."""
        yield self.head
        yield self.search
        with Horizontal():
            yield self.list
            yield self.preview

    def refresh_content(self) -> None:
        """Read the list again."""
        self._load(self.search.value)

    def take_focus(self) -> None:
        """Put the keyboard into the search box; arrows still move the list."""
        self.search.focus()

    @work(exclusive=True)
    async def _load(self, text: str) -> None:
        try:
            found = await self.host.workspace.recent(text=text.strip(), limit=100)
        except HermesError as error:
            self.host.tell_error(str(error), hint=error.hint)
            return
        self.found = {item.id: item for item in found}
        now = self.host.clocks.wall()
        states = self.host.open_states()
        self.show_head("Sessions", len(found))
        empty = "No conversation mentions that." if text.strip() else None
        self.list.show(
            [session_row(item, open_states=states, now=now, detailed=True) for item in found],
            empty=empty,
            keep_cursor=not text.strip(),
        )

    @on(Input.Changed)
    def _search_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._load(event.value)

    @on(Input.Submitted)
    def _search_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_open()

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        if self.preview.display:
            self._show_preview(event.key)

    @work(exclusive=True, group="preview")
    async def _show_preview(self, session_id: str) -> None:
        try:
            past = await self.host.workspace.past_events(session_id)
        except HermesError as error:
            self.preview.update(str(error))
            return
        self.preview.update(preview_content(past, self.found.get(session_id)))

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_move(self, step: int) -> None:
        """Move the list's cursor from the search box."""
        self.list.action_move(step)

    def action_open(self) -> None:
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
            self.refresh_content()

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
            self.refresh_content()

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
        label="Resume a conversation",
        keys=("ctrl+s",),
        rank=11,
        footer="sessions",
        actions=(
            pane_action("sessions", "open", "Open", "enter", footer="open", over_fields=False),
            pane_action("sessions", "rename", "Rename", "f3", footer="rename"),
            pane_action("sessions", "export", "Export to a file", "f4", footer="export"),
            pane_action("sessions", "delete", "Delete", "f8", footer="delete"),
        ),
    ),
)
