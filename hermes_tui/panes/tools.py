"""The tool pane: what this turn did and does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from hermes_tui.panes.pane import Pane, PaneSpec
from hermes_tui.panes.row_texts import file_rows, todo_count, todo_row, tool_row
from hermes_widgets.list_rows import Row, RowList

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
        rows: list[Row] = []
        if state.todos:
            rows.append(Row(text="Plan", style="$h-text bold", right=todo_count(state.todos)))
            rows.extend(todo_row(item) for item in state.todos)
        if state.tools:
            count = f"{len(state.tools)} calls"
            rows.append(Row(text="This turn", style="$h-text bold", right=count))
            rows.extend(tool_row(entry, keyed=True) for entry in state.tools.values())
        if state.files:
            rows.append(Row(text="Files", style="$h-text bold", right=str(len(state.files))))
            rows.extend(file_rows(state.files, limit=30))
        self.list.show(rows)

    def take_focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.focus()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.host.show_pane("chat")


PANES = (
    PaneSpec(
        id="tools",
        title="Tools",
        number=2,
        build=ToolsPane,
        keys=(("⏎", "to the conversation"), ("alt+1", "conversation")),
    ),
)
