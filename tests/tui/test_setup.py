"""`hermes setup` and `hermes model`: what is asked, tried, written, and left alone."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator, Mapping

import click
import pytest
import yaml
from click.testing import CliRunner

from hermes_core.config.loader import load_settings
from hermes_core.paths import Home
from hermes_core.providers.keys.kept import open_pools
from hermes_core.providers.resolve import resolve
from hermes_tui.command_line.cli import run
from hermes_tui.commands.model import command as model_command
from hermes_tui.setup.choice import Choice, NewKey, variable_of_address
from hermes_tui.setup.dialogue import TerminalDialogue, choose
from hermes_tui.setup.wizard import Wizard, model_wizard, setup_wizard
from tests.fakes.listener import FakeListener, listing
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer
from tests.fakes.scripted_dialogue import ScriptedDialogue

Captured = pytest.CaptureFixture[str]

KEY = "sk-the-right-key-0123456789"


async def played(wizard: Wizard) -> bool:
    """Run the questions beside the servers of this loop."""
    return await asyncio.to_thread(wizard.run)


def of_setup(
    home: Home,
    dialogue: ScriptedDialogue,
    environ: Mapping[str, str] | None = None,
    ports: Mapping[int, str] | None = None,
) -> Wizard:
    """`hermes setup`, looking at ports of this test alone."""
    return Wizard(
        home=home,
        dialogue=dialogue,
        environ=environ or {},
        ports=ports or {},
        saves_keys_at_once=True,
    )


def files(home: Home) -> dict[str, str]:
    """The text of both files, as far as they exist."""
    places = (home.config_file, home.env_file)
    return {place.name: place.read_text() for place in places if place.exists()}


@pytest.fixture
async def guarded() -> AsyncIterator[ModelServer]:
    """A service that takes one key."""
    server = await ModelServer(api_key=KEY, models=("gpt-5", "gpt-5-mini", "o9")).start()
    yield server
    await server.aclose()


@pytest.mark.ac("setup-key")
async def test_a_typed_key_is_tried_before_it_is_kept_and_never_shown(
    home: Home, guarded: ModelServer
) -> None:
    environ = {"OPENAI_BASE_URL": guarded.base_url}
    dialogue = ScriptedDialogue("(openai)", "sk-a-wrong-key-0123456789", KEY, "mini")
    assert await played(of_setup(home, dialogue, environ))

    assert not dialogue.left
    assert "refused the key" in dialogue.text
    assert files(home)[".env"] == f"OPENAI_API_KEY={KEY}\n"
    assert stat.S_IMODE(home.env_file.stat().st_mode) == 0o600
    assert KEY not in files(home)["config.yaml"] + dialogue.text
    loaded = load_settings(home, environ=environ)
    runtime = resolve(loaded.settings, loaded.secrets).runtime
    assert (runtime.provider, runtime.model) == ("openai", "gpt-5-mini")


@pytest.mark.ac("setup-key")
async def test_a_key_that_is_there_is_used_and_not_copied(home: Home, guarded: ModelServer) -> None:
    environ = {"OPENAI_BASE_URL": guarded.base_url, "OPENAI_API_KEY": KEY}
    dialogue = ScriptedDialogue("1", True, "2")
    assert await played(of_setup(home, dialogue, environ))

    assert "OPENAI_API_KEY in environment ✓" in dialogue.lines[0]
    assert KEY not in dialogue.text
    assert list(files(home)) == ["config.yaml"]
    assert load_settings(home, environ={}).settings.model.default == "gpt-5-mini"


async def test_a_key_is_proven_where_the_list_of_models_is_open_to_all(home: Home) -> None:
    answers = {"/api/v1/models": (200, listing("a/model"))}
    async with FakeListener(answers) as there:
        environ = {"OPENROUTER_BASE_URL": f"{there.url}/api/v1", "OPENROUTER_API_KEY": KEY}
        dialogue = ScriptedDialogue("1", True, False, "leave")
        with pytest.raises(click.Abort):
            await played(of_setup(home, dialogue, environ))
    assert b"GET /api/v1/key " in there.received
    assert b"GET /api/v1/models " not in there.received
    assert files(home) == {}


async def test_a_service_without_a_list_of_models_can_be_set_up_with_a_typed_one(
    home: Home,
) -> None:
    async with FakeListener() as there:
        environ = {"DEEPSEEK_BASE_URL": there.url, "DEEPSEEK_API_KEY": KEY}
        dialogue = ScriptedDialogue("1", True, True, "deepseek-chat")
        assert await played(of_setup(home, dialogue, environ))
    assert f"DeepSeek shows no list of models at {there.url}." in dialogue.text
    assert load_settings(home, environ={}).settings.model.default == "deepseek-chat"


@pytest.mark.ac("setup-local")
async def test_a_local_server_is_shown_with_its_address_and_used_after_a_yes(home: Home) -> None:
    async with FakeListener({"/v1/models": (200, listing("qwen"))}) as there:
        dialogue = ScriptedDialogue("1", True, "")
        assert await played(of_setup(home, dialogue, {}, {there.port: "Ollama"}))

    assert f"Ollama: {there.url}/v1" in dialogue.text
    assert b"uthorization" not in there.received
    model = load_settings(home, environ={}).settings.model
    assert (model.provider, model.base_url, model.default) == ("custom", f"{there.url}/v1", "qwen")


@pytest.mark.ac("setup-local")
async def test_a_local_server_is_left_alone_after_a_no(home: Home) -> None:
    async with FakeListener({"/v1/models": (200, listing("qwen"))}) as there:
        dialogue = ScriptedDialogue("1", False, "leave")
        with pytest.raises(click.Abort):
            await played(of_setup(home, dialogue, {}, {there.port: "Ollama"}))
    assert bytes(there.received).count(b"GET ") == 1
    assert files(home) == {}


@pytest.mark.ac("address-v1")
async def test_the_address_that_works_is_the_one_saved(
    home: Home, model_server: ModelServer
) -> None:
    dialogue = ScriptedDialogue("another", model_server.url, "")
    assert await played(of_setup(home, dialogue))

    assert f"It answers at {model_server.base_url}" in dialogue.text
    model = load_settings(home, environ={}).settings.model
    assert (model.base_url, model.default) == (model_server.base_url, "scripted-model")
    assert ".env" not in files(home)


async def test_the_key_of_an_address_goes_to_env_and_is_read_from_there(home: Home) -> None:
    async with FakeListener({"/v1/models": (200, listing("one", "two"))}, key=KEY) as there:
        dialogue = ScriptedDialogue("another", f"{there.url}/v1", "sk-wrong", KEY, "two")
        assert await played(of_setup(home, dialogue))

    assert "It refused that key." in dialogue.text
    name = variable_of_address(there.url)
    assert files(home)[".env"] == f"{name}={KEY}\n"
    assert KEY not in files(home)["config.yaml"] + dialogue.text
    loaded = load_settings(home, environ={})
    assert resolve(loaded.settings, loaded.secrets).credential.value == KEY


async def test_an_address_that_does_not_answer_is_saved_with_a_warning(home: Home) -> None:
    async with FakeListener() as there:
        pass
    dialogue = ScriptedDialogue("another", "no address", there.url, "", "my-model")
    assert await played(of_setup(home, dialogue))

    assert "is not an http or https address" in dialogue.text
    assert f"Warning: {there.url} could not be tried" in dialogue.text
    model = load_settings(home, environ={}).settings.model
    assert (model.base_url, model.default) == (there.url, "my-model")


@pytest.mark.ac("setup-leave")
async def test_leaving_setup_keeps_the_steps_that_are_done(
    home: Home, guarded: ModelServer
) -> None:
    dialogue = ScriptedDialogue("(openai)", KEY, "leave")
    with pytest.raises(click.Abort):
        await played(of_setup(home, dialogue, {"OPENAI_BASE_URL": guarded.base_url}))
    assert files(home) == {".env": f"OPENAI_API_KEY={KEY}\n"}


@pytest.mark.ac("setup-leave")
@pytest.mark.parametrize("answers", [[], ["(openai)"], ["(openai)", KEY]])
async def test_leaving_model_at_any_question_changes_nothing(
    home: Home, guarded: ModelServer, answers: list[str]
) -> None:
    home.config_file.write_text("model:\n  default: before  # mine\n")
    before = files(home)
    environ = {"OPENAI_BASE_URL": guarded.base_url}
    with pytest.raises(click.Abort):
        await played(model_wizard(home, ScriptedDialogue(*answers, "leave"), environ))
    assert files(home) == before


async def test_the_old_endpoint_s_key_and_window_do_not_follow_to_the_new_one(
    home: Home, guarded: ModelServer
) -> None:
    home.config_file.write_text(
        "# mine\nmodel:\n  provider: custom\n  base_url: http://127.0.0.1:9/v1\n"
        "  api_key: sk-only-for-that-server\n  context_length: 8192\n  max_tokens: 700\n"
    )
    environ = {"OPENAI_BASE_URL": guarded.base_url, "OPENAI_API_KEY": KEY}
    assert await played(model_wizard(home, ScriptedDialogue("(openai)", True, "o9"), environ))

    loaded = load_settings(home, environ=environ)
    found = resolve(loaded.settings, loaded.secrets)
    assert found.credential.value == KEY
    assert found.runtime.base_url == guarded.base_url
    assert loaded.settings.model.context_length is None
    assert loaded.settings.model.max_tokens == 700
    assert files(home)["config.yaml"].startswith("# mine\n")


async def test_a_model_in_the_short_spelling_makes_room(
    home: Home, model_server: ModelServer
) -> None:
    home.config_file.write_text("model: an-old-one\n")
    assert await played(of_setup(home, ScriptedDialogue("another", model_server.base_url, "")))
    assert load_settings(home, environ={}).settings.model.default == "scripted-model"


async def test_the_model_in_use_comes_first_and_enter_keeps_it(
    home: Home, guarded: ModelServer
) -> None:
    home.config_file.write_text("model:\n  provider: openai\n  default: o9\n")
    environ = {"OPENAI_BASE_URL": guarded.base_url, "OPENAI_API_KEY": KEY}
    dialogue = ScriptedDialogue("", True, "")
    assert await played(model_wizard(home, dialogue, environ))
    assert "*  1  o9" in dialogue.text
    model = load_settings(home, environ={}).settings.model
    assert (model.provider, model.default) == ("openai", "o9")


async def test_an_exported_variable_that_wins_is_told(
    home: Home, model_server: ModelServer
) -> None:
    dialogue = ScriptedDialogue("another", model_server.base_url, "")
    assert await played(of_setup(home, dialogue, {"HERMES_MODEL": "another-one"}))
    assert "HERMES_MODEL wins over config.yaml" in dialogue.lines[-1]


def test_only_setup_looks_for_local_servers(home: Home) -> None:
    assert setup_wizard(home, ScriptedDialogue(), {}).ports
    assert not model_wizard(home, ScriptedDialogue(), {}).ports


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (["2"], 1),
        (["apple", "1"], 0),
        (["pie"], 2),
        (["apple", "", "2"], 1),
        (["grape"], "grape"),
        (["9"], "9"),
        ([""], None),
    ],
)
def test_a_row_is_chosen_by_number_or_words(answers: list[str], found: object) -> None:
    rows = ["green apple", "pear", "apple pie"]
    assert choose(ScriptedDialogue(*answers), "Fruit", rows) == found


def test_enter_takes_the_row_that_is_marked_and_long_lists_are_cut() -> None:
    dialogue = ScriptedDialogue("")
    assert choose(dialogue, "Model", [f"m{number}" for number in range(100)], default=7) == 7
    assert choose(ScriptedDialogue(""), "Model", ["m"] * 100, default=70) == 70
    assert "*  8  m7" in dialogue.text
    assert "… 60 more" in dialogue.text


def test_names_from_a_server_cannot_steer_the_terminal(capsys: Captured) -> None:
    TerminalDialogue().say("  1  evil\x1b]52;c;AAAA\x07\x9b31m\u202emodel\nnext")
    assert capsys.readouterr().out == "  1  evil]52;c;AAAA31mmodel\nnext\n"


def test_a_key_shows_up_in_no_representation() -> None:
    key = NewKey(variable="OPENAI_API_KEY", value=KEY)
    assert KEY not in repr(Choice(provider="openai", label="OpenAI", key=key))


@pytest.mark.ac("setup-no-terminal")
def test_without_a_terminal_setup_says_how_it_is_done_by_hand(home: Home, capsys: Captured) -> None:
    for words in (["setup"], ["setup", "--non-interactive"]):
        assert run(words) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "hermes config set model.provider custom" in shown.err
        assert "OPENROUTER_API_KEY" in shown.err
    assert run(["model"]) == 1
    assert "hermes model set PROVIDER MODEL" in capsys.readouterr().err
    assert files(home) == {}


@pytest.mark.ac("setup-by-flags")
def test_model_set_writes_provider_and_model_without_asking(
    home: Home, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:9/v1"
    assert run(["model", "set", "custom", "my-model", "--base-url", url]) == 0
    assert "my-model of custom is saved" in capsys.readouterr().out
    model = load_settings(home).settings.model
    assert (model.provider, model.base_url, model.default) == ("custom", url, "my-model")

    assert run(["model", "set", "deepseek", "deepseek-chat"]) == 3
    assert run(["model", "set", "nobody", "m"]) == 1
    assert run(["model", "set", "openai", "m", "--base-url", url]) == 2
    assert load_settings(home).settings.model.provider == "custom"

    monkeypatch.setenv("DEEPSEEK_API_KEY", "a-real-looking-key")
    assert run(["model", "set", "deepseek", "deepseek-chat"]) == 0
    model = load_settings(home).settings.model
    assert (model.provider, model.base_url) == ("deepseek", "")


@pytest.fixture
def portal() -> Iterator[OAuthServer]:
    """Where one logs in; whoever asks has agreed already."""
    with OAuthServer(interval_s=0.01) as server:
        server.grants.approves = True
        yield server


def at_portal(home: Home, portal: OAuthServer, models: ModelServer) -> dict[str, str]:
    """A home that logs in there; the variables that count."""
    paths = {"device_url": "/device", "token_url": "/token", "mint_url": "/agent-key"}
    text = yaml.safe_dump({"providers": {"nous": {"oauth": paths}}})
    home.config_file.write_text(text)
    return {"HERMES_PORTAL_BASE_URL": portal.url, "NOUS_INFERENCE_BASE_URL": models.base_url}


@pytest.mark.ac("prov-16")
async def test_choosing_a_provider_with_logins_logs_in_and_keeps_the_login_with_the_model(
    home: Home, portal: OAuthServer
) -> None:
    models = await ModelServer(
        accepts=lambda key: key in portal.minted, models=("a/one", "a/two")
    ).start()
    environ = at_portal(home, portal, models)
    before = home.config_file.read_text()
    for answers in (["(nous)", "leave"], ["(nous)", CLIENT, "leave"], ["(nous)", "", "leave"]):
        with pytest.raises(click.Abort):
            await played(model_wizard(home, ScriptedDialogue(*answers), environ))
        assert home.config_file.read_text() == before
        assert not home.auth_file.exists()

    dialogue = ScriptedDialogue("(nous)", CLIENT, "two")
    assert await played(model_wizard(home, dialogue, environ))
    assert "type this code: WDJB-" in dialogue.text
    loaded = load_settings(home, environ=environ)
    runtime = resolve(
        loaded.settings, loaded.secrets, stored=open_pools(home, loaded, environ=environ)
    ).runtime
    assert (runtime.provider, runtime.model) == ("nous", "a/two")
    text = home.auth_file.read_text()
    assert portal.minted[-1] in text
    assert portal.minted[-1] not in dialogue.text

    # Next time it is there, and used after a yes.
    dialogue = ScriptedDialogue("(nous)", True, "one")
    assert await played(model_wizard(home, dialogue, environ))
    assert "in auth.json ✓" in dialogue.lines[0]
    assert portal.grants.refreshes == 0
    await models.aclose()


@pytest.mark.ac("prov-16")
async def test_a_login_that_fails_leaves_everything_as_it_was(
    home: Home, portal: OAuthServer, guarded: ModelServer
) -> None:
    environ = at_portal(home, portal, guarded)
    dialogue = ScriptedDialogue("(nous)", "no-such-client", "(nous)", "", "leave")
    with pytest.raises(click.Abort):
        await played(model_wizard(home, dialogue, environ))
    assert "no such client" in dialogue.text
    assert not home.auth_file.exists()


@pytest.mark.ac("prov-16")
def test_model_set_takes_a_key_that_is_kept_in_auth_json(home: Home) -> None:
    open_pools(home, load_settings(home)).add("openai", "sk-key-kept-1")
    done = CliRunner().invoke(model_command, ["set", "openai", "gpt-5"])
    assert done.exit_code == 0, done.exception
    assert load_settings(home).settings.model.provider == "openai"
