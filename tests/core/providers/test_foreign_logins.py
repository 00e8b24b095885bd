"""Logins of other programs: read after a yes, never written, renewed by their own program."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import LoginError
from hermes_core.providers.clients import open_model
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.foreign import PROGRAMS, ForeignLogins
from hermes_core.providers.resolve import resolve
from tests.core.providers.reach import ask, collect, said
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer

BOTH = frozenset(program.id for program in PROGRAMS)


def token(**claims: Any) -> str:
    """A JSON web token as OpenAI's service hands out, without a real signature."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{body}.c2ln"


class UserHome:
    """A person's folder with both programs logged in."""

    def __init__(self, root: Path, clock: FakeClock) -> None:
        self.root = root
        self.clock = clock
        self.claude = root / ".claude" / ".credentials.json"
        self.codex = root / ".codex" / "auth.json"
        self.written: dict[Path, str] = {}
        self.log_in("first")

    def write(self, file: Path, text: str) -> None:
        """What its own program does."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.written[file] = text

    def log_in(self, name: str, *, life_s: float = 3600.0) -> None:
        end = self.clock.now + life_s
        inner = {"accessToken": f"sk-ant-oat-{name}", "refreshToken": "r", "expiresAt": end * 1000}
        self.write(self.claude, json.dumps({"claudeAiOauth": {**inner, "scopes": ["x"]}}))
        claims = {"exp": end, "https://api.openai.com/auth": {"chatgpt_account_id": "acc-1"}}
        tokens = {"access_token": token(**claims, name=name), "refresh_token": "r"}
        self.write(self.codex, json.dumps({"OPENAI_API_KEY": None, "tokens": tokens}))

    def pools(self, tmp_path: Path, allowed: frozenset[str]) -> KeyPools:
        environ = {"HOME": str(self.root)}
        foreign = ForeignLogins(allowed, environ, self.clock.time)
        return KeyPools(AuthFile(tmp_path / "auth.json"), {}, foreign=foreign)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[UserHome]:
    made = UserHome(tmp_path / "person", FakeClock())
    yield made
    files = {file: file.read_text() for file in made.root.rglob("*") if file.is_file()}
    assert files == made.written, "a file of another program was written"


def one(pools: KeyPools, provider: str) -> Credential:
    (found,) = pools.keys(provider)
    assert found.login is not None
    return found


@pytest.mark.ac("login-foreign")
def test_a_login_of_another_program_is_seen_and_left_alone_until_somebody_says_yes(
    user: UserHome, tmp_path: Path
) -> None:
    pools = user.pools(tmp_path, frozenset())
    assert pools.keys("anthropic") == pools.keys("openai-codex") == ()
    assert [program.id for program in pools.foreign.unused()] == ["claude_code", "codex"]
    pools = user.pools(tmp_path, frozenset({"codex"}))
    assert pools.keys("anthropic") == ()
    assert one(pools, "openai-codex").name == "Codex"
    assert [program.id for program in pools.foreign.unused()] == ["claude_code"]


@pytest.mark.ac("login-foreign")
@pytest.mark.parametrize("provider", ["anthropic", "openai-codex"])
async def test_its_own_program_renews_it_and_we_read_on(
    user: UserHome, tmp_path: Path, provider: str
) -> None:
    key = one(user.pools(tmp_path, BOTH), provider)
    assert key.login is not None
    first = await key.login.key()
    with pytest.raises(LoginError) as caught:
        await key.login.other_key(first)
    assert "once: it renews" in caught.value.hint
    user.log_in("second")
    second = await key.login.other_key(first)
    assert second != first
    user.clock.now += 3600 - 59
    with pytest.raises(LoginError, match="ended"):
        await key.login.key()


@pytest.mark.ac("login-foreign")
@pytest.mark.parametrize("text", ["", "[]", "{", '{"claudeAiOauth": 1}', '{"tokens": {}}'])
def test_another_form_of_the_file_is_no_login(user: UserHome, tmp_path: Path, text: str) -> None:
    user.write(user.claude, text)
    user.write(user.codex, text)
    pools = user.pools(tmp_path, BOTH)
    assert pools.keys("anthropic") == pools.keys("openai-codex") == ()


@pytest.mark.ac("login-foreign")
@pytest.mark.parametrize(
    ("provider", "variable", "header", "value"),
    [
        ("openai-codex", "HERMES_CODEX_BASE_URL", "chatgpt-account-id", "acc-1"),
        ("anthropic", "", "authorization", "Bearer sk-ant-oat-first"),
    ],
)
async def test_requests_with_it_carry_what_the_vendor_wants_and_our_own_name(
    user: UserHome,
    tmp_path: Path,
    model_server: ModelServer,
    provider: str,
    variable: str,
    header: str,
    value: str,
) -> None:
    model_server.add(say("hello"))
    model_server.extra_fields.update({"reasoning"})
    base = {"providers": {"anthropic": {"base_url": model_server.url}}}
    reached = resolve(
        Settings.model_validate(base),
        Secrets({variable: model_server.base_url} if variable else {}, {}),
        provider=provider,
        model="claude-sonnet-4-5" if provider == "anthropic" else "gpt-5.2-codex",
        stored=user.pools(tmp_path, BOTH),
    )
    opened = open_model(reached)
    assert said(await collect(opened, ask(reached))) == "hello"
    await opened.aclose()
    headers = model_server.request.headers
    assert headers[header] == value
    assert "x-api-key" not in headers
    assert "claude-code" not in str(headers).lower()
