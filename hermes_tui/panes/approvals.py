"""The approval pane: what waits, what was decided, what is allowed for longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult

from hermes_core.commands import RevokeGrant
from hermes_core.errors import HermesError
from hermes_tui.core_link.workspace import GrantInfo
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.pane import Pane, PaneSpec
from hermes_tui.panes.row_texts import approval_row, decision_rows, heading, sections
from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import Row, RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_REQUEST = "request:"
_GRANT = "grant:"


class ApprovalsPane(Pane):
    """Requests of every open conversation. Enter answers, Delete revokes."""

    def __init__(self, host: HermesApp) -> None:
        super().__init__(host, id="pane-approvals")
        self.list = RowList(empty="Nothing waits for you and nothing is allowed for longer.")
        self._grants: list[GrantInfo] = []

    def compose(self) -> ComposeResult:
        """One list."""
        yield self.list

    def refresh_content(self) -> None:
        """Show what is pending now and read what is allowed."""
        self._show()
        self._load()

    @work(exclusive=True)
    async def _load(self) -> None:
        session_id = self.host.chat.state.session_id
        if not session_id:
            return
        try:
            self._grants = await self.host.workspace.grants(session_id)
        except HermesError as error:
            self.host.tell_error(str(error), hint=error.hint)
            return
        self._show()

    def _show(self) -> None:
        waiting = [
            approval_row(
                request,
                state.shown_title,
                key=_REQUEST + request.request_id,
                now=state.clocks.wall(),
            )
            for state in self.host.open_states().values()
            for request in state.approvals.values()
        ]
        decided = decision_rows(self.host.chat.state, limit=20)
        allowed = [
            Row(
                key=_GRANT + grant.key,
                glyph="✓",
                glyph_style="$h-ok",
                text=clean(grant.pattern or grant.key),
                right=grant.scope,
            )
            for grant in self._grants
        ]
        self.list.show(
            sections(
                (heading("Waiting for you", str(len(waiting))), waiting),
                (heading("Decided", str(len(decided))), decided),
                (heading("Allowed", str(len(allowed))), allowed),
            )
        )

    def take_focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.focus()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_answer()

    def action_answer(self) -> None:
        """Open the request under the cursor."""
        if self.list.chosen_key.startswith(_REQUEST):
            self.host.asking.ask_now(self.list.chosen_key.removeprefix(_REQUEST))

    def action_revoke(self) -> None:
        """Take back what the cursor is on."""
        if self.list.chosen_key.startswith(_GRANT):
            self._revoke(self.list.chosen_key.removeprefix(_GRANT))

    @work
    async def _revoke(self, key: str) -> None:
        await self.host.command(RevokeGrant(key=key, client="screen"))
        self.refresh_content()


PANES = (
    PaneSpec(
        id="approvals",
        title="Approvals",
        number=5,
        build=ApprovalsPane,
        label="Requests and what is allowed",
        rank=30,
        actions=(
            pane_action(
                "approvals", "answer", "Answer", "enter", footer="answer", over_fields=False
            ),
            pane_action(
                "approvals", "revoke", "Allow no longer", "delete,backspace", footer="revoke"
            ),
        ),
        instead=lambda host: host.asking.ask_first(),
    ),
)
