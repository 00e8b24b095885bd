"""A shell command that the person typed, in the place of a turn.

It goes the way of a call of the terminal tool: the same guard, the same questions, the
same limits. The person's line is a message of the conversation, and what came of it
stands behind that message for the model.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.turns.calls import BadCall, ReadyCall, prepare
from hermes_core.agent.turns.results import to_json
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.errors import HermesError
from hermes_core.events import (
    InputAccepted,
    InputState,
    MessageFinished,
    MessageStarted,
    Notice,
    TurnFinished,
    TurnStarted,
    fit_text,
)
from hermes_core.messages import Message, ToolCall

TOOL = "terminal"
SIGN = "!"
"""Stands before the command in the person's message."""
_INTRO = "[I ran this in the shell myself. {}]"
_STOPPED = "hermes stopped before it had ended; what it did is not known."

_log = logging.getLogger(__name__)


class TypedCommand:
    """Runs once.

    Args:
        parts: What turns of the session work with.
        conversation: Gets the command and what came of it.
        command: As it was typed.

    Raises:
        HermesError: The command is empty, or no shell can be used in this conversation.
    """

    def __init__(self, parts: TurnParts, conversation: Conversation, command: str) -> None:
        if not command:
            raise HermesError("There is no command to run.")
        call = ToolCall(
            id=f"typed_{parts.new_id()}", name=TOOL, arguments=to_json({"command": command})
        )
        ready = prepare(call, parts.tools) if parts.tools.get(TOOL) else None
        if not isinstance(ready, ReadyCall) or parts.attaching is None:
            raise HermesError("No shell can be used in this conversation: the tool is off.")
        self.cancel = TurnCancel()
        self.input_id = parts.new_id()
        self._call = replace(ready, by_person=True)
        self._attaching = parts.attaching
        self._parts = parts
        self._talk = conversation
        self._text = f"{SIGN}{command}"

    async def run(self) -> None:
        """Run it and keep what came of it; a turn without a model, to everyone who looks."""
        parts, journal = self._parts, self._parts.journal
        began = parts.clock.monotonic()
        journal.turn_id = parts.new_id()
        try:
            message = await self._say()
            await journal.flush()
            result = await self._result()
            kept = await self._attaching.keep(told(result), message.message_id)
            self._replace(msgspec.structs.replace(message, attachments=(kept,)))
            finish = TurnFinished(outcome="completed", reason="typed_command")
        except Exception as error:  # noqa: BLE001  a bug ends this, not the session
            _log.exception("running a typed command broke")
            text = f"The command could not be run: {type(error).__name__}: {error}"
            journal.emit(Notice(level="error", code="typed_command_broke", text=text[:500]))
            finish = TurnFinished(outcome="failed", reason="internal_error", error=text[:500])
        if self.cancel.is_set:
            finish = TurnFinished(outcome="interrupted", reason="interrupted_by_user")
        taken = round(parts.clock.monotonic() - began, 3)
        journal.emit(msgspec.structs.replace(finish, tool_calls=1, duration_s=taken))
        await journal.flush()
        journal.turn_id = None

    async def _say(self) -> Message:
        """Write down what is run before it runs."""
        parts, journal = self._parts, self._parts.journal
        message_id = parts.new_id()
        kept = await self._attaching.keep(_INTRO.format(_STOPPED), message_id)
        message = Message(
            role="user",
            content=self._text,
            message_id=message_id,
            attachments=(kept,),
            timestamp=parts.clock.time(),
        )
        self._talk.messages.append(message)
        journal.record(message)
        shown = fit_text(self._text)
        cut = message_id if len(shown) < len(self._text) else None
        journal.emit(InputAccepted(input_id=self.input_id, mode="start", text=shown))
        journal.emit(TurnStarted(input_ids=(self.input_id,)))
        journal.emit(InputState(input_id=self.input_id, state="delivered", message_id=message_id))
        journal.emit(MessageStarted(message_id=message_id, role="user"))
        journal.emit(MessageFinished(message_id=message_id, role="user", text=shown, text_ref=cut))
        return message

    async def _result(self) -> str:
        self._parts.on_step()
        calls: list[ReadyCall | BadCall] = [self._call]
        results = await self._parts.runner.run(
            calls,
            cancel=self.cancel,
            stop_starting=lambda: False,
            message_ids=[self._talk.messages[-1].message_id],
        )
        return results[0].content

    def _replace(self, message: Message) -> None:
        """Put the message in the place of itself, in memory: its text has another length."""
        for index, one in enumerate(self._talk.messages):
            if one.message_id == message.message_id:
                self._talk.messages[index] = message


def told(result: str) -> str:
    """Return what the model is told of a command, from the tool's answer."""
    try:
        data: Any = json.loads(result)
    except ValueError:
        data = None
    if not isinstance(data, Mapping):
        return _INTRO.format(result.strip("[]"))
    output = str(data.get("output") or "")
    facts = [f"Exit code {data['exit_code']}."] if data.get("exit_code") is not None else []
    facts += [f"{text}." for text in (data.get("error"), data.get("exit_code_meaning")) if text]
    if data.get("full_output"):
        facts.append(f"The whole output is in {data['full_output']}.")
    if not output and not data.get("error"):
        facts.append("It printed nothing.")
    return "\n".join(part for part in (_INTRO.format(" ".join(facts)), output) if part)
