"""A provider with several addresses: a key is good at one of them, and setup finds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import yaml

from hermes_core.paths import Home
from hermes_core.providers.records import records
from hermes_tui.setup.choice import Choice, NewKey
from hermes_tui.setup.placing import placed
from hermes_tui.setup.wizard import Wizard
from tests.fakes.model_server.script import fail, say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.scripted_dialogue import ScriptedDialogue

KEY = "key-of-a-coding-plan-0123456789"
UNPAID = fail(429, {"error": {"code": "1113", "message": "Insufficient balance"}})
UNKNOWN = fail(400, {"error": {"code": "1211", "message": "Unknown Model, please check"}})
MINE = Choice(provider="zai", label="Z.AI", key=NewKey(variable="GLM_API_KEY", value=KEY))

Places = tuple[ModelServer, ModelServer, ModelServer]


@pytest.fixture
async def places() -> AsyncIterator[Places]:
    """One that refuses the key, one that wants money first, one that takes it."""
    made = (
        await ModelServer(api_key="another-key").start(),
        await ModelServer([UNPAID], api_key=KEY).start(),
        await ModelServer(api_key=KEY, models=("glm-4.7",)).start(),
    )
    yield made
    for one in made:
        await one.aclose()


def addresses(places: Places) -> tuple[str, ...]:
    return tuple(one.base_url for one in places)


@pytest.mark.ac("key-place")
async def test_the_first_address_that_takes_the_key_is_used(home: Home, places: Places) -> None:
    places[2].add(say("Hello"))
    found = await placed(home, MINE, environ={}, addresses=addresses(places))
    assert found.base_url == places[2].base_url
    assert places[2].request.json["max_tokens"] == 1
    assert [len(one.requests) for one in places] == [0, 1, 1]


@pytest.mark.ac("key-place")
async def test_a_model_that_is_unknown_there_is_no_refusal_of_the_key(
    home: Home, places: Places
) -> None:
    places[2].add(UNKNOWN)
    found = await placed(home, MINE, environ={}, addresses=addresses(places))
    assert found.base_url == places[2].base_url


@pytest.mark.ac("key-place")
async def test_an_address_that_was_set_and_a_key_nobody_takes_change_nothing(
    home: Home, places: Places
) -> None:
    where = addresses(places)
    own = {"GLM_BASE_URL": places[0].base_url}
    assert await placed(home, MINE, environ=own, addresses=where) == MINE
    assert [one.connections for one in places] == [0, 0, 0]
    assert await placed(home, MINE, environ={}, addresses=where[:2]) == MINE
    openai = Choice(provider="openai", label="OpenAI", key=MINE.key)
    assert await placed(home, openai, environ={}) == openai


@pytest.mark.ac("key-place")
async def test_setup_says_and_writes_the_address(home: Home, places: Places) -> None:
    places[2].add(say("Hello"))
    dialogue = ScriptedDialogue("(zai)", KEY, "1")
    wizard = Wizard(
        home=home,
        dialogue=dialogue,
        environ={},
        ports={},
        saves_keys_at_once=True,
        addresses=addresses(places),
    )
    assert await asyncio.to_thread(wizard.run)
    assert f"good at {places[2].base_url}" in dialogue.text
    model = yaml.safe_load(home.config_file.read_text())["model"]
    assert (model["provider"], model["base_url"]) == ("zai", places[2].base_url)
    assert model["default"] == "glm-4.7"
    assert KEY in home.env_file.read_text()


def test_the_usual_address_is_tried_first() -> None:
    for record in records().values():
        assert not record.addresses or record.addresses[0] == record.base_url
