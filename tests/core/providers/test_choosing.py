"""Which model somebody means, and which there are to choose from."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import ConfigError, NoModelConfigured
from hermes_core.messages import Runtime
from hermes_core.providers.choosing import Offers
from hermes_core.providers.facts.facts import ModelFacts

OPENROUTER = Runtime(model="openai/gpt-5", provider="openrouter", window_tokens=400_000)
LISTED = {
    "openrouter": (
        "anthropic/claude-sonnet-4",
        "anthropic/claude-sonnet-4.5",
        "anthropic/claude-3-sonnet-20240229",
        "openai/gpt-5",
        "openai/gpt-5-mini",
        "moonshotai/kimi-k2",
    ),
    "anthropic": ("claude-sonnet-4-5", "claude-opus-4-5"),
}


class Lists:
    """Models as they were fetched."""

    def __init__(self, listed: Mapping[str, tuple[str, ...]]) -> None:
        self._listed = listed

    def listed(self, provider: str, base_url: str) -> tuple[ModelFacts, ...]:
        models = [ModelFacts(id=name, window=200_000) for name in self._listed.get(provider, ())]
        return (*models, ModelFacts(id="text-only", tools=False))


def _offers(current: Runtime = OPENROUTER, **sections: object) -> Offers:
    keys = {"OPENROUTER_API_KEY": "sk-or-1", "ANTHROPIC_API_KEY": "sk-ant-1"}
    settings = Settings.model_validate(
        {
            "model_aliases": {"fast": {"model": "openai/gpt-5-mini", "provider": "openrouter"}},
            "providers": {"lab": {"base_url": "http://127.0.0.1:9/v1", "model": "big"}},
            **sections,
        }
    )
    return Offers(settings, Secrets(keys, {}), Lists(LISTED), current)


@pytest.mark.ac("model-meant")
@pytest.mark.parametrize(
    ("typed", "provider", "model"),
    [
        ("fast", "openrouter", "openai/gpt-5-mini"),
        ("sonnet", "openrouter", "anthropic/claude-sonnet-4.5"),
        ("opus", "anthropic", "claude-opus-4-5"),
        ("k2", "openrouter", "moonshotai/kimi-k2"),
        ("KIMI-K2", "openrouter", "moonshotai/kimi-k2"),
        ("anthropic:opus", "anthropic", "claude-opus-4-5"),
        ("custom:lab:huge", "custom:lab", "huge"),
        ("lab", "custom:lab", "big"),
        ("demo", "demo", "demo"),
    ],
)
def test_names_parts_aliases_and_providers_are_understood(
    typed: str, provider: str, model: str
) -> None:
    wish = _offers().meant(typed)
    assert (wish.provider, wish.model) == (provider, model)


@pytest.mark.ac("model-meant")
def test_a_provider_without_a_key_is_refused_and_names_its_variable() -> None:
    with pytest.raises(NoModelConfigured, match="OPENAI_API_KEY"):
        _offers().meant("openai:gpt-5-mini")


def test_a_name_of_several_is_asked_back_and_a_slip_is_read_right() -> None:
    with pytest.raises(ConfigError, match="may be"):
        _offers().meant("anthropic/")
    wish = _offers().meant("anthropic/claude-sonet-4.5")
    assert wish.model == "anthropic/claude-sonnet-4.5"
    assert "was read as" in wish.notes[0]
    for nothing in ("", "two words"):
        with pytest.raises(ConfigError):
            _offers().meant(nothing)


def test_what_is_in_no_list_is_taken_as_typed_with_a_warning() -> None:
    wish = _offers().meant("brand/new-model")
    assert (wish.provider, wish.model) == ("openrouter", "brand/new-model")
    assert "not among the models" in wish.notes[0]


def test_an_endpoint_of_ones_own_is_never_left_by_guessing() -> None:
    current = Runtime(model="big", provider="custom:lab", base_url="http://127.0.0.1:9/v1")
    wish = _offers(current).meant("sonnet")
    assert (wish.provider, wish.model) == ("custom:lab", "sonnet")


@pytest.mark.ac("model-offers")
def test_only_what_is_set_up_is_offered_and_the_current_one_stands_first() -> None:
    offers = _offers().all()

    assert (offers[0].provider, offers[0].model) == ("openrouter", "openai/gpt-5")
    assert offers[0].window_tokens == 400_000
    assert list(dict.fromkeys(offer.provider for offer in offers)) == [
        "openrouter",
        "anthropic",
        "custom:lab",
        "demo",
    ]
    assert "text-only" not in {offer.model for offer in offers}
