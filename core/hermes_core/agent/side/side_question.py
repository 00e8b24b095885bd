"""A question about the conversation, answered beside it: no tools, nothing kept in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from hermes_core.agent.clock import Clock
from hermes_core.agent.references.attaching import joined
from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.side.auxiliary import Auxiliary, Route
from hermes_core.agent.stream.journal import Journal
from hermes_core.agent.turns.history import request_history
from hermes_core.messages import Message, Runtime
from hermes_core.providers.base import Model, ModelRequest
from hermes_core.providers.facts.pricing import Price
from hermes_core.providers.resolve import Resolution

TASK = "side_question"
"""Names it in events and usage."""
ATTEMPTS = 2
TIMEOUT_S = 120.0
_HOW = (
    "The last message is a question on the side. Answer it in one go from what you know and "
    "from the conversation. You have no tools, your answer is shown beside the conversation, "
    "and you will not remember it: do not go on with the work."
)


class SideQuestions:
    """Answers them with the conversation's own model.

    Args:
        journal: Of the session; counts what it takes.
        conversation: Read, never changed.
        clock: Time.
        resolution: Who answers the conversation now.
        open_model: Makes the client, or finds it.
        estimate: Tokens of a request.
        price: What tokens cost.
        budget: What the conversation may cost.
    """

    def __init__(
        self,
        journal: Journal,
        conversation: Conversation,
        *,
        clock: Clock,
        resolution: Callable[[], Resolution],
        open_model: Callable[[Resolution], Model],
        estimate: Callable[[ModelRequest], int],
        price: Price,
        budget: Budget | None = None,
    ) -> None:
        self._talk = conversation

        def routes(task: str) -> tuple[Route, ...]:
            asked = resolution()
            return (
                Route(
                    open_model=lambda: open_model(asked),
                    runtime=conversation.runtime,
                    timeout_s=TIMEOUT_S,
                ),
            )

        self._auxiliary = Auxiliary(
            journal, clock=clock, routes=routes, estimate=estimate, price=price, budget=budget
        )

    def answer(self, question: str) -> Callable[[], Awaitable[str]]:
        """Copy the history as it is now; calling the result brings the answer.

        That call raises `AuxiliaryFailed` if no answer came.
        """
        talk = self._talk
        said = [joined(message, talk.contexts) for message in talk.messages]
        system, effort, tier = talk.system, talk.effort, talk.service_tier

        def make(runtime: Runtime, halvings: int) -> ModelRequest:
            kept = said[len(said) - (len(said) >> halvings) :]
            asked = Message(role="user", content=question)
            return ModelRequest(
                runtime=runtime,
                system=system,
                messages=request_history([*kept, asked]),
                ephemeral_system=_HOW,
                reasoning_effort=effort,
                service_tier=tier,
            )

        return partial(self._auxiliary.ask, TASK, make, attempts=ATTEMPTS)
