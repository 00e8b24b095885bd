"""Logging in by code as OpenAI does it: JSON instead of forms, and a code of its own.

The page is opened anywhere; the service then hands out an authorization code together
with the verifier it made itself, and that is exchanged in the usual way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urljoin

from hermes_core.errors import LoginError
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.steps import EnterCode, LoggedIn, LoginStep
from hermes_core.providers.logins.tokens import printable, read_tokens, refused

_LEAST_INTERVAL_S = 3.0
_LIFE_S = 900.0
_WAITING = (403, 404)


async def codex_flow(
    app: OAuthApp,
    client_id: str,
    post: Post,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.time,
) -> AsyncGenerator[LoginStep, None]:
    """Yield the code to be typed, then the login.

    Raises:
        LoginError: Too late, refused, or the service cannot be understood.
    """
    door = app.address("device_url").rstrip("/")
    given = await asyncio.to_thread(
        post, f"{door}/usercode", {"client_id": client_id}, as_json=True
    )
    if given.error:
        raise refused(given)
    device, shown = given.body.get("device_auth_id"), given.body.get("user_code")
    if not (device and shown):
        raise LoginError("The service gave no code to type.", code="not_understood")
    yield EnterCode(
        url=urljoin(door, "/codex/device"), code=printable(str(shown)), expires_in_s=_LIFE_S
    )
    until = now() + _LIFE_S
    interval = max(_LEAST_INTERVAL_S, _seconds(given.body.get("interval")))
    question = {"device_auth_id": device, "user_code": shown}
    while True:
        await sleep(interval)
        if now() >= until:
            raise LoginError(
                "The code was not typed in time.", code="expired_token", hint="Log in again."
            )
        try:
            answer = await asyncio.to_thread(post, f"{door}/token", question, as_json=True)
            if not answer.error:
                break
            if answer.status not in _WAITING:
                raise refused(answer)
        except LoginError as error:
            if error.code != "unreachable":
                raise
    exchanged = await asyncio.to_thread(
        post,
        app.address("token_url"),
        {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": answer.body.get("authorization_code", ""),
            "code_verifier": answer.body.get("code_verifier", ""),
            "redirect_uri": urljoin(door, "/deviceauth/callback"),
        },
    )
    yield LoggedIn(read_tokens(exchanged, now=now()))


def _seconds(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
