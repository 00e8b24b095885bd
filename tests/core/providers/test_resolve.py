"""Who answers, with which key, at which address."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from hermes_core.config.loader import load_settings
from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import ConfigError, NoModelConfigured
from hermes_core.paths import Home
from hermes_core.providers.address import clean_base_url, is_local
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.lookup import PLACEHOLDER_KEY
from hermes_core.providers.records import records
from hermes_core.providers.resolve import Resolution, resolve

PLACES = ("flag", "exported", "file", ".env", "login", "key")
"""Where a provider is named, the first one wins."""
LOCAL = "http://127.0.0.1:8080/v1"
API_KEY_ROWS = [one for one in records().values() if one.key_env]


def _settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def _resolve(
    settings: Settings | None = None,
    keys: dict[str, str] | None = None,
    *,
    model: str | None = None,
    provider: str | None = None,
) -> Resolution:
    return resolve(settings or _settings(), Secrets(keys or {}, {}), model=model, provider=provider)


@pytest.mark.ac("ac-2")
@pytest.mark.parametrize("record", API_KEY_ROWS, ids=lambda record: record.id)
def test_a_chosen_provider_gets_its_own_key_address_and_wire(record: Any) -> None:
    keys = {name: f"key-of-{name}" for one in API_KEY_ROWS for name in one.key_env}
    found = _resolve(keys=keys, provider=record.id, model="m")
    assert found.credential.value == f"key-of-{record.key_env[0]}"
    assert found.runtime.base_url == record.base_url
    assert found.runtime.api_mode == record.api_mode
    assert found.runtime.provider == record.id


@pytest.mark.ac("ac-2")
@pytest.mark.parametrize(
    "record", [one for one in API_KEY_ROWS if one.base_url_env], ids=lambda record: record.id
)
def test_an_address_variable_moves_its_own_provider_alone(record: Any) -> None:
    keys = {record.key_env[0]: "some-key", record.base_url_env: LOCAL}
    assert _resolve(keys=keys, provider=record.id, model="m").runtime.base_url == LOCAL
    other = next(one for one in API_KEY_ROWS if one.id != record.id)
    moved = _resolve(keys=keys | {other.key_env[0]: "k-other"}, provider=other.id, model="m")
    assert moved.runtime.base_url == other.base_url


@pytest.mark.ac("ac-2")
def test_the_key_of_openai_alone_means_openai() -> None:
    found = _resolve(keys={"OPENAI_API_KEY": "sk-openai"})
    assert (found.runtime.provider, found.runtime.base_url) == (
        "openai",
        "https://api.openai.com/v1",
    )


@pytest.mark.ac("prov-4-3")
def test_a_custom_endpoint_gets_no_foreign_key() -> None:
    keys = {name: "a-real-looking-key" for one in API_KEY_ROWS for name in one.key_env}
    for provider in ("auto", "custom"):
        settings = _settings(model={"base_url": LOCAL, "provider": provider})
        assert _resolve(settings, keys).credential.value == PLACEHOLDER_KEY


@pytest.mark.ac("prov-4-2")
@pytest.mark.parametrize("record", API_KEY_ROWS, ids=lambda record: record.id)
def test_a_chosen_provider_without_key_is_never_replaced(record: Any) -> None:
    keys = {
        name: "some-other-key" for one in API_KEY_ROWS if one is not record for name in one.key_env
    }
    with pytest.raises(NoModelConfigured) as caught:
        _resolve(keys=keys, provider=record.id, model="m")
    assert record.key_env[0] in str(caught.value)


@pytest.mark.ac("no-model-configured")
def test_nothing_set_up_is_said_with_the_next_step() -> None:
    with pytest.raises(NoModelConfigured) as caught:
        _resolve()
    assert "hermes setup" in caught.value.hint
    assert "hermes config set" in caught.value.hint
    assert ".env" in caught.value.hint


def test_the_demo_is_no_other_model() -> None:
    assert _resolve(provider="demo", model="demo").runtime.model == "demo"
    with pytest.raises(ConfigError, match="built-in script and no 'gpt-5'"):
        _resolve(provider="demo", model="gpt-5")


def test_the_demo_answers_only_when_asked_for() -> None:
    assert _resolve(provider="demo").runtime.api_mode == "demo"
    assert _resolve(_settings(model={"provider": "demo"})).runtime.provider == "demo"
    with pytest.raises(NoModelConfigured):
        _resolve(_settings(model={"default": "demo"}))


@pytest.mark.ac("prov-4-1")
@pytest.mark.parametrize(
    ("model", "keys", "asked", "expected"),
    [
        ({}, {"OPENROUTER_API_KEY": "key1", "OPENAI_API_KEY": "key2"}, None, "openrouter"),
        ({}, {"OPENAI_API_KEY": "key2", "XAI_API_KEY": "key3"}, None, "openai"),
        ({"base_url": LOCAL}, {"OPENROUTER_API_KEY": "key1"}, None, "custom"),
        ({"provider": "anthropic"}, {"ANTHROPIC_API_KEY": "key4"}, "demo", "demo"),
        (
            {"provider": "custom", "base_url": LOCAL},
            {"ANTHROPIC_API_KEY": "key4"},
            "claude",
            "anthropic",
        ),
        ({"provider": "claude"}, {"ANTHROPIC_API_KEY": "key4"}, None, "anthropic"),
        ({"provider": "ollama", "base_url": LOCAL}, {}, None, "custom"),
        (
            {"base_url": "https://openrouter.ai/api/v1"},
            {"OPENROUTER_API_KEY": "key1"},
            None,
            "openrouter",
        ),
    ],
)
def test_precedence_of_the_provider(
    model: dict[str, str], keys: dict[str, str], asked: str | None, expected: str
) -> None:
    found = _resolve(_settings(model=model), keys, provider=asked)
    assert found.runtime.provider == expected
    if expected == "anthropic":
        assert found.runtime.base_url == "https://api.anthropic.com"


@pytest.mark.ac("prov-4-1")
@pytest.mark.parametrize(
    ("winner", "loser"), list(itertools.combinations(range(len(PLACES)), 2)), ids=str
)
def test_of_two_places_that_name_a_provider_the_first_one_wins(
    home: Home, winner: int, loser: int
) -> None:
    """Flag, exported variable, `config.yaml`, `.env`, the last login, the keys in their order."""
    asked: dict[str, str] = {}
    environ = {"XAI_API_KEY": "key-of-xai", "DEEPSEEK_API_KEY": "key-of-deepseek"}
    active = ""
    for place, provider in ((loser, "xai"), (winner, "deepseek")):
        match PLACES[place]:
            case "flag":
                asked["provider"] = provider
            case "exported":
                environ["HERMES_INFERENCE_PROVIDER"] = provider
            case "file":
                home.config_file.write_text(f"model: {{provider: {provider}}}\n")
            case ".env":
                home.env_file.write_text(f"HERMES_INFERENCE_PROVIDER={provider}\n")
            case "login":
                active = provider
            case _:
                environ |= {"OPENROUTER_API_KEY": "key-of-openrouter"}
    loaded = load_settings(home, environ=environ)
    found = resolve(
        loaded.settings,
        loaded.secrets,
        provider=asked.get("provider"),
        model="m",
        stored=_Active(active),
    )
    assert found.runtime.provider == "deepseek"


class _Active:
    """A file of logins with one that is preferred."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def keys(self, provider: str) -> tuple[Credential, ...]:
        is_asked = provider == self._provider
        return (Credential("a-login-of-it", "auth.json", entry_id="a1"),) if is_asked else ()

    def active(self) -> str:
        return self._provider


