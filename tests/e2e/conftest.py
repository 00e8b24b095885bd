"""Ground for tests that run the program as a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.pty_screen import PtyProgram


class Machine:
    """An empty HOME with a working folder, as a new user has it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "user"
        self.work = root / "project"
        self.home.mkdir()
        self.work.mkdir()

    @property
    def environ(self) -> dict[str, str]:
        """What the program inherits: nothing but the basics."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HERMES_OFFLINE": "1",
            "XDG_RUNTIME_DIR": str(self.home),
        }

    def screen(self, *arguments: str, columns: int = 120, rows: int = 40) -> PtyProgram:
        """The program on a terminal; enter it with `async with`."""
        return PtyProgram(
            arguments, environ=self.environ, cwd=self.work, columns=columns, rows=rows
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine."""
    return Machine(tmp_path)
