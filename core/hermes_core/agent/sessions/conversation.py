"""What a session holds in memory of its conversation."""

from __future__ import annotations

from msgspec import Struct, field

from hermes_core.messages import (
    Attachment,
    Message,
    Runtime,
    TodoItem,
    clean_text,
    is_summary,
)


class Conversation(Struct):
    """The model's side of the conversation; the store holds the same and more."""

    runtime: Runtime
    system: str = ""
    """The frozen system prompt; byte-identical for the life of the session."""
    messages: list[Message] = field(default_factory=list)
    """Active history, oldest first, without the system prompt."""
    notes: dict[str, str] = field(default_factory=dict)
    """By message id: text for the model alone, put before that message in requests."""
    contexts: dict[str, str] = field(default_factory=dict)
    """By the path of an attachment: the text that stands behind its message in requests."""
    prefill: tuple[Message, ...] = ()
    """Stands before the history in each request; see `prefill.py`."""
    effort: str = ""
    service_tier: str = ""
    """`fast` where answers may cost more to come sooner."""
    overlay: str = ""
    """System text behind the frozen prompt; sent, never stored."""
    last_prompt_tokens: int = 0
    """Size of the last prompt as the provider reported it."""
    todos: tuple[TodoItem, ...] = ()

    used_call_ids: set[str] = field(default_factory=set)
    """Ids of all calls so far, those that were announced and taken back included."""

    def __post_init__(self) -> None:
        self.used_call_ids |= {call.id for m in self.messages for call in m.tool_calls}

    def last_user(self) -> Message | None:
        """The newest message of the person that is still there word for word.

        None when all since the last summary is taken back: what came before it is no
        longer the tail of the history.
        """
        newest = next((m for m in reversed(self.messages) if m.role == "user"), None)
        return None if newest is None or is_summary(newest) else newest

    def user_message(self, message_id: str) -> Message | None:
        """A message of the person that is still in the model's history word for word."""
        return next(
            (
                m
                for m in self.messages
                if m.message_id == message_id and m.role == "user" and not is_summary(m)
            ),
            None,
        )

    def cut_from(self, message_id: str) -> list[Message]:
        """Drop the message of that id and everything after it; returns what was dropped."""
        for index, message in enumerate(self.messages):
            if message.message_id == message_id:
                dropped = self.messages[index:]
                del self.messages[index:]
                self.last_prompt_tokens = 0
                return dropped
        return []


class Input(Struct, frozen=True):
    """An accepted message of the person that waits to be delivered."""

    input_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    note: str = ""
    system: str = ""
    context: str = ""


def fresh_call_id(wanted: str, used: set[str]) -> str:
    """Return the id, with a number behind it if it was used before."""
    unique, count = clean_text(wanted), 1
    while unique in used:
        count += 1
        unique = f"{clean_text(wanted)}_{count}"
    return unique
