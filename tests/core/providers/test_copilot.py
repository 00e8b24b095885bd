"""GitHub Copilot: whose token is taken, how somebody logs in, what requests carry."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hermes_core.config.schema import Settings
from hermes_core.config.secrets import Secrets
from hermes_core.errors import LoginError, NoModelConfigured
from hermes_core.messages import Attachment, Message
from hermes_core.providers.clients import open_model
from hermes_core.providers.facts.listings import read_listing
from hermes_core.providers.facts.model_catalogue import ModelCatalogue
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.key_pools import KeyPools
from hermes_core.providers.logins.device_flow import device_flow
from hermes_core.providers.logins.foreign import ForeignLogins
from hermes_core.providers.logins.github_cli import GitHubCli
from hermes_core.providers.logins.known_apps import known_apps
from hermes_core.providers.logins.logins import Logins
from hermes_core.providers.logins.posting import HttpPost
from hermes_core.providers.logins.steps import EnterCode, LoggedIn
from hermes_core.providers.resolve import Resolution, resolve
from tests.core.providers.reach import TOOL, USER, ask, collect, resolution, said
from tests.fakes.clock import FakeClock
from tests.fakes.model_server.script import say
from tests.fakes.model_server.server import ModelServer
from tests.fakes.oauth_server.server import CLIENT, OAuthServer

OWN, GH, GITHUB = "gho_own-token-0001", "ghu_of-gh-token-0002", "github_pat_other-0003"
CLASSIC = "ghp_classic-token-0004"


def reached(
    variables: Mapping[str, str], stored: KeyPools | None = None, **more: Any
) -> Resolution:
    return resolve(
        Settings.model_validate(more), Secrets(variables, {}), provider="copilot", stored=stored
    )


class Person:
    """A folder of a person with `gh`, a small program that answers as it does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = root / "token"
        self.calls = root / "calls"
        self.environ = {"HOME": str(root), "PATH": f"{root}/bin:/usr/bin:/bin", "GH_TOKEN": GH}
        program = root / "bin" / "gh"
        program.parent.mkdir(parents=True)
        program.write_text(
            "#!/bin/sh\n"
            f'echo "$* [$GH_TOKEN$GITHUB_TOKEN]" >> {self.calls}\n'
            f"[ -s {self.token} ] || exit 1\n"
            f"cat {self.token}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def log_in(self, token: str, host: str = "github.com") -> None:
        self.token.write_text(f"{token}\n")
        hosts = self.root / ".config" / "gh" / "hosts.yml"
        hosts.parent.mkdir(parents=True, exist_ok=True)
        hosts.write_text(f"{host}:\n    git_protocol: https\n    user: somebody\n")

    def pools(self, learnt: list[str] | None = None, **environ: str) -> KeyPools:
        seen = {**self.environ, **environ}
        learn = (learnt if learnt is not None else []).append
        foreign = ForeignLogins(frozenset(), seen, github=GitHubCli(seen, learn))
        return KeyPools(AuthFile(self.root / "auth.json"), {}, foreign=foreign)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path / "person")


@pytest.mark.ac("copilot-token")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"COPILOT_GITHUB_TOKEN": OWN, "GH_TOKEN": GH, "GITHUB_TOKEN": GITHUB}, OWN),
        ({"GH_TOKEN": GH, "GITHUB_TOKEN": GITHUB}, GH),
        ({"GITHUB_TOKEN": GITHUB}, GITHUB),
        ({"COPILOT_GITHUB_TOKEN": CLASSIC, "GH_TOKEN": GH}, GH),
    ],
)
async def test_tokens_are_taken_in_their_order_and_gh_is_asked_last(
    person: Person, variables: dict[str, str], expected: str
) -> None:
    person.log_in("gho_from-gh-command")
    found = reached(variables, person.pools())
    assert found.credential.value == expected
    assert found.keys[-1].name == "GitHub CLI"
    assert not person.calls.exists()  # nothing needs its token yet


@pytest.mark.ac("copilot-token")
def test_a_classic_token_is_refused_with_what_to_make_instead() -> None:
    with pytest.raises(NoModelConfigured, match="ghp_") as caught:
        reached({"GITHUB_TOKEN": CLASSIC})
    assert "Copilot Requests" in caught.value.hint
    assert CLASSIC not in str(caught.value) + caught.value.hint


@pytest.mark.ac("copilot-token")
def test_a_token_of_github_chooses_no_provider() -> None:
    variables = {"COPILOT_GITHUB_TOKEN": OWN, "GH_TOKEN": GH, "GITHUB_TOKEN": GITHUB}
    with pytest.raises(NoModelConfigured):
        resolve(Settings(), Secrets(variables, {}))
    both = Secrets({**variables, "HF_TOKEN": "hf_token-of-hugging-face"}, {})
    assert resolve(Settings(), both, model="m").runtime.provider == "huggingface"


