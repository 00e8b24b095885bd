"""What child processes see of our environment, by running them."""

from __future__ import annotations

import subprocess

import pytest

from hermes_core.security.environment import (
    child_environment,
    minimal_environment,
    script_environment,
)

PARENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/home/u",
    "LANG": "C.UTF-8",
    "XDG_CACHE_HOME": "/c",
    "EDITOR": "vi",
    "MY_TOKEN": "t",
    "SSH_AUTH_SOCK": "/s",
    "OPENAI_API_KEY": "k1",
    "OPENAI_BASE_URL": "u",
    "ANTHROPIC_TOKEN": "k2",
    "TELEGRAM_BOT_TOKEN": "k3",
    "GH_TOKEN": "k4",
    "MODAL_TOKEN_SECRET": "k5",
    "TELEGRAM_HOME_CHANNEL": "c",
    "DISCORD_ALLOWED_USERS": "1",
    "GITHUB_APP_ID": "7",
    "EMAIL_PASSWORD": "p",
    "HASS_URL": "h",
    "_HERMES_FORCE_OPENAI_API_KEY": "x",
    "TENOR_API_KEY": "tenor",
}


def _seen(environment: dict[str, str]) -> set[str]:
    run = subprocess.run(["env"], env=environment, capture_output=True, text=True, check=True)
    return {line.partition("=")[0] for line in run.stdout.splitlines()}


@pytest.mark.ac("environment-children")
def test_command_does_not_see_our_secrets() -> None:  # E01, E06
    seen = _seen(child_environment(PARENT))
    assert seen == {
        "PATH", "HOME", "LANG", "XDG_CACHE_HOME", "EDITOR", "MY_TOKEN", "SSH_AUTH_SOCK",
        "TENOR_API_KEY",
    }  # fmt: skip


@pytest.mark.ac("environment-children")
def test_script_sees_plain_names_alone() -> None:  # E03
    seen = _seen(script_environment(PARENT))
    assert seen == {"PATH", "HOME", "LANG", "XDG_CACHE_HOME"}


@pytest.mark.ac("environment-children")
def test_skill_variable_passes_only_where_it_was_asked_for() -> None:  # E04
    own = {"TENOR_API_KEY"}
    assert "TENOR_API_KEY" not in child_environment(PARENT, own_names=own)
    with_skill = child_environment(PARENT, own_names=own, passthrough=["TENOR_API_KEY"])
    assert with_skill["TENOR_API_KEY"] == "tenor"


@pytest.mark.ac("environment-children")
def test_passthrough_of_a_provider_key_is_refused(caplog: pytest.LogCaptureFixture) -> None:  # E05
    wanted = ["ANTHROPIC_TOKEN", "OPENAI_API_KEY"]
    for build in (child_environment, script_environment):
        assert not set(wanted) & set(build(PARENT, passthrough=wanted))
    assert {"ANTHROPIC_TOKEN", "OPENAI_API_KEY"} <= set(caplog.text.split())


@pytest.mark.ac("environment-children")
def test_foreign_server_sees_eight_names_and_its_own_block() -> None:  # E07
    seen = _seen(minimal_environment(PARENT, extra={"SERVER_KEY": "v"}))
    assert seen == {"PATH", "HOME", "LANG", "XDG_CACHE_HOME", "SERVER_KEY"}


def test_callers_own_additions_win() -> None:
    assert child_environment(PARENT, extra={"TERM": "dumb"})["TERM"] == "dumb"
