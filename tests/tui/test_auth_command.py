"""`hermes auth`: keys are kept, listed, forgotten and woken, and never printed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from hermes_core.errors import ProviderError
from hermes_core.paths import Home
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_tui.commands.auth import command


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
