"""One message to the agent and what follows it, whoever else uses the session."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from hermes_core.commands import Interrupt, QueueRemove, Submit
from hermes_core.events import CoreEvent, InputState, TurnFinished
from hermes_core.ports import SessionHandle
from hermes_core.servers.api.wire import ApiError

CLIENT = "api"


class AgentTurn:
    """Submits a message and picks the events of its own turn out of the stream."""

    def __init__(self, handle: SessionHandle) -> None:
        self._handle = handle
        self._from_seq = 0
        self._input_id = ""
        self._turn_id: str | None = None
        self._is_stopped = False
        self.finish: TurnFinished | None = None
        """Set once the turn is over."""

    async def submit(self, text: str, *, system: str = "", is_new: bool = False) -> None:
        """Hand the message over; it is stored when this returns.

        Args:
            text: The user's message.
            system: System text for this turn alone.
            is_new: The session has no events to skip.

        Raises:
            ApiError: The session did not take it.
        """
        if not is_new:
            last = await self._handle.history(limit=1)
            self._from_seq = int(last[-1].seq or 0) if last else 0
        reply = await self._handle.send(
            Submit(text=text, system=system, mode="queue", client=CLIENT)
        )
        if not reply.ok:
            raise ApiError(503, reply.text or "The conversation cannot be used.", code=reply.code)
        self._input_id = str(reply.data["input_id"])

    async def events(self) -> AsyncGenerator[CoreEvent, None]:
        """The events of our turn; ends with it, or when the session goes away."""
        stream = self._handle.events(self._from_seq)
        try:
            async for event in stream:
                if isinstance(event, InputState) and event.input_id == self._input_id:
                    if event.state == "delivered":
                        self._turn_id = event.turn_id
                    elif event.state == "cancelled":
                        return
                if self._turn_id is None or event.turn_id != self._turn_id or event.agent:
                    continue
                if isinstance(event, TurnFinished):
                    self.finish = event
                yield event
                if self.finish is not None:
                    return
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def stop(self) -> None:
        """Nobody waits for the answer any more: interrupt the turn, or take the message back."""
        if self._is_stopped or self.finish is not None:
            return
        self._is_stopped = True
        if self._turn_id is None:
            taken = await self._handle.send(QueueRemove(input_id=self._input_id, client=CLIENT))
            if taken.ok:
                return
        await self._handle.send(Interrupt(client=CLIENT))
