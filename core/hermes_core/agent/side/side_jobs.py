"""What a session asks models for beside its turns: summaries and a title."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from hermes_core.agent.clock import Clock
from hermes_core.agent.compaction.compactor import CompactionStore, Compactor, CompactorParts
from hermes_core.agent.compaction.limits import Limits, limits_for
from hermes_core.agent.compaction.summary_request import TASK
from hermes_core.agent.sessions.budget import Budget
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.side.auxiliary import Auxiliary, Route
from hermes_core.agent.side.auxiliary_routes import auxiliary_routes
from hermes_core.agent.side.titles import Titles, TitleStore
from hermes_core.agent.stream.journal import Journal
from hermes_core.config.loader import LoadedSettings
from hermes_core.providers.base import Model
from hermes_core.providers.facts.pricing import Price
from hermes_core.providers.facts.tokens import TokenCounter
from hermes_core.providers.keys.lookup import StoredKeys
from hermes_core.providers.resolve import Resolution


class SideStore(CompactionStore, TitleStore, Protocol):
    """The part of the store that side jobs write."""


class SideJobs:
    """Makes them from what a session has.

    Args:
        journal: Of the session.
        conversation: Of the session.
        store: Keeps summaries and titles.
        loaded: The settings and the keys.
        counter: Estimates tokens.
        clock: Time.
        main: The model of the conversation as it is now.
        open_model: Makes its client, or finds it.
        stored: Knows the keys of pools.
        rebuild_prompt: Builds the system prompt anew.
        forget_results: Told when the model has lost sight of earlier results.
        new_id: Names messages.
        price: Says what tokens cost.
        budget: What the conversation may cost.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        conversation: Conversation,
        store: SideStore,
        loaded: LoadedSettings,
        counter: TokenCounter,
        clock: Clock,
        main: Callable[[], Resolution],
        open_model: Callable[[Resolution], Model],
        stored: StoredKeys,
        rebuild_prompt: Callable[[], Awaitable[str]],
        forget_results: Callable[[], None],
        new_id: Callable[[], str],
        price: Price,
        budget: Budget,
    ) -> None:
        settings, talk = loaded.settings, conversation
        window = talk.runtime.window_tokens

        def routes(task: str) -> Sequence[Route]:
            return auxiliary_routes(
                task,
                settings,
                loaded.secrets,
                stored=stored,
                main=main(),
                runtime=talk.runtime,
                open_model=open_model,
            )

        self.warnings = tuple(_too_small(routes(TASK), limits_for(settings.compression, window)))
        """What the person should know about the models of side jobs."""
        auxiliary = Auxiliary(
            journal,
            clock=clock,
            routes=routes,
            estimate=counter.estimate,
            price=price,
            budget=budget,
        )
        self.compactor = Compactor(
            CompactorParts(
                journal=journal,
                store=store,
                conversation=talk,
                auxiliary=auxiliary,
                settings=settings.compression,
                measure=lambda message: counter.estimate_messages((message,), talk.runtime.model),
                rebuild_prompt=rebuild_prompt,
                clock=clock,
                new_id=new_id,
                on_done=forget_results,
            )
        )
        self.titles: Titles | None = None
        if settings.auxiliary.title_generation.enabled:
            self.titles = Titles(journal, store, auxiliary, talk)


def _too_small(routes: Sequence[Route], limits: Limits) -> Iterator[str]:
    """Say so if the model named for summaries cannot read what it has to summarise."""
    for route in routes:
        window = route.runtime.window_tokens
        if route.is_named and window < limits.threshold:
            yield (
                f"{route.runtime.model}, set for summaries, reads {window:,} tokens; a summary "
                f"begins at {limits.threshold:,}, so it would see the conversation in parts cut "
                "short. Name a larger model in auxiliary.compression, or lower "
                "compression.threshold."
            )
