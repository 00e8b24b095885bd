"""`hermes auth`: keys are kept, listed, forgotten and woken, and never printed."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner, Result

from hermes_core.config.loader import load_settings
from hermes_core.errors import HermesError, LoginError, ProviderError
from hermes_core.paths import Home
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.tokens import Tokens
from hermes_tui.command_line.health import Surroundings, examine
from hermes_tui.command_line.logging_in import browser
from hermes_tui.commands.auth import command, menu_acts
from hermes_tui.commands.login import command as login
from hermes_tui.commands.logout import command as logout
from hermes_tui.setup.keys_menu import run_menu
from tests.fakes.oauth_server.server import CLIENT, OAuthServer
from tests.fakes.scripted_dialogue import ScriptedDialogue


def run(*arguments: str, typed: str | None = None, **environ: str) -> Result:
    return CliRunner().invoke(command, arguments, input=typed, env=environ)


@pytest.mark.ac("auth-command")
def test_keys_are_kept_and_listed_without_being_shown(home: Home) -> None:
    added = run("add", "openai", "--label", "work", typed="sk-secret-work-1\n")
    assert added.exit_code == 0, added.output
    listed = run("list", "openai", OPENAI_API_KEY="sk-secret-variable")
    lines = listed.output.splitlines()
    assert lines[0] == "openai"
    assert "work" in lines[1]
    assert "ready" in lines[1]
    assert "OPENAI_API_KEY" in lines[2]
    assert "sk-secret" not in added.output + listed.output
    assert "sk-secret-work-1" in home.auth_file.read_text()


@pytest.mark.ac("auth-command")
def test_resting_keys_are_named_and_woken(home: Home) -> None:
    run("add", "openai", typed="sk-secret-1\n")
    pools = KeyPools(AuthFile(home.auth_file), {})
    (key,) = pools.keys("openai")
    pools.rest("openai", key, ProviderError("no credit", reason="billing", status=402))
    assert "(billing)" in run("list").output
    assert "1 resting" in run("reset", "openai").output
    assert "ready" in run("list").output


@pytest.mark.ac("auth-command")
def test_a_key_is_forgotten(home: Home) -> None:
    run("add", "openai", typed="sk-secret-1\n")
    assert run("remove", "openai", "1").exit_code == 0
    assert json.loads(home.auth_file.read_text())["credential_pool"]["openai"] == []
    assert "No provider has a key" in run("list").output


@pytest.mark.ac("auth-command")
def test_mistakes_name_what_is_wrong(home: Home) -> None:
    assert "No provider is called 'opnai'" in str(run("add", "opnai", typed="sk-1234\n").exception)
    assert "no key" in str(run("add", "openai", typed="\n").exception)
    kept_elsewhere = run("remove", "openai", "OPENAI_API_KEY", OPENAI_API_KEY="sk-secret-1")
    assert "not kept in auth.json" in str(kept_elsewhere.exception)


def test_a_provider_of_ones_own_has_a_pool_of_its_own(home: Home) -> None:
    home.config_file.write_text("providers: {Relay One: {base_url: 'http://127.0.0.1:9/v1'}}\n")
    assert run("add", "relay one", typed="sk-secret-1\n").exit_code == 0
    assert "custom:relay-one" in run("list").output


RELAY = """
providers:
  relay:
    base_url: http://127.0.0.1:9/v1
    oauth: {{flow: device, client_id: {client}, issuer: '{url}', device_url: /device, token_url: /token}}
