"""Logging in by a code that is typed elsewhere (RFC 8628)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from hermes_core.errors import LoginError
from hermes_core.providers.logins.challenge import challenge_of
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.steps import EnterCode, LoggedIn, LoginStep, is_page
from hermes_core.providers.logins.tokens import Answer, printable, read_tokens, refused

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL_S = 5.0
"""Between two questions, if the service names no other."""
_SLOWER_S = 5.0
_MOST_S = 30.0
_LIFE_S = 900.0


async def device_flow(
    app: OAuthApp,
    client_id: str,
    post: Post,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.time,
) -> AsyncGenerator[LoginStep, None]:
    """Yield the code to be typed, then the login.

    Raises:
        LoginError: Denied, too late, or the service cannot be understood.
    """
    wanted = {"client_id": client_id} | ({"scope": app.scope} if app.scope else {})
    verifier = secrets.token_urlsafe(64) if app.pkce else ""
    if verifier:
        wanted |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    given = await asyncio.to_thread(post, app.address("device_url"), wanted)
    if given.error:
        raise refused(given)
    fields = given.body
    code, shown = fields.get("device_code"), fields.get("user_code")
    page = fields.get("verification_uri") or fields.get("verification_url")
    if not (code and shown and page):
        raise LoginError("The service gave no code to type.", code="not_understood")
    life = _seconds(fields.get("expires_in"), _LIFE_S)
    if not is_page(str(page)):
        raise LoginError("The service named no page to open.", code="not_understood")
    whole = str(fields.get("verification_uri_complete") or "")
    yield EnterCode(
        url=str(page),
        code=printable(str(shown)),
        whole_url=whole if is_page(whole) else "",
        expires_in_s=life,
    )
    question = {"grant_type": GRANT, "device_code": code, "client_id": client_id}
    if verifier:
        question["code_verifier"] = verifier
    interval, until = _seconds(fields.get("interval"), _INTERVAL_S), now() + life
    while True:
        await sleep(interval)
        if now() >= until:
            raise LoginError(
                "The code was not typed in time.", code="expired_token", hint="Log in again."
            )
        try:
            answer = await asyncio.to_thread(post, app.address("token_url"), question)
            if not answer.error:
                break
            interval = _next_interval(answer, interval)
        except LoginError as error:
            if error.code != "unreachable":
                raise
            interval = min(interval * 2, _MOST_S)  # RFC 8628, section 3.5
    yield LoggedIn(read_tokens(answer, now=now()))


def _next_interval(answer: Answer, interval: float) -> float:
    """How long to wait for the person now.

    Raises:
        LoginError: Waiting is of no use.
    """
    match answer.error:
        case "authorization_pending":
            return interval
        case "slow_down":
            asked = _seconds(answer.body.get("interval"), 0.0)
            return min(max(interval + _SLOWER_S, asked), max(_MOST_S, asked))
        case "access_denied":
            raise LoginError("The login was declined.", code="access_denied")
        case "expired_token":
            raise LoginError(
                "The code was not typed in time.", code="expired_token", hint="Log in again."
            )
        case _:
            raise refused(answer)


def _seconds(value: object, default: float) -> float:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return float(value) if isinstance(value, int | float) and value > 0 else default
