"""Logging in on a real terminal, and two programs over one login."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import pytest

from tests.e2e.conftest import Machine, finished
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer


def configure(machine: Machine, server: OAuthServer, base_url: str, **oauth: str) -> None:
    app = {"client_id": CLIENT, "issuer": server.url, "token_url": "/token", **oauth}
    machine.configure(
        {
            "model": {"provider": "relay", "default": "scripted-model"},
            "providers": {"relay": {"base_url": base_url, "oauth": app}},
        }
    )


@pytest.mark.ac("prov-5-1")
async def test_two_programs_with_a_refused_token_refresh_it_once(machine: Machine) -> None:
    with OAuthServer(interval_s=0.01) as server:
        server.grants.approves = True
        models = await ModelServer(accepts=server.grants.accepts).start()
        configure(machine, server, models.base_url, flow="device", device_url="/device")
        done = await machine.run("auth", "add", "relay", "--oauth")
        assert done.code == 0, done.err
        auth = machine.hermes / "auth.json"
        (entry,) = json.loads(auth.read_text())["credential_pool"]["custom:relay"]
        server.grants.expire(entry["access_token"])
        models.add(say("It works."), say("It works."))
        both = [await machine.start("chat", "-Q", "-q", "hi") for _ in (1, 2)]
        ends = await asyncio.gather(*(finished(one) for one in both))
        assert [(end.code, end.out) for end in ends] == [(0, "It works.\n")] * 2
        await models.aclose()
        models.assert_done()
        assert (server.grants.refreshes, server.grants.reuses) == (1, 0)
        assert auth.stat().st_mode & 0o777 == 0o600


@pytest.mark.ac("login-command")
async def test_a_login_by_browser_is_finished_by_pasting_and_left_by_ctrl_c(
    machine: Machine,
) -> None:
    with OAuthServer() as server:
        configure(machine, server, "http://127.0.0.1:9/v1", flow="code", authorize_url="/authorize")
        async with machine.screen("auth", "add", "relay", "--oauth", columns=400) as screen:
            await screen.until("Waiting; Ctrl+C leaves.")
            os.kill(screen.pid, signal.SIGINT)  # what Ctrl+C does on a controlling terminal
            assert await screen.ended() == 130
        assert not (machine.hermes / "auth.json").exists()
        async with machine.screen("auth", "add", "relay", "--oauth", columns=400) as screen:
            await screen.until("Waiting; Ctrl+C leaves.")
            page = next(word for word in screen.text.split() if word.startswith(server.url))
            fields = dict(part.split("=", 1) for part in page.partition("?")[2].split("&"))
            code = server.grants.authorize({**fields, "redirect_uri": back(fields)})
            screen.type(f"{back(fields)}?code={code}&state={fields['state']}\r")
            await screen.until("is kept in")
            assert await screen.ended() == 0


def back(fields: dict[str, str]) -> str:
    """The way back as the page names it."""
    return fields["redirect_uri"].replace("%3A", ":").replace("%2F", "/")
