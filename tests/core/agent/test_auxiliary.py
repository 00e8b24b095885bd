"""Side jobs: who is asked, what is counted, and how little a failure costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hermes_core.agent.side.auxiliary import Auxiliary, AuxiliaryFailed, Route
from hermes_core.agent.side.auxiliary_routes import auxiliary_routes
from hermes_core.agent.stream.journal import Journal
from hermes_core.config.loader import load_settings
from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import HermesError, ProviderError
from hermes_core.events import CoreEvent, Notice, RequestFailed, RequestFinished, RequestStarted
from hermes_core.messages import Message, Runtime
from hermes_core.paths import Home
from hermes_core.providers.base import Model, ModelRequest
from hermes_core.providers.facts.tokens import estimate_request
from hermes_core.providers.keys.lookup import KeySource
from hermes_core.providers.resolve import Resolution, resolve
from hermes_core.storage.records import SessionRecord
from hermes_core.storage.store import Store
from tests.core.agent.compaction_rig import SESSION, route
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_provider import ScriptedProvider, text, usage

BUSY = ProviderError("busy", reason="overloaded", status=529, retryable=True)
NO_KEY = ProviderError("bad key", reason="auth", status=401)


class Bench:
    """An auxiliary with its journal on a real store."""

    def __init__(self, auxiliary: Auxiliary, journal: Journal, store: Store) -> None:
        self.auxiliary = auxiliary
        self.journal = journal
        self.store = store
        self.clock: FakeClock

    async def ask(self, attempts: int = 1) -> str:
        return await self.auxiliary.ask("compression", request, attempts=attempts)

    async def events(self, *kinds: type) -> list[Any]:
        await self.journal.flush()
        stored: list[CoreEvent] = await self.store.events(SESSION)
        return [event for event in stored if isinstance(event, kinds)]


def request(runtime: Runtime, halvings: int) -> ModelRequest:
    content = "x" * (64 >> halvings)
    return ModelRequest(
        runtime=runtime, system="s", messages=(Message(role="user", content=content),)
    )


@asynccontextmanager
async def bench(home: Home, *routes: Route) -> AsyncIterator[Bench]:
    clock = FakeClock()
    store = await Store.open(home)
    await store.create_session(SessionRecord(id=SESSION))
    journal = Journal(SESSION, store, clock=clock)
    auxiliary = Auxiliary(
        journal, clock=clock, routes=lambda task: routes, estimate=estimate_request
    )
    made = Bench(auxiliary, journal, store)
    made.clock = clock
    try:
        yield made
    finally:
        await journal.aclose()
        await store.aclose()


async def test_answer_comes_without_its_thinking_and_is_counted(home: Home) -> None:
    model = ScriptedProvider(text("<think>hm</think>", " the notes ", used=usage(50, 7)))
    async with bench(home, route(model)) as b:
        assert await b.ask() == "the notes"
        (finished,) = await b.events(RequestFinished)
        assert (finished.purpose, finished.usage.requests) == ("compression", 1)
        assert (await b.store.session(SESSION)).output_tokens == 7
    assert model.request.purpose == "compression"


async def test_busy_model_is_asked_again_after_a_growing_pause(home: Home) -> None:
    model = ScriptedProvider(BUSY, BUSY, text("notes"))
    async with bench(home, route(model)) as b:
        assert await b.ask(3) == "notes"
        assert b.clock.slept == [2.0, 4.0]
        actions = [e.next_action for e in await b.events(RequestFailed)]
        assert actions == ["retry", "retry"]


async def test_every_request_that_began_is_closed_once(home: Home) -> None:
    model = ScriptedProvider(BUSY, text(""), text("notes"))
    async with bench(home, route(model)) as b:
        await b.ask(3)
        assert len(await b.events(RequestStarted)) == 3
        assert len(await b.events(RequestFinished, RequestFailed)) == 3


async def test_material_is_halved_after_an_overflow(home: Home) -> None:
    model = ScriptedProvider(
        ProviderError("too long", reason="context_overflow", status=400), text("notes")
    )
    async with bench(home, route(model)) as b:
        await b.ask(2)
    assert [len(one.messages[0].content) for one in model.requests] == [64, 32]


@pytest.mark.ac("ac-16-1")
async def test_side_model_that_fails_is_replaced_with_one_warning(home: Home) -> None:
    side = ScriptedProvider(NO_KEY, NO_KEY)
    main = ScriptedProvider(text("one"), text("two"))
    async with bench(home, route(side, is_named=True), route(main)) as b:
        assert await b.ask(3) == "one"
        assert await b.ask(3) == "two"
        assert [e.code for e in await b.events(Notice)] == ["auxiliary_failed"]


async def test_model_too_slow_for_its_time_is_not_asked_again(home: Home) -> None:
    model = ScriptedProvider([asyncio.Event()])
    async with bench(home, route(model, timeout_s=0.02)) as b:
        with pytest.raises(AuxiliaryFailed, match="No answer within"):
            await b.ask(3)
        assert [e.reason for e in await b.events(RequestFailed)] == ["timeout"]


async def test_without_any_route_the_job_fails_and_says_so(home: Home) -> None:
    async with bench(home) as b:
        with pytest.raises(AuxiliaryFailed, match="no model"):
            await b.ask()


# --- who is asked ----------------------------------------------------------------------


class NoKeys:
    """Keys a test writes down."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._keys = keys or {}

    def get(self, name: str) -> str | None:
        return self._keys.get(name)