@pytest.mark.ac("copilot-gh")
async def test_gh_is_asked_once_for_its_own_token_and_again_when_that_is_refused(
    person: Person, model_server: ModelServer
) -> None:
    person.log_in("gho_first")
    learnt: list[str] = []
    model_server.extra_fields.update({"reasoning"})
    model_server.add(say("one"), say("two"))
    variables = {"COPILOT_API_BASE_URL": model_server.base_url}
    found = reached(variables, person.pools(learnt))
    model = open_model(found)
    assert said(await collect(model, ask(found))) == "one"
    assert said(await collect(model, ask(found))) == "two"
    await model.aclose()
    assert [request.key for request in model_server.requests] == ["gho_first"] * 2
    assert person.calls.read_text() == "auth token --hostname github.com []\n"
    assert learnt == ["gho_first"]
    login = found.credential.login
    assert login is not None
    with pytest.raises(LoginError, match="refused"):
        await login.other_key("gho_first")
    person.token.write_text("gho_second\n")
    assert await login.other_key("gho_first") == "gho_second"
    assert learnt[-1] == "gho_second"


@pytest.mark.ac("copilot-gh")
async def test_gh_without_a_login_is_no_key_and_another_github_may_be_meant(person: Person) -> None:
    with pytest.raises(NoModelConfigured, match="COPILOT_GITHUB_TOKEN"):
        reached({}, person.pools())
    person.log_in("gho_at-work", host="github.example.com")
    with pytest.raises(NoModelConfigured):
        reached({}, person.pools())
    at_work = reached({}, person.pools(COPILOT_GH_HOST="github.example.com"))
    login = at_work.credential.login
    assert login is not None
    assert await login.key() == "gho_at-work"
    assert "--hostname github.example.com" in person.calls.read_text()
    person.token.write_text("")
    with pytest.raises(LoginError, match="no token") as caught:
        await login.other_key("gho_at-work")
    assert "gh auth login" in caught.value.hint


# --- logging in --------------------------------------------------------------------------


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(patience_s=10_000)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[OAuthServer]:
    with OAuthServer(now=clock.time) as made:
        yield made


@pytest.mark.ac("copilot-login")
@pytest.mark.parametrize("word", ["", "access_denied", "expired_token"])
async def test_a_code_typed_at_github_is_a_login_that_lasts(
    server: OAuthServer, clock: FakeClock, tmp_path: Path, word: str
) -> None:
    mine = {"providers": {"copilot": {"oauth": {"client_id": CLIENT}}}}
    apps = known_apps(Settings.model_validate(mine), Secrets({"COPILOT_GH_HOST": server.url}, {}))
    app = apps("copilot")
    assert app is not None
    waits = 0

    async def sleep(seconds: float) -> None:
        nonlocal waits
        waits += 1
        await clock.sleep(seconds)
        if waits == 2:
            server.grants.interval_s = 8  # busier now: it says so with status 200
        if waits == 4:
            server.grants.decide("WDJB-0001", "denied" if word == "access_denied" else "approved")
            clock.now += 1000 if word == "expired_token" else 0

    steps = device_flow(app, CLIENT, HttpPost(), sleep=sleep, now=clock.time)
    shown = await anext(steps)
    assert isinstance(shown, EnterCode)
    assert server.asked[0] == ("/login/device/code", {"client_id": CLIENT, "scope": "read:user"})
    if word:
        with pytest.raises(LoginError) as caught:
            await anext(steps)
        assert caught.value.code == word
        return
    done = await anext(steps)
    assert isinstance(done, LoggedIn)
    assert clock.slept[:4] == [5.0, 5.0, 10.0, 10.0]
    assert (done.tokens.refresh, done.tokens.expires_at) == ("", 0.0)
    file = AuthFile(tmp_path / "auth.json")
    pools = KeyPools(file, {}, logins=Logins(file, apps, HttpPost(), now=clock.time))
    pools.add_login("copilot", done.tokens, app)
    clock.now += 400 * 24 * 3600.0
    (key,) = pools.keys("copilot")
    assert key.login is not None
    assert await key.login.key() == done.tokens.access
    with pytest.raises(LoginError, match="ended") as over:
        await key.login.other_key(done.tokens.access)
    assert "hermes auth add copilot --type oauth" in over.value.hint


@pytest.mark.ac("copilot-login")
def test_the_host_of_a_company_takes_the_place_of_github() -> None:
    apps = known_apps(Settings(), Secrets({"COPILOT_GH_HOST": "github.example.com"}, {}))
    app = apps("copilot")
    assert app is not None
    assert app.address("device_url") == "https://github.example.com/login/device/code"
    plain = known_apps(Settings(), Secrets({}, {}))("copilot")
    assert plain is not None
    assert plain.address("token_url") == "https://github.com/login/oauth/access_token"
    assert plain.client_id == ""


# --- requests ----------------------------------------------------------------------------


