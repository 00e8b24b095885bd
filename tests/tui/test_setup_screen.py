"""Setting a model up on the screen: what is asked, tried, written, and left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from hermes_core.commands import SetRuntime
from hermes_core.config.loader import load_settings
from hermes_core.errors import NoModelConfigured
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.tokens import Tokens
from hermes_core.providers.records import records
from hermes_tui.app import HermesApp
from hermes_tui.core_link.workspace import Workspace
from hermes_tui.launch_state import LaunchState
from hermes_tui.setup.desk import SetupDesk
from hermes_tui.setup.screen import SetupScreen
from tests.fakes.listener import FakeListener, listing
from tests.fakes.model_server.server import ModelServer
from tests.support import until
from tests.tui.stage import Stage, staged

KEY = "sk-the-right-key-0123456789"


@pytest.fixture
async def guarded() -> AsyncIterator[ModelServer]:
    """A service that takes one key."""
    server = await ModelServer(api_key=KEY, models=("gpt-5", "gpt-5-mini", "o9")).start()
    yield server
    await server.aclose()


def launch(
    home: Home, environ: Mapping[str, str], ports: Mapping[int, str] | None = None
) -> LaunchState:
    """A start at which a model can be set up."""
    return LaunchState(open_setup=lambda: SetupDesk(home, environ, ports=ports or {}))


@asynccontextmanager
async def asked(home: Home, started: LaunchState) -> AsyncIterator[Stage]:
    """The screen with its first question."""
    async with staged(home, launch=started, size=(80, 24)) as stage:
        await stage.pilot.press("f9")
        await until(lambda: "Who answers?" in stage.shown_text())
        yield stage


def written(home: Home) -> str:
    """Everything in both files."""
    places = (home.config_file, home.env_file)
    return "".join(place.read_text() for place in places if place.exists())


async def enter(stage: Stage, text: str) -> None:
    """Type into the field and press Enter."""
    screen = stage.app.screen
    assert isinstance(screen, SetupScreen)
    screen.entry.value = text
    await stage.pilot.press("enter")


@pytest.mark.ac("setup-screen")
async def test_a_key_is_tried_hidden_and_kept_with_the_model_at_the_very_end(
    home: Home, guarded: ModelServer
) -> None:
    environ = {"OPENAI_BASE_URL": guarded.base_url}
    async with asked(home, launch(home, environ)) as stage:
        await enter(stage, "OpenAI")
        await until(lambda: "Key for OpenAI" in stage.shown_text())
        await enter(stage, "sk-a-wrong-key-0123456789")
        await until(lambda: "refused" in stage.shown_text())
        await enter(stage, KEY)
        await until(lambda: "3 models" in stage.shown_text())
        assert written(home) == ""
        await enter(stage, "mini")
        await until(lambda: not stage.app.is_modal_open)
        assert f"OPENAI_API_KEY={KEY}" in written(home)
        assert "default: gpt-5-mini" in written(home)
        await until(lambda: stage.session.sent(SetRuntime))
        switched = stage.session.sent(SetRuntime)[0]
        assert switched == SetRuntime(model="gpt-5-mini", provider="openai", client="screen")
        await until(lambda: "gpt-5-mini of OpenAI is saved" in stage.shown_text())
        assert KEY not in stage.shown_text()


@pytest.mark.ac("setup-screen")
async def test_esc_goes_back_question_by_question_and_leaves_everything_as_it_was(
    home: Home, guarded: ModelServer
) -> None:
    environ = {"OPENAI_BASE_URL": guarded.base_url, "OPENAI_API_KEY": KEY}
    async with asked(home, launch(home, environ)) as stage:
        stage.app.chat.composer.set_draft("half a thought")
        await enter(stage, "OpenAI")
        await until(lambda: "Use the key that is there" in stage.shown_text())
        await until(lambda: "OPENAI_API_KEY" in stage.shown_text())
        await stage.pilot.press("enter")
        await until(lambda: "3 models" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: "Use the key that is there" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: "Who answers?" in stage.shown_text())
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert written(home) == ""
        assert stage.app.chat.composer.draft == "half a thought"


@pytest.mark.ac("setup-screen")
async def test_a_local_server_is_used_only_after_a_yes(home: Home) -> None:
    async with FakeListener({"/v1/models": (200, listing("tiny-1"))}) as server:
        started = launch(home, {}, {server.port: "llama.cpp"})
        async with asked(home, started) as stage:
            await until(lambda: f"127.0.0.1:{server.port}" in stage.shown_text())
            await stage.pilot.press("enter")
            await until(lambda: "It will get all you write" in stage.shown_text())
            await stage.pilot.press("enter")
            await until(lambda: "1 model." in stage.shown_text())
            await stage.pilot.press("enter")
            await until(lambda: not stage.app.is_modal_open)
            assert "default: tiny-1" in written(home)
            assert "provider: custom" in written(home)


@pytest.mark.ac("setup-screen")
async def test_what_does_not_answer_is_saved_only_if_that_is_said(home: Home) -> None:
    async with asked(home, launch(home, {})) as stage:
        await enter(stage, "another address")
        await until(lambda: "llama.cpp, Ollama" in stage.shown_text())
        await enter(stage, "no address at all")
        await until(lambda: "http://" in stage.shown_text())
        await enter(stage, "http://127.0.0.1:9/v1")
        await until(lambda: "could not be tried" in stage.shown_text())
        await stage.pilot.press("down", "enter")
        await until(lambda: "type the id of a model" in stage.shown_text())
        await enter(stage, "my-model")
        await until(lambda: not stage.app.is_modal_open)
        assert "default: my-model" in written(home)


@pytest.mark.ac("setup-screen")
async def test_a_model_is_set_up_where_the_core_did_not_come_up(
    home: Home, guarded: ModelServer
) -> None:
    async def connect() -> Workspace:
        attempts.append(1)
        raise NoModelConfigured("No model is configured")

    attempts: list[int] = []
    environ = {"OPENAI_BASE_URL": guarded.base_url, "OPENAI_API_KEY": KEY}
    app = HermesApp(connect, launch(home, environ))
    async with app.run_test(size=(80, 24)) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]  # there is no workspace
        await until(lambda: app.has_failed_to_start)
        await until(lambda: "f9 sets a model up" in stage.shown_text())
        app.chat.composer.set_draft("/setup")
        await pilot.pause()
        app.chat.composer.close_menu()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, SetupScreen) and app.screen.question is not None)
        await enter(stage, "OpenAI")
        await until(lambda: "Use the key that is there" in stage.shown_text())
        await pilot.press("enter")
        await until(lambda: "3 models" in stage.shown_text())
        await pilot.press("enter")
        await until(lambda: len(attempts) == 2)
        assert "default: gpt-5" in written(home)


@pytest.mark.ac("prov-16")
async def test_a_provider_with_logins_alone_says_whether_somebody_is_logged_in(
    home: Home,
) -> None:
    desk = SetupDesk(home, {}, ports={})

    async def shown() -> dict[str, str]:
        return {row.record.id: row.text for row in await desk.look() if row.record is not None}

    assert (await shown())["nous"] == "Nous Portal (nous): log in"
    pools = open_pools(home, load_settings(home, environ={}))
    pools.add_login("nous", Tokens(access="access-1", refresh="r-1"), OAuthApp(flow="device"))
    pools.add("openai", "sk-key-kept-1")
    rows = await shown()
    assert (rows["nous"], rows["openai"]) == (
        "Nous Portal (nous): in auth.json ✓",
        "OpenAI (openai): in auth.json ✓",
    )
    assert await desk.found_key(records()["nous"]) == "auth.json"