@pytest.mark.parametrize("placeholder", ["***", "*******", "changeme", "your-api-key", "abc", ""])
def test_a_placeholder_is_no_key(placeholder: str) -> None:
    with pytest.raises(NoModelConfigured):
        _resolve(keys={"OPENAI_API_KEY": placeholder})


OWN = {
    "providers": {
        "Work Relay": {
            "base_url": "https://relay.example/v1",
            "key_env": "RELAY_KEY",
            "model": "big",
            "models": {"small": {"context_length": 4096}},
            "context_length": 32_000,
        }
    },
    "custom_providers": [{"name": "Old One", "base_url": LOCAL, "api_key": "own-key"}],
}


@pytest.mark.parametrize("name", ["Work Relay", "work-relay", "custom:work-relay"])
def test_a_provider_of_the_user_is_found_by_any_spelling(name: str) -> None:
    found = _resolve(_settings(**OWN), {"RELAY_KEY": "relay-key"}, provider=name)
    assert found.runtime.provider == "custom:work-relay"
    assert (found.runtime.model, found.runtime.window_tokens) == ("big", 32_000)
    assert (found.credential.value, found.credential.source) == ("relay-key", "RELAY_KEY")
    assert found.record.reasoning_replay == ""


def test_a_model_of_an_entry_has_its_own_window() -> None:
    found = _resolve(_settings(**OWN), provider="work-relay", model="small")
    assert found.runtime.window_tokens == 4096


def test_the_older_list_of_providers_is_read_too() -> None:
    found = _resolve(_settings(**OWN), provider="old one", model="m")
    assert (found.runtime.base_url, found.credential.value) == (LOCAL, "own-key")
    assert found.record.reasoning_replay == "reasoning_content"


