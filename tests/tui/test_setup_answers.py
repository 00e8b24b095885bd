"""Setup with answers that lead back, aside, or out."""

from __future__ import annotations

import asyncio

import click
import pytest

from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_tui.setup.wizard import Wizard
from tests.fakes.listener import FakeListener, listing
from tests.fakes.scripted_dialogue import ScriptedDialogue

KEY = "sk-the-right-key-0123456789"
OWN = "providers:\n  relay:\n    base_url: {url}/v1\n    api_key: {key}\n"


async def played(
    home: Home, dialogue: ScriptedDialogue, environ: dict[str, str] | None = None
) -> bool:
    """Ask everything; whether a model was chosen and every answer was wanted."""
    wizard = Wizard(
        home=home, dialogue=dialogue, environ=environ or {}, ports={}, saves_keys_at_once=True
    )
    found = await asyncio.to_thread(wizard.run)
    assert not dialogue.left
    return found


def written(home: Home) -> str:
    """What is set up, as `provider model`; empty if nothing was written."""
    model = load_settings(home, environ={}).settings.model
    return f"{model.provider} {model.default}" if home.config_file.exists() else ""


async def test_a_provider_nobody_knows_is_asked_for_again_and_enter_leaves(home: Home) -> None:
    dialogue = ScriptedDialogue("opnai", "")
    assert not await played(home, dialogue)
    assert "Nothing is called 'opnai'." in dialogue.text
    assert dialogue.lines[-1] == "No model was chosen; the one set up before stays as it was."
    assert written(home) == ""


async def test_enter_at_a_key_leads_back_to_the_providers(home: Home) -> None:
    dialogue = ScriptedDialogue("(openai)", "", "")
    assert not await played(home, dialogue)
    assert "Keys are made at https://" in dialogue.text
    assert not home.env_file.exists()


async def test_enter_at_an_address_leads_back_to_the_providers(home: Home) -> None:
    assert not await played(home, ScriptedDialogue("another", "", ""))
    assert written(home) == ""


async def test_a_provider_of_ones_own_is_tried_and_chosen(home: Home) -> None:
    async with FakeListener({"/v1/models": (200, listing("one", "two"))}, key=KEY) as there:
        home.config_file.write_text(OWN.format(url=there.url, key=KEY))
        dialogue = ScriptedDialogue("relay", "two")
        assert await played(home, dialogue)
    assert "Asking relay for its models" in dialogue.text
    assert "It answered: 2 models." in dialogue.text
    assert written(home) == "custom:relay two"


@pytest.mark.parametrize(
    ("answers", "model"),
    [
        (["mine", False, "2"], "two"),
        (["mine", True], "mine"),
        (["mine", False, ""], ""),
    ],
)
async def test_a_model_that_is_not_listed_is_used_after_a_yes_alone(
    home: Home, answers: list[str | bool], model: str
) -> None:
    async with FakeListener({"/v1/models": (200, listing("one", "two"))}) as there:
        dialogue = ScriptedDialogue("another", f"{there.url}/v1", *answers)
        assert await played(home, dialogue) is bool(model)
    assert "lists no 'mine'. Use it all the same?" in dialogue.text
    assert written(home) == (f"custom {model}" if model else "")


async def test_a_key_that_is_kept_is_used_and_not_asked_for_again(home: Home) -> None:
    open_pools(home, load_settings(home)).add("openai", KEY)
    async with FakeListener({"/models": (200, listing("gpt-5"))}, key=KEY) as there:
        dialogue = ScriptedDialogue("(openai)", True, "")
        assert await played(home, dialogue, {"OPENAI_BASE_URL": there.url})
    assert written(home) == "openai gpt-5"
    assert not home.env_file.exists()
    assert KEY not in dialogue.text


async def test_what_cannot_be_tried_is_left_out_after_a_no_and_set_up_after_a_yes(
    home: Home,
) -> None:
    async with FakeListener() as there:
        pass
    environ = {"DEEPSEEK_BASE_URL": there.url, "DEEPSEEK_API_KEY": KEY}
    dialogue = ScriptedDialogue("(deepseek)", True, False, "", "leave")
    with pytest.raises(click.Abort):
        await played(home, dialogue, environ)
    assert "Go on without having tried it?" in dialogue.text
    assert written(home) == ""
    dialogue = ScriptedDialogue("(deepseek)", True, True, "deepseek-chat")
    assert await played(home, dialogue, environ)
    assert written(home) == "deepseek deepseek-chat"


async def test_a_key_for_an_address_that_cannot_be_tried_is_kept(home: Home) -> None:
    async with FakeListener() as there:
        pass
    dialogue = ScriptedDialogue("another", f"{there.url}/v1", KEY, "mine")
    assert await played(home, dialogue)
    assert "could not be tried" in dialogue.text
    assert KEY in home.env_file.read_text()
    assert KEY not in home.config_file.read_text()
