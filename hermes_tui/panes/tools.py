"""The tool pane: what this turn did and does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.list_pane import ListPane
from hermes_tui.panes.pane import PaneSpec
from hermes_tui.panes.row_texts import (
    file_rows,
    heading,
    sections,
    todo_count,
    todo_row,
    tool_row,
)
from hermes_tui.session_state import SessionState
from hermes_widgets.fitting import seconds
from hermes_widgets.list_rows import Row, RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


_SHOWN_IN_RAIL = 14


class ToolsPane(ListPane):
    """Plan, calls of the turn, changed files. Enter leads to the call's block."""

    follows: ClassVar[bool] = True

    def __init__(self, host: HermesApp) -> None:
        rows = RowList(empty="The tools of a turn will be listed here.", keeps_cursor=False)
        super().__init__(host, rows, id="pane-tools")

    @property
    def has_news(self) -> bool:
        """Whether a turn did something, or there is a plan."""
        state = self.host.chat.state
        return bool(state.tools or state.todos or state.files)

    def refresh_content(self) -> None:
        """Show the shown conversation's turn."""
        state = self.host.chat.state
        entries = list(state.tools.values())
        count = f"{len(entries)} tool{'s' if len(entries) > 1 else ''}" if entries else ""
        if state.turn_started is not None and count:
            count += f" · {seconds(state.turn_seconds)}"
        plan = (heading("Plan", todo_count(state.todos)), [todo_row(item) for item in state.todos])
        if self.is_compact:
            self.show_head("This turn", count)
            calls = [tool_row(entry, is_compact=True) for entry in entries[-_SHOWN_IN_RAIL:]]
            parts = [plan, *([self._files(state, 8)] if self.app.size.height >= 50 else [])]
            rest = sections(*parts)
            self.list.show([*calls, *([Row()] if calls and rest else []), *rest])
        else:
            self.show_head("Tools", count)
            turn = (heading("This turn"), [tool_row(entry) for entry in entries])
            self.list.show(sections(plan, turn, self._files(state, 30)))

    @staticmethod
    def _files(state: SessionState, limit: int) -> tuple[Row, list[Row]]:
        return heading("Files", str(len(state.files))), file_rows(state.files, limit=limit)

    def action_choose(self) -> None:
        """Show the call in the conversation."""
        self.host.show_pane("chat")


PANES = (
    PaneSpec(
        id="tools",
        title="Tools",
        number=2,
        build=ToolsPane,
        label="Tools, plan and files of this turn",
        rank=29,
        footer="tools",
        actions=(
            pane_action(
                "tools", "choose", "Go to the call", "enter", footer="go there", over_fields=False
            ),
        ),
    ),
)
