"""Keys and logins in the keyring of the operating system, once that is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hermes_core.errors import ConfigError, ProviderError
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.keys.vault import KeptSecrets, OsKeyring
from hermes_core.providers.logins.logins import Logins
from hermes_core.providers.logins.oauth_app import OAuthApp
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.fakes.oauth_server.server import CLIENT, OAuthServer


class FakeVault:
    """A keyring in memory, shared by several readers; may be locked."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.is_locked = False
        self.asked = 0

    def get(self, name: str) -> str | None:
        self._open()
        self.asked += 1
        return self.texts.get(name)

    def put(self, name: str, text: str) -> None:
        self._open()
        self.texts[name] = text

    def drop(self, name: str) -> None:
        self._open()
        self.texts.pop(name, None)

    def _open(self) -> None:
        if self.is_locked:
            raise ConfigError("The keyring is locked.")


@pytest.fixture
def vault() -> FakeVault:
    return FakeVault()


def pools(tmp_path: Path, vault: FakeVault, *, takes_new: bool = True, **more: Any) -> KeyPools:
    """A reader of its own, as another process would have it."""
    auth = AuthFile(tmp_path / "auth.json", KeptSecrets(vault, takes_new=takes_new))
    logins = Logins(auth, post=HttpPost(), **more) if more else None
    return KeyPools(auth, {}, logins=logins)


def stored(tmp_path: Path) -> dict[str, Any]:
    (entry,) = json.loads((tmp_path / "auth.json").read_text())["credential_pool"]["openai"]
    assert isinstance(entry, dict)
    return entry


@pytest.mark.ac("keyring")
def test_a_key_goes_into_the_keyring_and_is_asked_with_as_ever(
    tmp_path: Path, vault: FakeVault
) -> None:
    made = pools(tmp_path, vault)
    made.add("openai", "sk-key-1", label="work")
    assert "sk-key-1" not in (tmp_path / "auth.json").read_text()
    assert stored(tmp_path)["kept_in"] == "keyring"
    (key,) = made.keys("openai")
    assert (key.value, vault.asked) == ("sk-key-1", 0)
    (key,) = pools(tmp_path, vault, takes_new=False).keys("openai")
    assert (key.value, vault.asked) == ("sk-key-1", 1)
    made.rest("openai", key, ProviderError("busy", reason="rate_limit"))
    assert "sk-key-1" not in (tmp_path / "auth.json").read_text()
    assert len(pools(tmp_path, vault).keys("openai")) == 1
    made.remove("openai", "work")
    assert vault.texts == {}


@pytest.mark.ac("keyring")
def test_without_being_asked_nothing_goes_there(tmp_path: Path, vault: FakeVault) -> None:
    made = pools(tmp_path, vault, takes_new=False)
    made.add("openai", "sk-key-1")
    assert (vault.texts, stored(tmp_path)["access_token"]) == ({}, "sk-key-1")
    # From then on: with the next change of the entry.
    later = pools(tmp_path, vault)
    later.rest("openai", later.keys("openai")[0], ProviderError("busy", reason="rate_limit"))
    assert "access_token" not in stored(tmp_path)
    assert "sk-key-1" in str(vault.texts)


@pytest.mark.ac("keyring")
def test_a_locked_keyring_loses_nothing(tmp_path: Path, vault: FakeVault) -> None:
    pools(tmp_path, vault).add("openai", "sk-key-1")
    vault.is_locked = True
    made = pools(tmp_path, vault)
    assert made.keys("openai") == ()
    assert made.entries("openai")[0].is_out_of_reach
    with pytest.raises(ConfigError, match="locked"):
        made.add("openai", "sk-key-2")
    made.wake("openai")
    vault.is_locked = False
    assert [key.value for key in pools(tmp_path, vault).keys("openai")] == ["sk-key-1"]


@pytest.mark.parametrize("text", ["no JSON", "[1, 2]", "null", ""])
def test_what_somebody_else_wrote_into_the_keyring_is_no_key(
    tmp_path: Path, vault: FakeVault, text: str
) -> None:
    made = pools(tmp_path, vault)
    made.add("openai", "sk-key-1")
    vault.texts = dict.fromkeys(vault.texts, text)
    later = pools(tmp_path, vault)
    assert later.keys("openai") == ()
    later.add("openai", "sk-key-2")
    assert [key.value for key in pools(tmp_path, vault).keys("openai")] == ["sk-key-2"]


@pytest.mark.ac("keyring")
async def test_a_renewed_login_stays_there_for_every_process(
    tmp_path: Path, vault: FakeVault
) -> None:
    clock = FakeClock()
    with OAuthServer(now=clock.time) as server:
        app = OAuthApp(client_id=CLIENT, issuer=server.url, token_url="/token")
        readers = [pools(tmp_path, vault, apps=lambda _: app, now=clock.time) for _ in (1, 2)]
        found = server.grants.log_in()
        tokens = Tokens(
            access=str(found["access_token"]),
            refresh=str(found["refresh_token"]),
            expires_at=clock.now + 3600,
        )
        readers[0].add_login("openai", tokens, app)
        keys = [reader.keys("openai")[0].login for reader in readers]
        assert keys[0] is not None
        assert keys[1] is not None
        clock.now += 3600
        renewed = await keys[0].key()
        assert await keys[1].key() == renewed != tokens.access
        assert (server.grants.refreshes, server.grants.reuses) == (1, 0)
        vault.is_locked = True
        late = pools(tmp_path, vault, apps=lambda _: app, now=clock.time)
        assert late.keys("openai") == ()
        vault.is_locked = False
    assert "-token-" not in (tmp_path / "auth.json").read_text()


_PROGRAM = """
import sys
from hermes_core.errors import ConfigError
from hermes_core.providers.keys.vault import OsKeyring
ring = OsKeyring("hermes test")
try:
    ring.put("openai/1", "sk-key-1")
    print(ring.get("openai/1"), OsKeyring("hermes other").get("openai/1"))
    ring.drop("openai/1"); ring.drop("openai/1")
    print(ring.get("openai/1"))
except ConfigError as error:
    print("refused:", error)
"""


@pytest.mark.ac("keyring")
@pytest.mark.parametrize(
    ("backend", "lines"),
    [
        ("keyrings.alt.file.PlaintextKeyring", ["sk-key-1 None", "None"]),
        ("", ["refused: This session has no keyring that protects what it keeps."]),
        ("keyring.backends.fail.Keyring", ["refused: The keyring refused:"]),
    ],
)
def test_the_systems_keyring_is_used_and_clear_text_only_by_choice(
    tmp_path: Path, backend: str, lines: list[str]
) -> None:
    if not backend and sys.platform == "darwin":
        pytest.skip("macOS has a keyring in every session")
    environ = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PATH": ""}
    chosen = {"PYTHON_KEYRING_BACKEND": backend} if backend else {}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environ | chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = done.stdout.splitlines()
    assert len(shown) == len(lines)
    for line, wanted in zip(shown, lines, strict=True):
        assert line.startswith(wanted)


def test_the_keyring_of_a_home_is_its_own() -> None:
    assert vars(OsKeyring("hermes /a")) != vars(OsKeyring("hermes /b"))