@pytest.mark.parametrize(
    ("model", "provider", "words"),
    [
        ({}, "nonsense", "Unknown provider 'nonsense'"),
        ({"provider": "custom"}, None, "has no address"),
        ({"base_url": "ftp://x"}, None, "not an http or https address"),
        ({"base_url": "http://user:pass@host/v1"}, None, "holds a password"),
        ({"base_url": LOCAL, "api_mode": "local"}, None, "not available"),
    ],
)
def test_an_impossible_setting_is_named(
    model: dict[str, str], provider: str | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        _resolve(_settings(model=model), provider=provider)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        ({"default": "mine", "provider": "openai"}, None, "mine"),
        ({"default": "mine", "provider": "openai"}, "asked", "asked"),
        ({"provider": "openai"}, None, "gpt-5"),
        ({"default": "openai/gpt-4.1", "provider": "openai"}, None, "gpt-4.1"),
        ({"base_url": LOCAL}, None, ""),
    ],
)
def test_precedence_of_the_model(model: dict[str, str], asked: str | None, expected: str) -> None:
    found = _resolve(_settings(model=model), {"OPENAI_API_KEY": "sk-openai"}, model=asked)
    assert found.runtime.model == expected


def test_the_configured_model_does_not_follow_to_another_provider() -> None:
    settings = _settings(model={"default": "mine", "provider": "openai"})
    found = _resolve(settings, {"ANTHROPIC_API_KEY": "sk-ant"}, provider="anthropic")
    assert found.runtime.model == records()["anthropic"].default_model


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (LOCAL, "chat_completions"),
        ("https://relay.example/anthropic", "anthropic_messages"),
        ("https://relay.example/v1/chat/completions", "chat_completions"),
        ("https://relay.example/v1/responses", "chat_completions"),
    ],
)
def test_the_address_tells_the_wire(url: str, mode: str) -> None:
    assert _resolve(_settings(model={"base_url": url})).runtime.api_mode == mode


def test_the_window_that_was_written_wins() -> None:
    model = {"base_url": LOCAL, "default": "gpt-5", "context_length": 9_000}
    assert _resolve(_settings(model=model)).runtime.window_tokens == 9_000


def test_a_local_server_may_be_silent_for_the_whole_call_unless_told_otherwise() -> None:
    patient = _resolve(_settings(model={"base_url": LOCAL})).timeouts
    assert (patient.read_s, patient.whole_s, patient.connect_s) == (1800.0, 1800.0, 30.0)
    told = _settings(model={"base_url": LOCAL}, requests={"stream_read_timeout": 7})
    assert _resolve(told).timeouts.read_s == 7.0
    remote = _resolve(keys={"OPENAI_API_KEY": "sk-openai"}).timeouts
    assert remote.read_s == 120.0


