"""Facts about models that were fetched: read, kept, asked for, and never in the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import ProviderError
from hermes_core.messages import Runtime, Usage
from hermes_core.providers.clients import open_model
from hermes_core.providers.facts.facts import ModelFacts
from hermes_core.providers.facts.listings import read_listing, read_models_dev
from hermes_core.providers.facts.model_catalogue import MAX_AGE_S, RETRY_S, ModelCatalogue
from hermes_core.providers.facts.pricing import Cost, cost_of
from hermes_core.providers.records import records
from hermes_core.providers.resolve import resolve
from tests.core.providers.reach import resolution
from tests.fakes.model_server.server import ModelServer
from tests.support import until

OPENAI = "https://api.openai.com/v1"
# In the form of models.dev, "API"; the numbers are made up.
PUBLIC = {
    "openai": {
        "id": "openai",
        "models": {
            "gpt-9": {
                "id": "gpt-9",
                "tool_call": True,
                "reasoning": True,
                "modalities": {"input": ["text", "image"], "output": ["text"]},
                "limit": {"context": 500_000, "output": 64_000},
                "cost": {"input": 1.5, "output": 6, "cache_read": 0.15},
            },
            "gpt-9-long": {
                "limit": {"context": 2_000_000, "output": 64_000},
                "cost": {"input": 1, "output": 2, "context_over_200k": {"input": 2, "output": 4}},
            },
            "gpt-image": {"limit": {"context": 0, "output": 0}},
        },
    },
    "someone-else": {"models": {"x": {"limit": {"context": 9_000}}}},
}


class PublicSite:
    """Serves the public catalogue, or fails."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.asked = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked += 1
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api.json"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def site() -> Iterator[PublicSite]:
    found = PublicSite(json.dumps(PUBLIC).encode())
    yield found
    found.close()


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def _catalogue(folder: Path, url: str = "http://127.0.0.1:1/", **fields: Any) -> ModelCatalogue:
    allowed = {"public": True, "endpoints": True, **fields}
    return ModelCatalogue(lambda: folder, url=url, **allowed)


@pytest.mark.ac("catalogue-public")
async def test_fetched_facts_are_kept_with_their_date(tmp_path: Path, site: PublicSite) -> None:
    clock = Clock()
    first = _catalogue(tmp_path, site.url, now=clock)
    assert first.facts("openai", OPENAI, "gpt-9") is None
    await first.refresh()
    again = _catalogue(tmp_path, now=clock)
    for one in (first, again):
        facts = one.facts("openai", OPENAI, "gpt-9")
        assert facts is not None
        assert (facts.window, facts.max_output) == (500_000, 64_000)
        assert (facts.tools, facts.vision, facts.reasoning) == (True, True, True)
        assert (facts.source, facts.checked) == ("models_dev", "2026-09-21")
    assert not (tmp_path / "models" / "someone-else.json").exists()


@pytest.mark.ac("catalogue-public")
async def test_a_day_passes_before_it_is_fetched_again(tmp_path: Path, site: PublicSite) -> None:
    clock = Clock()
    catalogue = _catalogue(tmp_path, site.url, now=clock)
    for step, asked in ((0.0, 1), (MAX_AGE_S - 1, 1), (2.0, 2)):
        clock.now += step
        await catalogue.refresh()
        assert site.asked == asked


@pytest.mark.ac("catalogue-off")
async def test_nothing_is_fetched_where_that_is_not_allowed(
    tmp_path: Path, site: PublicSite
) -> None:
    server = await ModelServer().start()
    catalogue = _catalogue(tmp_path, site.url, public=False, endpoints=False)
    await catalogue.refresh()
    reached = resolution(server.base_url)
    model = open_model(reached)
    await catalogue.learn(reached, model)
    await model.aclose()
    await server.aclose()
    assert (site.asked, server.connections) == (0, 0)
    assert not (tmp_path / "models").exists()


@pytest.mark.ac("catalogue-failure")
@pytest.mark.parametrize(("body", "status"), [(b"busy", 503), (b"<html>", 200), (b"[]", 200)])
async def test_a_failure_leaves_the_old_facts_and_waits(
    tmp_path: Path, site: PublicSite, body: bytes, status: int
) -> None:
    clock = Clock()
    await _catalogue(tmp_path, site.url, now=clock).refresh()
    clock.now += MAX_AGE_S
    broken = PublicSite(body, status)
    catalogue = _catalogue(tmp_path, broken.url, now=clock)
    for step, asked in ((0.0, 1), (RETRY_S - 1, 1), (2.0, 2)):
        clock.now += step
        await catalogue.refresh()
        assert broken.asked == asked
    broken.close()
    assert catalogue.window("openai", OPENAI, "gpt-9") == 500_000


