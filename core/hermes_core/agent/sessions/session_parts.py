"""What a session is built from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct, field

from hermes_core.agent.sessions.budget import Budget, no_limit
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.sessions.inbox import Inbox
from hermes_core.agent.sessions.pending import Pending
from hermes_core.agent.sessions.window_gauge import WindowGauge
from hermes_core.agent.side.titles import Titles
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.turn_parts import TurnParts
from hermes_core.errors import HermesError
from hermes_core.events import InputMode
from hermes_core.messages import Runtime
from hermes_core.security.approvals import Grant
from hermes_core.storage.store import Store


class ApprovalControl(Protocol):
    """What the session may do with its guard."""

    def set_mode(self, mode: str) -> str:
        """Switch the mode; returns what now holds, in words."""
        ...

    async def revoke(self, key: str) -> bool:
        """Take a grant back; False if there is none."""
        ...

    def grants(self) -> tuple[Grant, ...]:
        """What was allowed for longer than once."""
        ...


class Rollbacks(Protocol):
    """What the session may do with its checkpoints."""

    async def restore(self, checkpoint_id: str, *, path: str | None = None) -> list[str]:
        """Bring files back; returns their paths. Raises HermesError."""
        ...

    async def turn_of(self, checkpoint_id: str) -> str:
        """The turn a checkpoint was taken in, empty if none. Raises HermesError."""
        ...

    def new_step(self) -> None:
        """Another step begins: folders may be snapshotted again."""
        ...


async def _stop_nothing(task_id: str) -> bool:
    return False


class SessionHelpers(Protocol):
    """The agents that work for the session."""

    def spawn(self, prompt: str) -> str:
        """Start one beside the conversation; returns its id."""
        ...

    def ask(self, question: str) -> str:
        """Answer a question on the side; returns its id."""
        ...

    def stop(self, agent_id: str) -> bool:
        """Stop a child or background work; False if it does not run."""
        ...

    def stop_all(self) -> bool:
        """Stop all background work; False if there is none."""
        ...

    async def aclose(self) -> None:
        """Stop everything and wait for its end."""
        ...


async def _keep_nothing(runtime: Runtime) -> None:
    raise HermesError("The choice cannot be kept here.")


class Switched(Struct, frozen=True):
    """Who answers from now on."""

    runtime: Runtime
    text: str = ""
    """What the person should know about it."""


class SessionParts(Struct, frozen=True, kw_only=True):
    """What a session is built from; `host.py` makes it."""

    session_id: str
    store: Store
    journal: Journal
    conversation: Conversation
    gauge: WindowGauge
    inbox: Inbox
    pending: Pending
    turn_parts: TurnParts
    approvals: ApprovalControl
    rollbacks: Rollbacks
    switch_runtime: Callable[[str, str], Switched]
    """Find what (model, provider) mean and make it current. Raises HermesError."""
    keep_runtime: Callable[[Runtime], Awaitable[None]] = _keep_nothing
    """Make a runtime the one of new conversations. Raises HermesError."""
    busy_mode: InputMode = "steer"
    interactive: bool = True
    """Whether a person sits behind the door that opened it."""
    budget: Budget = field(default_factory=no_limit)
    """What the conversation may cost."""
    on_rewind: Callable[[], None] = lambda: None
    """Told after the conversation lost its tail or files went back."""
    helpers: SessionHelpers | None = None
    """None where no other agent can work for it."""
    titles: Titles | None = None
    """Names a new conversation; None where nobody looks at titles."""
    turn_gate: asyncio.Semaphore | None = None
    """Shared by the process: how many turns may run at once."""
    stop_beside: Callable[[str], Awaitable[bool]] = _stop_nothing
    """End what runs beside the turn, by its id; False if nothing of that id does."""
    on_close: Callable[[], Awaitable[None]] | None = None
