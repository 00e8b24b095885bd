"""The tool pane: what this turn did and does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from textual import work

from hermes_core.commands import Interrupt
from hermes_tui.panes.doing import pane_action
from hermes_tui.panes.list_pane import ListPane
from hermes_tui.panes.pane import PaneSpec
from hermes_tui.panes.row_texts import (
    BESIDE,
    as_tree,
    beside_rows,
    file_rows,
    heading,
    sections,
    todo_count,
    todo_row,
    tool_row,
)
from hermes_tui.session_state import BesideTask, PastTurn, SessionState, ToolEntry
from hermes_widgets.blocks.tool_words import AGENT, tool_verb
from hermes_widgets.fitting import clean, seconds
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
        self.is_failed_only = False
        """Whether only what failed is listed."""

    @property
    def has_news(self) -> bool:
        """Whether a turn did something, or there is a plan."""
        state = self.host.chat.state
        return bool(state.tools or state.todos or state.files or state.background)

    def refresh_content(self) -> None:
        """Show the shown conversation's turn, and where there is room those before it."""
        state = self.host.chat.state
        entries, now = as_tree(state.tools.values()), self.host.clocks.wall()
        count = f"{len(entries)} tool{'s' if len(entries) > 1 else ''}" if entries else ""
        if state.turn_started is not None and count:
            count += f" · {seconds(state.turn_seconds)}"
        if self.is_failed_only:
            self._show_failed(state)
        elif self.is_compact:
            self.show_head("This turn", count)
            calls = [
                tool_row(entry, is_compact=True, now=now) for entry in entries[-_SHOWN_IN_RAIL:]
            ]
            files = [self._files(state, 8)] if self.app.size.height >= 50 else []
            rest = sections(self._beside(state), self._plan(state), *files)
            self.list.show([*calls, *([Row()] if calls and rest else []), *rest])
        else:
            self.show_head("Tools", count)
            turn = (heading("This turn"), [tool_row(entry, now=now) for entry in entries])
            earlier = [
                (
                    heading(clean(past.question) or "Earlier"),
                    [tool_row(one) for one in as_tree(past.tools)],
                )
                for past in reversed(_before(state))
            ]
            parts = [self._plan(state), turn, self._beside(state), self._files(state, 30), *earlier]
            self.list.show(sections(*parts))

    def _show_failed(self, state: SessionState) -> None:
        """List what went wrong, in this turn and before it."""
        turns = [("This turn", tuple(state.tools.values()))]
        turns += [(clean(past.question), past.tools) for past in reversed(_before(state))]
        parts = [
            (heading(name), [tool_row(one) for one in tools if one.phase == "failed"])
            for name, tools in turns
        ]
        self.show_head("Failed", str(sum(len(rows) for _, rows in parts)))
        self.list.show(sections(*parts))

    @staticmethod
    def _plan(state: SessionState) -> tuple[Row, list[Row]]:
        return heading("Plan", todo_count(state.todos)), [todo_row(item) for item in state.todos]

    @staticmethod
    def _beside(state: SessionState) -> tuple[Row, list[Row]]:
        return heading("Running beside", str(len(state.background))), beside_rows(state)

    @staticmethod
    def _files(state: SessionState, limit: int) -> tuple[Row, list[Row]]:
        return heading("Files", str(len(state.files))), file_rows(state.files, limit=limit)

    @property
    def _chosen_call(self) -> ToolEntry | None:
        state = self.host.chat.state
        calls = [*state.tools.values(), *(one for past in state.past for one in past.tools)]
        return next((one for one in calls if one.call_id == self.list.chosen_key), None)

    def action_choose(self) -> None:
        """Show the call in the conversation; what is not drawn yet is drawn first."""
        call = self._chosen_call
        if call is None:
            self._refuse("This stands nowhere in the conversation")
        else:
            self.host.show_pane("chat")
            self._go_to(call.call_id)

    @work(exclusive=True, group="go to a call")
    async def _go_to(self, call_id: str) -> None:
        chat = self.host.chat
        while not chat.transcript.show_call(call_id):
            if not await chat.show_older():
                self._refuse("This call is not in the conversation any more")
                return
        chat.transcript.focus(scroll_visible=False)

    def _refuse(self, why: str) -> None:
        """Say why a key does nothing."""
        self.host.notify(why, timeout=2)

    def action_failed(self) -> None:
        """List only what failed, or everything again."""
        self.is_failed_only = not self.is_failed_only
        self.refresh_content()

    def action_kill(self) -> None:
        """End the process or agent under the cursor, after a question."""
        key = self.list.chosen_key
        call = self._chosen_call
        if call is not None and call.name == AGENT and call.phase == "running":
            self._kill(call.call_id, BesideTask(call.preview, "agent", call.started_at))
            return
        task = self.host.chat.state.background.get(key.removeprefix(BESIDE))
        if key.startswith(BESIDE) and task is not None:
            self._kill(key.removeprefix(BESIDE), task)
        elif call is not None and call.phase == "running":
            self._refuse("This belongs to the turn; esc in the conversation stops it")
        else:
            self._refuse("Nothing runs here")

    @work
    async def _kill(self, task_id: str, task: BesideTask) -> None:
        if await self.host.confirm(f"End this {task.noun}?", clean(task.label), yes="End it"):
            await self.host.command(Interrupt(scope="child", child_id=task_id, client="screen"))

    def action_output(self) -> None:
        """Read all that the call under the cursor answered."""
        call = self._chosen_call
        if call is not None:
            self._read_output(call)
        else:
            self._refuse("Nothing was answered here")

    @work
    async def _read_output(self, call: ToolEntry) -> None:
        text: str | None = call.output
        if call.result_ref:
            session_id = self.host.chat.state.session_id
            text = await self.host.guard(
                self.host.workspace.message_text(session_id, call.result_ref)
            )
        if text is not None:
            await self.host.read(f"{tool_verb(call.name)} {clean(call.preview)}", spelled_out(text))


def _before(state: SessionState) -> list[PastTurn]:
    """Turns before the one whose calls are shown as this turn."""
    return state.past if state.turn_id is not None else state.past[:-1]


def spelled_out(answer: str) -> str:
    """Return a tool's answer for people: the fields of an object, texts with their lines."""
    try:
        found = json.loads(answer)
    except ValueError:
        return answer or "It answered nothing."
    if not isinstance(found, dict):
        return answer
    parts = []
    for name, value in found.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        parts.append(f"{name}\n{text}" if "\n" in text else f"{name}: {text}")
    return "\n".join(parts)


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
            pane_action("tools", "output", "Read the whole output", "f3", footer="output"),
            pane_action("tools", "failed", "Failures alone or all", "f5", footer="failed"),
            pane_action("tools", "kill", "End a process", "f8", footer="end process"),
            pane_action(
                "tools", "choose", "Go to the call", "enter", footer="go there", over_fields=False
            ),
        ),
    ),
)