async def test_a_broken_file_is_no_facts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "openai.json").write_text("{half")
    assert _catalogue(tmp_path).facts("openai", OPENAI, "gpt-9") is None
    assert "cannot be read" in caplog.text


@pytest.mark.ac("catalogue-public")
async def test_facts_hold_for_the_providers_own_address_alone(
    tmp_path: Path, site: PublicSite
) -> None:
    catalogue = _catalogue(tmp_path, site.url)
    await catalogue.refresh()
    assert catalogue.window("openai", "https://relay.example/v1", "gpt-9") is None
    assert catalogue.window("custom", OPENAI, "gpt-9") is None


LLAMA = {"id": "m.gguf", "meta": {"n_ctx_train": 131_072, "n_ctx": 8_192}}
VLLM = {"id": "m", "max_model_len": 32_768}
ROUTER = {
    "id": "vendor/m",
    "context_length": 200_000,
    "top_provider": {"context_length": 100_000, "max_completion_tokens": 8_000},
    "supported_parameters": ["tools", "temperature"],
    "architecture": {"input_modalities": ["text"]},
    "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
}


@pytest.mark.ac("catalogue-endpoint")
@pytest.mark.parametrize(
    ("entry", "window"),
    [
        (LLAMA, 8_192),
        (VLLM, 32_768),
        ({"id": "m", "max_context_length": 4_096}, 4_096),
        (ROUTER, 100_000),
        ({"id": "m"}, None),
        ({"id": "m", "context_length": 12}, None),
        ({"id": "m", "context_length": True}, None),
        ({"id": "m", "context_length": "8192"}, None),
    ],
)
def test_the_window_an_endpoint_really_serves_is_read(
    entry: dict[str, Any], window: int | None
) -> None:
    (facts,) = read_listing({"data": [entry]})
    assert facts.window == window


@pytest.mark.ac("catalogue-endpoint")
def test_prices_per_token_become_prices_per_million() -> None:
    (facts,) = read_listing({"data": [ROUTER]})
    assert (facts.input, facts.output) == (Decimal(3), Decimal(15))
    assert (facts.cache_read, facts.cache_write) == (Decimal("0.3"), None)
    assert (facts.tools, facts.reasoning, facts.vision) == (True, False, False)
    assert facts.max_output == 8_000


@pytest.mark.parametrize(
    "pricing", [{"prompt": "-1", "completion": "-1"}, {"prompt": "1"}, {"prompt": "x"}, [], None]
)
def test_a_price_that_is_none_stays_unknown(pricing: Any) -> None:
    (facts,) = read_listing({"data": [{"id": "m", "pricing": pricing}]})
    assert (facts.input, facts.output) == (None, None)


@pytest.mark.parametrize("answer", [None, [], {"data": None}, {"data": [1, {"id": 2}, {}]}])
def test_an_odd_list_is_empty(answer: Any) -> None:
    assert read_listing(answer) == ()


def test_a_price_that_depends_on_the_length_is_unknown() -> None:
    found = {one.id: one for one in read_models_dev(json.dumps(PUBLIC).encode())["openai"]}
    assert found["gpt-9"].input == Decimal("1.5")
    assert found["gpt-9-long"].input is None
    assert found["gpt-image"].window is None
    with pytest.raises(msgspec.DecodeError):
        read_models_dev(b"[1]")


@pytest.mark.ac("catalogue-endpoint")
async def test_what_an_endpoint_says_decides_the_next_window(tmp_path: Path) -> None:
    server = await ModelServer(models=[VLLM]).start()
    catalogue = _catalogue(tmp_path)
    settings = Settings.model_validate({"model": {"base_url": server.base_url, "default": "m"}})

    def window() -> int:
        return resolve(settings, Secrets({}, {}), windows=catalogue).runtime.window_tokens

    assert window() == 128_000
    reached = resolve(settings, Secrets({}, {}))
    model = open_model(reached)
    await catalogue.learn(reached, model)
    await catalogue.learn(reached, model)
    await model.aclose()
    await server.aclose()
    assert window() == 32_768
    assert server.connections == 1


