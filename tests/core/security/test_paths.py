"""Which paths file tools may read and write, on a real disk."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hermes_core.errors import ToolBlocked
from hermes_core.security.paths import PathRules


@pytest.fixture
def user(tmp_path: Path) -> Path:
    place = tmp_path / "u"
    for name in ("proj", ".ssh", ".hermes/profiles/x", "w", "wx"):
        (place / name).mkdir(parents=True)
    return place


@pytest.fixture
def rules(user: Path) -> PathRules:
    return PathRules(home=user, data_home=user / ".hermes")


def _path(user: Path, text: str) -> Path:
    return user / text[2:] if text.startswith("~/") else Path(text)


DENIED_WRITES = [
    *(pytest.param(path, id=f"P01-{n}") for n, path in enumerate((
        "~/.ssh/authorized_keys", "~/.ssh/new_key", "~/.aws/credentials", "~/.gnupg/x",
        "~/.kube/config", "~/.docker/config.json", "~/.azure/x", "~/.config/gh/hosts.yml"))),
    *(pytest.param(path, id=f"P02-{n}") for n, path in enumerate((
        "/etc/passwd", "/etc/hosts", "/etc/systemd/system/x.service", "/boot/grub/grub.cfg",
        "/private/etc/hosts"))),
    pytest.param("/var/run/docker.sock", id="P03"),
    pytest.param("~/.hermes/.env", id="P04"),
    *(pytest.param(path, id=f"P05-{n}") for n, path in enumerate((
        "~/.hermes/config.yaml", "~/.hermes/auth.json", "~/.hermes/profiles/x/config.yaml",
        "~/.hermes/hermes.db-wal", "~/.hermes/cron/jobs.json", "~/.hermes/skills/.hub/lock.json"))),
    pytest.param("~/proj/a/../../.ssh/config", id="P06"),
    pytest.param("~/.SSH/config", id="P10"),
    *(pytest.param(path, id=f"P11-{n}") for n, path in enumerate((
        "//etc//passwd", "/etc/./passwd", "/proc/self/root/etc/passwd"))),
    pytest.param("/dev/sda", id="disk"),
]  # fmt: skip


@pytest.mark.ac("path-writes")
@pytest.mark.parametrize("text", DENIED_WRITES)
def test_protected_path_is_not_written(text: str, user: Path, rules: PathRules) -> None:
    with pytest.raises(ToolBlocked, match=r"denied|Refusing to write"):
        rules.writable(_path(user, text))


@pytest.mark.ac("path-writes")
def test_link_to_a_protected_place_is_not_written(user: Path, rules: PathRules) -> None:
    (user / "proj/link").symlink_to(user / ".ssh/authorized_keys")  # P07
    (user / "proj/d").symlink_to(user / ".ssh")  # P08
    for path in (user / "proj/link", user / "proj/d/x"):
        with pytest.raises(ToolBlocked):
            rules.writable(path)


@pytest.mark.ac("path-writes")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("~/.sshx/a", id="P09-a"),
        pytest.param("~/.awsome/x", id="P09-b"),
        pytest.param("~/proj/config.yaml", id="other-config"),
        pytest.param("~/.hermes/memories/MEMORY.md", id="memory"),
        pytest.param("~/proj/a'b\"; id #.txt", id="P17"),
        pytest.param("/tmp/x", id="temp"),
    ],
)
def test_ordinary_path_is_written_without_a_question(
    text: str, user: Path, rules: PathRules
) -> None:
    ruling = rules.writable(_path(user, text))
    assert ruling.ask == ""
    assert ruling.path.name == _path(user, text).name


@pytest.mark.parametrize("text", ["~/.bashrc", "~/.npmrc", "~/proj/.env", "/usr/bin/x"])
def test_file_that_tools_load_by_themselves_is_asked_about(
    text: str, user: Path, rules: PathRules
) -> None:
    assert rules.writable(_path(user, text)).ask


@pytest.mark.ac("path-safe-root")
def test_safe_root_confines_writes_and_unlocks_nothing(user: Path) -> None:
    confined = PathRules(home=user, data_home=user / ".hermes", safe_root=user / "w")
    confined.writable(user / "w/a")  # P14
    confined.writable(user / "w")
    for text in ("wx/a", ".ssh/x"):
        with pytest.raises(ToolBlocked):
            confined.writable(user / text)
    wide = PathRules(home=user, data_home=user / ".hermes", safe_root=user)
    with pytest.raises(ToolBlocked):  # P15
        wide.writable(user / ".ssh/id_rsa")


@pytest.mark.ac("path-reads")
@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(p, id=f"P20-{p}") for p in ("/dev/zero", "/dev/stdin", "/proc/self/fd/0")),
        pytest.param("/proc/self/environ", id="P21"),
        pytest.param(f"/proc/{os.getpid()}/mem", id="P21-mem"),
        pytest.param("~/.hermes/skills/.hub/index-cache/x.json", id="P22"),
        pytest.param("~/.ssh/id_rsa", id="P23-key"),
        pytest.param("~/.hermes/.env", id="P23-env"),
        pytest.param("~/.hermes/profiles/x/auth.json", id="profile"),
        pytest.param("~/.hermes/auth.json.broken-1764000000", id="broken-copy"),
        pytest.param("~/.hermes/.auth.json.k3v9", id="half-written"),
        pytest.param("~/.claude/.credentials.json", id="login-of-claude-code"),
        pytest.param("~/.codex/auth.json", id="login-of-codex"),
        pytest.param("~/.local/share/keyrings/login.keyring", id="keyring"),
        pytest.param("~/proj/.env", id="project-env"),
    ],
)
def test_protected_path_is_not_read(text: str, user: Path, rules: PathRules) -> None:
    with pytest.raises(ToolBlocked, match="Read denied"):
        rules.readable(_path(user, text))


@pytest.mark.ac("path-reads")
def test_pipe_and_socket_are_refused_at_once(user: Path, rules: PathRules) -> None:
    os.mkfifo(user / "pipe")  # P20
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(user / "s"))
        for name in ("pipe", "s"):
            with pytest.raises(ToolBlocked, match="no ordinary file"):
                rules.readable(user / name)
            with pytest.raises(ToolBlocked, match="no ordinary file"):
                rules.writable(user / name)


@pytest.mark.parametrize(
    "text", ["~/.ssh/id_rsa.pub", "/etc/hosts", "~/proj/.env.example", "~/.hermes/config.yaml"]
)
def test_ordinary_path_is_read(text: str, user: Path, rules: PathRules) -> None:
    assert rules.readable(_path(user, text)) == _path(user, text).resolve()


def test_link_to_a_key_is_not_read(user: Path, rules: PathRules) -> None:
    (user / ".ssh/id_rsa").write_text("key")
    (user / "proj/notes.txt").symlink_to(user / ".ssh/id_rsa")
    with pytest.raises(ToolBlocked):
        rules.readable(user / "proj/notes.txt")
