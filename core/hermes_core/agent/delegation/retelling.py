"""What is told of an agent's work in the conversation it works for.

Its own conversation holds everything. Here go the calls it makes and what it spends,
stored like all else so that a screen that comes later sees the same; text it writes and
output of its commands stay there, so that they flood nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from hermes_core.agent.stream.journal import Journal
from hermes_core.events import (
    CoreEvent,
    Heartbeat,
    Notice,
    RequestFinished,
    RequestStalled,
    ToolFinished,
    ToolSkipped,
    ToolStarted,
    TurnFinished,
)
from hermes_core.messages import Usage
from hermes_core.ports import ChildCall
from hermes_core.providers.facts.pricing import Cost

_PREVIEW_CHARS = 500


class Retelling:
    """Follows the events of one agent.

    Args:
        journal: Of the conversation it works for.
        agent_id: Of the agent; begins the path of each event and the id of each call.
        purpose: Tags what it spends there; empty where that is counted elsewhere.
        stores_calls: Whether its calls are told as events, or only as signs of life.
    """

    def __init__(
        self, journal: Journal, agent_id: str, *, purpose: str = "", stores_calls: bool = True
    ) -> None:
        self._journal = journal
        self._agent_id = agent_id
        self._purpose = purpose
        self._stores_calls = stores_calls
        self._doing = ""
        self._args_bytes: dict[str, int] = {}
        self.finish: TurnFinished | None = None
        """How its turn ended; None while it works."""
        self.usage = Usage()
        self.costs: list[Cost] = []
        self.calls: list[ChildCall] = []

    def take(self, event: CoreEvent) -> bool:
        """Note an event and tell what is worth it; returns whether it is a sign of life."""
        if event.agent:
            return True  # an agent of its own: told in its own conversation
        match event:
            case ToolStarted():
                self._started(event)
            case ToolFinished():
                self._ended(event, "ok" if event.ok else "error", len(event.result_preview))
            case ToolSkipped():
                self._ended(event, event.cause, len(event.message))
            case RequestFinished():
                self._spent(event)
            case Notice(level="warn" | "error"):
                self._tell(event)
            case Heartbeat():
                self._alive(event.state)
                return False
            case RequestStalled():
                return False
            case TurnFinished():
                self.finish = event
        return True

    def _started(self, event: ToolStarted) -> None:
        self._doing = f"{event.name} {event.preview}".strip()[:200]
        self._args_bytes[event.call_id] = len(msgspec.json.encode(event.args))
        if self._stores_calls:
            self._tell(event, call_id=self._call(event.call_id))
        else:
            self._alive("working")

    def _ended(self, event: ToolFinished | ToolSkipped, status: str, size: int) -> None:
        self._doing = ""
        self.calls.append(
            ChildCall(
                tool=event.name,
                args_bytes=self._args_bytes.pop(event.call_id, 0),
                result_bytes=size,
                status=status,
            )
        )
        if not self._stores_calls:
            return
        changed: dict[str, Any] = {"call_id": self._call(event.call_id)}
        if isinstance(event, ToolFinished):
            changed |= {"result_ref": None, "result_preview": event.result_preview[:_PREVIEW_CHARS]}
        self._tell(event, **changed)

    def _spent(self, event: RequestFinished) -> None:
        amount = None if event.cost_usd is None else Decimal(str(event.cost_usd))
        cost = Cost(amount_usd=amount, status=_status(event.cost_status))
        self.usage += event.usage
        self.costs.append(cost)
        if self._purpose:
            self._journal.count(event.usage, cost)
            self._tell(event, purpose=self._purpose)

    def _alive(self, state: str) -> None:
        self._tell(Heartbeat(state=state, tool=self._doing or None))

    def _call(self, call_id: str) -> str:
        return f"{self._agent_id}:{call_id}"

    def _tell(self, event: CoreEvent, **changed: Any) -> None:
        self._journal.emit(
            msgspec.structs.replace(event, turn_id=None, agent=(self._agent_id,), **changed)
        )


def _status(word: str) -> Any:
    return word if word in ("estimated", "included") else "unknown"


TakeSpent = Callable[[], tuple[Usage, list[Cost]]]
"""What agents of a turn have spent since it was asked last."""
