"""What a turn works with."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from hermes_core.agent.clock import Clock
from hermes_core.agent.compaction.compactor import Compactor
from hermes_core.agent.references.attaching import Attaching
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.model_call import ModelCaller
from hermes_core.agent.turns.route import ModelRoute
from hermes_core.agent.turns.simple_turn import SimpleLimits
from hermes_core.agent.turns.tool_runner import ToolRunner
from hermes_core.messages import Usage
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.pricing import Cost
from hermes_core.tools.registry import Registry


class TurnParts(Struct, frozen=True, kw_only=True):
    """The same for all turns of a session."""

    journal: Journal
    caller: ModelCaller
    runner: ToolRunner
    compactor: Compactor
    route: ModelRoute
    tools: Registry
    clock: Clock
    new_id: Callable[[], str]
    estimate: Callable[[ModelRequest], int]
    """Tokens of a request, calibrated."""
    calibrate: Callable[[ModelRequest, Usage], None]
    """Told the reported usage of a request."""
    attaching: Attaching | None = None
    """Reads what a message refers to; None attaches nothing."""
    max_steps: int = 90
    max_output_tokens: int | None = None
    on_step: Callable[[], None] = lambda: None
    take_spent: Callable[[], tuple[Usage, list[Cost]]] = lambda: (Usage(), [])
    """What child agents spent since it was asked last; counted to the turn."""
    simple: SimpleLimits | None = None
    """How short a message is that a cheaper model may answer; None: there is no such model."""
    session_id: str = ""
