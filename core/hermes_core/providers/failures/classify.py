"""The one table that says what a failed request means.

Rows are tried from the top, the first that fits wins. A row fits when all it states
fits: the status, one of its exception names, one of its phrases, its condition.
Nothing here retries; the engine reads `reason`, `retryable` and `retry_after_s`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hermes_core.errors import ProviderError
from hermes_core.providers.failures.failures import Failure, read_exception
from hermes_core.providers.failures.hints import describe, hint_for
from hermes_core.providers.failures.limits import output_cap_in, window_in
from hermes_core.security.redaction import Redactor

USUAL_TIER_TOKENS = 200_000
"""What a plan without the long context takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What was asked of whom. The key is here only to be masked."""

    provider: str = ""
    label: str = ""
    model: str = ""
    base_url: str = ""
    console: str = ""
    key_name: str = ""
    """The variable or setting the key came from."""
    key: str = field(default="", repr=False)
    is_login: bool = False
    """The key is that of a login."""
    est_tokens: int = 0
    window_tokens: int = 128_000
    message_count: int = 0
    is_local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    reason: str
    retryable: bool = False
    status: frozenset[int | None] | None = None
    """Statuses it fits; None fits any, a None inside fits a missing one."""
    phrases: re.Pattern[str] | None = None
    """Searched in code and text, lower case."""
    kinds: frozenset[str] = frozenset()
    """Exception class names of which one must be in the chain."""
    when: Callable[[Failure, RequestFacts], bool] | None = None

    def fits(self, failure: Failure, facts: RequestFacts) -> bool:
        """Whether everything the row states is so."""
        return (
            (self.status is None or failure.status in self.status)
            and (not self.kinds or bool(self.kinds & failure.kinds))
            and (self.phrases is None or self.phrases.search(failure.words) is not None)
            and (self.when is None or self.when(failure, facts))
        )


def _status(*wanted: int | None) -> frozenset[int | None]:
    return frozenset(wanted)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _is_large_for_400(failure: Failure, facts: RequestFacts) -> bool:
    return len(failure.text) < 30 and (
        facts.est_tokens > min(0.4 * facts.window_tokens, 80_000) or facts.message_count > 80
    )


def _is_large_for_disconnect(failure: Failure, facts: RequestFacts) -> bool:
    return facts.est_tokens > min(0.6 * facts.window_tokens, 120_000) or facts.message_count > 200


_CLIENT_ERRORS = frozenset(range(400, 500))
_SERVER_ERRORS = frozenset(range(500, 600))

_OVERFLOW = re.compile(
    r"context[ _-]?(?:length|window|size|limit)|context_length_exceeded|prompt is too long"
    r"|prompt too long|too many (?:input )?tokens|max_model_len|n_ctx|truncating input"
    r"|maximum (?:prompt|input) length|input is too long|input length .{0,40}exceed"
    r"|exceeds? the (?:model'?s )?(?:maximum|available) (?:number of )?(?:context|tokens)"
    r"|range of input length|上下文|超过最大长度|输入过长|超出.{0,8}长度"
)
_TRANSIENT = r"(?:try again|resets? (?:at|in)|retry|wait|window|per (?:minute|hour|day))"
_LIMIT = r"(?:usage limit|quota)"

TABLE: tuple[Row, ...] = (
    Row(
        reason="thinking_signature",
        status=_status(400),
        phrases=re.compile(
            r"signature.*thinking|thinking.*signature|invalid_encrypted_content"
            r"|encrypted content .{0,80}could not be (?:verified|decrypted)"
        ),
    ),
    Row(
        reason="long_context_tier",
        status=_status(429),
        phrases=re.compile(r"extra usage.*long context|long context.*extra usage"),
    ),
    Row(
        reason="rate_limit",
        retryable=True,
        status=_status(402, None),
        phrases=re.compile(rf"{_LIMIT}.*{_TRANSIENT}|{_TRANSIENT}.*{_LIMIT}"),
    ),
    Row(reason="billing", status=_status(402)),
    Row(
        reason="billing",
        status=_status(403),
        phrases=re.compile(r"key limit exceeded|spending limit"),
    ),
    Row(
        reason="billing",
        phrases=re.compile(
            r"insufficient[_ ](?:quota|credits?|balance|funds)|credit balance is too low"
            r"|billing_hard_limit|out of credits?|exceeded your current quota|requires more credits"
            r"|payment required"
        ),
    ),
    Row(reason="format_error", status=frozenset(range(300, 400))),
    Row(reason="auth", status=_status(401)),
    Row(reason="rate_limit", retryable=True, status=_status(429)),
    Row(
        reason="context_overflow",
        status=_status(400, 413, 422, 500, None),
        phrases=_OVERFLOW,
    ),
    Row(
        reason="payload_too_large",
        status=_status(413),
    ),
    Row(
        reason="payload_too_large",
        status=_status(400, None),
        phrases=re.compile(
            r"request_too_large|payload too large|request entity too large|body too large"
        ),
    ),
    Row(
        reason="auth",
        status=_status(400, None),
        phrases=re.compile(
            r"invalid[_ ]api[_ ]key|api key not valid|authentication_error|incorrect api key"
            r"|invalid x-api-key|unauthorized"
        ),
    ),
    Row(
        reason="model_not_found",
        status=_status(400, 403, 422, None),
        phrases=re.compile(
            r"model_not_found|invalid model|unknown model|not a valid model|no such model"
            r"|model `?'?\S+ (?:does not exist|not found)|model not (?:exist|found)"
            r"|unsupported model"
        ),
    ),
    Row(reason="auth", status=_status(403)),
    Row(reason="auth", status=_status(None), phrases=re.compile(r"permission_error")),
    Row(
        reason="rate_limit",
        retryable=True,
        status=_status(400, None),
        phrases=re.compile(r"rate[_ ]limit|too many requests|throttl"),
    ),
    Row(reason="model_not_found", status=_status(404)),
    Row(reason="timeout", retryable=True, status=_status(408)),
    Row(reason="server_error", retryable=True, status=_status(409)),
    Row(reason="context_overflow", status=_status(400), when=_is_large_for_400),
    Row(reason="format_error", status=_CLIENT_ERRORS),
    Row(reason="overloaded", retryable=True, status=_status(503, 529)),
    Row(
        reason="overloaded",
        retryable=True,
        status=_status(None, *_SERVER_ERRORS),
        phrases=re.compile(r"overloaded"),
    ),
    Row(reason="server_error", retryable=True, status=_SERVER_ERRORS),
    Row(
        reason="server_error",
        retryable=True,
        status=_status(None),
        phrases=re.compile(r"server_error|api_error|internal error|bad gateway"),
    ),
    Row(
        reason="connection",
        kinds=_names("SSLError SSLCertVerificationError"),
    ),
    Row(
        reason="connection",
        phrases=re.compile(r"certificate verify failed|ssl: "),
        kinds=_names("ConnectError APIConnectionError TransportError"),
    ),
    Row(
        reason="timeout",
        retryable=True,
        kinds=_names("TimeoutException APITimeoutError TimeoutError"),
    ),
    Row(reason="connection", retryable=True, kinds=_names("ConnectError gaierror")),
    Row(
        reason="context_overflow",
        kinds=_names("RemoteProtocolError ReadError ConnectionResetError"),
        when=_is_large_for_disconnect,
    ),
    Row(
        reason="connection",
        retryable=True,
        kinds=_names("TransportError APIConnectionError OSError"),
    ),
    Row(reason="unknown", retryable=True),
)


def classify(error: BaseException, facts: RequestFacts) -> ProviderError:
    """Turn whatever a client raised into our error."""
    return classify_failure(read_exception(error), facts)


def classify_failure(failure: Failure, facts: RequestFacts) -> ProviderError:
    """Look the failure up in the table.

    Returns:
        The error to raise: one sentence with the service's own words, the key masked,
        and the next step as its hint.
    """
    row = next(row for row in TABLE if row.fits(failure, facts))
    return named_error(row.reason, failure, facts, retryable=row.retryable)


def named_error(
    reason: str, failure: Failure, facts: RequestFacts, *, retryable: bool
) -> ProviderError:
    """Return the error of a reason that is already known."""
    masked = Redactor([facts.key] if facts.key else []).redact
    is_overflow = reason == "context_overflow"
    window = window_in(failure.text) if is_overflow else None
    return ProviderError(
        masked(describe(reason, failure, facts)),
        reason=reason,
        status=failure.status,
        retry_after_s=failure.retry_after_s,
        retryable=retryable,
        hint=masked(hint_for(reason, failure, facts)),
        window_tokens=USUAL_TIER_TOKENS if reason == "long_context_tier" else window,
        output_cap_tokens=output_cap_in(failure.text) if is_overflow else None,
    )
