"""Logging in with a browser that comes back to this machine (RFC 7636, S256)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlencode

from hermes_core.errors import LoginError
from hermes_core.providers.logins.challenge import challenge_of
from hermes_core.providers.logins.loopback import Loopback, WrongAnswer, code_from
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import Post
from hermes_core.providers.logins.steps import LoggedIn, LoginStep, OpenPage
from hermes_core.providers.logins.tokens import read_tokens

LIFE_S = 600.0
"""How long the person has."""


async def code_flow(
    app: OAuthApp,
    client_id: str,
    post: Post,
    *,
    pasted: Callable[[str], Awaitable[str]] | None = None,
    life_s: float = LIFE_S,
    now: Callable[[], float] = time.time,
) -> AsyncGenerator[LoginStep, None]:
    """Yield the page to open, then the login.

    Args:
        app: Where to log in.
        client_id: Who asks.
        post: Exchanges the code.
        pasted: Waits for the address or `code#state` that a person hands back because
            their browser runs on another machine; told what was wrong with the last one.
        life_s: How long the person has.
        now: Seconds since the epoch.

    Raises:
        LoginError: Declined, too late, refused, or the port is taken.
    """
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
    async with Loopback(state, port=app.redirect_port, path=app.redirect_path) as door:
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": door.address,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        } | ({"scope": app.scope} if app.scope else {})
        page = app.address("authorize_url")
        yield OpenPage(f"{page}{'&' if '?' in page else '?'}{urlencode(query)}")
        try:
            async with asyncio.timeout(life_s):
                code = await _first_code(door, state, pasted)
        except TimeoutError as error:
            raise LoginError(
                "Nobody logged in in time.", code="expired_token", hint="Log in again."
            ) from error
        answer = await asyncio.to_thread(
            post,
            app.address("token_url"),
            {
                "grant_type": "authorization_code",
                "client_id": client_id,
                "code": code,
                "redirect_uri": door.address,
                "code_verifier": verifier,
            },
        )
    yield LoggedIn(read_tokens(answer, now=now()))


async def _first_code(
    door: Loopback, state: str, pasted: Callable[[str], Awaitable[str]] | None
) -> str:
    """The code that comes first: from the browser, or by hand."""

    async def by_hand(ask: Callable[[str], Awaitable[str]]) -> str:
        problem = ""
        while True:
            try:
                return code_from(await ask(problem), state)
            except WrongAnswer as error:
                problem = f"That does not belong to this login: {error}."

    tasks = [asyncio.ensure_future(door.code())]
    if pasted is not None:
        tasks.append(asyncio.ensure_future(by_hand(pasted)))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
