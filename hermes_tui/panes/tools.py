"""The tool pane: what this turn did and does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.pane import Pane, PaneSpec
from hermes_tui.panes.row_texts import (
    file_rows,
    heading,
    sections,
    todo_count,
    todo_row,
    tool_row,
)
from hermes_widgets.list_rows import RowList

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp


class ToolsPane(Pane):
    """Plan, calls of the turn, changed files. Enter leads to the call's block."""

    def __init__(self, host: HermesApp) -> None:
        super().__init__(host, id="pane-tools")
        self.list = RowList(empty="The tools of a turn will be listed here.")

    def compose(self) -> ComposeResult:
        """One list."""
        yield self.list

    def refresh_content(self) -> None:
        """Show the shown conversation's turn."""
        state = self.host.chat.state
        calls = len(state.tools)
        rows = sections(
            (heading("Plan", todo_count(state.todos)), map(todo_row, state.todos)),
            (
                heading("This turn", f"{calls} call{'s' if calls != 1 else ''}"),
                (tool_row(entry, keyed=True) for entry in state.tools.values()),
            ),
            (heading("Files", str(len(state.files))), file_rows(state.files, limit=30)),
        )
        self.list.show(rows)

    def take_focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.focus()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_jump()

    def action_jump(self) -> None:
        """Show the call in the conversation."""
        self.host.show_pane("chat")


PANES = (
    PaneSpec(
        id="tools",
        title="Tools",
        number=2,
        build=ToolsPane,
        label="Tools, plan and files of this turn",
        rank=32,
        footer="tools",
        actions=(
            pane_action(
                "tools", "jump", "Go to the call", "enter", footer="go there", over_fields=False
            ),
        ),
    ),
)
