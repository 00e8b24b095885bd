"""Logins that are kept: renewed once by whoever needs them first, over processes and kills."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.errors import LoginError, ProviderError
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.logins import Logins
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.tokens import Tokens
from tests.core.providers.reach import ask, collect, resolution, said
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[OAuthServer]:
    with OAuthServer(now=clock.time) as made:
        yield made


class Kept:
    """A home's file with one login in it."""

    def __init__(self, path: Path, server: OAuthServer, clock: FakeClock, **app: str) -> None:
        self.path = path
        self.app = OAuthApp(
            flow="device", client_id=CLIENT, issuer=server.url, token_url="/token"
        ).changed(**app)
        self.learnt: list[str] = []
        self._clock = clock

    def log_in(self, server: OAuthServer, **fields: Any) -> str:
        found = server.grants.log_in()
        tokens = Tokens(
            access=str(found["access_token"]),
            refresh=str(found["refresh_token"]),
            expires_at=self._clock.now + server.grants.life_s,
        )
        return self.pools().add_login("nous", tokens, self.app, **fields).id

    def logins(self) -> Logins:
        return Logins(
            AuthFile(self.path),
            lambda _: self.app,
            HttpPost(),
            now=self._clock.time,
            learn=self.learnt.append,
        )

    def pools(self) -> KeyPools:
        return KeyPools(AuthFile(self.path), {}, logins=self.logins(), now=self._clock.time)

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found


@pytest.fixture
def kept(tmp_path: Path, server: OAuthServer, clock: FakeClock) -> Kept:
    return Kept(tmp_path / "auth.json", server, clock)


@pytest.mark.ac("login-renewed")
async def test_a_login_is_renewed_before_its_end_and_not_sooner(
    kept: Kept, server: OAuthServer, clock: FakeClock
) -> None:
    kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    first = await key.login.key()
    clock.now += 3600 - 121
    assert await key.login.key() == first
    assert server.grants.refreshes == 0
    clock.now += 2
    second = await key.login.key()
    assert (second != first, server.grants.refreshes) == (True, 1)
    assert server.grants.accepts(second)
    assert await key.login.key() == second
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert second in kept.learnt


@pytest.mark.ac("login-renewed")
async def test_while_a_token_is_good_an_outage_of_the_login_service_does_not_matter(
    kept: Kept, server: OAuthServer, clock: FakeClock
) -> None:
    kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    clock.now += 3600 - 60
    server.outages = 1
    assert server.grants.accepts(await key.login.key())
    clock.now += 61
    server.outages = 1
    with pytest.raises(LoginError) as caught:
        await key.login.key()
    assert not caught.value.is_over
    assert server.grants.accepts(await key.login.key())


def _renew(
    path: Path, url: str, refused: str, number: int, together: Any, found: Any, die: bool
) -> None:
    app = OAuthApp(client_id=CLIENT, issuer=url, token_url="/token")
    logins = Logins(AuthFile(path), lambda _: app, HttpPost())
    (key,) = KeyPools(AuthFile(path), {}, logins=logins).keys("nous")
    together.wait()
    value = logins.renewed_key("nous", key.id, refused)
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    found[number] = value


@pytest.mark.ac("prov-5-1")
def test_two_processes_with_a_refused_token_refresh_it_once(tmp_path: Path) -> None:
    with OAuthServer() as server:
        kept = Kept(tmp_path / "auth.json", server, FakeClock())
        kept._clock.now = server.grants._now()
        kept.log_in(server)
        refused = kept.document()["credential_pool"]["nous"][0]["access_token"]
        server.grants.expire(refused)
        context = multiprocessing.get_context("spawn")
        with context.Manager() as manager:
            found, together = manager.dict(), manager.Barrier(2)
            both = [
                context.Process(
                    target=_renew,
                    args=(kept.path, server.url, refused, n, together, found, False),
                )
                for n in (0, 1)
            ]
            for one in both:
                one.start()
            for one in both:
                one.join()
            assert [one.exitcode for one in both] == [0, 0]
            first, second = found[0], found[1]
        assert (server.grants.refreshes, server.grants.reuses) == (1, 0)
        assert first == second != refused
        assert server.grants.accepts(first)


