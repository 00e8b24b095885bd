"""Where things live: a private home, a private place for sockets, paths as they are written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_core.errors import ConfigError
from hermes_core.paths import Home, expanded, runtime_folder


def mode(path: Path) -> int:
    """Who may do what with it."""
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("~", "{home}"),
        ("~/a b", "{home}/a b"),
        ("a/~", "a/~"),
        ("~nobody-of-that-name/a", "~nobody-of-that-name/a"),
        ("/a", "/a"),
        ("", "."),
    ],
)
def test_a_path_is_read_as_a_shell_reads_it(written: str, read: str) -> None:
    assert str(expanded(written)) == read.format(home=os.environ["HOME"])


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"HERMES_HOME": "/data/h", "HOME": "/u"}, "/data/h"),
        ({"HERMES_HOME": "  ", "HOME": "/u"}, "/u/.hermes"),
        ({"HERMES_HOME": "here", "HOME": "/u"}, "{cwd}/here"),
        ({"HERMES_HOME": "~nobody-of-that-name/h"}, "{cwd}/~nobody-of-that-name/h"),
    ],
)
def test_the_home_is_named_by_the_environment(environ: dict[str, str], root: str) -> None:
    assert str(Home.find(environ).root) == root.format(cwd=Path.cwd())


@pytest.mark.parametrize(("wanted", "made"), [("", 0o700), ("750", 0o750)])
def test_a_home_is_made_for_its_owner_unless_a_mode_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, made: int
) -> None:
    monkeypatch.setenv("HERMES_HOME_MODE", wanted)
    home = Home(tmp_path / "h")
    home.create()
    assert mode(home.root) == made


def test_a_mode_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_HOME_MODE", "rwx")
    with pytest.raises(ConfigError, match="should be octal digits such as 700, not 'rwx'"):
        Home(tmp_path / "h").create()
    assert not (tmp_path / "h").exists()


def test_sockets_lie_in_a_private_folder_of_the_platforms_own(tmp_path: Path) -> None:
    place = runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    if len(str(tmp_path)) <= 48:
        assert place == tmp_path / "hermes-tui"
    assert mode(place) == 0o700


@pytest.mark.parametrize("named", ["", "relative", "/nowhere/at/all", "/" + "long" * 20])
def test_where_that_cannot_be_used_they_lie_in_one_of_this_user(named: str, tmp_path: Path) -> None:
    if named == "/nowhere/at/all":
        (tmp_path / "file").touch()
        named = str(tmp_path / "file")
    place = runtime_folder({"XDG_RUNTIME_DIR": named})
    assert place.name == f"hermes-{os.getuid()}"
    assert mode(place) == 0o700
    assert place.stat().st_uid == os.getuid()
