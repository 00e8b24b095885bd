"""A program on a real pseudo-terminal, seen through a terminal emulator.

Source: pyte's documentation (`Screen`, `ByteStream`); keys as xterm sends them.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "ctrl+c": "\x03",
    "ctrl+d": "\x04",
    "ctrl+p": "\x10",
    "ctrl+u": "\x15",
    "tab": "\t",
    "f1": "\x1bOP",
    "up": "\x1b[A",
    "down": "\x1b[B",
}


class PtyProgram:
    """Runs `hermes` on a terminal of a given size.

    Args:
        arguments: Behind `python -m hermes_tui`.
        environ: The whole environment of the child.
        cwd: Its working folder.
        columns: Width in cells.
        rows: Height in cells.
        command: Run in place of the program, such as a shell.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        environ: Mapping[str, str],
        cwd: Path,
        columns: int = 120,
        rows: int = 40,
        command: Sequence[str] = (sys.executable, "-m", "hermes_tui"),
    ) -> None:
        self._arguments = [*command, *arguments]
        self._environ = {**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._cwd = cwd
        self._size = (rows, columns)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._process: subprocess.Popen[bytes] | None = None
        self._fd = -1
        self.raw = bytearray()
        """Every byte the program wrote to the terminal."""

    async def __aenter__(self) -> Self:
        leader, follower = pty.openpty()
        self._set_size(leader)
        self._process = subprocess.Popen(  # noqa: ASYNC220  starting it is quick
            self._arguments,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=self._cwd,
            env=self._environ,
            start_new_session=True,
        )
        os.close(follower)
        os.set_blocking(leader, False)
        self._fd = leader
        asyncio.get_running_loop().add_reader(leader, self._read)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.close_window()

    @property
    def text(self) -> str:
        """What the screen shows now, trailing blanks removed."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def exit_code(self) -> int | None:
        """The exit code once the program has ended."""
        return self._process.poll() if self._process is not None else None

    @property
    def pid(self) -> int:
        """The program's process id."""
        assert self._process is not None, "entered before it is asked"
        return self._process.pid

    @property
    def fd(self) -> int:
        """The person's end of the terminal."""
        return self._fd

    def type(self, text: str) -> None:
        """Send text as a person types it."""
        os.write(self._fd, text.encode())

    def press(self, *names: str) -> None:
        """Send keys by their names."""
        for name in names:
            self.type(KEYS.get(name, name))

    async def press_until(
        self, name: str, gone: str, *, timeout_s: float = 60, every_s: float = 0.5
    ) -> None:
        """Press a key again and again while a text is still shown.

        For what ignores keys in its first moments, such as a fresh approval. On a busy
        machine one press too many may go to what has the keyboard afterwards.
        """
        pressed_at = 0.0
        clock = asyncio.get_running_loop().time

        def is_gone(text: str) -> bool:
            nonlocal pressed_at
            if gone not in text:
                return True
            if clock() - pressed_at >= every_s:
                pressed_at = clock()
                self.press(name)
            return False

        await self.until(is_gone, timeout_s=timeout_s)

    async def until(self, wanted: str | Callable[[str], bool], *, timeout_s: float = 60) -> str:
        """Wait until the screen shows the text (or satisfies the function); return it."""
        seen: Callable[[str], bool] = (
            (lambda text: wanted in text) if isinstance(wanted, str) else wanted
        )
        try:
            async with asyncio.timeout(timeout_s):
                while not seen(self.text):  # noqa: ASYNC110  the screen is what we wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never shown: {wanted!r}\n{self.text}") from None
        return self.text

    async def ended(self, *, timeout_s: float = 60) -> int:
        """Wait for the end of the program and return its exit code."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.exit_code is None:  # noqa: ASYNC110  a process has no event here
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"the program did not end\n{self.text}") from None
        code = self.exit_code
        assert code is not None, "checked above"
        return code

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal, as dragging its window does."""
        self._size = (rows, columns)
        self._set_size(self._fd)
        self._screen.resize(rows, columns)
        os.killpg(self.pid, signal.SIGWINCH)

    def close_window(self) -> None:
        """Take the terminal away. The program does not own it, so no signal tells of it."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _set_size(self, fd: int) -> None:
        rows, columns = self._size
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 65_536)
        except (BlockingIOError, OSError):
            return
        if data:
            self.raw += data
            self._stream.feed(data)
