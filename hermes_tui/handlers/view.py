"""What the handlers draw on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from hermes_core.events import (
    AgentFinished,
    AgentSpawned,
    BackgroundFinished,
    BackgroundStarted,
    Notice,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_widgets.blocks.card_action import CardAction


class ConversationView(Protocol):
    """The part of the transcript that events reach."""

    event_at: float
    """When the event happened that is drawn, in seconds since the epoch."""

    def add_user(self, message_id: str, text: str, *, attachments: int = 0) -> None:
        """Show a message of the person."""

    def begin_reply(self, message_id: str) -> None:
        """Open a reply."""

    def append_reply(self, message_id: str, text: str) -> None:
        """Add text to an open reply."""

    def finish_reply(
        self,
        message_id: str,
        *,
        state: Literal["complete", "truncated", "discarded"] = "complete",
        text: str = "",
        reason: str | None = None,
    ) -> None:
        """Close a reply."""

    def append_reasoning(self, message_id: str, text: str) -> None:
        """Add to the model's thinking."""

    def finish_reasoning(self, message_id: str, text: str, seconds: float) -> None:
        """The thinking about a message is over."""

    def announce_tool(self, call_id: str, name: str, *, depth: int = 0) -> None:
        """A call is being written."""

    def start_tool(
        self,
        call_id: str,
        name: str,
        preview: str = "",
        args: Mapping[str, Any] | None = None,
        paths: Sequence[str] = (),
        *,
        kind: str = "other",
        depth: int = 0,
        by_person: bool = False,
    ) -> None:
        """A call runs; what the person typed themselves shows its output at once."""

    def tool_output(self, call_id: str, chunk: str) -> None:
        """Live output of a call."""

    def tool_waiting(self, call_id: str, waiting: bool) -> None:
        """A call waits for the person, or no longer."""

    def finish_tool(self, event: ToolFinished) -> None:
        """A call answered."""

    def skip_tool(self, event: ToolSkipped) -> None:
        """A call was not run."""

    def start_agent(self, event: AgentSpawned) -> None:
        """A child agent works."""

    def agent_call(self, event: ToolStarted) -> None:
        """A child calls a tool."""

    def finish_agent(self, event: AgentFinished) -> None:
        """A child has ended."""

    def begin_beside(self, event: BackgroundStarted) -> None:
        """Work beside the conversation begins."""

    def finish_beside(self, event: BackgroundFinished) -> None:
        """Work beside the conversation has ended."""

    def notice(self, event: Notice) -> None:
        """Show a remark."""

    def error(
        self,
        title: str,
        hint: str = "",
        details: str = "",
        actions: Sequence[CardAction] = (),
    ) -> None:
        """Show an error card."""

    def finish_turn(self, event: TurnFinished) -> None:
        """Close the turn."""

    def rewind(self, from_message_id: str) -> None:
        """Drop the blocks from a message on."""