LOCAL = {"provider": "custom", "base_url": "http://127.0.0.1:9/v1", "default": "own-model"}
KEYS = NoKeys({"OPENROUTER_API_KEY": "sk-or-a", "ANTHROPIC_API_KEY": "sk-ant-a"})


def routes_for(
    task: str, auxiliary: Mapping[str, Any], *, keys: KeySource = KEYS
) -> tuple[Sequence[Route], list[Resolution]]:
    """The routes, and the resolutions whose client was opened."""
    settings = Settings.model_validate({"model": LOCAL, "auxiliary": dict(auxiliary)})
    main = resolve(settings, keys)
    opened: list[Resolution] = []

    def open_model(resolution: Resolution) -> Model:
        opened.append(resolution)
        return ScriptedProvider()

    found = auxiliary_routes(
        task, settings, keys, main=main, runtime=main.runtime, open_model=open_model
    )
    return found, opened


@pytest.mark.ac("auxiliary-main")
@pytest.mark.parametrize("provider", ["", "auto", "main"])
def test_conversations_own_model_does_it_although_another_key_is_there(provider: str) -> None:
    found, opened = routes_for("title_generation", {"title_generation": {"provider": provider}})
    assert [one.runtime.model for one in found] == ["own-model"]
    found[0].open_model()
    assert opened[0].runtime.base_url == "http://127.0.0.1:9/v1"
    assert found[0].timeout_s == 30.0


def test_named_provider_comes_first_and_the_own_model_after_it() -> None:
    wanted = {"compression": {"provider": "openrouter", "model": "google/gemini", "timeout": 9}}
    found, opened = routes_for("compression", wanted)
    assert [one.runtime.provider for one in found] == ["openrouter", "custom"]
    assert [one.is_named for one in found] == [True, False]
    assert found[0].timeout_s == 9
    found[0].open_model()
    assert opened[0].credential.value == "sk-or-a"


@pytest.mark.ac("auxiliary-cheap")
@pytest.mark.parametrize(
    ("provider", "asked", "model"),
    [
        ("openrouter", "openrouter", "google/gemini-3-flash-preview"),
        ("anthropic", "anthropic", "claude-haiku-4-5"),
        ("or", "openrouter", "google/gemini-3-flash-preview"),
    ],
)
def test_a_provider_named_without_a_model_is_asked_for_its_cheap_one(
    provider: str, asked: str, model: str
) -> None:
    keys = Secrets({"OPENROUTER_API_KEY": "sk-or-a", "ANTHROPIC_API_KEY": "sk-ant-b"}, {})
    found, _ = routes_for("compression", {"compression": {"provider": provider}}, keys=keys)
    assert (found[0].runtime.provider, found[0].runtime.model) == (asked, model)


@pytest.mark.ac("auxiliary-cheap")
def test_codex_is_short_for_the_provider_behind_a_plan() -> None:
    found, _ = routes_for("compression", {"compression": {"provider": "codex"}}, keys=NoKeys())
    with pytest.raises(HermesError, match="OpenAI Codex"):
        found[0].open_model()


def test_address_wins_over_the_provider_and_gets_its_own_key_alone() -> None:
    wanted = {
        "compression": {
            "provider": "openrouter",
            "model": "small",
            "base_url": "http://127.0.0.1:7/v1",
            "api_key": "sk-small",
            "context_length": 9_000,
        }
    }
    found, opened = routes_for("compression", wanted)
    found[0].open_model()
    assert opened[0].runtime.base_url == "http://127.0.0.1:7/v1"
    assert opened[0].credential.value == "sk-small"
    assert found[0].runtime.window_tokens == 9_000


def test_provider_without_a_key_fails_when_it_is_asked_not_before() -> None:
    wanted = {"compression": {"provider": "anthropic", "model": "claude"}}
    found, _ = routes_for("compression", wanted, keys=NoKeys())
    assert len(found) == 2
    with pytest.raises(HermesError):
        found[0].open_model()


def test_demo_model_is_not_asked_to_summarise() -> None:
    settings = Settings.model_validate({"model": {"provider": "demo"}})
    main = resolve(settings, NoKeys())
    found = auxiliary_routes(
        "compression",
        settings,
        NoKeys(),
        main=main,
        runtime=main.runtime,
        open_model=lambda resolution: ScriptedProvider(),
    )
    assert found == []


def test_environment_names_the_side_model(home: Home) -> None:
    environ = {
        "AUXILIARY_COMPRESSION_MODEL": "small",
        "AUXILIARY_TITLE_GENERATION_PROVIDER": "main",
    }
    loaded = load_settings(home, environ=environ)
    assert loaded.settings.auxiliary.compression.model == "small"
    assert loaded.settings.auxiliary.title_generation.provider == "main"
    assert loaded.warnings == ()
