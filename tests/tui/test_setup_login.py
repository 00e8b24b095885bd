"""Logging in at a provider while a model is set up on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.resolve import resolve
from hermes_tui.copying import Copying
from hermes_tui.launch_state import LaunchState
from hermes_tui.setup.desk import SetupDesk
from hermes_tui.setup.screen import SetupScreen
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer
from tests.support import until
from tests.tui.stage import Stage, staged


@pytest.fixture
def portal() -> Iterator[OAuthServer]:
    """Where one logs in."""
    with OAuthServer(interval_s=0.01) as server:
        yield server


@pytest.fixture
async def models(portal: OAuthServer) -> AsyncIterator[ModelServer]:
    """What answers who has logged in."""
    server = ModelServer(
        accepts=lambda key: key in portal.minted or portal.grants.accepts(key),
        models=("a/one", "a/two"),
    )
    yield await server.start()
    await server.aclose()


@asynccontextmanager
async def asked(
    home: Home,
    portal: OAuthServer,
    models: ModelServer,
    *,
    copied: list[str] | None = None,
    **oauth: str,
) -> AsyncIterator[Stage]:
    """The first question, in a home that logs in there; texts that are copied are kept."""

    def keep(text: str) -> bool:
        if copied is not None:
            copied.append(text)
        return True

    paths = {"device_url": "/device", "token_url": "/token", "mint_url": "/agent-key"} | oauth
    home.config_file.write_text(yaml.safe_dump({"providers": {"nous": {"oauth": paths}}}))
    environ = {"HERMES_PORTAL_BASE_URL": portal.url, "NOUS_INFERENCE_BASE_URL": models.base_url}
    started = LaunchState(open_setup=lambda: SetupDesk(home, environ, ports={}))
    async with staged(home, launch=started, size=(100, 30)) as stage:
        stage.app.copying = Copying(stage.app, locally=keep, environ={})
        await stage.pilot.press("f9")
        await until(lambda: "Who answers?" in stage.shown_text())
        yield stage


async def enter(stage: Stage, text: str) -> None:
    """Type into the field and press Enter."""
    screen = stage.app.screen
    assert isinstance(screen, SetupScreen)
    screen.entry.value = text
    await stage.pilot.press("enter")


def told(stage: Stage) -> str:
    """The toasts that stand there."""
    return "\n".join(toast.message for toast in stage.app._notifications)


def found(home: Home, environ: Mapping[str, str]) -> tuple[str, str]:
    """Provider and model that turns would use now."""
    loaded = load_settings(home, environ=environ)
    stored = open_pools(home, loaded, environ=environ)
    runtime = resolve(loaded.settings, loaded.secrets, stored=stored).runtime
    return runtime.provider, runtime.model


@pytest.mark.ac("setup-login")
async def test_a_login_by_code_waits_on_the_screen_and_is_kept_with_the_model(
    home: Home, portal: OAuthServer, models: ModelServer
) -> None:
    copied: list[str] = []
    async with asked(home, portal, models, copied=copied) as stage:
        await enter(stage, "Nous")
        await until(lambda: "id of an application" in stage.shown_text())
        await enter(stage, CLIENT)
        await until(lambda: "type this code: WDJB-0001" in stage.shown_text())
        await until(lambda: portal.url in stage.shown_text())
        await stage.pilot.press("down", "down", "enter")
        await until(lambda: copied == ["WDJB-0001"])
        portal.grants.decide("WDJB-0001", "approved")
        await until(lambda: "2 models" in stage.shown_text())
        assert not home.auth_file.exists()
        await enter(stage, "two")
        await until(lambda: not stage.app.is_modal_open)
        await until(lambda: "The login is kept as" in stage.shown_text())
        assert portal.minted[-1] in home.auth_file.read_text()
        assert portal.minted[-1] not in stage.shown_text()
    assert found(home, {"NOUS_INFERENCE_BASE_URL": models.base_url}) == ("nous", "a/two")


@pytest.mark.ac("setup-login")
async def test_the_address_of_a_browser_elsewhere_is_taken_and_a_wrong_one_told(
    home: Home, portal: OAuthServer, models: ModelServer
) -> None:
    async with asked(
        home, portal, models, flow="code", authorize_url="/authorize", client_id=CLIENT
    ) as stage:
        await enter(stage, "Nous")
        await until(lambda: "Open the page" in stage.shown_text())
        screen = stage.app.screen
        assert isinstance(screen, SetupScreen)
        page = next(row.note for row in screen.list.rows if row.key == "open")
        fields = {name: one[0] for name, one in parse_qs(urlsplit(page).query).items()}
        await enter(stage, "http://127.0.0.1:1/callback?code=other&state=other")
        await until(lambda: "does not belong to this login" in stage.shown_text())
        code = portal.grants.authorize(fields)
        await enter(stage, f"{fields['redirect_uri']}?code={code}&state={fields['state']}")
        await until(lambda: "2 models" in stage.shown_text())
        # one step back is the list of providers, not a login that waits again
        await stage.pilot.press("escape")
        await until(lambda: "Who answers?" in stage.shown_text())
        assert not home.auth_file.exists()


@pytest.mark.ac("setup-login")
async def test_esc_breaks_a_login_off_and_one_that_fails_says_why(
    home: Home, portal: OAuthServer, models: ModelServer
) -> None:
    async with asked(home, portal, models, client_id=CLIENT) as stage:
        await enter(stage, "Nous")
        await until(lambda: "WDJB-0001" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: "Who answers?" in stage.shown_text())
        await enter(stage, "Nous")
        await until(lambda: "WDJB-0002" in stage.shown_text())
        portal.grants.decide("WDJB-0002", "denied")
        await until(lambda: "Who answers?" in stage.shown_text())
        await until(lambda: stage.app.screen.has_class("-wrong"))
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert not home.auth_file.exists()


@pytest.mark.ac("setup-login")
async def test_where_no_browser_can_be_opened_the_address_is_copied(
    home: Home, portal: OAuthServer, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSH_TTY", "/dev/pts/9")
    copied: list[str] = []
    async with asked(home, portal, models, copied=copied, client_id=CLIENT) as stage:
        await enter(stage, "Nous")
        await until(lambda: "WDJB-0001" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: copied == [f"{portal.url}/activate?user_code=WDJB-0001"])
        assert "No browser can be opened here" in told(stage)
