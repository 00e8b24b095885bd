"""Answers of a token endpoint (RFC 6749, sections 5.1 and 5.2), read into one shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from hermes_core.errors import LoginError
from hermes_core.providers.address import is_loopback

OVER = frozenset(
    {"invalid_grant", "refresh_token_reused", "refresh_token_expired", "token_revoked"}
    | {"refresh_token_invalidated", "token_invalidated", "invalid_refresh_token"}
)
"""Words after which only a new login helps."""
_MAX_SAID_CHARS = 300


class Answer(Struct, frozen=True):
    """What a service answered."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Answer({self.status}, …)"

    @property
    def error(self) -> str:
        """The service's word for what is wrong; empty for a good answer.

        Some answer 200 with an error inside (GitHub), some wrap it (OpenAI).
        """
        found = self.body.get("error")
        if isinstance(found, Mapping):
            found = found.get("code") or found.get("type") or found.get("message")
        if found:
            return printable(str(found))
        return "" if self.status < 400 else f"http_{self.status}"

    @property
    def said(self) -> str:
        """The service's own words, shortened; without any token."""
        nested = self.body.get("error")
        inner = nested if isinstance(nested, Mapping) else {}
        text = self.body.get("error_description") or inner.get("message")
        text = text or self.body.get("message") or ""
        return printable(" ".join(str(text).split()))


class Tokens(Struct, frozen=True, kw_only=True):
    """What a login gives."""

    access: str
    refresh: str = ""
    """Used once: the answer to it brings the next."""
    expires_at: float = 0.0
    """Of the access token, seconds since the epoch; 0 if nobody said."""
    scope: str = ""
    base_url: str = ""
    """Where the login is to be used, if the service said."""
    account: str = ""
    """Who logged in, as the identity token says it; for the label alone."""

    def __repr__(self) -> str:
        """Without what is secret."""
        return "Tokens(…)"


def read_tokens(answer: Answer, *, now: float, refresh: str = "") -> Tokens:
    """Read a successful answer.

    Args:
        answer: As it came.
        now: Seconds since the epoch.
        refresh: Kept if the answer brings no other one.

    Raises:
        LoginError: It is an error, or holds no access token.
    """
    if answer.error:
        raise refused(answer)
    access = answer.body.get("access_token")
    if not isinstance(access, str) or not access:
        raise LoginError("The service answered without an access token.", code="not_understood")
    life = answer.body.get("expires_in")
    if isinstance(life, str) and life.isdecimal():
        life = int(life)
    if isinstance(life, int | float) and life > 0:
        expires_at = now + float(life)
    else:
        expires_at = _number(claims_of(access).get("exp"))
    identity = claims_of(str(answer.body.get("id_token") or ""))
    return Tokens(
        access=access,
        refresh=str(answer.body.get("refresh_token") or refresh),
        expires_at=expires_at,
        scope=str(answer.body.get("scope") or ""),
        base_url=resource_address(answer.body.get("resource_url")),
        account=printable(str(identity.get("email") or "")),
    )


def resource_address(written: object) -> str:
    """The address below which a Qwen login is good, from the host it comes with.

    Empty for what is no protected address: a token goes nowhere on the word of such.
    """
    if not isinstance(written, str) or not written.strip():
        return ""
    url = written.strip().rstrip("/")
    url = url if "://" in url else f"https://{url}"
    if not (url.startswith("https://") or (url.startswith("http://") and is_loopback(url))):
        return ""
    return url if url.endswith("/v1") else f"{url}/v1"


def refused(answer: Answer) -> LoginError:
    """The error for an answer that is one."""
    word = answer.error
    words = f"{word} {answer.said}".lower()
    over = next((one for one in OVER if one in words), "")
    said = f": {answer.said}" if answer.said else "."
    is_busy = answer.status == 429 or answer.status >= 500
    return LoginError(
        f"The login was refused ({over or word}){said}",
        code="unreachable" if is_busy and not over else over or word,
        is_over=bool(over),
        hint="Try again in a moment." if is_busy else "",
    )


def printable(text: str) -> str:
    """A service's words without anything that could steer a terminal, shortened."""
    return "".join(char for char in text if char.isprintable())[:_MAX_SAID_CHARS]


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JSON web token says of itself, unchecked; empty for any other token.

    Good for labels and for guessing an end, never for trusting anything.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def account_of(token: str) -> str:
    """The account of OpenAI a token names; empty for any other token."""
    claim = claims_of(token).get("https://api.openai.com/auth")
    return str(claim.get("chatgpt_account_id") or "") if isinstance(claim, dict) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
