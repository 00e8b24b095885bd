"""The settings screen: finding, changing, refusing, keeping secrets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hermes_core.errors import ConfigError
from hermes_core.host import Host, HostOptions
from hermes_core.paths import Home
from hermes_tui.core_link.core_workspace import CoreWorkspace
from hermes_tui.core_link.workspace import SettingInfo, Workspace
from hermes_tui.screens.confirm import ConfirmScreen
from hermes_tui.screens.settings import SettingsScreen
from tests.support import until
from tests.tui.stage import Stage, staged

LISTED = [
    SettingInfo(
        key="display.skin", value="slate", origin="config.yaml", about="Colours and persona."
    ),
    SettingInfo(
        key="display.busy_input_mode",
        value="steer",
        origin="default",
        about="What Enter does while the agent works.",
        choices=("steer", "queue", "interrupt"),
    ),
    SettingInfo(key="model.api_key", value="sk-abc...wxyz", origin=".env KEY", is_secret=True),
    SettingInfo(key="providers", value='{"x": {"api_key": "***"}}', origin="flag", is_fixed=True),
    SettingInfo(
        key="approvals.mode",
        value="manual",
        origin="default",
        about="What needs a yes.",
        choices=("manual", "smart", "off"),
    ),
]


@asynccontextmanager
async def opened(home: Home, word: str = "") -> AsyncIterator[tuple[Stage, SettingsScreen]]:
    """The screen over a fake workspace at 80×24, searched for a word."""
    async with staged(home, size=(80, 24)) as stage:
        stage.workspace.setting_list = list(LISTED)
        await stage.pilot.press("f2")
        await until(lambda: isinstance(stage.app.screen, SettingsScreen))
        screen = stage.app.screen
        assert isinstance(screen, SettingsScreen)
        screen.search.value = word
        await stage.pilot.pause()
        yield stage, screen


@pytest.mark.ac("settings-listed")
async def test_settings_stand_by_section_with_value_and_origin(home: Home) -> None:
    async with opened(home) as (stage, _screen):
        lines = stage.shown_text().splitlines()
        assert any(line.strip("▌▐█ ") == "display" for line in lines)
        skin = next(line for line in lines if "display.skin" in line)
        assert "●" in skin
        assert "slate" in skin
        assert "config.yaml" in skin
        await until(lambda: "Colours and persona." in stage.shown_text())
        await until(lambda: "⏎ change" in stage.shown_text())


async def test_typing_finds_settings_and_says_when_there_is_none(home: Home) -> None:
    async with opened(home, "busy") as (stage, screen):
        assert [row.key for row in screen.list.rows] == ["display.busy_input_mode"]
        screen.search.value = "xyzzy"
        await until(lambda: "No setting matches." in stage.shown_text())


@pytest.mark.ac("settings-changed-in-place")
async def test_a_choice_is_stepped_through_and_written(home: Home) -> None:
    async with opened(home, "busy") as (stage, screen):
        await stage.pilot.press("enter", "down", "enter")
        await until(lambda: not screen.has_class("-editing"))
        assert stage.workspace.settings_typed == [("display.busy_input_mode", "queue")]
        row = screen.list.rows[0]
        assert (row.note, row.right) == ("queue", "config.yaml")
        assert screen.search.has_focus


@pytest.mark.ac("settings-refusal")
async def test_an_impossible_value_is_refused_in_words_and_can_be_mended(home: Home) -> None:
    async with opened(home, "busy") as (stage, screen):
        await stage.pilot.press("enter")
        screen.entry.value = "sideways"
        await stage.pilot.press("enter")
        await until(lambda: "should be steer or queue" in stage.shown_text())
        assert screen.has_class("-editing")
        screen.entry.value = "interrupt"
        await stage.pilot.press("enter")
        await until(lambda: stage.workspace.settings_typed != [])


async def test_escape_leaves_the_entry_first_and_the_screen_next(home: Home) -> None:
    async with opened(home, "busy") as (stage, screen):
        await stage.pilot.press("enter", "down", "escape")
        assert not screen.has_class("-editing")
        await stage.pilot.press("escape")
        await until(lambda: not stage.app.is_modal_open)
        assert stage.workspace.settings_typed == []


async def test_f4_takes_the_default_back(home: Home) -> None:
    async with opened(home, "skin") as (stage, screen):
        await stage.pilot.press("f4")
        await until(lambda: screen.list.rows[0].right == "")
        assert stage.workspace.setting_list[0].origin == "default"


@pytest.mark.ac("settings-secrets")
async def test_a_secret_is_masked_and_typed_unseen(home: Home) -> None:
    async with opened(home, "api_key") as (stage, screen):
        await stage.pilot.press("enter")
        assert screen.entry.value == ""
        screen.entry.value = "sk-brand-new-secret"
        await stage.pilot.pause()
        assert "brand-new" not in stage.shown_text()


async def test_enter_on_an_empty_field_keeps_the_secret(home: Home) -> None:
    async with opened(home, "api_key") as (stage, screen):
        await stage.pilot.press("enter", "enter")
        assert not screen.has_class("-editing")
        assert stage.workspace.settings_typed == []


async def test_a_mapping_with_secrets_is_left_to_the_file(home: Home) -> None:
    async with opened(home, "providers") as (stage, screen):
        await stage.pilot.press("enter")
        await until(lambda: "hermes config edit" in stage.shown_text())
        assert not screen.has_class("-editing")


async def test_approvals_are_switched_off_only_after_a_question(home: Home) -> None:
    async with opened(home, "approvals") as (stage, screen):
        await stage.pilot.press("enter", "up", "enter")
        await until(lambda: isinstance(stage.app.screen, ConfirmScreen))
        await stage.pilot.press("escape")
        await until(lambda: "Left as it was." in stage.shown_text())
        assert stage.workspace.settings_typed == []
        assert screen.has_class("-editing")


async def test_the_command_takes_a_key_to_look_for(home: Home) -> None:
    async with staged(home) as stage:
        stage.workspace.setting_list = list(LISTED)
        await stage.send("/settings skin")
        await until(lambda: isinstance(stage.app.screen, SettingsScreen))
        await until(lambda: "display.skin" in stage.shown_text())
        assert "busy_input_mode" not in stage.shown_text()


@pytest.mark.ac("settings-real")
async def test_real_settings_are_listed_written_and_refused(home: Home) -> None:
    home.config_file.write_text(
        "# mine\nmodel:\n  provider: demo\n  api_key: sk-0123456789abcdefghij\n", "utf-8"
    )
    options = HostOptions(home=home, environ={}, allow_demo=True)
    host = await Host.open(options)
    workspace: Workspace = CoreWorkspace(host, host.resolve().runtime)
    try:
        before = {info.key: info for info in await workspace.list_settings()}
        assert before["model.api_key"].value == "sk-012...ghij"
        assert before["model.provider"].origin == "config.yaml"
        assert before["tui.reduced_motion"].choices == ("true", "false")

        await workspace.type_setting("display.busy_input_mode", "queue")
        with pytest.raises(ConfigError, match="should be 'steer'"):
            await workspace.type_setting("display.busy_input_mode", "sideways")

        assert workspace.setting("display.busy_input_mode") == "queue"
        assert home.config_file.read_text("utf-8").startswith("# mine\n")
        await workspace.type_setting("model.api_key", "sk-another-key-0123456789")
        assert workspace.setting("model.api_key") == "sk-another-key-0123456789"
        assert workspace.setting("tui.copy") == "markdown"
        await workspace.unset_setting("display.busy_input_mode")
        assert workspace.setting("display.busy_input_mode") == "steer"
    finally:
        await workspace.close()
