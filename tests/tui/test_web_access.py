"""Who gets in from a browser: the rules alone, and as the server keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import psutil
import pytest
import yaml
from aiohttp import web

from hermes_core.errors import ConfigError
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_core.servers.listening import listening
from hermes_tui.web.access import (
    LOGIN_LASTS_S,
    MAX_LOGINS,
    MAX_WRONG,
    WRONG_WINDOW_S,
    Addresses,
    Logins,
    TooManyTries,
)
from hermes_tui.web.door import MAX_TABS, WebDoor
from hermes_tui.web.serving import WebServing
from tests.support import until

TOKEN = "the-token-of-this-test"
TAB = "0123456789ab"
SCREEN = ["head", "-c", "1"]
"""Stands for the screen of a tab: silent, and ends when it is told anything."""


@pytest.mark.ac("web-access")
def test_wrong_tokens_are_refused_and_soon_not_even_looked_at() -> None:
    now = [100.0]
    logins = Logins(TOKEN, clock=lambda: now[0])
    for _ in range(MAX_WRONG):
        assert logins.enter("guess") is None
    with pytest.raises(TooManyTries) as refused:
        logins.enter(TOKEN)
    assert refused.value.wait_s == WRONG_WINDOW_S + 1

    now[0] += WRONG_WINDOW_S
    assert logins.is_in(logins.enter(TOKEN))


@pytest.mark.ac("web-access")
def test_a_cookie_is_good_until_its_time_is_over_or_it_is_given_back() -> None:
    now = [100.0]
    logins = Logins(TOKEN, clock=lambda: now[0])
    first, second = logins.enter(TOKEN), logins.enter(TOKEN)
    assert first != second
    assert not logins.is_in(None)
    assert not logins.is_in("made up")

    logins.leave(first)
    assert (logins.is_in(first), logins.is_in(second)) == (False, True)

    now[0] += LOGIN_LASTS_S
    assert not logins.is_in(second)


def test_the_oldest_browser_makes_room_for_the_next() -> None:
    logins = Logins(TOKEN, clock=lambda: 100.0)
    cookies = [logins.enter(TOKEN) for _ in range(MAX_LOGINS + 1)]
    assert [logins.is_in(cookie) for cookie in cookies] == [False] + [True] * MAX_LOGINS


@pytest.mark.ac("web-access")
@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:9119", True),
        ("LOCALHOST:9119", True),
        ("[::1]:9119", True),
        ("127.0.0.1", False),
        ("127.0.0.1:9120", False),
        ("rebound.example:9119", False),
        ("", False),
        (None, False),
    ],
)
def test_only_our_own_names_are_answered(host: str | None, is_ours: bool) -> None:
    ours = Addresses(f"http://{name}:9119" for name in ("127.0.0.1", "localhost", "[::1]"))
    assert ours.is_ours(host) is is_ours


@pytest.mark.ac("web-access")
def test_a_proxy_with_tls_is_known_with_and_without_its_port() -> None:
    ours = Addresses(["https://hermes.example"])
    assert ours.is_ours("hermes.example")
    assert ours.is_ours("hermes.example:443")
    assert ours.may_send("https://hermes.example")
    assert not ours.may_send("http://hermes.example")
    assert not ours.may_send("null")


class Door:
    """A running server and a client without any manners."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http
        self.cookie = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Origin": self.url, "Cookie": f"hermes_web={self.cookie}"}

    async def get(self, path: str, **headers: str) -> int:
        async with self.http.get(self.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status

    async def log_in(self, token: str, **headers: str) -> aiohttp.ClientResponse:
        async with self.http.post(
            f"{self.url}/login", data={"token": token}, headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer

    async def enter(self) -> None:
        answer = await self.log_in(TOKEN, Origin=self.url)
        self.cookie = answer.cookies["hermes_web"].value

    async def open_tab(self, **headers: str) -> int:
        """Ask for a websocket; 101 means that it was opened, and it is closed again."""
        try:
            page = await self.http.ws_connect(f"{self.url}/ws/{TAB}", headers=headers)
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status
        await page.close()
        return 101


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    listener = listening("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def has_words(session_id: str) -> bool:
        return False

    served = WebDoor(
        logins=Logins(TOKEN, clock=lambda: 100.0),
        addresses=Addresses([url]),
        owner_socket="",
        has_words=has_words,
        command=lambda **_: SCREEN,
    )
    runner = web.AppRunner(served.application(), shutdown_timeout=5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Door(url, http)
    finally:
        await runner.cleanup()


@pytest.mark.ac("web-access")
async def test_without_the_token_there_is_nothing_but_the_log_in_page() -> None:
    async with door() as d:
        assert await d.get("/login") == 200
        for path in ("/", f"/tab/{TAB}", "/download/x", "/anything"):
            assert await d.get(path) == 303
        assert await d.open_tab(Origin=d.url) == 401
        assert await d.open_tab(Origin=d.url, Cookie="hermes_web=made-up") == 401
        assert (await d.log_in("wrong", Origin=d.url)).status == 403


@pytest.mark.ac("web-access")
async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites() -> None:
    async with door() as d:
        answer = await d.log_in(TOKEN, Origin=d.url)
        cookie = answer.headers["Set-Cookie"]
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.ac("web-access")
async def test_other_names_and_pages_of_other_sites_are_refused_even_with_the_cookie() -> None:
    async with door() as d:
        await d.enter()
        cookie = d.headers["Cookie"]
        assert await d.get("/", Host="rebound.example", Cookie=cookie) == 421
        assert await d.open_tab(Host="rebound.example", Cookie=cookie, Origin=d.url) == 421
        for origin in ("http://evil.example", "null", d.url.replace("http", "https")):
            assert await d.open_tab(Cookie=cookie, Origin=origin) == 403
            assert (await d.log_in(TOKEN, Origin=origin)).status == 403
        assert await d.open_tab(Cookie=cookie) == 403
        assert (await d.log_in(TOKEN)).status == 403


@pytest.mark.ac("web-access")
async def test_guessing_is_slowed_down_at_the_door() -> None:
    async with door() as d:
        for _ in range(MAX_WRONG):
            await d.log_in("wrong", Origin=d.url)
        answer = await d.log_in(TOKEN, Origin=d.url)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "61")


def screens_since(before: set[psutil.Process]) -> set[psutil.Process]:
    """Processes of tabs; what earlier tests left in this process is none of them."""
    return set(psutil.Process().children()) - before


@pytest.mark.ac("web-tabs")
async def test_a_ninth_tab_is_refused_and_closed_tabs_leave_no_process() -> None:
    before = set(psutil.Process().children())
    async with door() as d:
        await d.enter()
        tabs = [
            await d.http.ws_connect(f"{d.url}/ws/{number:012x}", headers=d.headers)
            for number in range(MAX_TABS)
        ]
        await until(lambda: len(screens_since(before)) == MAX_TABS)
        assert await d.open_tab(**d.headers) == 503
        assert await d.get(f"/tab/{TAB}", Cookie=d.headers["Cookie"]) == 503

        await asyncio.gather(*(tab.close() for tab in tabs))
        assert await d.open_tab(**d.headers) == 101
        await until(lambda: not screens_since(before))


@pytest.mark.ac("web-tabs")
@pytest.mark.parametrize("sent", ["no json", "{}", '["stdin", 5]', '["resize", {"width": "1"}]'])
async def test_what_our_page_never_sends_closes_the_tab(sent: str) -> None:
    before = set(psutil.Process().children())
    async with door() as d:
        await d.enter()
        async with d.http.ws_connect(f"{d.url}/ws/{TAB}", headers=d.headers) as page:
            await page.send_str(sent)
            async with asyncio.timeout(5):
                assert (await page.receive()).type in (
                    aiohttp.WSMsgType.CLOSE,
                    aiohttp.WSMsgType.CLOSED,
                )
        await until(lambda: not screens_since(before))


@pytest.mark.ac("web-access")
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"host": "0.0.0.0"}, "no TLS of its own"),
        ({"public_url": "http://hermes.example"}, "must begin with https://"),
    ],
)
async def test_a_network_address_is_refused_without_tls_in_front(
    home: Home, settings: dict[str, str], told: str
) -> None:
    (home.root / "config.yaml").write_text(yaml.safe_dump({"web_screen": {**settings, "port": 0}}))
    host = await Host.open(HostOptions(home=home, allow_demo=True))
    try:
        with pytest.raises(ConfigError, match=told):
            await WebServing(host).bind()
    finally:
        await host.aclose()
