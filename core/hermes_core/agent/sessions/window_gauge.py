"""How full the window is while no provider has counted it: after opening, after a rewind."""

from __future__ import annotations

from collections.abc import Callable

from hermes_core.agent.compaction.limits import Limits
from hermes_core.agent.context_shares import context_shares
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.stream.journal import Journal
from hermes_core.events import ContextGauge
from hermes_core.providers.facts.tokens import TokenCounter
from hermes_core.tools.registry import Registry


class WindowGauge:
    """Tells listeners an estimate.

    Args:
        journal: Where it is told.
        talk: What is measured.
        tools: Whose descriptions go with each request.
        counter: Estimates, calibrated.
        limits: Of the model that answers now.
    """

    def __init__(
        self,
        journal: Journal,
        talk: Conversation,
        tools: Registry,
        *,
        counter: TokenCounter,
        limits: Callable[[], Limits],
    ) -> None:
        self._journal = journal
        self._talk = talk
        self._tools = tools
        self._counter = counter
        self._limits = limits

    def tell(self) -> None:
        """Say how large the next request is, before anything is added to it."""
        shares = context_shares(
            self._talk.system,
            [tool.schema() for tool in self._tools],
            self._talk.messages,
            counter=self._counter,
            model=self._talk.runtime.model,
        )
        limits = self._limits()
        self._journal.emit(
            ContextGauge(
                used=sum(share.tokens for share in shares),
                window=limits.window,
                threshold=limits.threshold,
            )
        )
