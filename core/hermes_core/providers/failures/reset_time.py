"""When a provider wants to be asked again: the one place that reads it.

Providers say it in their error's fields, in `Retry-After`, in the counters of the bucket
that is empty, or in words. Sources: RFC 9110 section 10.2.3 (`Retry-After`); OpenAI's,
Anthropic's, OpenRouter's and GitHub's pages on rate limits (counters); google.rpc.RetryInfo.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_S = 32 * 86_400.0
"""Later than this nobody means."""

_DEPTH = 7
_MOST_CHARS = 64
_EPOCH_S = 1e8
"""Numbers above are moments, not spans; above 1,000 times as much, in milliseconds."""
_FIELDS = {
    "resetsat", "resetat", "resetsinseconds", "resetafter", "resetafterseconds", "retryafter",
    "retryafterseconds", "retrydelay", "quotaresetdelay", "quotaresettimestamp",
    "xratelimitreset",
}  # fmt: skip
_COUNTERS = (
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    *(
        (f"anthropic-ratelimit-{kind}-reset", f"anthropic-ratelimit-{kind}-remaining")
        for kind in ("requests", "tokens", "input-tokens", "output-tokens")
    ),
    ("ratelimit-reset", "ratelimit-remaining"),
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = r"\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)"
_SPAN = re.compile(rf"(?:{_PART}[\s,]*(?:and\s+)?)+(?![a-z])", re.IGNORECASE)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h|d)", re.IGNORECASE)
_SAID = re.compile(
    rf"(?:try again|retry|retrying|resets?|wait)(?:\s+(?:again|in|after|for))*\s+({_SPAN.pattern})",
    re.IGNORECASE,
)
_SAID_MOMENT = re.compile(
    r"resets?(?: at| on)? (\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)


def seconds_until_reset(
    headers: Mapping[str, str], fields: Mapping[str, Any], text: str, *, now: float
) -> float | None:
    """Return how long to wait, in seconds from now, never negative; None if nobody said.

    Args:
        headers: Of the response, names in lower case.
        fields: The error's body.
        text: Its words.
        now: Seconds since the epoch.
    """
    said = [
        *(_seconds(value, now) for value in _named(fields, _DEPTH)),
        _retry_after(headers, now),
        *(_seconds(value, now) for value in _empty_buckets(headers)),
        _in_words(text, now),
    ]
    return next((max(0.0, one) for one in said if one is not None and one < LONGEST_S), None)


def moment_of(value: object, *, now: float) -> float | None:
    """Return when a reset is, in seconds since the epoch, from a span or a moment."""
    seconds = _seconds(value, now)
    return None if seconds is None or not 0 <= seconds < LONGEST_S else now + seconds


def _named(value: Any, depth: int) -> Iterator[Any]:
    """Values of fields that name a reset, the outermost first."""
    if depth == 0:
        return
    if isinstance(value, list):
        for one in value[:20]:
            yield from _named(one, depth - 1)
        return
    if not isinstance(value, Mapping):
        return
    for name, inner in value.items():
        if re.sub(r"[^a-z]", "", str(name).lower()) in _FIELDS:
            yield inner
    for inner in value.values():
        yield from _named(inner, depth - 1)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    return _seconds(headers.get("retry-after"), now)


def _empty_buckets(headers: Mapping[str, str]) -> list[str]:
    """The resets of buckets that are empty; the later ones first."""
    return [
        headers[reset]
        for reset, remaining in _COUNTERS
        if reset in headers and _number(headers.get(remaining, "0")) == 0
    ]


def _seconds(value: Any, now: float) -> float | None:
    """A span or a moment, as a number, a date or `1h2m3s`."""
    if isinstance(value, bool) or value is None:
        return None
    number = _number(value)
    if number is not None:
        if number < _EPOCH_S:
            return number
        return (number / 1000 if number > _EPOCH_S * 1000 else number) - now
    text = str(value)[:_MOST_CHARS].strip()
    span = _SPAN.fullmatch(text)
    if span is not None:
        return _length(text)
    moment = _moment(text)
    return moment - now if moment is not None else None


def _moment(text: str) -> float | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        import email.utils  # measured: 9 ms, and few providers send such dates

        try:
            found = email.utils.parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError):
            return None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()


def _in_words(text: str, now: float) -> float | None:
    said = _SAID.search(text)
    if said is not None:
        return _length(said.group(1))
    moment = _SAID_MOMENT.search(text)
    return _seconds(moment.group(1), now) if moment is not None else None


def _length(text: str) -> float:
    pieces = (match.groups() for match in _PIECE.finditer(text))
    units = {"milli": 0.001, **_UNITS}
    return sum(float(number) * units[unit.lower()] for number, unit in pieces)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
