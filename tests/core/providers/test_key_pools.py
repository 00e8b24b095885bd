"""The keys of a provider: order, rests, and the file they are kept in."""

from __future__ import annotations

import json
import math
import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_core.errors import ConfigError, ProviderError
from hermes_core.providers.keys.auth_file import AuthFile
from hermes_core.providers.keys.credential import Credential
from hermes_core.providers.keys.key_pools import KeyPools

A, B, C = (Credential(f"sk-key-{name}-0123", f"{name}_API_KEY") for name in "ABC")
LIMITED = ProviderError("busy", reason="rate_limit", status=429)


class Moment:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def pools(tmp_path: Path, moment: Moment) -> Callable[..., KeyPools]:
    def build(**strategies: str) -> KeyPools:
        return KeyPools(AuthFile(tmp_path / "auth.json"), strategies, now=moment)

    return build


def picks(pools: KeyPools, count: int) -> list[str]:
    found = []
    for _ in range(count):
        key = pools.choose("openai", (A, B, C))
        assert key is not None
        pools.used(key)
        found.append(key.source[0])
    return found


@pytest.mark.ac("key-strategies")
@pytest.mark.parametrize(
    ("strategy", "order"),
    [("fill_first", "AAAA"), ("round_robin", "ABCA"), ("least_used", "ABCA")],
)
def test_each_strategy_has_its_order(
    pools: Callable[..., KeyPools], strategy: str, order: str
) -> None:
    assert "".join(picks(pools(openai=strategy), 4)) == order


@pytest.mark.ac("key-strategies")
def test_round_robin_goes_on_behind_a_resting_key(pools: Callable[..., KeyPools]) -> None:
    made = pools(openai="round_robin")
    assert picks(made, 1) == ["A"]
    made.rest("openai", B, LIMITED)
    assert picks(made, 3) == ["C", "A", "C"]


@pytest.mark.ac("key-leases")
@pytest.mark.parametrize("strategy", ["fill_first", "least_used", "random"])
def test_a_held_key_is_taken_by_another_only_when_all_are_held(
    pools: Callable[..., KeyPools], strategy: str
) -> None:
    made = pools(openai=strategy)

    def hold() -> Credential:
        key = made.choose("openai", (A, B, C), hold=True)
        assert key is not None
        return key

    first, second, third = hold(), hold(), hold()
    assert {first, second, third} == {A, B, C}
    made.let_go(second.id)
    assert hold() == second
    hold()
    # Who holds none is not in the way of those who do.
    assert made.choose("openai", (A,)) == A
    made.let_go("")


@pytest.mark.ac("prov-7-1")
def test_a_rest_outlives_the_program_and_ends(
    pools: Callable[..., KeyPools], moment: Moment
) -> None:
    pools().rest("openai", A, ProviderError("busy", reason="rate_limit", retry_after_s=90.0))
    moment.now += 89
    assert pools().choose("openai", (A, B)) == B
    moment.now += 2
    assert pools().choose("openai", (A, B)) == A


@pytest.mark.ac("prov-7-3")
@pytest.mark.parametrize("word", ["token_revoked", "token_invalidated", "invalid_grant"])
def test_a_key_that_was_taken_back_rests_for_good(
    pools: Callable[..., KeyPools], moment: Moment, word: str
) -> None:
    refused = ProviderError(f"401: {word}", reason="auth", status=401)
    assert math.isinf(pools().rest("openai", A, refused))
    moment.now += 10 * 365 * 86_400
    assert pools().choose("openai", (A,)) is None
    assert pools().wake("openai") == 1
    assert pools().choose("openai", (A,)) == A


def test_another_value_in_the_same_variable_does_not_rest(
    pools: Callable[..., KeyPools],
) -> None:
    pools().rest("openai", A, LIMITED)
    renewed = Credential("sk-key-renewed-9876", A.source)
    assert pools().choose("openai", (renewed,)) == renewed


@pytest.mark.ac("auth-file")
def test_a_rest_keeps_no_key_that_is_kept_elsewhere(
    pools: Callable[..., KeyPools], tmp_path: Path
) -> None:
    pools().rest("openai", A, LIMITED)
    text = (tmp_path / "auth.json").read_text()
    assert A.value not in text
    (entry,) = json.loads(text)["credential_pool"]["openai"]
    assert (entry["source"], entry["last_status"]) == ("env:A_API_KEY", "exhausted")


