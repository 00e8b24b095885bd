"""What is left of a provider's limits, read from the headers of its answers."""

from __future__ import annotations

import pytest

from hermes_core.providers.clients import Models
from hermes_core.providers.facts.rate_limits import RateLimit, read_rate_limits
from tests.core.providers.reach import ask, collect, resolution
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

NOW = 1_764_000_000.0


@pytest.mark.ac("rate-limits")
def test_twelve_headers_are_four_buckets_and_what_is_told_in_part_is_none() -> None:
    headers = {
        f"x-ratelimit-{what}-{kind}{hour}": value
        for hour in ("", "-1h")
        for kind in ("requests", "tokens")
        for what, value in (("limit", "60"), ("remaining", "58"), ("reset", "1m30s"))
    }
    found = read_rate_limits(headers, now=NOW)
    assert [one.name for one in found] == [
        "requests", "tokens", "requests an hour", "tokens an hour",
    ]  # fmt: skip
    assert {(one.limit, one.remaining, one.resets_at) for one in found} == {(60, 58, NOW + 90)}
    part = {"x-ratelimit-limit-requests": "60", "x-ratelimit-limit-tokens": "many"}
    assert read_rate_limits(part, now=NOW) == ()
    odd = {
        "x-ratelimit-limit-tokens": "5",
        "x-ratelimit-remaining-tokens": "9",
        "x-ratelimit-reset-tokens": "soon",
    }
    assert read_rate_limits(odd, now=NOW) == (RateLimit(name="tokens", limit=5, remaining=5),)


@pytest.mark.ac("rate-limits")
def test_moments_of_anthropic_are_read() -> None:
    headers = {
        "anthropic-ratelimit-input-tokens-limit": "40000",
        "anthropic-ratelimit-input-tokens-remaining": "39000",
        "anthropic-ratelimit-input-tokens-reset": "2025-11-24T16:00:30Z",
    }
    (found,) = read_rate_limits(headers, now=NOW)
    assert (found.name, found.remaining, found.resets_at) == ("input tokens", 39_000, NOW + 30)


@pytest.mark.ac("rate-limits")
@pytest.mark.parametrize("mode", ["chat_completions", "anthropic_messages", "codex_responses"])
async def test_the_last_answer_that_says_it_counts(mode: str, model_server: ModelServer) -> None:
    def left(number: int) -> dict[str, str]:
        name = "x-ratelimit-{}-requests".format
        return {name("limit"): "9", name("remaining"): str(number)}

    model_server.add(say("a", headers=left(8)), say("b", headers=left(7)), say("c"))
    reached = resolution(model_server.base_url, api_mode=mode)
    models = Models()
    assert models.rate_limits("custom") == ()
    model = models.get(reached)
    for remaining in (8, 7, 7):
        await collect(model, ask(reached))
        assert models.rate_limits("custom") == (
            RateLimit(name="requests", limit=9, remaining=remaining),
        )
    assert models.rate_limits("openai") == ()
    await models.aclose()
