"""Questions of an agent that works for another one, asked where a person looks."""

from __future__ import annotations

import msgspec

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.sessions.pending import Asker
from hermes_core.events import ApprovalRequested, ApprovalResolved, QuestionAsked


class AskingUpwards:
    """An `Asker` that asks in another conversation and says for whom.

    Args:
        above: The other conversation's.
        agent_id: Of the agent that asks.
        name: Its task, for the person.
    """

    def __init__(self, above: Asker, agent_id: str, name: str) -> None:
        self._above = above
        self._agent_id = agent_id
        self._name = name
        self._waiting = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a person is needed now."""
        return self._waiting > 0

    async def approval(
        self, request: ApprovalRequested, *, timeout_s: float, cancel: TurnCancel
    ) -> ApprovalResolved:
        """See `Pending`."""
        asked = msgspec.structs.replace(
            request,
            agent=(self._agent_id, *request.agent),
            asked_by=request.asked_by or self._name,
            call_id=self._call(request.call_id),
        )
        self._waiting += 1
        try:
            return await self._above.approval(asked, timeout_s=timeout_s, cancel=cancel)
        finally:
            self._waiting -= 1

    async def question(
        self, question: QuestionAsked, *, timeout_s: float, cancel: TurnCancel
    ) -> str | None:
        """See `Pending`."""
        asked = msgspec.structs.replace(
            question,
            agent=(self._agent_id, *question.agent),
            question=f"{question.question}\nAsked by: {self._name}",
            call_id=self._call(question.call_id),
        )
        self._waiting += 1
        try:
            return await self._above.question(asked, timeout_s=timeout_s, cancel=cancel)
        finally:
            self._waiting -= 1

    def waited_s(self, call_id: str) -> float:
        """See `Pending`."""
        return self._above.waited_s(self._call(call_id) or "")

    def _call(self, call_id: str | None) -> str | None:
        return None if call_id is None else f"{self._agent_id}:{call_id}"
