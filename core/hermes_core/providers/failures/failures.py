"""What went wrong with a request, read out of exceptions, bodies and headers.

Nothing here decides; `classify.py` does. The SDKs' exception classes are told apart
by name, so that reading a failure never imports an SDK.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from hermes_core.providers.failures.reset_time import seconds_until_reset

_CHAIN_LIMIT = 5
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_RAY = re.compile(r"\b(?:cf-ray|ray id)\W*(?:<[^>]*>)?\s*([0-9a-f]{16})", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]+>")
_MAX_TEXT_CHARS = 1000
_SAYS_NOTHING = frozenset({"Connection error.", "All connection attempts failed"})
"""What the libraries wrap around the cause of a failed connection."""


class Failure(Struct, frozen=True, kw_only=True):
    """The facts of one failed request."""

    status: int | None = None
    code: str = ""
    """The service's own code and type words, lower case, separated by blanks."""
    text: str = ""
    """The service's message, HTML reduced to its title, at most 1,000 characters."""
    kinds: frozenset[str] = frozenset()
    """Names of the exception classes in the chain, base classes included."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers, names in lower case."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The service's error as it came, if it was an object."""
    is_html: bool = False

    @property
    def words(self) -> str:
        """Code and text in lower case, for looking for phrases."""
        return f"{self.code} {self.text}".lower()

    @property
    def retry_after_s(self) -> float | None:
        """How long the service asks to wait, in seconds from now, never negative."""
        return seconds_until_reset(self.headers, self.fields, self.text, now=time.time())


def read_exception(error: BaseException) -> Failure:
    """Read what an SDK, the HTTP library or the socket raised."""
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = {}
    for one in _chain(error):
        if status is None and isinstance(getattr(one, "status_code", None), int):
            status = one.status_code  # type: ignore[attr-defined]  # read by name, see above
        response = getattr(one, "response", None)
        if not headers and response is not None:
            headers = {str(key).lower(): str(value) for key, value in response.headers.items()}
        if body is None:
            body = getattr(one, "body", None)
    kinds = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    failure = read_body(body, status=status, headers=headers)
    said = dict.fromkeys(str(one) for one in _chain(error) if str(one))
    causes = [text for text in said if text not in _SAYS_NOTHING] or list(said)
    text = failure.text or " / ".join(causes)
    return Failure(
        status=failure.status,
        code=failure.code,
        text=_shorten(text),
        kinds=frozenset(kinds),
        headers=headers,
        fields=failure.fields,
        is_html=failure.is_html,
    )


def read_body(
    body: Any, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Failure:
    """Read an error body, or an error object from the middle of a stream.

    An aggregator's numeric `code` counts as the status when there is none.
    """
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        return _read_text(body, status, headers or {})
    if isinstance(body, list) and body:
        body = body[0]  # Gemini wraps its error into a list
    if not isinstance(body, dict):
        return Failure(status=status, headers=headers or {})
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        text = _shorten(str(inner))
        return Failure(status=status, text=text, headers=headers or {}, fields=body)
    code = inner.get("code")
    if status is None and isinstance(code, int) and 400 <= code <= 599:
        status = code
    words = [str(inner[key]) for key in ("code", "type", "status") if inner.get(key)]
    return Failure(
        status=status,
        code=" ".join(words).lower(),
        text=_shorten(" / ".join(_messages(inner))),
        headers=headers or {},
        fields=body,
    )


def _messages(error: Mapping[str, Any]) -> Iterator[str]:
    for key in ("message", "detail", "error_description"):
        if isinstance(error.get(key), str) and error[key]:
            yield error[key]
            break
    # OpenRouter hides the words of the provider behind it in metadata.raw.
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(raw, str) and raw:
        yield read_body(_parsed(raw)).text or raw


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _read_text(text: str, status: int | None, headers: Mapping[str, str]) -> Failure:
    stripped = text.strip()
    parsed = _parsed(stripped) if stripped[:1] in ("{", "[") else None
    if isinstance(parsed, dict | list):
        return read_body(parsed, status=status, headers=headers)
    is_html = stripped[:1] == "<" or "<html" in stripped[:500].lower()
    shown = _reduced(stripped) if is_html else stripped
    return Failure(status=status, text=_shorten(shown), headers=headers, is_html=is_html)


def _reduced(page: str) -> str:
    title = _TITLE.search(page)
    text = html.unescape(_TAGS.sub(" ", title.group(1) if title else page[:2000]))
    ray = _RAY.search(page)
    shown = " ".join(text.split()) or "a web page instead of an answer"
    return f"{shown} (Ray ID {ray.group(1)})" if ray else shown


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MAX_TEXT_CHARS else flat[: _MAX_TEXT_CHARS - 1] + "…"


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