@pytest.mark.ac("prov-6-2")
def test_a_process_killed_right_after_a_refresh_leaves_a_login_that_works(tmp_path: Path) -> None:
    with OAuthServer() as server:
        kept = Kept(tmp_path / "auth.json", server, FakeClock())
        kept._clock.now = server.grants._now()
        entry = kept.log_in(server)
        refused = kept.document()["credential_pool"]["nous"][0]["access_token"]
        context = multiprocessing.get_context("spawn")
        with context.Manager() as manager:
            args = (kept.path, server.url, refused, 0, manager.Barrier(1), manager.dict(), True)
            process = context.Process(target=_renew, args=args)
            process.start()
            process.join()
        assert process.exitcode == -signal.SIGKILL
        key = kept.logins().ready_key("nous", entry)
        assert key not in ("", refused)
        assert server.grants.accepts(key)
        assert server.grants.accepts(kept.logins().renewed_key("nous", entry, key))
        assert (server.grants.refreshes, server.grants.reuses) == (2, 0)


@pytest.mark.ac("prov-7-3")
async def test_a_login_that_was_taken_back_is_asked_once_and_never_again(
    kept: Kept, server: OAuthServer, clock: FakeClock
) -> None:
    entry = kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    server.grants.revoke(kept.document()["credential_pool"]["nous"][0]["refresh_token"])
    for _ in range(2):
        with pytest.raises(LoginError) as caught:
            await key.login.other_key(key.value)
        assert caught.value.is_over
        assert "hermes auth add nous" in caught.value.hint
    assert server.paths() == ["/token"]
    clock.now += 10 * 365 * 86_400
    assert kept.pools().keys("nous") == ()
    kept.pools().rest("nous", key, ProviderError("no", reason="auth", status=401))
    assert kept.pools().keys("nous") == ()
    # A new login takes its place.
    again = kept.log_in(server)
    (stored,) = kept.document()["credential_pool"]["nous"]
    assert stored["id"] == again != entry


@pytest.mark.ac("login-renewed")
async def test_a_login_without_a_refresh_token_ends_with_words(
    kept: Kept, server: OAuthServer, clock: FakeClock
) -> None:
    kept.pools().add_login("nous", Tokens(access="access-only-1", expires_at=clock.now + 600),
                           kept.app)  # fmt: skip
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    assert await key.login.key() == "access-only-1"
    clock.now += 601
    with pytest.raises(LoginError, match="has ended"):
        await key.login.key()
    assert server.paths() == []


@pytest.mark.ac("login-minted")
async def test_requests_are_made_with_a_short_lived_key_that_the_login_buys(
    tmp_path: Path, server: OAuthServer, clock: FakeClock
) -> None:
    kept = Kept(tmp_path / "auth.json", server, clock, mint_url="/agent-key")
    kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    assert (key.value, key.login is not None) == ("", True)
    assert key.login is not None
    assert await key.login.key() == "agent-key-0-0123456789"
    assert await key.login.key() == "agent-key-0-0123456789"
    assert await key.login.other_key("agent-key-0-0123456789") == "agent-key-1-0123456789"
    assert server.grants.refreshes == 0
    # A token that ended unannounced is refreshed once, then buys.
    server.grants.expire(kept.document()["credential_pool"]["nous"][0]["access_token"])
    clock.now += 1800
    assert await key.login.key() == "agent-key-2-0123456789"
    assert (server.grants.refreshes, server.grants.reuses) == (1, 0)
    # Without credit nothing is lost but the answer.
    server.mint_error = "insufficient_credits"
    with pytest.raises(LoginError, match="no credit") as caught:
        await key.login.other_key("agent-key-2-0123456789")
    assert not caught.value.is_over


