"""Everything a client can ask of a session, as plain frozen data."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import msgspec

from hermes_core.messages import Attachment


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Common base; `client` names who asks, for logs and `resolved by`."""

    client: str = ""


class Submit(Command, frozen=True, kw_only=True, tag="submit"):
    """Give the agent a message. Accepted input is stored before the reply."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    mode: Literal["default", "queue", "steer", "interrupt"] = "default"
    """What to do while a turn runs; `default` is `display.busy_input_mode`."""
    note: str = ""
    """Text for the model alone, put before the message and not stored in it."""
    context: str = ""
    """Text for the model alone that belongs to the message for good, such as a skill:
    kept beside it and put behind it in every request."""
    system: str = ""
    """System text of the turn that delivers the message; sent, never stored."""


class Interrupt(Command, frozen=True, kw_only=True, tag="interrupt"):
    """Stop what runs."""

    scope: Literal["turn", "child", "all"] = "turn"
    child_id: str | None = None
    """With `child`: what is stopped beside the turn, by the id its events carry."""


class QueueEdit(Command, frozen=True, kw_only=True, tag="queue.edit"):
    """Change the text of a queued input."""

    input_id: str
    text: str


class QueueRemove(Command, frozen=True, kw_only=True, tag="queue.remove"):
    """Take a queued input back."""

    input_id: str


class QueueReorder(Command, frozen=True, kw_only=True, tag="queue.reorder"):
    """Set the order of the queue; inputs not named keep theirs at the end."""

    input_ids: tuple[str, ...]


class QueuePause(Command, frozen=True, kw_only=True, tag="queue.pause"):
    """Hold the queue back when the turn ends, or let it go on."""

    paused: bool = True


class Answer(Command, frozen=True, kw_only=True, tag="answer"):
    """Decide an approval or answer a question. The first answer wins."""

    request_id: str
    decision: Literal["once", "session", "always", "deny"] | None = None
    """For approvals."""
    value: str | None = None
    """For questions; None declines."""
    reason: str = ""
    """Optional words for the model with a decision."""
    shown_hash: str = ""
    """As in the request; another value changes nothing and says so."""


class Extend(Command, frozen=True, kw_only=True, tag="extend"):
    """Begin the time of an open approval or question anew: its person does not look yet."""

    request_id: str


class Compact(Command, frozen=True, kw_only=True, tag="compact"):
    """Summarise the history now."""

    focus: str = ""


class SetRuntime(Command, frozen=True, kw_only=True, tag="set_runtime"):
    """Switch the model. Refused while a turn runs."""

    model: str
    provider: str = ""
    persist: bool = False


class SetReasoning(Command, frozen=True, kw_only=True, tag="set_reasoning"):
    """Set the reasoning effort of this session."""

    effort: str


class SetServiceTier(Command, frozen=True, kw_only=True, tag="set_service_tier"):
    """Set how fast the model of this session is to answer; the reply says what holds."""

    tier: Literal["", "normal", "fast"] = ""
    """Empty changes nothing."""


class SetApprovalMode(Command, frozen=True, kw_only=True, tag="set_approval_mode"):
    """Set how commands are approved in this session."""

    mode: Literal["manual", "smart", "off"]


class RevokeGrant(Command, frozen=True, kw_only=True, tag="revoke_grant"):
    """Take back a session grant or an allowlist entry."""

    key: str


class SetOverlay(Command, frozen=True, kw_only=True, tag="set_overlay"):
    """Set the system text that stands behind the frozen prompt of this session."""

    text: str


class SetTitle(Command, frozen=True, kw_only=True, tag="set_title"):
    """Name the conversation."""

    title: str


class Rollback(Command, frozen=True, kw_only=True, tag="rollback"):
    """Go back to a checkpoint: the files of its folder, the conversation, or both.

    The conversation goes back to before the turn that the checkpoint was taken in.
    """

    checkpoint_id: str
    path: str | None = None
    """One file only; the conversation then stays as it is."""
    scope: Literal["both", "files", "conversation"] = "both"


class Undo(Command, frozen=True, kw_only=True, tag="undo"):
    """Drop the last user message and everything after it."""


class Retry(Command, frozen=True, kw_only=True, tag="retry"):
    """Take a message of the user and all after it back, then send it again."""

    message_id: str = ""
    """Empty for the last one."""


class Rewind(Command, frozen=True, kw_only=True, tag="rewind"):
    """Take back a message of the user and everything after it."""

    message_id: str


class Branch(Command, frozen=True, kw_only=True, tag="branch"):
    """Begin another conversation with what was said so far; this one stays as it is.

    The reply's `session_id` names the new one.
    """

    before_message_id: str = ""
    """Leave out this message and all after it; empty copies everything."""
    title: str = ""
    """Empty takes the next number of this conversation's title."""


class SpawnBackground(Command, frozen=True, kw_only=True, tag="spawn_background"):
    """Start a separate agent on a task."""

    prompt: str


class AskSide(Command, frozen=True, kw_only=True, tag="ask_side"):
    """Ask about the conversation without being part of it."""

    question: str


class RunCommand(Command, frozen=True, kw_only=True, tag="run_command"):
    """Run a shell command of the person's own, as the terminal tool would; refused while a
    turn runs. What it printed stands in the conversation from then on."""

    text: str


class Subscribe(Command, frozen=True, kw_only=True, tag="subscribe"):
    """Over the socket: send events from after `from_seq` on this connection."""

    from_seq: int = 0


class Close(Command, frozen=True, kw_only=True, tag="close"):
    """End the session's actor; a running turn is interrupted first."""

    reason: str = "closed"


CoreCommand: TypeAlias = (
    Submit
    | Interrupt
    | QueueEdit
    | QueueRemove
    | QueueReorder
    | QueuePause
    | Answer
    | Extend
    | Compact
    | SetRuntime
    | SetReasoning
    | SetServiceTier
    | SetApprovalMode
    | RevokeGrant
    | SetOverlay
    | SetTitle
    | Rollback
    | Undo
    | Retry
    | Rewind
    | Branch
    | SpawnBackground
    | AskSide
    | RunCommand
    | Subscribe
    | Close
)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a session says to a command at once. Effects arrive as events."""

    ok: bool
    code: str = ""
    """A stable word for the refusal, e.g. `busy`, `stale_answer`, `not_found`."""
    text: str = ""
    """The same for a person."""
    data: dict[str, str | int | float | bool | None] = {}
    """Small values, e.g. `input_id` of a submit."""


_encoder = msgspec.json.Encoder()


@cache
def _decoder() -> msgspec.json.Decoder[CoreCommand]:
    return msgspec.json.Decoder(CoreCommand)


def encode_command(command: CoreCommand) -> bytes:
    """Return the command as one line of JSON without the line end."""
    return _encoder.encode(command)


def decode_command(data: bytes | str) -> CoreCommand:
    """Read a command back.

    Raises:
        msgspec.ValidationError: Not a command of this version.
    """
    return _decoder().decode(data)
