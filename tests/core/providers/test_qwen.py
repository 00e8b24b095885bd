"""Qwen: a login of our own or that of its command line, and what its portal wants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import LoginError, NoModelConfigured
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.device_flow import device_flow
from hermes_core.providers.logins.foreign import ForeignLogins
from hermes_core.providers.logins.known_apps import known_apps
from hermes_core.providers.logins.logins import Logins
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.steps import LoggedIn
from hermes_core.providers.logins.tokens import resource_address
from hermes_core.providers.resolve import Resolution, resolve
from tests.core.providers.reach import TOOL, ask, collect, said
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(patience_s=10_000)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[OAuthServer]:
    with OAuthServer(now=clock.time) as made:
        yield made


def reached(pools: KeyPools) -> Resolution:
    return resolve(Settings(), Secrets({}, {}), provider="qwen-oauth", stored=pools)


def login_file(person: Path, access: str, host: str, *, ends_at: float) -> Path:
    """What its command line keeps."""
    file = person / ".qwen" / "oauth_creds.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {"access_token": access, "refresh_token": "r", "token_type": "Bearer"}
    file.write_text(json.dumps({**kept, "resource_url": host, "expiry_date": int(ends_at * 1000)}))
    return file


@pytest.mark.ac("qwen-login")
async def test_a_code_with_a_challenge_is_a_login_that_is_renewed_at_its_own_host(
    server: OAuthServer, clock: FakeClock, tmp_path: Path, model_server: ModelServer
) -> None:
    server.qwen.resource_url = model_server.base_url
    oauth = {"client_id": CLIENT, "issuer": server.url}
    settings = Settings.model_validate({"providers": {"qwen-oauth": {"oauth": oauth}}})
    apps = known_apps(settings, Secrets({}, {}))
    app = apps("qwen-oauth")
    assert app is not None

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 2:
            server.grants.interval_s = 8  # asked too often from now on: 429
        if len(clock.slept) == 4:
            server.grants.decide("WDJB-0001", "approved")

    steps = device_flow(app, CLIENT, HttpPost(), sleep=sleep, now=clock.time)
    done = [step async for step in steps][-1]
    assert isinstance(done, LoggedIn)
    file = AuthFile(tmp_path / "auth.json")
    pools = KeyPools(file, {}, logins=Logins(file, apps, HttpPost(), now=clock.time))
    pools.add_login("qwen-oauth", done.tokens, app)
    clock.now += server.grants.life_s - 60
    model_server.extra_fields.update({"metadata", "vl_high_resolution_images", "cache_control"})
    model_server.add(say("hello"))
    found = reached(pools)
    assert found.runtime.base_url == model_server.base_url
    model = open_model(found)
    assert said(await collect(model, ask(found, tools=(TOOL,), session_id="s1"))) == "hello"
    await model.aclose()
    assert server.grants.refreshes == 1
    sent = model_server.request
    assert sent.key != done.tokens.access
    assert server.grants.accepts(sent.key)
    (system, user) = sent.json["messages"]
    marked = {"type": "text", "text": "You are terse.", "cache_control": {"type": "ephemeral"}}
    assert system["content"] == [marked]
    assert user["content"] == [{"type": "text", "text": "hi"}]
    assert sent.json["metadata"] == {"sessionId": "s1", "promptId": "s1-1"}
    assert sent.json["vl_high_resolution_images"] is True
    assert sent.json["max_tokens"] == 65_536
    assert sent.headers["x-dashscope-authtype"] == "qwen-oauth"


@pytest.mark.ac("qwen-login")
async def test_the_login_of_its_command_line_is_read_after_a_yes_and_never_written(
    clock: FakeClock, tmp_path: Path
) -> None:
    person = tmp_path / "person"
    kept = login_file(person, "qwen-access-1", "portal.qwen.ai", ends_at=clock.now + 3600)
    before = kept.read_bytes()

    def pools(*allowed: str) -> KeyPools:
        foreign = ForeignLogins(frozenset(allowed), {"HOME": str(person)}, clock.time)
        return KeyPools(AuthFile(tmp_path / "auth.json"), {}, foreign=foreign)

    with pytest.raises(NoModelConfigured, match="Nobody is logged in"):
        reached(pools())
    assert [program.id for program in pools().foreign.unused()] == ["qwen"]
    found = reached(pools("qwen"))
    assert found.runtime.base_url == "https://portal.qwen.ai/v1"
    login = found.credential.login
    assert login is not None
    assert await login.key() == "qwen-access-1"
    clock.now += 3600
    with pytest.raises(LoginError) as caught:
        await login.key()
    assert "`qwen`" in caught.value.hint
    assert kept.read_bytes() == before


@pytest.mark.ac("qwen-login")
@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("portal.qwen.ai", "https://portal.qwen.ai/v1"),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1/",
         "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
        ("http://portal.qwen.ai", ""),
        ("file:///etc/passwd", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)  # fmt: skip
def test_a_token_goes_to_protected_addresses_alone(written: object, address: str) -> None:
    assert resource_address(written) == address