@pytest.mark.ac("login-shared")
async def test_the_login_of_another_program_is_renewed_in_both_its_places(
    kept: Kept, server: OAuthServer, clock: FakeClock
) -> None:
    found = server.grants.log_in()
    kept.path.write_text(
        json.dumps(
            {
                "version": 1,
                "active_provider": "nous",
                "providers": {
                    "nous": {
                        **found,
                        "client_id": CLIENT,
                        "portal_base_url": server.url,
                        "tls": {"insecure": False},
                    }
                },
            }
        )
    )
    kept.app = kept.app.changed(client_id="ours", issuer="http://127.0.0.1:9")
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    assert (kept.pools().active(), key.value) == ("nous", found["access_token"])
    renewed = await key.login.other_key(key.value)
    document = kept.document()
    single, (entry,) = document["providers"]["nous"], document["credential_pool"]["nous"]
    assert single["access_token"] == entry["access_token"] == renewed
    assert single["refresh_token"] == entry["refresh_token"] != found["refresh_token"]
    assert (single["tls"], entry["source"]) == ({"insecure": False}, "device_code")
    # The other program renews it, too: its tokens are the true ones.
    theirs = server.grants.token(
        {
            "client_id": CLIENT,
            "grant_type": "refresh_token",
            "refresh_token": single["refresh_token"],
        }
    )
    document["providers"]["nous"] |= theirs
    kept.path.write_text(json.dumps(document))
    assert await key.login.key() == theirs["access_token"]
    assert server.grants.accepts(await key.login.other_key(str(theirs["access_token"])))
    assert server.grants.reuses == 0
    kept.pools().remove("nous", "1")
    document = kept.document()
    assert (document["providers"], document["active_provider"]) == ({}, None)


@pytest.mark.ac("login-shared")
async def test_a_login_in_the_form_of_openais_program_is_read_and_renewed(
    kept: Kept, server: OAuthServer
) -> None:
    found = server.grants.log_in()
    tokens = {name: found[name] for name in ("access_token", "refresh_token")}
    kept.path.write_text(
        json.dumps({"providers": {"openai-codex": {"tokens": tokens, "auth_mode": "chatgpt"}}})
    )
    (key,) = kept.pools().keys("openai-codex")
    assert key.login is not None
    renewed = await key.login.other_key(key.value)
    single = kept.document()["providers"]["openai-codex"]
    assert single["tokens"]["access_token"] == renewed
    assert single["auth_mode"] == "chatgpt"


@pytest.mark.ac("prov-6-3")
async def test_no_token_is_in_what_is_said_about_a_login(
    kept: Kept, server: OAuthServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    assert key.login is not None
    await key.login.other_key(key.value)
    server.grants.revoke(kept.document()["credential_pool"]["nous"][0]["refresh_token"])
    with pytest.raises(LoginError) as caught:
        await key.login.other_key(await key.login.key())
    said = f"{key!r} {kept.pools().entries('nous')!r} {caught.value!r} {caught.value.__cause__!r}"
    assert "-token-0" not in said + caplog.text


@pytest.mark.ac("prov-7-2")
@pytest.mark.parametrize("wire", ["chat_completions", "anthropic_messages", "codex_responses"])
async def test_each_wire_asks_again_with_the_renewed_token(
    kept: Kept, server: OAuthServer, wire: str
) -> None:
    models = await ModelServer([say("hello")], accepts=server.grants.accepts).start()
    kept.log_in(server)
    (key,) = kept.pools().keys("nous")
    base_url = models.url if wire == "anthropic_messages" else models.base_url
    reached = msgspec.structs.replace(resolution(base_url, api_mode=wire), credential=key)
    opened = open_model(reached)
    server.grants.expire(key.value)
    assert said(await collect(opened, ask(reached))) == "hello"
    assert await opened.served_models() == ["scripted-model"]
    server.grants.expire(models.request.key)
    assert await opened.served_models() == ["scripted-model"]
    await opened.aclose()
    await models.aclose()
    models.assert_done()
    assert (models.refused[0], server.grants.refreshes) == (key.value, 2)
    assert "x-api-key" not in models.request.headers
