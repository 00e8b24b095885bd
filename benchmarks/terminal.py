"""A program on a pseudo-terminal whose output is kept with the time of every read.

The emulator is slow beside what it watches, so it does not run meanwhile: what came is
replayed afterwards, and the time of a read is the time at which its cells were shown.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pyte

COLUMNS, ROWS = 120, 40
_SHORTEST_WAIT_S = 0.0005
_ANSWERS = {b"\x1b]11;?": b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", b"\x1b[c": b"\x1b[?62;22c"}
"""As xterm answers: the background colour, and the kind of terminal."""


class Terminal:
    """Runs a command on a terminal of 120 × 40 cells. Enter it with `with`.

    Args:
        command: Program and arguments.
        environ: The whole environment of the child, without TERM.
        cwd: Its working folder.
    """

    def __init__(self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> None:
        self._command = list(command)
        self._environ = {**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._cwd = cwd
        self._fd = -1
        self.reads: list[tuple[float, bytes]] = []
        """Everything it wrote: seconds (`time.perf_counter`) and bytes, in order."""
        self.started = 0.0
        """When the process was asked for."""

    def __enter__(self) -> Self:
        leader, follower = pty.openpty()
        fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
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
        self.process = psutil.Process(self._process.pid)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._fd)

    @property
    def fd(self) -> int:
        """Our end of the terminal."""
        return self._fd

    # --- while it runs -------------------------------------------------------------------

    def send(self, text: str) -> float:
        """Type; return when."""
        os.write(self._fd, text.encode())
        return time.perf_counter()

    def read(self, timeout_s: float) -> bool:
        """Keep what comes within so many seconds; False if nothing came.

        Raises:
            SystemExit: The program has ended.
        """
        ready, _, _ = select.select([self._fd], [], [], max(timeout_s, _SHORTEST_WAIT_S))
        if not ready:
            return False
        try:
            data = os.read(self._fd, 1 << 20)
        except OSError:
            data = b""
        if not data:
            raise SystemExit(f"the program ended:\n{self.screen_text()}")
        self.reads.append((time.perf_counter(), data))
        for question, answer in _ANSWERS.items():
            if question in data:
                os.write(self._fd, answer)
        return True

    def read_for(self, seconds: float) -> None:
        """Keep what comes during so many seconds."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)

    def read_until(self, wanted: bytes, *, since: int = 0, timeout_s: float = 60) -> float:
        """Read until these bytes were written, and return when.

        Args:
            wanted: Without style changes inside, as in one run of text.
            since: First entry of `reads` to look at.
            timeout_s: Longest wait.

        Raises:
            SystemExit: They never came.
        """
        until = time.perf_counter() + timeout_s
        tail = b""
        at = since
        while True:
            while at < len(self.reads):
                moment, data = self.reads[at]
                tail = tail[-len(wanted) :] + data
                if wanted in tail:
                    return moment
                at += 1
            left = until - time.perf_counter()
            if left <= 0:
                raise SystemExit(f"never shown: {wanted!r}\n{self.screen_text()}")
            self.read(left)

    def quiet(self, seconds: float, *, timeout_s: float = 60) -> None:
        """Read until nothing came for so long.

        Raises:
            SystemExit: It never fell silent.
        """
        until = time.perf_counter() + timeout_s
        while self.read(seconds):
            if time.perf_counter() > until:
                raise SystemExit("the screen never came to rest")

    def cpu_s(self) -> float:
        """Processor seconds of the program and its children so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)

    def private_mb(self) -> float:
        """Memory that belongs to this process alone, in MB of 1,000,000 bytes."""
        return float(self.process.memory_full_info().uss) / 1e6

    # --- afterwards ----------------------------------------------------------------------

    def replay(self) -> Iterator[tuple[float, pyte.Screen]]:
        """Yield the screen after each read, with its time. One and the same object."""
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        for moment, data in self.reads:
            stream.feed(data)
            yield moment, screen

    def shown_at(self, is_shown: Callable[[pyte.Screen], bool]) -> float:
        """The first time at which a screen satisfied the condition.

        Raises:
            SystemExit: None did.
        """
        for moment, screen in self.replay():
            if is_shown(screen):
                return moment
        raise SystemExit(f"never on the screen:\n{self.screen_text()}")

    def screen_text(self) -> str:
        """What the screen shows after the last read."""
        text = ""
        for _, screen in self.replay():
            text = "\n".join(screen.display)
        return text
