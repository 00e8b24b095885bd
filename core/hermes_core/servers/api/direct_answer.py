"""The model without the agent, for what chat programs ask in passing: titles, tags.

No tools, no memory, no session: nothing of it is stored. It has the form of a turn, so
that answers are written the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from hermes_core.errors import ProviderError
from hermes_core.events import CoreEvent, MessageDelta, MessageFinished, TurnFinished
from hermes_core.messages import Message, Usage
from hermes_core.providers.base import Model, ModelRequest, StreamEnd, TextDelta, UsageReport
from hermes_core.providers.resolve import Resolution
from hermes_core.servers.api.chat_request import ChatRequest

_MESSAGE_ID = "direct"


class DirectAnswer:
    """One call of the model; see `AgentTurn` for the members.

    Args:
        model: Who answers.
        resolution: Names it in the request.
        asked: What the client sent, its history included.
    """

    def __init__(self, model: Model, resolution: Resolution, asked: ChatRequest) -> None:
        said = [Message(role=one.role, content=one.text) for one in asked.history]
        self._model = model
        self._request = ModelRequest(
            runtime=resolution.runtime,
            system=asked.system,
            messages=(*said, Message(role="user", content=asked.text)),
            max_output_tokens=resolution.max_output_tokens,
            purpose="direct",
        )
        self._events: asyncio.Queue[CoreEvent] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self.finish: TurnFinished | None = None
        """Set once the answer is over."""

    async def events(self) -> AsyncGenerator[CoreEvent, None]:
        """The text as it comes, then the end."""
        self._reading = asyncio.create_task(self._read(), name="direct answer")
        try:
            while self.finish is None:
                event = await self._events.get()
                if isinstance(event, TurnFinished):
                    self.finish = event
                yield event
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Nobody waits for the answer any more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self.finish is None:
            self._events.put_nowait(TurnFinished(outcome="interrupted", reason="stopped"))

    async def _read(self) -> None:
        texts: list[str] = []
        usage, word = Usage(), ""
        end = TurnFinished(outcome="failed", reason="internal_error", error="The answer broke off.")
        try:
            async for part in self._model.stream(self._request):
                if isinstance(part, TextDelta):
                    texts.append(part.text)
                    self._events.put_nowait(MessageDelta(message_id=_MESSAGE_ID, text=part.text))
                elif isinstance(part, UsageReport):
                    usage = part.usage
                elif isinstance(part, StreamEnd):
                    word = part.finish_reason
            end = TurnFinished(
                outcome="partial" if word == "length" else "completed", reason=word, usage=usage
            )
        except ProviderError as error:
            end = TurnFinished(
                outcome="failed", reason=error.reason, error=str(error), hint=error.hint
            )
        except asyncio.CancelledError:
            end = TurnFinished(outcome="interrupted", reason="stopped")
            raise
        finally:
            self._events.put_nowait(
                MessageFinished(message_id=_MESSAGE_ID, role="assistant", text="".join(texts))
            )
            self._events.put_nowait(end)
