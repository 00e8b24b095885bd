"""`./hermes`, `./test` and `.ci/run` in a copy of the checkout, with a Python that only pretends."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("hermes", "test", ".ci/environment.sh", ".ci/run", "pyproject.toml", "constraints.txt")
INSTALL = os.environ.get("HERMES_TEST_INSTALL") == "1"
TOOLS = ("sh", "bash", "readlink", "mkdir", "rm", "touch", "cat", "cp", "sleep", "dirname", "id")

# Answers what the launchers ask of a Python; `-m venv` makes one that can `pip install`.
PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$*" in
  "-c import venv, ensurepip") exit "${NO_ENSUREPIP:-0}" ;;
  "-c import sys; print"*) echo 3.11 ;;
  "-c import sys; sys.exit"*) exit "${TOO_OLD:-0}" ;;
  "benchmarks/"*) [ "$1" != "$BREAKING" ] ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip install "*)
    [ -z "$NO_NETWORK" ] || exit 1
    for name in hermes ruff mypy lint-imports pytest; do
      cp "$TOOL" "${0%/*}/$name"
    done ;;
esac
"""
TOOL = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
[ "${0##*/}" != "$FAILING" ]
"""


class Checkout:
    """A copy of the launchers with a recorded world around them."""

    def __init__(self, place: Path) -> None:
        self.root = place / "a checkout"
        self.calls_file = place / "calls"
        self.calls_file.touch()
        for name in FILES:
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        for name in ("pyproject.toml", "constraints.txt"):
            os.utime(self.root / name, (1, 1))
        self.bin = place / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            found = shutil.which(name, path="/usr/bin:/bin")
            assert found is not None
            (self.bin / name).symlink_to(found)
        self.tool = place / "tool"
        for file, text in ((self.bin / "python3", PYTHON), (self.tool, TOOL)):
            file.write_text(text)
            file.chmod(0o755)

    def run(
        self, *words: str, cwd: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=cwd or self.root,
            env={"PATH": str(self.bin), "CALLS": str(self.calls_file), "TOOL": str(self.tool)}
            | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def calls(self) -> list[str]:
        """What was run since the last time this was asked."""
        lines = self.calls_file.read_text().splitlines()
        self.calls_file.write_text("")
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    place = tmp_path / "launchers"
    place.mkdir()
    return Checkout(place)


@pytest.mark.ac("launcher-first-start")
def test_the_first_start_installs_with_visible_progress_and_runs(checkout: Checkout) -> None:
    done = checkout.run("./hermes", "chat", "-q", "two words")

    assert done.returncode == 0
    assert done.stdout == ""
    assert "Setting up" in done.stderr
    calls = checkout.calls()
    assert any("-m pip install" in call and "-c " in call for call in calls)
    assert calls[-1] == "hermes chat -q two words"


@pytest.mark.ac("launcher-later-start")
def test_later_starts_run_the_program_and_no_python(checkout: Checkout) -> None:
    checkout.run("./hermes")
    checkout.calls()

    done = checkout.run("./hermes", "status")

    assert checkout.calls() == ["hermes status"]
    assert done.stderr == ""


@pytest.mark.ac("launcher-anywhere")
def test_it_works_from_any_folder_and_through_links(checkout: Checkout, tmp_path: Path) -> None:
    links = tmp_path / "my links"
    links.mkdir()
    (links / "one").symlink_to(checkout.root / "hermes")
    (links / "two").symlink_to("one")

    for words, cwd in (
        ((f"{links}/two",), tmp_path),
        (("my links/one",), tmp_path),
        (("./two",), links),
        (("sh", "hermes"), checkout.root),
    ):
        done = checkout.run(*words, cwd=cwd)
        assert done.returncode == 0, done.stderr
    assert [call for call in checkout.calls() if call.startswith("hermes")] == ["hermes "] * 4
    assert (checkout.root / ".venv").is_dir()


@pytest.mark.ac("launcher-changes-noticed")
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_of_packages_is_installed_again(checkout: Checkout, name: str) -> None:
    checkout.run("./hermes")
    os.utime(checkout.root / ".venv" / ".ready-run", (100, 100))
    os.utime(checkout.root / name, (200, 200))
    checkout.calls()

    checkout.run("./hermes")

    calls = checkout.calls()
    assert any("-m pip install" in call for call in calls)
    assert not any("-m venv" in call for call in calls)


@pytest.mark.ac("launcher-missing-venv")
def test_a_python_without_ensurepip_names_the_debian_package(checkout: Checkout) -> None:
    done = checkout.run("./hermes", NO_ENSUREPIP="1")

    assert done.returncode == 1
    assert "apt install python3.11-venv" in done.stderr
    assert not (checkout.root / ".venv.lock").exists()


def test_an_old_python_is_named_as_the_reason(checkout: Checkout) -> None:
    done = checkout.run("./hermes", TOO_OLD="1")

    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_a_failed_installation_is_tried_again_next_time(checkout: Checkout) -> None:
    assert checkout.run("./hermes", NO_NETWORK="1").returncode == 1
    assert not any(call.startswith("hermes") for call in checkout.calls())

    assert checkout.run("./hermes").returncode == 0
    assert checkout.calls()[-1] == "hermes "


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.run("./hermes")
    (checkout.root / ".venv" / "bin" / "python").unlink()
    os.utime(checkout.root / ".venv" / ".ready-run", (0, 0))
    checkout.calls()

    assert checkout.run("./hermes").returncode == 0
    assert any("-m venv" in call for call in checkout.calls())


def test_the_lock_of_a_setup_that_died_is_taken_over(checkout: Checkout) -> None:
    died = subprocess.Popen(["true"])
    died.wait()
    lock = checkout.root / ".venv.lock"
    lock.mkdir()
    (lock / "pid").write_text(str(died.pid))

    assert checkout.run("./hermes").returncode == 0
    assert not lock.exists()


@pytest.mark.ac("launcher-uv")
def test_uv_is_used_where_it_is_there(checkout: Checkout) -> None:
    uv = checkout.bin / "uv"
    uv.write_text(
        '#!/bin/sh\necho "uv $*" >>"$CALLS"\n'
        'if [ "$1" = venv ]; then shift 4; mkdir -p "$1/bin"; cp "${0%/*}/python3" "$1/bin/python"\n'
        'else "$4" -m pip install x; fi\n'
    )
    uv.chmod(0o755)

    assert checkout.run("./hermes").returncode == 0
    uses = [call.split()[1] for call in checkout.calls() if call.startswith("uv")]
    assert uses == ["venv", "pip"]


@pytest.mark.ac("launcher-test")
@pytest.mark.parametrize("script", ["./test", ".ci/run"])
def test_every_check_runs_and_the_result_is_theirs(checkout: Checkout, script: str) -> None:
    for name in ("git", "rg", "tmux", "rsvg-convert"):
        (checkout.bin / name).symlink_to("/bin/true")

    done = checkout.run("bash", script, HERMES_TEST_LLAMA_PYTHON="/bin/true")

    assert done.returncode == 0, done.stderr
    calls = [call for call in checkout.calls() if not call.startswith("python")]
    if script == ".ci/run":
        assert calls.pop(0) == "pytest --version"  # makes the environment of the minutes
    assert calls == [
        "ruff format --check .",
        "ruff check .",
        "mypy ",
        "lint-imports ",
        "pytest -n 2",
    ]
    failed = checkout.run("bash", script, FAILING="mypy", HERMES_TEST_LLAMA_PYTHON="/bin/true")
    assert failed.returncode == 1
    assert failed.stdout.endswith("Failed: types\n")
    assert checkout.calls()[-1] == "pytest -n 2"


@pytest.mark.ac("launcher-test")
def test_a_minute_of_use_that_breaks_fails_the_run_after_all_tests(checkout: Checkout) -> None:
    for name in ("git", "rg", "tmux", "rsvg-convert"):
        (checkout.bin / name).symlink_to("/bin/true")

    names = ("turn_chaos", "workspace_chaos", "workspace_soak")
    for name in names:
        done = checkout.run(
            "bash",
            ".ci/run",
            BREAKING=f"benchmarks/{name}.py",
            HERMES_TEST_LLAMA_PYTHON="/bin/true",
        )
        assert done.returncode == 1
        assert done.stdout.endswith("All checks passed.\n")
        assert done.stderr.endswith(f"Failed: benchmarks/{name}.py\n")
        calls = checkout.calls()
        assert [call.split()[1] for call in calls if "benchmarks/" in call] == [
            f"benchmarks/{each}.py" for each in names
        ]
        assert calls[-1] == "pytest -n 2"


def test_the_test_extra_is_installed_for_the_checks(checkout: Checkout) -> None:
    checkout.run("./hermes")
    checkout.calls()

    checkout.run("./test", "tests/core")

    calls = checkout.calls()
    assert any(call.endswith("a checkout[test]") for call in calls)
    assert calls[-1] == "pytest tests/core"


@pytest.mark.service("install")
@pytest.mark.ac("launcher-first-start")
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not INSTALL,
    reason="a full installation takes a minute and a network: HERMES_TEST_INSTALL=1",
)
def test_a_real_installation_answers_with_its_version(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)

    done = subprocess.run(
        [copy / "hermes", "--version"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("hermes ")