@pytest.mark.ac("auth-file")
def test_what_others_wrote_stays(pools: Callable[..., KeyPools], tmp_path: Path) -> None:
    other = {
        "version": 1,
        "active_provider": "nous",
        "providers": {"nous": {"scope": "x"}},
        "credential_pool": {
            "openai": [
                {
                    "id": "a1b2c3",
                    "label": "work",
                    "auth_type": "api_key",
                    "source": "manual",
                    "priority": 0,
                    "access_token": "sk-key-stored-1",
                    "scope": "kept",
                }
            ]
        },
    }
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(other))
    made = pools()
    (stored,) = made.keys("openai")
    assert (stored.value, stored.name, stored.id) == ("sk-key-stored-1", "work", "a1b2c3")
    made.rest("openai", stored, LIMITED)
    found = json.loads(path.read_text())
    assert found["providers"] == other["providers"]
    assert found["active_provider"] == "nous"
    (entry,) = found["credential_pool"]["openai"]
    assert (entry["scope"], entry["access_token"]) == ("kept", "sk-key-stored-1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.ac("auth-file")
def test_a_broken_file_is_kept_beside_the_new_one(
    pools: Callable[..., KeyPools], tmp_path: Path
) -> None:
    path = tmp_path / "auth.json"
    path.write_text('{"version": 1, "providers"')
    made = pools()
    assert made.keys("openai") == ()
    made.add("openai", "sk-key-new-1")
    assert [key.value for key in pools().keys("openai")] == ["sk-key-new-1"]
    (copy,) = tmp_path.glob("auth.json.broken-*")
    assert copy.read_text() == '{"version": 1, "providers"'


@pytest.mark.ac("auth-file")
@pytest.mark.parametrize("name", ["1", "label-a"])
def test_a_key_is_removed_by_number_or_label(pools: Callable[..., KeyPools], name: str) -> None:
    made = pools()
    made.add("openai", "sk-key-1", label="label-a")
    made.add("openai", "sk-key-2", label="label-b")
    assert made.remove("openai", name).label == "label-a"
    assert [key.value for key in made.keys("openai")] == ["sk-key-2"]


def test_a_name_of_several_keys_is_refused(pools: Callable[..., KeyPools]) -> None:
    made = pools()
    made.add("openai", "sk-key-1", label="same")
    made.add("openai", "sk-key-2", label="same")
    with pytest.raises(ConfigError, match="Several keys"):
        made.remove("openai", "same")
    with pytest.raises(ConfigError, match="No key"):
        made.remove("openai", "nobody")
    with pytest.raises(ConfigError, match="already"):
        made.add("openai", "sk-key-1")


def _add_some(path: Path, first: int) -> None:
    made = KeyPools(AuthFile(path), {})
    for number in range(first, first + 15):
        made.add("openai", f"sk-key-{number}")


@pytest.mark.ac("auth-file")
def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add_some, args=(path, first)) for first in (0, 100)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert len(KeyPools(AuthFile(path), {}).keys("openai")) == 30


def _write_on(path: Path) -> None:
    made = KeyPools(AuthFile(path), {})
    for number in range(100_000):
        made.rest("openai", A, ProviderError("busy", reason="rate_limit", retry_after_s=number))


@pytest.mark.ac("prov-5-2")
def test_a_kill_while_the_file_is_written_leaves_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    made = KeyPools(AuthFile(path), {})
    made.add("openai", "sk-key-kept-1")
    for _ in range(5):
        before = path.stat().st_mtime_ns
        process = multiprocessing.get_context("spawn").Process(target=_write_on, args=(path,))
        process.start()
        while path.stat().st_mtime_ns == before:
            assert process.is_alive()
        process.kill()
        process.join()
        document = json.loads(path.read_text())
        assert document["credential_pool"]["openai"][0]["access_token"] == "sk-key-kept-1"
    made.wake("openai")
    assert [key.value for key in made.keys("openai")] == ["sk-key-kept-1"]
