"""When a provider wants to be asked again, wherever it says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_core.providers.failures.failures import read_body
from hermes_core.providers.failures.reset_time import seconds_until_reset

NOW = 1_764_000_000.0  # 2025-11-24 16:00:00 UTC


def read(headers: dict[str, str], body: Any = None, text: str = "") -> float | None:
    fields = body if isinstance(body, dict) else {}
    return seconds_until_reset(headers, fields, text, now=NOW)


@pytest.mark.ac("reset-time")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "Mon, 24 Nov 2025 16:01:00 GMT"}, 60),
        ({"retry-after-ms": "1500", "retry-after": "20"}, 1.5),
        ({"x-ratelimit-reset": "1764000300"}, 300),
        ({"x-ratelimit-reset": "1764000300000"}, 300),
        ({"x-ratelimit-reset": "45"}, 45),
        ({"x-ratelimit-reset": "45", "x-ratelimit-remaining": "7"}, None),
        (
            {
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "20ms",
                "x-ratelimit-remaining-tokens": "150",
            },
            360,
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-reset": "2025-11-24T16:00:30Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
            },
            30,
        ),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"x-ratelimit-reset": "99999999"}, None),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert read(headers) == seconds


@pytest.mark.ac("reset-time")
@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"type": "usage_limit_reached", "resets_at": NOW + 7200}}, 7200),
        ({"error": {"resets_in_seconds": 90}}, 90),
        ({"error": {"resets_at": "2025-11-24T18:00:00+00:00"}}, 7200),
        ({"error": {"retry_after": "30"}}, 30),
        (
            {
                "error": {
                    "code": 429,
                    "details": [
                        {"@type": "type.googleapis.com/google.rpc.QuotaFailure"},
                        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
                    ],
                }
            },
            34,
        ),
        ({"error": {"details": [{"metadata": {"quotaResetDelay": "1h16m0.5s"}}]}}, 4560.5),
        (
            {"error": {"metadata": {"headers": {"X-RateLimit-Reset": "1764000060000"}}}},
            60,
        ),
        ({"error": {"message": "no"}}, None),
        ({"error": {"resets_at": True}}, None),
    ],
)
def test_fields(body: dict[str, Any], seconds: float | None) -> None:
    assert read({}, body) == seconds


@pytest.mark.ac("reset-time")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 20s. Visit the page.", 20),
        ("Please try again in 1m2.5s.", 62.5),
        ("Try again in 250ms", 0.25),
        ("Retry after 30 seconds", 30),
        ("rate limited, retry in 2 minutes", 120),
        ("Your limit resets in 3 hours and 5 minutes.", 11_100),
        ("usage limit; resets at 2025-11-24 17:00", 3600),
        ("Please retry later", None),
        ("5 models", None),
    ],
)
def test_words(text: str, seconds: float | None) -> None:
    assert read({}, text=text) == seconds


@pytest.mark.ac("reset-time")
def test_the_error_itself_is_believed_before_the_headers() -> None:
    headers = {"retry-after": "5"}
    assert read(headers, {"error": {"resets_at": NOW + 7200}}, "try again in 9s") == 7200
    assert read(headers, {}, "try again in 9s") == 5


def test_a_failure_carries_it() -> None:
    failure = read_body({"error": {"message": "busy", "retry_after": 12}}, status=429)
    assert failure.retry_after_s == 12


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset"]), st.text()),
    st.dictionaries(st.sampled_from(["resets_at", "retryDelay", "error"]), VALUES),
    st.text(),
)
def test_whatever_comes_is_a_span_or_nothing(
    headers: dict[str, str], body: dict[str, Any], text: str
) -> None:
    found = seconds_until_reset(headers, body, text, now=NOW)
    assert found is None or 0 <= found < 32 * 86_400
