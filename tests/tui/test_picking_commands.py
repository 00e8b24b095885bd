"""Slash commands that let something be picked, at both doors."""

from __future__ import annotations

import pytest

from hermes_core.commands import (
    Interrupt,
    Rollback,
    SetOverlay,
    SetRuntime,
    SetServiceTier,
)
from hermes_core.events import BackgroundFinished, BackgroundStarted
from hermes_core.paths import Home
from hermes_tui.core_link.workspace import ModelInfo, ProviderInfo, SettingInfo
from tests.support import until
from tests.tui.both_doors import DOORS, DoorName, furnish, opened

both = pytest.mark.parametrize("door", DOORS)


@both
async def test_an_agent_is_picked_and_ended_after_a_yes_alone(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        place.session.say(
            BackgroundStarted(task_id="b1", kind="prompt", label="read it all"),
            BackgroundStarted(task_id="b2", kind="prompt", label="write it down"),
        )
        await until(lambda: len(place.state.background) == 2)
        await place.send("/agents")
        await place.shows("Agents: choose one to end it")
        await place.pick("write it")
        await place.decline()
        await place.settle()
        assert not place.session.sent(Interrupt)
        await place.send("/agents")
        await place.pick("write it")
        await place.agree()
        await until(lambda: place.session.sent(Interrupt))
        (sent,) = place.session.sent(Interrupt)
        assert isinstance(sent, Interrupt)
        assert (sent.scope, sent.child_id) == ("child", "b2")


@both
async def test_an_agent_that_ended_while_one_chose_is_not_ended_again(
    home: Home, door: DoorName
) -> None:
    async with opened(door, home) as place:
        place.session.say(BackgroundStarted(task_id="b1", kind="prompt", label="read it all"))
        await until(lambda: place.state.background)
        await place.send("/agents")
        await place.shows("Agents: choose one to end it")
        place.session.say(BackgroundFinished(task_id="b1", status="completed", summary="read"))
        await until(lambda: not place.state.background)
        await place.send("1") if door == "lines" else await place.settle()
        await place.settle()
        assert not place.session.sent(Interrupt)


@both
async def test_a_personality_is_picked_from_the_list(home: Home, door: DoorName) -> None:
    async with opened(door, home) as place:
        await place.send("/personality")
        await place.pick("pirate")
        await until(lambda: place.session.sent(SetOverlay))
        await place.shows("Personality: pirate")
        assert "pirate" in str(place.workspace.settings["agent.system_prompt"])


@both
@pytest.mark.parametrize(
    ("line", "tier", "kept"),
    [("/fast on", "fast", "fast"), ("/fast OFF", "normal", "normal"), ("/fast", "", "as before")],
)
async def test_fast_is_switched_or_asked_about(
    home: Home, door: DoorName, line: str, tier: str, kept: str
) -> None:
    async with opened(door, home) as place:
        place.workspace.settings["agent.service_tier"] = "as before"
        await place.send(line)
        await until(lambda: place.session.sent(SetServiceTier))
        await place.settle()
        (sent,) = place.session.sent(SetServiceTier)
        assert isinstance(sent, SetServiceTier)
        assert sent.tier == tier
        assert place.workspace.settings["agent.service_tier"] == kept


async def test_in_lines_a_model_is_picked_by_its_number(home: Home) -> None:
    async with opened("lines", home) as place:
        place.workspace.model_list = [
            ModelInfo(model="hermes-4-405b", provider="openrouter"),
            ModelInfo(model="gpt-5", provider="openai", window_tokens=400_000),
        ]
        await place.send("/model")
        await place.shows("Model · now hermes-4-405b via openrouter")
        await place.pick("gpt-5, openai, 400k")
        await until(lambda: place.session.sent(SetRuntime))
        (sent,) = place.session.sent(SetRuntime)
        assert isinstance(sent, SetRuntime)
        assert (sent.model, sent.provider) == ("gpt-5", "openai")


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ("OpenAI", "/model openai:NAME switches to one of its models"),
        ("xAI", "xAI needs XAI_API_KEY. It is set up by: hermes setup"),
    ],
)
async def test_in_lines_a_provider_leads_on_to_its_models_or_to_setup(
    home: Home, picked: str, said: str
) -> None:
    async with opened("lines", home) as place:
        place.workspace.provider_list = [
            ProviderInfo(
                provider="openai", label="OpenAI", is_ready=True, access="key", model_count=1
            ),
            ProviderInfo(provider="xai", label="xAI", access="needs XAI_API_KEY"),
        ]
        await place.send("/provider")
        await place.pick(picked)
        await place.shows(said)


async def test_in_lines_a_snapshot_is_picked_from_the_list(home: Home) -> None:
    async with opened("lines", home) as place:
        furnish(place)
        await place.send("/rollback")
        await place.shows("Restore files as before")
        await place.pick("patch retry.py, 2 files")
        await place.shows("Restore this snapshot?")
        await place.agree()
        await until(lambda: place.session.sent(Rollback))
        (sent,) = place.session.sent(Rollback)
        assert isinstance(sent, Rollback)
        assert (sent.checkpoint_id, sent.path) == ("abc123", None)


@pytest.mark.parametrize(
    ("line", "shown", "hidden"),
    [
        ("/config", "Settings that differ from the default\ntui.theme = paper", "tui.mouse"),
        ("/config MOUSE", "Settings with “MOUSE”\ntui.mouse = true   (default)", "tui.theme"),
        ("/config nothing", "Settings with “nothing”\nnone\n", "tui."),
    ],
)
async def test_in_lines_settings_that_were_changed_or_asked_for_are_told(
    home: Home, line: str, shown: str, hidden: str
) -> None:
    async with opened("lines", home) as place:
        place.workspace.setting_list = [
            SettingInfo(key="tui.theme", value="paper", origin="config.yaml"),
            SettingInfo(key="tui.mouse", value="true", origin="default"),
        ]
        await place.send(line)
        await place.shows(shown)
        assert not place.sees(hidden)
