"""A compactor on a real store, asked without a session around it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hermes_core.agent.cancel import TurnCancel
from hermes_core.agent.clock import Clock
from hermes_core.agent.compaction.compactor import Compactor, CompactorParts
from hermes_core.agent.sessions.conversation import Conversation
from hermes_core.agent.side.auxiliary import Auxiliary, Route
from hermes_core.agent.stream.journal import Journal
from hermes_core.config.agent_settings import CompressionSettings
from hermes_core.events import CoreEvent
from hermes_core.messages import Message, Role, Runtime
from hermes_core.paths import Home
from hermes_core.providers.base import Model
from hermes_core.providers.facts.tokens import estimate_message, estimate_request
from hermes_core.storage.records import SessionRecord, Shortening
from hermes_core.storage.store import Store
from tests.fakes.clock import FakeClock

SESSION = "20261122_120000_0a1b2c3d"
RUNTIME = Runtime(model="scripted", provider="custom", window_tokens=128_000)


def ask(number: int, text: str = "") -> Message:
    """A message of the person."""
    return _message("user", number, text or f"ask {number}")


def say(number: int, text: str = "") -> Message:
    """An answer."""
    return _message("assistant", number, text or f"say {number}")


def _message(role: Role, number: int, content: str) -> Message:
    return Message(role=role, content=content, message_id=f"m{number}", timestamp=1_000.0 + number)


def exchange(count: int, chars: int = 200) -> list[Message]:
    """Person and agent in turn; ends with the person if `count` is odd."""
    return [(ask, say)[n % 2](n, f"words{n} " + "x" * chars) for n in range(count)]


def route(
    model: Model, runtime: Runtime = RUNTIME, *, timeout_s: float = 5.0, is_named: bool = False
) -> Route:
    """A way to ask a model of the test."""
    return Route(open_model=lambda: model, runtime=runtime, timeout_s=timeout_s, is_named=is_named)


class FailingStore:
    """The store's change of a history, failing while a test says so."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.problem: Exception | None = None

    async def compact(
        self,
        session_id: str,
        change: Shortening,
        *,
        events: Sequence[CoreEvent] = (),
        patch: dict[str, object] | None = None,
    ) -> int:
        if self.problem is not None:
            raise self.problem
        return await self.store.compact(session_id, change, events=events, patch=patch)


class CompactionRig:
    """The compactor and what a test looks at."""

    def __init__(self, compactor: Compactor, journal: Journal, store: FailingStore) -> None:
        self.compactor = compactor
        self.journal = journal
        self.store = store
        self.cancel = TurnCancel()
        self.talk: Conversation = compactor._talk
        self.done = 0

    async def shorten(self, cause: Any = "manual", **options: Any) -> bool:
        outcome = await self.compactor.shorten(
            cause, fixed_tokens=500, cancel=self.cancel, **options
        )
        return outcome == "shortened"

    async def events(self, *kinds: type) -> list[Any]:
        """The stored events of some kinds, in order."""
        await self.journal.flush()
        stored = await self.store.store.events(SESSION)
        return [event for event in stored if isinstance(event, kinds)]

    async def stored(self) -> list[Message]:
        """The model's history as a resumed session would read it."""
        await self.journal.flush()
        return await self.store.store.messages(SESSION)


@asynccontextmanager
async def compaction_rig(
    home: Home,
    messages: Sequence[Message],
    *models: Model,
    settings: CompressionSettings | None = None,
    routes: Sequence[Route] | None = None,
    runtime: Runtime = RUNTIME,
    clock: Clock | None = None,
    prompt: Callable[[], str] = lambda: "prompt, built anew",
) -> AsyncIterator[CompactionRig]:
    """Store the messages and make a compactor; `models` are asked in this order."""
    clock = clock or FakeClock()
    store = await Store.open(home)
    await store.create_session(SessionRecord(id=SESSION, source="cli", system_prompt="first"))
    await store.commit(SESSION, messages=messages)
    journal = Journal(SESSION, store, clock=clock)
    talk = Conversation(runtime=runtime, system="first", messages=list(messages))
    numbers = itertools.count(1)
    ways = list(routes) if routes is not None else [route(model) for model in models]
    auxiliary = Auxiliary(
        journal,
        clock=clock,
        routes=lambda task: ways,
        estimate=estimate_request,
    )

    async def rebuild() -> str:
        await asyncio.sleep(0)
        return prompt()

    failing = FailingStore(store)
    made: list[CompactionRig] = []

    def note_done() -> None:
        made[0].done += 1

    compactor = Compactor(
        CompactorParts(
            journal=journal,
            store=failing,
            conversation=talk,
            auxiliary=auxiliary,
            settings=settings or CompressionSettings(),
            measure=estimate_message,
            rebuild_prompt=rebuild,
            clock=clock,
            new_id=lambda: f"id{next(numbers)}",
            on_done=note_done,
        )
    )
    made.append(CompactionRig(compactor, journal, failing))
    try:
        yield made[0]
    finally:
        await journal.aclose()
        await store.aclose()
