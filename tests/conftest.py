"""Ground for all tests: an empty home, a clean environment, no network."""

from __future__ import annotations

import gc
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from hermes_core.paths import Home
from tests.snapshot_location import use_snapshots_folder

pytest_plugins = ["tests.fakes.model_server.fixtures", "tests.required_services"]

use_snapshots_folder()

_KEPT = {"PATH", "LANG", "TERM", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "COLORTERM"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}


def pytest_collection_finish() -> None:
    """Leave out what stays, modules and tests, when cycles are looked for."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty HOME and working folder and only harmless variables."""
    for name in list(os.environ):
        if name not in _KEPT and not name.startswith(("PYTEST_", "COV_", "LC_", "TEXTUAL_")):
            monkeypatch.delenv(name)
    user_home = tmp_path / "home"
    work = tmp_path / "work"
    user_home.mkdir()
    work.mkdir()
    monkeypatch.setenv("HOME", str(user_home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(user_home / "run"))
    monkeypatch.setenv("HERMES_OFFLINE", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(work)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOOPBACK:
            raise OSError(f"tests have no network: {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The empty home of this test, created."""
    place = Home(tmp_path / "home" / ".hermes")
    place.create()
    return place
