"""Ground for tests that run the program as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.pty_screen import PtyProgram


@dataclass(frozen=True, slots=True)
class Done:
    """A program that ended."""

    code: int
    out: str
    err: str

    @property
    def session_id(self) -> str:
        """The one id that quiet mode names on the error stream."""
        lines = [line for line in self.err.splitlines() if line.startswith("session_id: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("session_id: ")


class Machine:
    """An empty HOME with a working folder, as a new user has it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "user"
        self.work = root / "project"
        self.home.mkdir(mode=0o700)
        self.work.mkdir()
        self.extra: dict[str, str] = {}
        """Variables this machine sets besides the basics."""

    @property
    def hermes(self) -> Path:
        """The program's data folder."""
        return self.home / ".hermes"

    @property
    def environ(self) -> dict[str, str]:
        """What the program inherits: nothing but the basics."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HERMES_OFFLINE": "1",
            "XDG_RUNTIME_DIR": str(self.home),
            **self.extra,
        }

    def configure(self, settings: Mapping[str, object] | str) -> None:
        """Write `config.yaml`, from settings or as the very text."""
        self.hermes.mkdir(mode=0o700, exist_ok=True)
        text = settings if isinstance(settings, str) else yaml.safe_dump(dict(settings))
        (self.hermes / "config.yaml").write_text(text)

    def use_server(self, base_url: str, **model: object) -> None:
        """Configure a server of the user's own, as the documentation says."""
        wanted = {"provider": "custom", "default": "scripted-model", "base_url": base_url}
        self.configure({"model": {**wanted, "api_key": "sk-own-server-key", **model}})

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The program's command line."""
        return [sys.executable, "-m", "hermes_tui", *arguments]

    def screen(self, *arguments: str, columns: int = 120, rows: int = 40) -> PtyProgram:
        """The program on a terminal; enter it with `async with`."""
        return PtyProgram(
            arguments, environ=self.environ, cwd=self.work, columns=columns, rows=rows
        )

    def shell(self, *, columns: int = 100, rows: int = 30) -> PtyProgram:
        """A shell with job control on a terminal of its own."""
        return PtyProgram(
            ("--norc", "--noprofile", "--noediting", "-i"),
            environ={**self.environ, "PS1": "$ ", "HISTFILE": "/dev/null"},
            cwd=self.work,
            columns=columns,
            rows=rows,
            command=("setsid", "--ctty", "--wait", "bash"),
        )

    async def start(self, *arguments: str, stdin: int | None = None) -> asyncio.subprocess.Process:
        """Start the program with its output in pipes."""
        return await asyncio.create_subprocess_exec(
            *self.command(*arguments),
            stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.work,
            env=self.environ,
            start_new_session=True,
            limit=1 << 20,
        )

    async def run(self, *arguments: str, stdin: str | None = None) -> Done:
        """Run the program to its end, all its streams in pipes."""
        pipe = asyncio.subprocess.PIPE if stdin is not None else None
        process = await self.start(*arguments, stdin=pipe)
        return await finished(process, stdin=stdin)


async def finished(process: asyncio.subprocess.Process, *, stdin: str | None = None) -> Done:
    """Wait for the end of a started program; after 90 s it is killed and the test fails."""
    try:
        async with asyncio.timeout(90):
            out, err = await process.communicate(stdin.encode() if stdin is not None else None)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError("the program did not end") from None
    assert process.returncode is not None, "communicate waited for it"
    return Done(process.returncode, out.decode(), err.decode())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine."""
    return Machine(tmp_path)
