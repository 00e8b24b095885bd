"""The side rails: other conversations and skills at the left, this turn at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from hermes_core.storage.records import SessionSummary
from hermes_tui.core_link.workspace import SkillInfo
from hermes_tui.panes.row_texts import (
    approval_row,
    decision_rows,
    file_rows,
    session_row,
    skill_rows,
    todo_count,
    todo_row,
    tool_row,
)
from hermes_tui.session_state import SessionState
from hermes_widgets.fitting import seconds
from hermes_widgets.list_rows import RowList
from hermes_widgets.rail import RailSection

_SHOWN_TOOLS = 14


class LeftRail(Vertical):
    """Conversations and skills, on wide screens."""

    @dataclass
    class SessionChosen(Message):
        """A conversation was chosen."""

        session_id: str

    def __init__(self) -> None:
        super().__init__(id="left-rail", classes="rail")
        self.sessions = RowList(empty="Other conversations show up here.", id="rail-sessions")
        self.skills = RailSection("Skills", id="rail-skills")

    def compose(self) -> ComposeResult:
        """Two sections."""
        yield Static("Sessions", classes="rail-head", markup=False)
        yield self.sessions
        yield self.skills

    def show_sessions(
        self,
        found: Sequence[SessionSummary],
        states: dict[str, SessionState],
        active: str,
        now: float,
    ) -> None:
        """Replace the list; the shown conversation has the cursor."""
        self.sessions.show(
            [session_row(item, open_states=states, now=now, detailed=True) for item in found]
        )
        if not self.sessions.has_focus:
            self.sessions.point_at(active)

    def show_skills(self, skills: Sequence[SkillInfo]) -> None:
        """Replace the skills."""
        on = sum(skill.state == "on" for skill in skills)
        off = len(skills) - on
        self.skills.show(skill_rows(skills), f"{on} on" + (f" · {off} off" if off else ""))

    @on(RowList.Chosen, "#rail-sessions")
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.post_message(self.SessionChosen(event.key))


class RightRail(VerticalScroll, can_focus=False):
    """This turn, plan, requests, files. Says whether it has anything to say."""

    def __init__(self) -> None:
        super().__init__(id="right-rail", classes="rail")
        self.turn = RailSection("This turn")
        self.plan = RailSection("Plan")
        self.approvals = RailSection("Approvals")
        self.decided = RailSection("Decided")
        self.files = RailSection("Files", classes="tall-only")

    def compose(self) -> ComposeResult:
        """The sections in their order."""
        yield self.turn
        yield self.plan
        yield self.approvals
        yield self.decided
        yield self.files

    def show(self, state: SessionState, waiting: Sequence[SessionState]) -> None:
        """Show the conversation's turn and the requests of all open ones."""
        tools = list(state.tools.values())
        count = f"{len(tools)} tool{'s' if len(tools) > 1 else ''}" if tools else ""
        if state.turn_started is not None and count:
            count += f" · {seconds(state.turn_seconds)}"
        self.turn.show([tool_row(entry) for entry in tools[-_SHOWN_TOOLS:]], count)
        self.plan.show([todo_row(item) for item in state.todos], todo_count(state.todos))
        requests = [
            approval_row(request, holder.shown_title, now=holder.clocks.wall())
            for holder in waiting
            for request in holder.approvals.values()
        ]
        self.approvals.show(requests, f"{len(requests)} waiting", "$h-warn bold")
        self.decided.show(decision_rows(state))
        self.files.show(file_rows(state.files))
        sections = (self.turn, self.plan, self.approvals, self.decided, self.files)
        self.set_class(any(section.is_filled for section in sections), "-filled")