def test_no_representation_shows_the_key() -> None:
    found = _resolve(keys={"OPENAI_API_KEY": "sk-very-secret"})
    assert "sk-very-secret" not in repr(found)
    assert "sk-very-secret" not in found.credential.fingerprint


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://192.168.1.4/v1", True),
        ("http://169.254.3.4/v1", True),
        ("http://host.docker.internal:1/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_local_addresses_are_known_without_a_look_up(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_the_path_of_one_request_is_taken_off_an_address() -> None:
    assert clean_base_url("https://x.example/v1/chat/completions/") == "https://x.example/v1"
    assert clean_base_url("https://x.example/v1/messages") == "https://x.example"


def test_every_alias_names_one_provider_only() -> None:
    names = [name for one in records().values() for name in (one.id, *one.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.ac("model-wire")
@pytest.mark.parametrize(
    ("provider", "model", "mode"),
    [
        ("openai", "gpt-4.1", "codex_responses"),
        ("openrouter", "gpt-5.2", "codex_responses"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "chat_completions"),
        ("zen", "claude-sonnet-4.5", "anthropic_messages"),
        ("zen", "gpt-5", "codex_responses"),
        ("zen", "kimi-k2", "chat_completions"),
        ("go", "minimax-m2.7", "anthropic_messages"),
        ("go", "glm-5", "chat_completions"),
    ],
)
def test_a_model_may_speak_another_wire_than_its_provider(
    provider: str, model: str, mode: str
) -> None:
    keys = {name: "some-key" for one in API_KEY_ROWS for name in one.key_env}
    assert _resolve(keys=keys, provider=provider, model=model).runtime.api_mode == mode


@pytest.mark.ac("model-wire")
def test_a_wire_that_was_written_wins() -> None:
    model = {"provider": "openai", "api_mode": "chat_completions"}
    found = _resolve(_settings(model=model), {"OPENAI_API_KEY": "sk-openai"})
    assert found.runtime.api_mode == "chat_completions"
    relay = _resolve(_settings(model={"base_url": LOCAL, "api_mode": "codex_responses"}))
    assert relay.runtime.api_mode == "codex_responses"


@pytest.mark.ac("model-names")
@pytest.mark.parametrize(
    ("provider", "asked", "written"),
    [
        ("openrouter", "claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"),
        ("openrouter", "x-ai/grok-4", "x-ai/grok-4"),
        ("openrouter", "something-new", "something-new"),
        ("anthropic", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("anthropic", "claude/claude-opus-4.1", "claude-opus-4-1"),
        ("openai", "openai/gpt-5.2", "gpt-5.2"),
        ("zen", "claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("zen", "glm-4.6", "glm-4.6"),
        ("zai", "glm/glm-4.6", "glm-4.6"),
        ("zai", "other/glm-4.6", "other/glm-4.6"),
        ("minimax", "MiniMax-M2.7", "MiniMax-M2.7"),
        ("huggingface", "openai/gpt-oss-120b:fastest", "openai/gpt-oss-120b:fastest"),
    ],
)
def test_a_model_is_named_in_its_providers_spelling(
    provider: str, asked: str, written: str
) -> None:
    keys = {name: "some-key" for one in API_KEY_ROWS for name in one.key_env}
    assert _resolve(keys=keys, provider=provider, model=asked).runtime.model == written


@pytest.mark.ac("key-scope")
def test_a_key_of_another_plan_goes_to_the_address_of_that_plan() -> None:
    keys = {"KIMI_API_KEY": "sk-kimi-abcdef"}
    assert _resolve(keys=keys, provider="kimi").runtime.base_url == "https://api.kimi.com/coding/v1"
    moved = keys | {"KIMI_BASE_URL": LOCAL}
    assert _resolve(keys=moved, provider="kimi").runtime.base_url == LOCAL


@pytest.mark.ac("ac-9")
def test_routing_wishes_go_to_the_aggregator_alone() -> None:
    wishes = {"sort": "price", "only": ["a", "b"], "data_collection": "deny"}
    settings = _settings(provider_routing=wishes)
    keys = {"OPENROUTER_API_KEY": "key1", "KILOCODE_API_KEY": "key2"}
    assert _resolve(settings, keys).extra_body == {"provider": wishes}
    assert _resolve(settings, keys, provider="kilocode", model="m").extra_body == {}
    assert _resolve(_settings(), keys).extra_body == {}
    one_line = _settings(provider_routing={"order": "a, b"})
    assert _resolve(one_line, keys).extra_body == {"provider": {"order": ["a", "b"]}}


@pytest.mark.ac("text-tools")
def test_how_tools_are_told_is_set_for_the_model_or_for_one_provider() -> None:
    model = {"provider": "custom", "base_url": LOCAL, "default": "m", "tool_calls": "text"}
    work = {"base_url": "http://127.0.0.1:2/v1", "tool_calls": "text"}
    plain = {"base_url": "http://127.0.0.1:3/v1"}
    settings = _settings(model=model, providers={"work": work, "plain": plain})
    assert _resolve(settings).tool_calls == "text"
    assert _resolve(settings, provider="work").tool_calls == "text"
    assert _resolve(settings, provider="plain").tool_calls == ""


@pytest.mark.ac("own-headers")
def test_headers_and_certificates_belong_to_one_endpoint() -> None:
    headers = {"X-Team": "a"}
    entry = {"base_url": "https://relay.example/v1", "headers": headers, "ca_bundle": "r.pem"}
    settings = _settings(providers={"relay": entry}, requests={"ca_bundle": "all.pem"})
    secrets = Secrets({"OPENAI_API_KEY": "sk-openai"}, {})
    relay = resolve(settings, secrets, provider="relay", model="m")
    assert (dict(relay.headers), relay.ca_bundle) == (headers, "r.pem")
    other = resolve(settings, secrets, provider="openai")
    assert (dict(other.headers), other.ca_bundle) == ({}, "all.pem")


@pytest.mark.ac("own-timeouts")
def test_limits_of_time_are_those_of_the_model_then_of_its_provider_then_of_all() -> None:
    slow = {"request_timeout_seconds": 90, "stale_timeout_seconds": 40}
    entry = {
        "base_url": "https://relay.example/v1",
        "request_timeout_seconds": 60,
        "stale_timeout_seconds": 30,
        "models": {"slow": slow, "odd": {"stale_timeout_seconds": "soon"}},
    }
    settings = _settings(providers={"relay": entry}, requests={"stream_stale_timeout": 20})
    secrets = Secrets({"OPENAI_API_KEY": "sk-openai"}, {})

    def limits(provider: str, model: str) -> tuple[float, float | None]:
        found = resolve(settings, secrets, provider=provider, model=model).timeouts
        return found.whole_s, found.stale_s

    assert limits("relay", "slow") == (90, 40)
    assert limits("relay", "quick") == limits("relay", "odd") == (60, 30)
    assert limits("openai", "gpt-5") == (1800, 20)
