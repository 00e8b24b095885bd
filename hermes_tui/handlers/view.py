"""What the handlers draw on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from hermes_core.events import Notice, ToolFinished, ToolSkipped, TurnFinished
from hermes_core.messages import Attachment


class ConversationView(Protocol):
    """The part of the transcript that events reach."""

    def add_user(
        self, message_id: str, text: str, *, attachments: Sequence[Attachment] = ()
    ) -> None:
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

    def finish_reasoning(self, message_id: str, *, text: str = "", seconds: float = 0.0) -> None:
        """The thinking about a message is over."""

    def announce_tool(self, call_id: str, name: str) -> None:
        """A call is being written."""

    def start_tool(
        self,
        call_id: str,
        name: str,
        *,
        preview: str = "",
        args: dict[str, object] | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        """A call runs."""

    def tool_output(self, call_id: str, chunk: str) -> None:
        """Live output of a call."""

    def tool_waiting(self, call_id: str, is_waiting: bool) -> None:
        """A call waits for the person, or no longer."""

    def finish_tool(self, event: ToolFinished) -> None:
        """A call answered."""

    def skip_tool(self, event: ToolSkipped) -> None:
        """A call was not run."""

    def notice(self, notice: Notice) -> None:
        """Show a remark."""

    def error(
        self,
        title: str,
        *,
        hint: str = "",
        details: str = "",
        actions: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Show an error card."""

    def finish_turn(self, event: TurnFinished) -> None:
        """Close the turn."""

    def rewind(self, from_message_id: str) -> None:
        """Drop the blocks from a message on."""
