"""The scripted model and the API server as processes, for the benchmarks of the API."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import pin

MODEL = "scripted-model"
SERVER_CORE, CLIENT_CORE = 0, 1
ROOT = Path(__file__).parents[1]


@dataclass(slots=True)
class Rig:
    """Where both listen, and afterwards what the store holds."""

    model_url: str
    api_url: str
    stored: int = 0
    """Finished turns with both messages in the store; set when the rig is gone."""


@contextmanager
def rig(*, tokens: int, wrap: tuple[str, ...] = ()) -> Iterator[Rig]:
    """Run both; this process and the model share one core, the server has the other.

    Args:
        tokens: Chunks of each answer.
        wrap: Words put before the server's command, e.g. a profiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        script = Path(folder) / "script.json"
        script.write_text(json.dumps([{"tokens": tokens, "repeat": True}]))
        pin(CLIENT_CORE)
        model = _start("tests.fakes.model_server", str(script))
        try:
            model_url = _first_line(model)
            (home / "config.yaml").write_text(_config(model_url))
            pin(SERVER_CORE)
            server = _serve(home, wrap)
            pin(CLIENT_CORE)
            try:
                found = Rig(model_url, _address(server))
                yield found
            finally:
                server.terminate()
                server.communicate(timeout=30)
            found.stored = _stored(home)
        finally:
            model.terminate()
            model.communicate(timeout=10)


def _config(model_url: str) -> str:
    model = {"provider": "custom", "base_url": model_url, "default": MODEL, "api_key": "none"}
    return json.dumps({"model": model, "api_server": {"port": 0}})


def _start(module: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _serve(home: Path, wrap: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [*wrap, sys.executable, "-m", "hermes_tui", "--serve", "api"]
    return subprocess.Popen(
        command,
        cwd=home,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HERMES_HOME": str(home), "HERMES_OFFLINE": "1"},
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "piped above"
    return process.stdout.readline().strip()


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None, "piped above"
    for line in server.stderr:
        if "listens on " in line:
            return line.rpartition("listens on ")[2].strip()
    raise RuntimeError("the server did not start")


def _stored(home: Path) -> int:
    database = sqlite3.connect(home / "hermes.db")
    try:
        query = "SELECT count(*) FROM sessions s WHERE source = 'api_server' AND message_count = 2"
        return int(database.execute(query).fetchone()[0])
    finally:
        database.close()
