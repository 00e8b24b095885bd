"""The approval pane: what waits, what was decided, what is allowed for longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work

from hermes_core.commands import RevokeGrant
from hermes_tui.core_link.workspace import GrantInfo
from hermes_tui.keys import key_of
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.list_pane import ListPane
from hermes_tui.panes.pane import PaneSpec
from hermes_tui.panes.row_texts import approval_row, decision_rows, heading, sections
from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import Row, RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_REQUEST = "request:"
_GRANT = "grant:"


class ApprovalsPane(ListPane):
    """Requests of every open conversation. Enter answers, Delete revokes."""

    follows: ClassVar[bool] = True

    def __init__(self, host: HermesApp) -> None:
        rows = RowList(
            empty="Nothing waits for you and nothing is allowed for longer.", keeps_cursor=False
        )
        super().__init__(host, rows, id="pane-approvals")
        self._grants: list[GrantInfo] = []

    @property
    def has_news(self) -> bool:
        """Whether something waits or was decided."""
        return bool(self._waiting() or self.host.chat.state.decisions)

    def _waiting(self) -> list[Row]:
        way = key_of("pane.approvals", self.host.keymap.keys_of)
        return [
            approval_row(
                request,
                state.shown_title,
                key=_REQUEST + request.request_id,
                now=state.clocks.wall(),
                way=way,
            )
            for state in self.host.open_states().values()
            for request in state.approvals.values()
        ]

    def load(self) -> None:
        """Read what is allowed."""
        self._load()

    @work(exclusive=True)
    async def _load(self) -> None:
        session_id = self.host.chat.state.session_id
        if session_id:
            found = await self.host.guard(self.host.workspace.grants(session_id))
            self._grants = found or []
            self.refresh_content()
            self.host.frame.refresh()  # beside others it takes as many rows as it has now

    def refresh_content(self) -> None:
        """Show what is pending, what was decided and what is allowed."""
        waiting = self._waiting()
        count = f"{len(waiting)} waiting" if waiting else ""
        self.show_head("Approvals", count, "$h-warn bold")
        if self.is_compact and not self.has_class("-open"):
            decided = decision_rows(self.host.chat.state)
            rows = sections((heading("Decided"), decided))
            self.list.show([*waiting, *([Row()] if waiting and rows else []), *rows])
            return
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

    def action_choose(self) -> None:
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
        self.load()


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
                "approvals", "choose", "Answer", "enter", footer="answer", over_fields=False
            ),
            pane_action(
                "approvals", "revoke", "Allow no longer", "delete,backspace", footer="revoke"
            ),
        ),
        instead=lambda host: host.asking.ask_first(),
    ),
)
