"""The reply of a turn as text, gathered from the event stream by doors without a screen."""

from __future__ import annotations

from hermes_core.events import (
    CoreEvent,
    MessageDelta,
    MessageFinished,
    MessageStarted,
    ToolStarted,
    TurnFinished,
)


class ReplyText:
    """Feed it a turn's events; afterwards `text` is the answer.

    An answer that was cut by the connection and continued in a second message is
    one text; what the model said before it called tools is not part of it.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._run: list[str] = []
        """Ids of the messages that make the reply so far."""
        self._was_cut = False
        self.finish: TurnFinished | None = None

    def take(self, event: CoreEvent) -> None:
        """Follow one event."""
        match event:
            case MessageDelta(message_id=message_id, text=text):
                self._texts[message_id] = self._texts.get(message_id, "") + text
            case MessageFinished(message_id=message_id, role="assistant", state="discarded"):
                self._texts.pop(message_id, None)
            case MessageFinished(message_id=message_id, role="assistant", text=text):
                self._texts.setdefault(message_id, text)
                self._run = [*self._run, message_id] if self._was_cut else [message_id]
                self._was_cut = event.reason == "connection"
            case MessageStarted(role="user") | ToolStarted():
                self._run = []
                self._was_cut = False
            case TurnFinished():
                self.finish = event

    @property
    def text(self) -> str:
        """The answer, empty if there is none."""
        if self._run:
            return "".join(self._texts.get(message_id, "") for message_id in self._run)
        final = self.finish.final_message_id if self.finish is not None else None
        return self._texts.get(final, "") if final else ""