@pytest.mark.ac("catalogue-endpoint")
def test_a_written_window_wins_over_a_fetched_one(tmp_path: Path) -> None:
    class Fetched:
        def wire(self, provider: str, base_url: str, model: str) -> str:
            return ""

        def window(self, provider: str, base_url: str, model: str) -> int | None:
            """Always the same."""
            return 50_000

    model = {"base_url": "http://127.0.0.1:1/v1", "default": "m", "context_length": 9_000}
    settings = Settings.model_validate({"model": model})

    def window(name: str | None) -> int:
        found = resolve(settings, Secrets({}, {}), model=name, windows=Fetched())
        return found.runtime.window_tokens

    assert window(None) == 9_000
    assert window("other") == 50_000


class Silent:
    """An endpoint that never answers, or fails."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    async def served_facts(self) -> tuple[ModelFacts, ...]:
        """Do what the test says."""
        found: tuple[ModelFacts, ...] = await self._answer()
        return found


@pytest.mark.ac("catalogue-failure")
async def test_an_endpoint_that_refuses_its_list_is_left_alone(tmp_path: Path) -> None:
    asked = 0

    async def refuse() -> tuple[ModelFacts, ...]:
        nonlocal asked
        asked += 1
        raise ProviderError("no", reason="auth")

    catalogue = _catalogue(tmp_path)
    reached = resolution("http://127.0.0.1:1/v1")
    for _ in range(2):
        await catalogue.learn(reached, Silent(refuse))
    assert asked == 1


async def test_a_vendor_whose_list_names_no_sizes_is_not_asked(tmp_path: Path) -> None:
    reached = resolution(OPENAI, provider="openai")
    await _catalogue(tmp_path).learn(reached, Silent(asyncio.Event().wait))


@pytest.mark.ac("catalogue-begin")
async def test_looking_around_begins_once_and_in_the_background(
    tmp_path: Path, site: PublicSite
) -> None:
    asked = 0

    async def answer() -> tuple[ModelFacts, ...]:
        nonlocal asked
        asked += 1
        return (ModelFacts(id="m", window=32_768),)

    catalogue = _catalogue(tmp_path, site.url, begin_after_s=0.0)
    reached = resolution("http://127.0.0.1:1/v1")
    for _ in range(3):
        catalogue.begin(reached, Silent(answer))
    assert asked == 0
    await until(lambda: catalogue.window("openai", OPENAI, "gpt-9") == 500_000)
    await catalogue.aclose()
    assert catalogue.window("custom", "http://127.0.0.1:1/v1", "m") == 32_768
    assert (asked, site.asked) == (1, 1)


@pytest.mark.ac("catalogue-begin")
async def test_a_short_life_fetches_nothing(tmp_path: Path, site: PublicSite) -> None:
    catalogue = _catalogue(tmp_path, site.url)
    catalogue.begin(resolution("http://127.0.0.1:1/v1"), Silent(asyncio.Event().wait))
    await asyncio.sleep(0)
    await catalogue.aclose()
    assert site.asked == 0


@pytest.mark.ac("catalogue-cost")
async def test_a_cost_comes_from_fetched_prices_of_the_very_model(
    tmp_path: Path, site: PublicSite
) -> None:
    catalogue = _catalogue(tmp_path, site.url, now=Clock())
    await catalogue.refresh()
    runtime = Runtime(model="gpt-9", provider="openai", base_url=OPENAI)
    known = catalogue.facts("openai", OPENAI, "gpt-9")
    usage = Usage(input_tokens=1_000_000, output_tokens=500_000)
    cost = cost_of(usage, runtime, known=known)
    assert (cost.amount_usd, cost.source) == (Decimal("4.5"), "models_dev")
    assert cost.pricing_version == "2026-09-21"
    variant = catalogue.facts("openai", OPENAI, "gpt-9:free")
    assert variant is not None
    assert variant.window == 500_000
    assert cost_of(usage, runtime, known=variant) == Cost()


def test_every_catalogue_id_is_named_once() -> None:
    named = [one.catalogue_id for one in records().values() if one.catalogue_id]
    assert len(named) == len(set(named))


@pytest.mark.ac("catalogue-endpoint")
def test_the_list_behind_a_plan_comes_in_its_order_without_what_is_hidden() -> None:
    answer = {
        "models": [
            {"slug": "gpt-later", "priority": 9, "visibility": "list"},
            {"slug": "gpt-first", "priority": 1, "visibility": "list", "context_window": 272_000},
            {"slug": "gpt-secret", "priority": 0, "visibility": "hide"},
            {"slug": "gpt-unranked"},
            {"name": "no slug"},
            "odd",
        ]
    }
    found = read_listing(answer)
    assert [one.id for one in found] == ["gpt-first", "gpt-later", "gpt-unranked"]
    assert found[0].window == 272_000
