"""Windows, caps, prices and estimates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hermes_core.messages import Attachment, Message, Runtime, ToolCall, Usage
from hermes_core.providers.base import ModelRequest
from hermes_core.providers.facts.facts import (
    DEFAULT_WINDOW_TOKENS,
    max_output_of,
    plain_id,
    shipped_facts,
    window_of,
)
from hermes_core.providers.facts.pricing import Cost, cost_of
from hermes_core.providers.facts.tokens import (
    CHARS_PER_TOKEN,
    IMAGE_TOKENS,
    TokenCounter,
    estimate_message,
    estimate_request,
    estimate_text,
)


@pytest.mark.parametrize(
    ("model", "window", "cap"),
    [
        ("claude-opus-4-20250514", 200_000, 32_000),
        ("anthropic/claude-sonnet-4.5:beta", 200_000, 64_000),
        ("GPT-5.1", 400_000, 128_000),
        ("claude-opus-4.6", 1_000_000, 128_000),
        ("claude-something-new", 200_000, 64_000),
        ("nobody/knows", DEFAULT_WINDOW_TOKENS, 128_000),
    ],
)
def test_the_longest_prefix_knows_window_and_cap(model: str, window: int, cap: int) -> None:
    assert (window_of(model), max_output_of(model)) == (window, cap)


def test_a_cost_is_the_exact_sum_of_its_buckets() -> None:
    usage = Usage(
        input_tokens=1_000, output_tokens=2_000, cache_read_tokens=10_000, cache_write_tokens=400
    )
    cost = cost_of(usage, Runtime(model="claude-sonnet-4-5-20250929", provider="anthropic"))
    assert cost.amount_usd == Decimal("0.0375")
    assert cost.status == "estimated"
    assert cost.pricing_version


@pytest.mark.parametrize(
    ("model", "provider", "usage"),
    [
        ("claude-sonnet-4-5", "openrouter", Usage(input_tokens=1)),
        ("scripted", "custom", Usage(input_tokens=1)),
        ("gpt-5.4", "openai", Usage(input_tokens=1)),
        ("gpt-5", "openai", Usage(input_tokens=1, cache_write_tokens=1)),
    ],
)
def test_a_price_that_is_not_listed_makes_the_cost_unknown(
    model: str, provider: str, usage: Usage
) -> None:
    assert cost_of(usage, Runtime(model=model, provider=provider)) == Cost()


def test_writing_to_a_cache_of_longer_life_has_no_listed_price() -> None:
    usage = Usage(cache_write_tokens=1)
    runtime = Runtime(model="claude-sonnet-4-5", provider="anthropic")
    assert cost_of(usage, runtime).status == "estimated"
    assert cost_of(usage, runtime, cache_ttl="1h") == Cost()


def test_shipped_prices_and_sizes_make_sense() -> None:
    for one in shipped_facts():
        assert one.id == plain_id(one.id)
        assert one.window
        assert one.max_output is None or one.max_output <= one.window
        assert (one.input is None) == (one.output is None)
        assert one.cache_read is None or one.input is None or one.cache_read < one.input


def _request(text: str, model: str = "m") -> ModelRequest:
    return ModelRequest(
        runtime=Runtime(model=model, provider="p"),
        system="",
        messages=(Message(role="user", content=text),),
    )


def test_text_is_never_estimated_as_nothing() -> None:
    assert estimate_text("") == 0
    assert estimate_text("a") == 1
    assert estimate_text("abcdefgh") == 2
    assert estimate_text("日本語") == 3


def test_a_picture_has_a_fixed_price_whatever_its_file() -> None:
    plain = Message(role="user", content="look")
    seen = Message(
        role="user",
        content="look",
        attachments=(Attachment(path="/nowhere.png", media_type="image/png"),),
    )
    assert estimate_message(seen) - estimate_message(plain) == IMAGE_TOKENS


def test_calls_and_tool_schemas_count() -> None:
    call = ToolCall(id="c", name="read_file", arguments="x" * 400)
    assert estimate_message(Message(role="assistant", tool_calls=(call,))) > 100
    bare = _request("hi")
    with_tools = ModelRequest(
        runtime=bare.runtime,
        system="",
        messages=bare.messages,
        tools=({"name": "t", "description": "d" * 400, "parameters": {}},),
    )
    assert estimate_request(with_tools) > estimate_request(bare) + 100


def test_reported_usage_calibrates_its_own_model_only() -> None:
    counter = TokenCounter()
    request = _request("x" * 8_000)
    assert abs(counter.estimate(request) - 2_000) < 20
    for _ in range(20):
        counter.learn(request, Usage(input_tokens=4_000))
    assert abs(counter.estimate(request) - 4_000) < 100
    assert counter.factor("other") == CHARS_PER_TOKEN


def test_small_requests_teach_nothing() -> None:
    counter = TokenCounter()
    counter.learn(_request("hello"), Usage(input_tokens=100))
    assert counter.factor("m") == CHARS_PER_TOKEN