@pytest.mark.ac("copilot-request")
@pytest.mark.parametrize("mode", ["chat_completions", "codex_responses", "anthropic_messages"])
async def test_requests_say_who_asks_and_carry_our_own_name(
    model_server: ModelServer, mode: str, tmp_path: Path
) -> None:
    model_server.extra_fields.update({"reasoning"})
    model_server.add(say("one"), say("two"), say("three"))
    picture = tmp_path / "a.png"
    picture.write_bytes(b"png")
    seen = Message(role="user", content="look", attachments=(Attachment(path=str(picture)),))
    call = {"id": "call_1", "name": "read_file", "arguments": "{}"}
    asked = msgspec.convert({"role": "assistant", "tool_calls": [call]}, Message)
    result = Message(role="tool", content="text", tool_call_id="call_1")
    found = resolution(model_server.base_url, provider="copilot", api_mode=mode, key=OWN)
    model = open_model(found)
    await collect(model, ask(found, tools=(TOOL,), session_id="s1"))
    await collect(model, ask(found, USER, asked, result, tools=(TOOL,)))
    pictured = msgspec.structs.replace(
        seen, attachments=(Attachment(path=str(picture), media_type="image/png"),)
    )
    await collect(model, ask(found, pictured))
    await model.aclose()
    first, second, third = (request.headers for request in model_server.requests)
    assert first["authorization"] == f"Bearer {OWN}"
    assert first["openai-intent"] == "conversation-edits"
    assert first["editor-version"].startswith("hermes-tui/")
    assert first["copilot-integration-id"] == "hermes-tui"
    assert [one["x-initiator"] for one in (first, second, third)] == ["user", "agent", "user"]
    assert [one.get("copilot-vision-request") for one in (first, second, third)] == [
        None, None, "true",
    ]  # fmt: skip
    assert "vscode" not in str(first).lower()
    assert "prompt_cache_key" not in model_server.requests[0].json


@pytest.mark.ac("copilot-request")
async def test_headers_of_the_settings_replace_ours_and_are_never_written_down(
    model_server: ModelServer,
) -> None:
    model_server.add(say("ok"))
    variables = {"GH_TOKEN": GH, "COPILOT_API_BASE_URL": model_server.base_url}
    headers = {"copilot-integration-id": "registered-for-me", "X-Team": "secret-team"}
    found = reached(variables, providers={"copilot": {"headers": headers}})
    model = open_model(found)
    await collect(model, ask(found))
    await model.served_models()
    written = await model.as_sent(ask(found))
    await model.aclose()
    assert len(model_server.listings) == 1
    for sent in (model_server.request.headers, model_server.listings[0].headers):
        assert sent["copilot-integration-id"] == "registered-for-me"
        assert sent["editor-version"].startswith("hermes-tui/")
        assert sent["x-team"] == "secret-team"
    assert "secret-team" not in str(written.headers)


LISTING = {
    "data": [
        {
            "id": "claude-opus-4.6",
            "supported_endpoints": ["/v1/messages"],
            "capabilities": {
                "limits": {
                    "max_context_window_tokens": 200_000,
                    "max_prompt_tokens": 128_000,
                    "max_output_tokens": 16_000,
                },
                "supports": {"tool_calls": True, "vision": True},
            },
        },
        {
            "id": "gpt-5.2",
            "supported_endpoints": ["/responses"],
            "capabilities": {"limits": {"max_context_window_tokens": 264_000}},
        },
        {"id": "gemini-3-pro", "supported_endpoints": ["/chat/completions", "/responses"]},
    ]
}


@pytest.mark.ac("copilot-models")
@pytest.mark.parametrize(
    ("model", "without", "with_list", "window"),
    [
        ("claude-opus-4.6", "chat_completions", "anthropic_messages", 144_000),
        ("gpt-5.2", "codex_responses", "codex_responses", 264_000),
        ("openai/gpt-5-mini", "chat_completions", "chat_completions", None),
        ("gemini-3-pro", "chat_completions", "chat_completions", None),
    ],
)
async def test_the_list_of_models_says_which_wire_and_window_each_has(
    tmp_path: Path, model: str, without: str, with_list: str, window: int | None
) -> None:
    class Listed:
        async def served_facts(self) -> Any:
            return read_listing(LISTING)

    catalogue = ModelCatalogue(lambda: tmp_path, public=False, endpoints=True, now=time.time)
    secrets = Secrets({"GH_TOKEN": GH}, {})

    def now() -> Resolution:
        return resolve(Settings(), secrets, provider="copilot", model=model, windows=catalogue)

    before = now()
    assert before.runtime.api_mode == without
    assert before.runtime.model == model.removeprefix("openai/")
    await catalogue.learn(before, Listed())
    after = now().runtime
    assert after.api_mode == with_list
    assert after.window_tokens == (window or before.runtime.window_tokens)
