"""Conversations over a login: renewed, taken back, beside keys, in two processes at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from hermes_core.config.loader import load_settings
from hermes_core.errors import NoModelConfigured
from hermes_core.events import CredentialRotated, MessageFinished, Notice, RequestFailed
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.tokens import Tokens
from tests.core.agent.host_rig import HostRig, opened, options
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer

STARTED = FakeClock().now
"""When the clocks of these conversations begin."""


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    with OAuthServer(now=lambda: STARTED) as made:
        yield made


@pytest.fixture
async def models(server: OAuthServer) -> AsyncIterator[ModelServer]:
    """Answers whoever comes with a token that is good now, or with the plain key."""

    def accepts(key: str) -> bool:
        return key in ("sk-key-b", *server.minted[-1:]) or server.grants.accepts(key)

    made = await ModelServer(accepts=accepts).start()
    yield made
    await made.aclose()
    made.assert_done()


def logged_in(
    home: Home, server: OAuthServer, models: ModelServer, *, provider: str = "here", **more: Any
) -> tuple[HostOptions, str]:
    """A home with a login at an endpoint of one's own; its first access token."""
    found = server.grants.log_in()
    tokens = Tokens(
        access=str(found["access_token"]),
        refresh=str(found["refresh_token"]),
        expires_at=STARTED + server.grants.life_s,
    )
    app = OAuthApp(flow="device", client_id=CLIENT, issuer=server.url)
    pool = "nous" if provider == "nous" else f"custom:{provider}"
    KeyPools(AuthFile(home.auth_file), {}).add_login(pool, tokens, app, label="mine")
    oauth = {"flow": "device", "token_url": "/token", **more}
    overrides = {
        "model.provider": provider,
        "model.default": "scripted-model",
        "providers": {provider: {"base_url": models.base_url, "oauth": oauth}},
    }
    wanted = msgspec.structs.replace(options(home, models.base_url), overrides=overrides)
    return wanted, tokens.access


def reply_of(rig: HostRig) -> str:
    texts = [str(e.text) for e in rig.of(MessageFinished) if e.role == "assistant"]
    return texts[-1]


@pytest.mark.ac("prov-7-2")
async def test_a_refused_token_is_renewed_once_and_the_request_succeeds(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, first = logged_in(home, server, models)
    models.add(say("hello"), say("again"))
    async with opened(wanted) as r:
        server.grants.expire(first)
        assert (await r.turn("hi")).outcome == "completed"
        assert reply_of(r) == "hello"
        assert not r.of(RequestFailed)
        await r.turn("and now?")
        shown = str(r.events)
    assert (server.grants.refreshes, server.grants.reuses) == (1, 0)
    assert models.refused == [first]
    assert len({request.key for request in models.requests}) == 1
    assert "-token-0" not in shown


@pytest.mark.ac("login-route")
async def test_a_login_that_was_taken_back_gives_way_to_the_next_key(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, first = logged_in(home, server, models)
    pools = KeyPools(AuthFile(home.auth_file), {})
    pools.add("custom:here", "sk-key-b", label="b")
    server.grants.revoke(pools.entries("custom:here")[0].refresh_token)
    models.add(say("from b"), say("still b"))
    async with opened(wanted) as r:
        assert (await r.turn("hi")).outcome == "completed"
        (rotated,) = r.of(CredentialRotated)
        assert (rotated.label, rotated.cause) == ("b", "auth")
        await r.turn("and now?")
    assert models.refused == [first]
    assert server.paths() == ["/token"]


@pytest.mark.ac("login-route")
async def test_a_login_that_ended_says_how_to_log_in_again(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, _ = logged_in(home, server, models)
    server.grants.revoke(
        KeyPools(AuthFile(home.auth_file), {}).entries("custom:here")[0].refresh_token
    )
    async with opened(wanted) as r:
        finish = await r.turn("hi")
        assert finish.outcome == "failed"
        assert "hermes auth add here --type oauth" in (finish.hint or "")
        assert (await r.turn("and now?")).outcome == "failed"
    assert server.paths() == ["/token"]


@pytest.mark.ac("login-minted")
async def test_the_portals_short_lived_keys_are_bought_and_replaced(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, _ = logged_in(home, server, models, provider="nous", mint_url="/agent-key")
    models.add(say("hello"), say("again"))
    models.extra_fields.update({"reasoning", "tags"})
    async with opened(wanted) as r:
        await r.turn("hi")
        server.minted.append("another-one-took-its-place")
        assert (await r.turn("and now?")).outcome == "completed"
    assert models.refused == ["agent-key-0-0123456789"]
    assert server.grants.refreshes == 0


@pytest.mark.ac("login-route")
async def test_two_conversations_at_once_renew_once(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, first = logged_in(home, server, models)
    models.add(say("one"), say("two"))
    async with opened(wanted) as a, opened(wanted) as b:
        server.grants.expire(first)
        finishes = await asyncio.gather(a.turn("hi"), b.turn("hi"))
        assert [finish.outcome for finish in finishes] == ["completed", "completed"]
    assert (server.grants.refreshes, server.grants.reuses) == (1, 0)


@pytest.mark.ac("login-route")
async def test_where_nothing_was_chosen_the_next_provider_is_taken_with_a_word(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    wanted, first = logged_in(home, server, models, provider="nous", mint_url="/agent-key")
    pools = KeyPools(AuthFile(home.auth_file), {})
    server.grants.revoke(pools.entries("nous")[0].refresh_token)
    server.grants.expire(first)
    places = wanted.overrides["providers"]
    environ = {
        **wanted.environ,
        "OPENROUTER_API_KEY": "sk-key-b",
        "OPENROUTER_BASE_URL": models.base_url,
    }
    wanted = msgspec.structs.replace(
        wanted, overrides={"model.default": "a/model", "providers": places}, environ=environ
    )
    async with opened(wanted) as r:
        assert (await r.turn("hi")).outcome == "failed"  # it was good until now
    models.extra_fields.update({"reasoning"})
    models.add(say("from the other one"))
    async with opened(wanted) as r:
        assert (await r.turn("hi")).outcome == "completed"
        told = [notice.text for notice in r.of(Notice) if "has ended" in notice.text]
        assert len(told) == 1
        assert "The login at nous has ended; another provider is asked." in told[0]
        assert "hermes auth add nous --type oauth" in told[0]
    assert models.request.key == "sk-key-b"


@pytest.mark.ac("login-foreign")
async def test_a_yes_counts_for_conversations_that_are_opened_after_it(
    home: Home, server: OAuthServer, models: ModelServer
) -> None:
    file = home.root.parent / ".claude" / ".credentials.json"
    file.parent.mkdir()
    token = str(server.grants.log_in()["access_token"])
    file.write_text(json.dumps({"claudeAiOauth": {"accessToken": token}}))
    places = {"anthropic": {"base_url": models.url}}
    overrides = {"model.provider": "anthropic", "providers": places}
    wanted = msgspec.structs.replace(options(home, models.url), overrides=overrides)
    host = await Host.open(wanted)
    try:
        with pytest.raises(NoModelConfigured):
            host.resolve()
        home.config_file.write_text("credentials: {claude_code: true}\n")
        host.use_settings(load_settings(home, environ=wanted.environ, overrides=overrides))
        (key,) = host.resolve().keys
        assert key.login is not None
        assert await key.login.key() == token
        assert token not in host.redactor.redact(f"the key is {token}")
    finally:
        await host.aclose()
