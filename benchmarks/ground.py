"""What the program needs around it: a home of its own and the scripted model beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.terminal import Terminal
from hermes_core.paths import Home

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "❯".encode()
"""The sign in front of the field: the first thing that says one can type."""

_KEPT = ("PATH", "PYTHONPATH")
Steps = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty machine for one program.

    Args:
        place: Folder of everything; `user` in it is HOME, `work` the working folder.
    """

    place: Path

    @property
    def work(self) -> Path:
        """The working folder."""
        return self.place / "work"

    @property
    def home(self) -> Home:
        """The program's data folder."""
        return Home(self.place / "user" / ".hermes")

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of the program."""
        user = self.place / "user"
        return {
            "HOME": str(user),
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "LANG": "C.UTF-8",
            "HERMES_OFFLINE": "1",
            "XDG_RUNTIME_DIR": str(user),
        }

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write `config.yaml`."""
        self.home.create()
        (self.home.root / "config.yaml").write_text(yaml.safe_dump(dict(settings)), "utf-8")

    def use_server(self, base_url: str) -> None:
        """Let the scripted server answer."""
        model: dict[str, object] = {
            "provider": "custom",
            "base_url": base_url,
            "default": "scripted-model",
        }
        model |= {"context_length": 2_000_000}  # no compaction in the middle of a measurement
        self.configure({"model": model | {"api_key": "sk-bench"}})

    def program(self, *arguments: str) -> Terminal:
        """The full screen on a terminal."""
        return Terminal(
            [sys.executable, "-m", "hermes_tui", *arguments], environ=self.environ, cwd=self.work
        )

    def script(self, name: str, *arguments: str) -> Terminal:
        """A script of this folder on a terminal."""
        file = Path(__file__).with_name(name)
        return Terminal([sys.executable, str(file), *arguments], environ=self.environ, cwd=ROOT)


@contextmanager
def ground() -> Iterator[Ground]:
    """An empty machine that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hermes-bench-") as place:
        made = Ground(Path(place))
        made.work.mkdir()
        (made.place / "user").mkdir(mode=0o700)
        yield made


@contextmanager
def model_server(steps: Steps) -> Iterator[str]:
    """The scripted model in a process of its own; yields its address."""
    with tempfile.TemporaryDirectory(prefix="hermes-bench-") as place:
        script = Path(place) / "script.json"
        script.write_text(json.dumps(list(steps)), "utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.model_server", str(script)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None, "asked for above"
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait()


def tell_server(base_url: str, what: str, body: Mapping[str, Any]) -> None:
    """Ask the scripted server for something (`release`, `add`)."""
    request = urllib.request.Request(
        f"{base_url.removesuffix('/v1')}/_script/{what}",
        data=json.dumps(dict(body)).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def come_first() -> None:
    """Take precedence over other work on this machine, where that is allowed; children inherit.

    Niceness would not do: each terminal has a scheduling group of its own.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, PermissionError):
        print("other work on this machine counts in: no right to come first")
