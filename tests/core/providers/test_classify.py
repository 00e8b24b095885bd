"""Each row of the failure table, and the words that come with it."""

from __future__ import annotations

import ssl
from typing import Any

import httpx2
import pytest

from hermes_core.providers.failures.classify import TABLE, RequestFacts, classify, classify_failure
from hermes_core.providers.failures.failures import Failure, read_body, read_exception
from hermes_core.providers.failures.limits import output_cap_in, window_in

FACTS = RequestFacts(
    provider="openrouter",
    label="OpenRouter",
    model="m",
    base_url="https://openrouter.ai/api/v1",
    console="https://openrouter.ai/settings",
    key_name="OPENROUTER_API_KEY",
    key="sk-or-v1-0123456789abcdef0123",
)
LARGE = RequestFacts(est_tokens=90_000, window_tokens=200_000, message_count=10)
HUGE = RequestFacts(est_tokens=130_000, window_tokens=1_000_000, message_count=10)
LONG = RequestFacts(message_count=201)


def _said(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


# (status, body, facts, reason, retryable)
ROWS: list[tuple[int | None, Any, RequestFacts, str, bool]] = [
    (400, _said("Invalid `signature` in `thinking` block"), FACTS, "thinking_signature", False),
    (
        400,
        _said("The encrypted content for item rs_1 could not be verified."),
        FACTS,
        "thinking_signature",
        False,
    ),
    (400, _said("no", "invalid_encrypted_content"), FACTS, "thinking_signature", False),
    (None, _said("Slow down", "rate_limit_exceeded"), FACTS, "rate_limit", True),
    (429, _said("Extra usage is required for long context"), FACTS, "long_context_tier", False),
    (307, "", FACTS, "format_error", False),
    (401, _said("No auth credentials found"), FACTS, "auth", False),
    (403, _said("Forbidden"), FACTS, "auth", False),
    (400, _said("API key not valid. Please pass a valid API key."), FACTS, "auth", False),
    (402, _said("Payment required"), FACTS, "billing", False),
    (403, _said("Key limit exceeded"), FACTS, "billing", False),
    (403, _said("You hit your spending limit"), FACTS, "billing", False),
    (400, _said("Your credit balance is too low"), FACTS, "billing", False),
    (429, _said("You exceeded your current quota", "insufficient_quota"), FACTS, "billing", False),
    (429, _said("Rate limit reached"), FACTS, "rate_limit", True),
    (402, _said("Usage limit reached, resets at 10:00"), FACTS, "rate_limit", True),
    (None, _said("quota used up, try again in 5 minutes"), FACTS, "rate_limit", True),
    (400, _said("Rate limit exceeded for this model"), FACTS, "rate_limit", True),
    (503, _said("busy"), FACTS, "overloaded", True),
    (529, _said("Overloaded"), FACTS, "overloaded", True),
    (None, {"type": "error", "error": {"type": "overloaded_error"}}, FACTS, "overloaded", True),
    (500, _said("oops"), FACTS, "server_error", True),
    (502, "<html><title>502 Bad Gateway</title></html>", FACTS, "server_error", True),
    (524, "", FACTS, "server_error", True),
    (None, {"error": {"code": 502, "message": "upstream"}}, FACTS, "server_error", True),
    (408, _said("timed out"), FACTS, "timeout", True),
    (409, _said("conflict"), FACTS, "server_error", True),
    (400, _said("maximum context length is 8192 tokens"), FACTS, "context_overflow", False),
    (413, _said("prompt is too long"), FACTS, "context_overflow", False),
    (400, _said("输入过长，超出模型上下文"), FACTS, "context_overflow", False),
    (500, _said("n_ctx_slot = 4096, truncating input"), FACTS, "context_overflow", False),
    (400, _said("Error"), LARGE, "context_overflow", False),
    (400, _said("Error"), FACTS, "format_error", False),
    (413, _said("too much"), FACTS, "payload_too_large", False),
    (400, _said("Request entity too large"), FACTS, "payload_too_large", False),
    (404, _said("The model `x` does not exist"), FACTS, "model_not_found", False),
    (400, _said("x is not a valid model ID"), FACTS, "model_not_found", False),
    (400, _said("Unknown parameter: 'foo'"), FACTS, "format_error", False),
    (422, _said("extra fields not permitted"), FACTS, "format_error", False),
    (None, _said("something odd"), FACTS, "unknown", True),
]


@pytest.mark.ac("ac-9-1")
@pytest.mark.parametrize(("status", "body", "facts", "reason", "retryable"), ROWS)
def test_each_answer_gets_its_reason(
    status: int | None, body: Any, facts: RequestFacts, reason: str, retryable: bool
) -> None:
    error = classify_failure(read_body(body, status=status), facts)
    assert (error.reason, error.retryable) == (reason, retryable)


def _caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


TRANSPORT: list[tuple[Exception, RequestFacts, str, bool]] = [
    (httpx2.ReadTimeout("slow"), FACTS, "timeout", True),
    (httpx2.ConnectTimeout("slow"), FACTS, "timeout", True),
    (TimeoutError(), FACTS, "timeout", True),
    (httpx2.ConnectError("refused"), FACTS, "connection", True),
    (_caused(httpx2.ConnectError("x"), ssl.SSLError("bad")), FACTS, "connection", False),
    (httpx2.ConnectError("certificate verify failed"), FACTS, "connection", False),
    (httpx2.RemoteProtocolError("disconnected"), FACTS, "connection", True),
    (httpx2.RemoteProtocolError("disconnected"), HUGE, "context_overflow", False),
    (httpx2.ReadError("reset"), LONG, "context_overflow", False),
    (ConnectionResetError(), FACTS, "connection", True),
    (_caused(RuntimeError("wrapped"), httpx2.PoolTimeout("full")), FACTS, "timeout", True),
    (ValueError("what"), FACTS, "unknown", True),
]


@pytest.mark.ac("ac-9-1")
@pytest.mark.parametrize(("raised", "facts", "reason", "retryable"), TRANSPORT)
def test_each_transport_failure_gets_its_reason(
    raised: Exception, facts: RequestFacts, reason: str, retryable: bool
) -> None:
    error = classify(raised, facts)
    assert (error.reason, error.retryable) == (reason, retryable)


def test_every_row_of_the_table_is_reached_by_some_example() -> None:
    failures = [(read_body(body, status=status), facts) for status, body, facts, *_ in ROWS]
    failures += [(read_exception(raised), facts) for raised, facts, *_ in TRANSPORT]
    failures.append((read_body({"error": {"type": "permission_error"}}), FACTS))
    failures.append((read_body({"error": {"type": "api_error"}}), FACTS))
    reached = [next(row for row in TABLE if row.fits(*one)) for one in failures]
    assert [row for row in TABLE if row not in reached] == []


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "5"}, "", 5.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, "", 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0.0),
        ({}, "Please try again in 1.5s.", 1.5),
        ({}, "try again in 20ms", 0.02),
        ({"retry-after": "soon"}, "", None),
    ],
)
def test_the_wish_of_the_service_to_wait_is_read(
    headers: dict[str, str], text: str, seconds: float | None
) -> None:
    assert Failure(headers=headers, text=text).retry_after_s == seconds


