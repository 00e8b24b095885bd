"""Logging in: each flow against an authorization server on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from hermes_core.errors import LoginError
from hermes_core.providers.keys.auth_file import LOCK_TIMEOUT_S
from hermes_core.providers.logins.challenge import challenge_of
from hermes_core.providers.logins.code_flow import code_flow
from hermes_core.providers.logins.codex_flow import codex_flow
from hermes_core.providers.logins.device_flow import device_flow
from hermes_core.providers.logins.flows import log_in
from hermes_core.providers.logins.loopback import WrongAnswer, code_from
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import TIMEOUT_S, HttpPost
from hermes_core.providers.logins.steps import EnterCode, LoggedIn, LoginStep, OpenPage
from hermes_core.providers.logins.tokens import Answer, Tokens, claims_of, read_tokens
from hermes_core.providers.records import records
from tests.fakes.clock import FakeClock
from tests.fakes.oauth_server.server import CLIENT, OAuthServer

POST = HttpPost()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(patience_s=10_000)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[OAuthServer]:
    with OAuthServer(now=clock.time) as made:
        yield made


def app_at(server: OAuthServer, **more: str) -> OAuthApp:
    return OAuthApp(
        client_id=CLIENT,
        issuer=server.url,
        device_url="/device",
        token_url="/token",
        authorize_url="/authorize",
        scope="use:models",
    ).changed(**more)


def by_device(
    server: OAuthServer, clock: FakeClock, *, after: Callable[[int], None] = lambda _: None
) -> AsyncGenerator[LoginStep, None]:
    """The flow on a clock that calls `after` with the number of each wait."""
    waits = 0

    async def sleep(seconds: float) -> None:
        nonlocal waits
        waits += 1
        await clock.sleep(seconds)
        after(waits)

    return device_flow(app_at(server), CLIENT, POST, sleep=sleep, now=clock.time)


async def tokens_of(steps: AsyncGenerator[LoginStep, None]) -> Tokens:
    found = [step async for step in steps]
    assert isinstance(found[-1], LoggedIn)
    return found[-1].tokens


async def begun(steps: AsyncGenerator[LoginStep, None]) -> EnterCode:
    step = await anext(steps)
    assert isinstance(step, EnterCode)
    return step


# --- a code that is typed elsewhere ------------------------------------------------------


@pytest.mark.ac("login-device")
async def test_a_typed_code_ends_in_a_login(server: OAuthServer, clock: FakeClock) -> None:
    code = "WDJB-0001"
    steps = by_device(
        server, clock, after=lambda n: server.grants.decide(code, "approved") if n == 3 else None
    )
    shown = await begun(steps)
    assert (shown.code, shown.url) == (code, f"{server.url}/activate")
    assert shown.whole_url.endswith(code)
    tokens = await tokens_of(steps)
    assert server.grants.accepts(tokens.access)
    assert tokens.expires_at == clock.now + 3600
    assert clock.slept == [5.0, 5.0, 5.0]
    assert tokens.access not in repr(tokens)
    assert server.asked[0] == ("/device", {"client_id": CLIENT, "scope": "use:models"})


@pytest.mark.ac("login-device")
async def test_a_service_that_wants_to_be_asked_less_often_is(
    server: OAuthServer, clock: FakeClock
) -> None:
    steps = by_device(
        server,
        clock,
        after=lambda n: server.grants.decide("WDJB-0001", "approved") if n == 4 else None,
    )
    await begun(steps)
    server.grants.interval_s = 8  # busier than it said at first
    await tokens_of(steps)
    assert clock.slept == [5.0, 5.0, 10.0, 10.0]


@pytest.mark.ac("login-device")
async def test_an_outage_while_waiting_is_waited_out(server: OAuthServer, clock: FakeClock) -> None:
    steps = by_device(server, clock)
    await begun(steps)
    server.grants.decide("WDJB-0001", "approved")
    server.outages = 2
    assert server.grants.accepts((await tokens_of(steps)).access)
    assert clock.slept == [5.0, 10.0, 20.0]


@pytest.mark.ac("login-device")
@pytest.mark.parametrize(
    ("state", "life_s", "word"),
    [("denied", 600, "access_denied"), ("pending", 600, "expired_token")],
)
async def test_declining_and_waiting_too_long_end_it(
    server: OAuthServer, clock: FakeClock, state: str, life_s: int, word: str
) -> None:
    steps = by_device(server, clock)
    await begun(steps)
    server.grants.decide("WDJB-0001", state)
    with pytest.raises(LoginError) as caught:
        await tokens_of(steps)
    assert caught.value.code == word
    assert clock.now - 1_764_000_000 <= life_s + 5


@pytest.mark.ac("login-device")
async def test_openais_kind_of_code_is_exchanged_for_tokens(
    server: OAuthServer, clock: FakeClock
) -> None:
    app = app_at(server, device_url="/deviceauth")
    steps = codex_flow(app, CLIENT, POST, sleep=clock.sleep, now=clock.time)
    shown = await begun(steps)
    assert shown.url == f"{server.url}/codex/device"
    waiting = asyncio.ensure_future(tokens_of(steps))
    while len(clock.slept) < 3:  # noqa: ASYNC110  the flow waits on a clock of its own
        await asyncio.sleep(0.005)
    server.codex_approve(shown.code)
    tokens = await waiting
    assert server.grants.accepts(tokens.access)
    assert min(clock.slept) == 5.0


@pytest.mark.ac("login-device")
async def test_openais_kind_of_code_ends_after_a_quarter_of_an_hour(
    server: OAuthServer, clock: FakeClock
) -> None:
    app = app_at(server, device_url="/deviceauth")
    steps = codex_flow(app, CLIENT, POST, sleep=clock.sleep, now=clock.time)
    await begun(steps)
    with pytest.raises(LoginError, match="in time"):
        await tokens_of(steps)
    assert sum(clock.slept) == 900


class ForeignWords:
    """A service whose words would steer a terminal or open something else."""

    def __init__(self, **fields: object) -> None:
        self._fields = fields

    def __call__(
        self, url: str, fields: object, *, as_json: bool = False, bearer: str = ""
    ) -> Answer:
        code = {"device_code": "d", "user_code": "A\x1b[2JB", "verification_uri": "https://a.b/"}
        return Answer(200, code | self._fields)


@pytest.mark.ac("login-device")
async def test_a_services_words_cannot_steer_a_terminal_or_open_anything_but_a_page(
    server: OAuthServer, clock: FakeClock
) -> None:
    app = app_at(server)
    strange = ForeignWords(verification_uri_complete="file:///etc/passwd")
    shown = await begun(device_flow(app, CLIENT, strange))
    assert (shown.code, shown.whole_url) == ("A[2JB", "")
    for page in ("javascript:alert(1)", "https://a.b/\x1b[2J", "https://"):
        with pytest.raises(LoginError, match="no page"):
            await begun(device_flow(app, CLIENT, ForeignWords(verification_uri=page)))
    answer = Answer(400, {"error": "bad\x1b]0;x\x07", "error_description": "no\x1b[31m"})
    assert (answer.error, answer.said) == ("bad]0;x", "no[31m")


# --- a browser that comes back -----------------------------------------------------------


async def page_of(steps: AsyncGenerator[LoginStep, None]) -> dict[str, str]:
    step = await anext(steps)
    assert isinstance(step, OpenPage)
    query = {name: values[0] for name, values in parse_qs(urlsplit(step.url).query).items()}
    return {**query, "page": step.url}


@pytest.mark.ac("login-browser")
async def test_a_browser_on_this_machine_brings_the_login(
    server: OAuthServer, clock: FakeClock
) -> None:
    steps = code_flow(app_at(server), CLIENT, POST, now=clock.time)
    asked = await page_of(steps)
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert asked["code_challenge_method"] == "S256"
    waiting = asyncio.ensure_future(tokens_of(steps))
    async with httpx2.AsyncClient(follow_redirects=True) as browser:
        page = await browser.get(asked["page"])
    assert (page.status_code, "Logged in" in page.text) == (200, True)
    assert server.grants.accepts((await waiting).access)
    verifier = server.asked[-1][1]["code_verifier"]
    assert challenge_of(verifier) == asked["code_challenge"]
    assert 43 <= len(verifier) <= 128


@pytest.mark.ac("login-browser")
async def test_what_comes_back_with_another_state_is_not_taken(
    server: OAuthServer, clock: FakeClock
) -> None:
    steps = code_flow(app_at(server), CLIENT, POST, now=clock.time)
    asked = await page_of(steps)
    back = asked["redirect_uri"]
    waiting = asyncio.ensure_future(tokens_of(steps))
    async with httpx2.AsyncClient(follow_redirects=True) as browser:
        foreign = await browser.get(f"{back}?code=stolen&state=someone-elses")
        declined = await browser.get(f"{back}?error=access_denied&state=someone-elses")
        elsewhere = await browser.get(back.replace("/callback", "/"))
        posted = await browser.post(f"{back}?code=x&state={asked['state']}")
        assert not waiting.done()
        await browser.get(asked["page"])
    found = [one.status_code for one in (foreign, declined, elsewhere, posted)]
    assert found == [400, 400, 404, 404]
    assert "stolen" not in foreign.text
    assert server.grants.accepts((await waiting).access)
    assert "stolen" not in str(server.asked)


@pytest.mark.ac("login-browser")
async def test_declining_in_the_browser_ends_it(server: OAuthServer, clock: FakeClock) -> None:
    steps = code_flow(app_at(server), CLIENT, POST, now=clock.time)
    asked = await page_of(steps)
    waiting = asyncio.ensure_future(tokens_of(steps))
    async with httpx2.AsyncClient() as browser:
        await browser.get(f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}")
    with pytest.raises(LoginError, match="declined"):
        await waiting
    assert server.paths() == []


@pytest.mark.ac("login-browser")
@pytest.mark.parametrize("form", ["{back}?code={code}&state={state}", "{code}#{state}"])
async def test_a_browser_elsewhere_is_helped_by_hand(
    server: OAuthServer, clock: FakeClock, form: str
) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    problems: list[str] = []

    async def pasted(problem: str) -> str:
        problems.append(problem)
        return await lines.get()

    steps = code_flow(app_at(server), CLIENT, POST, pasted=pasted, now=clock.time)
    asked = await page_of(steps)
    waiting = asyncio.ensure_future(tokens_of(steps))
    code = server.grants.authorize(asked)
    back = asked["redirect_uri"]
    lines.put_nowait("what do I do here?")
    lines.put_nowait(form.format(back=back, code=code, state=asked["state"]) + "\n")
    assert server.grants.accepts((await waiting).access)
    assert problems[0] == ""
    assert "does not belong to this login" in problems[1]


@pytest.mark.ac("login-browser")
async def test_nobody_in_time_and_a_taken_port_are_told(
    server: OAuthServer, clock: FakeClock
) -> None:
    steps = code_flow(app_at(server), CLIENT, POST, life_s=0.01, now=clock.time)
    await page_of(steps)
    with pytest.raises(LoginError, match="in time"):
        await tokens_of(steps)
    taken = urlsplit(server.url).port
    assert taken is not None
    app = app_at(server).changed(redirect_port=taken)
    with pytest.raises(LoginError, match="taken"):
        await anext(code_flow(app, CLIENT, POST, now=clock.time))


def test_a_code_is_read_from_whatever_a_page_shows() -> None:
    assert code_from("https://here/cb?code=c1&state=s", "s") == "c1"
    assert code_from("code=c1&state=s", "s") == "c1"
    assert code_from(" c1#s\n", "s") == "c1"
    for wrong in ("c1", "c1#other", "https://here/cb?code=c1", "state=s", ""):
        with pytest.raises(WrongAnswer):
            code_from(wrong, "s")


# --- before anything is asked ------------------------------------------------------------


@pytest.mark.ac("login-own-client")
def test_no_client_id_of_another_program_is_shipped() -> None:
    logins = {one.id: one.oauth for one in records().values() if one.oauth is not None}
    assert set(logins) == {"nous", "openai-codex", "qwen-oauth", "copilot"}
    assert {app.client_id for app in logins.values()} == {""}
    with pytest.raises(LoginError) as caught:
        log_in(logins["nous"], "nous", POST)
    assert "--client-id" in caught.value.hint
    assert "providers.nous.oauth.client_id" in caught.value.hint


@pytest.mark.ac("login-own-client")
def test_tokens_go_over_https_or_stay_on_this_machine() -> None:
    app = OAuthApp(issuer="http://login.example.com", token_url="/token")
    with pytest.raises(LoginError, match="anybody between"):
        app.address("token_url")
    assert OAuthApp(token_url="http://127.0.0.1:9/t").address("token_url").endswith("/t")
    with pytest.raises(LoginError, match="no device_url"):
        app.address("device_url")


async def test_a_page_in_place_of_a_login_service_is_named(server: OAuthServer) -> None:
    with pytest.raises(LoginError, match="no way to log in"):
        log_in(app_at(server), "relay", POST)
    wrong = app_at(server, flow="device", client_id="unknown")
    with pytest.raises(LoginError, match="no such client"):
        await anext(log_in(wrong, "relay", POST))
    with pytest.raises(LoginError, match="cannot be reached"):
        POST("http://127.0.0.1:9/token", {})


def test_an_answer_that_never_ends_is_given_up_while_others_still_wait_for_the_lock() -> None:
    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b" ")
                    time.sleep(0.01)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    dripping = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    dripping.daemon_threads = True
    thread = threading.Thread(target=dripping.serve_forever, args=(0.02,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{dripping.server_address[1]}/token"
        with pytest.raises(LoginError, match="does not end") as caught:
            HttpPost(timeout_s=0.2)(url, {})
        assert caught.value.code == "unreachable"
    finally:
        dripping.shutdown()
        thread.join()
        dripping.server_close()
    assert TIMEOUT_S + 4 < LOCK_TIMEOUT_S


def test_errors_are_read_from_every_place_services_put_them() -> None:
    assert Answer(200, {"error": "slow_down"}).error == "slow_down"
    assert Answer(401, {"error": {"code": "refresh_token_reused"}}).error == "refresh_token_reused"
    assert Answer(502).error == "http_502"
    with pytest.raises(LoginError) as caught:
        read_tokens(Answer(400, {"error": "invalid_grant"}), now=0)
    assert caught.value.is_over
    with pytest.raises(LoginError) as caught:
        read_tokens(Answer(503, {"error": "x"}), now=0)
    assert (caught.value.code, caught.value.is_over) == ("unreachable", False)
    assert claims_of("a.e30.c") == {}
    assert claims_of("no token") == {}