"""


@pytest.mark.ac("login-command")
def test_a_login_is_kept_listed_and_forgotten_without_being_shown(home: Home) -> None:
    with OAuthServer(interval_s=0.01) as server:
        server.grants.approves = True
        home.config_file.write_text(RELAY.format(client=CLIENT, url=server.url))
        added = run("add", "relay", "--oauth")
        assert added.exit_code == 0, added.exception
        assert f"Open {server.url}/activate and type this code: WDJB-0001" in added.output
        listed = run("list").output
        assert "relay-oauth-1" in listed
        assert "min left" in listed
        assert "-token-0" not in added.output + listed
        (entry,) = KeyPools(AuthFile(home.auth_file), {}).entries("custom:relay")
        assert server.grants.accepts(entry.secret)
        server.grants.revoke(entry.refresh_token)
        assert run("remove", "relay", "1").exit_code == 0
        assert "No provider has a key" in run("list").output


@pytest.mark.ac("login-command")
def test_a_provider_with_logins_alone_is_logged_in_to(home: Home) -> None:
    """Where and as whom can be said on the command line; the login remembers both."""
    with OAuthServer(interval_s=0.01) as server:
        server.grants.approves = True
        home.config_file.write_text("providers: {nous: {oauth: {device_url: /device}}}\n")
        refused = run("add", "nous", "--portal-url", server.url)
        assert isinstance(refused.exception, LoginError)
        assert "client id" in str(refused.exception)
        home.config_file.write_text(
            "providers: {nous: {oauth: {device_url: /device, token_url: /token}}}\n"
        )
        added = run("add", "nous", "--portal-url", server.url, "--client-id", CLIENT,
                    "--label", "mine")  # fmt: skip
        assert added.exit_code == 0, added.exception
        (stored,) = json.loads(home.auth_file.read_text())["credential_pool"]["nous"]
        assert (stored["label"], stored["client_id"]) == ("mine", CLIENT)
        assert stored["portal_base_url"] == server.url


@pytest.mark.ac("login-command")
def test_a_login_that_is_declined_writes_nothing(home: Home) -> None:
    with OAuthServer(interval_s=0.01) as server:
        server.grants.code_life_s = 0
        home.config_file.write_text(RELAY.format(client=CLIENT, url=server.url))
        result = run("add", "relay", "--oauth", "--no-browser")
    assert isinstance(result.exception, LoginError)
    assert not home.auth_file.exists()


@pytest.mark.parametrize("name", ["SSH_TTY", "SSH_CLIENT"])
def test_no_browser_is_opened_at_the_other_end_of_a_connection(name: str) -> None:
    assert browser({"DISPLAY": ":0", name: "x"}, allowed=True)("http://127.0.0.1:9") is False
    assert browser({"DISPLAY": ":0"}, allowed=False)("http://127.0.0.1:9") is False


@pytest.mark.ac("login-foreign")
def test_a_login_of_another_program_is_named_with_its_terms_and_listed_after_a_yes(
    home: Home,
) -> None:
    file = home.root.parent / ".claude" / ".credentials.json"
    file.parent.mkdir()
    file.write_text('{"claudeAiOauth": {"accessToken": "sk-ant-oat-secret", "expiresAt": 9e15}}')
    shown = run("list").output
    assert "Claude Code is logged in on this machine; that login is not used." in shown
    assert "https://www.anthropic.com/legal/consumer-terms" in shown
    home.config_file.write_text("credentials: {claude_code: true}\n")
    shown = run("list").output
    assert "Claude Code" in shown
    assert "not used" not in shown
    assert "sk-ant-oat" not in shown
    assert "its own" in str(run("remove", "anthropic", "claude_code").exception)


@pytest.mark.ac("login-command")
def test_the_older_name_of_logging_in_names_the_new_ones() -> None:
    done = CliRunner().invoke(login, ["nous", "--no-browser"])
    assert isinstance(done.exception, HermesError)
    assert "hermes auth add nous --type oauth" in done.exception.hint
    assert "hermes model" in done.exception.hint


@pytest.mark.ac("login-command")
def test_logging_out_forgets_the_logins_and_leaves_keys_alone(home: Home) -> None:
    home.config_file.write_text("# mine\nmodel: {provider: nous}\n")
    pools = KeyPools(AuthFile(home.auth_file), {})

    def log_in(provider: str) -> None:
        tokens = Tokens(access=f"access-{provider}", refresh=f"refresh-{provider}")
        pools.add_login(provider, tokens, OAuthApp(flow="device"))

    out = CliRunner().invoke
    assert "Nobody is logged in" in str(out(logout, []).exception)
    log_in("nous")
    log_in("openai")
    pools.add("openai", "sk-key-1")
    assert "nous, openai" in str(out(logout, []).exception)
    done = out(logout, ["--provider", "openai"])
    assert done.output == "Logged out of openai.\n"
    assert [key.value for key in pools.keys("openai")] == ["sk-key-1"]
    done = out(logout, [])
    assert "Logged out of nous.\nNew conversations ask whoever else is set up." in done.output
    assert pools.entries("nous") == []
    assert home.config_file.read_text() == "# mine\nmodel: {provider: auto}\n"


@pytest.mark.ac("auth-command")
def test_the_menu_does_what_the_commands_do_and_goes_on_after_a_mistake(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    pools = KeyPools(AuthFile(home.auth_file), {})
    pools.add("openai", "sk-secret-1", label="work")
    answers = ScriptedDialogue(
        "resting", "opnai", "choose which", "openai", "round", "forget", "openai", "work", "2", "openai", "6",
    )  # fmt: skip
    with click.Context(command) as context:
        run_menu(answers, menu_acts(context))
    assert not answers.left
    assert "No provider is called 'opnai'" in answers.text
    assert "openai has no way to log in" in answers.text
    assert pools.entries("openai") == []
    assert load_settings(home).settings.credential_pool_strategies == {"openai": "round_robin"}
    shown = capsys.readouterr().out
    assert "work" in shown
    assert "sk-secret" not in shown + answers.text


@pytest.mark.ac("login-command")
def test_doctor_names_logins_that_ended(home: Home) -> None:
    pools = KeyPools(AuthFile(home.auth_file), {})
    tokens = Tokens(access="access-1", refresh="refresh-1")
    entry = pools.add_login("nous", tokens, OAuthApp(flow="device"), label="mine")
    home.auth_file.chmod(0o644)

    def lines() -> str:
        found = examine(Surroundings(home, load_settings(home, environ={}), {}))
        return "\n".join(f"{one.state} {one.text}: {one.fix}" for one in found)

    assert "ok mine of nous" in lines()
    assert f"warn others can read {home.auth_file}" in lines()
    key = Credential("access-1", "auth.json", entry_id=entry.id)
    pools.rest("nous", key, ProviderError("401 invalid_grant", reason="auth", status=401))
    assert "warn the login mine of nous has ended: hermes auth add nous" in lines()