@pytest.mark.parametrize(
    ("text", "window", "cap"),
    [
        ("prompt is too long: 208310 tokens > 200000 maximum", 200_000, None),
        (
            "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000",
            200_000,
            11_760,
        ),
        (
            "maximum context length is 8192 tokens (5000 in the messages, 4000 in the rest).",
            8_192,
            3_192,
        ),
        ("the request exceeds the available context size (4096 tokens)", 4_096, None),
        ("max_tokens too large; available_tokens: 1234", None, 1_234),
        ("n_ctx_slot = 4096, truncating input", 4_096, None),
        ("context length exceeded", None, None),
    ],
)
def test_numbers_in_overflow_texts_are_read(text: str, window: int | None, cap: int | None) -> None:
    assert (window_in(text), output_cap_in(text)) == (window, cap)


def test_a_web_page_shrinks_to_its_title_and_ray_id() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>x.ai | 524: A timeout&nbsp;occurred</title></head>"
        "<body>Cloudflare Ray ID: <strong>8f0c1d2e3f405162</strong></body></html>"
    )
    error = classify_failure(read_body(page, status=524), FACTS)
    assert str(error) == (
        "OpenRouter failed (HTTP 524): x.ai | 524: A timeout occurred (Ray ID 8f0c1d2e3f405162)"
    )


def test_the_words_of_the_provider_behind_an_aggregator_are_shown() -> None:
    body = {
        "error": {
            "message": "Provider returned error",
            "code": 400,
            "metadata": {"raw": '{"error": {"message": "prompt is too long"}}'},
        }
    }
    error = classify_failure(read_body(body), FACTS)
    assert error.reason == "context_overflow"
    assert "prompt is too long" in str(error)


def test_a_key_in_an_error_text_is_masked() -> None:
    body = _said(f"Incorrect API key provided: {FACTS.key}.")
    error = classify_failure(read_body(body, status=401), FACTS)
    assert FACTS.key not in str(error)
    assert FACTS.key not in repr(FACTS)


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        (401, "", "OPENROUTER_API_KEY"),
        (402, "", "https://openrouter.ai/settings"),
        (404, "<html>Not Found</html>", "api_mode"),
        (404, _said("No endpoints found that support tool use"), "/model"),
        (400, _said("No endpoints found that support tool use"), "https://openrouter.ai/m"),
        (400, _said("prompt is too long"), "/compress"),
    ],
)
def test_the_hint_is_the_next_step(status: int, body: Any, hint: str) -> None:
    assert hint in classify_failure(read_body(body, status=status), FACTS).hint
