"""One child process of this machine with its pipes or its pseudo-terminal.

Pipes are our own rather than asyncio's, since a job left in the background may hold
them open long after the process itself has ended.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import logging
import os
import signal
import struct
import termios
from collections.abc import Callable, Mapping, Sequence
from typing import IO, cast

from hermes_core.errors import ToolError
from hermes_core.terminals.base import PTY_COLUMNS, PTY_ROWS, TerminalUnavailable
from hermes_core.terminals.process_tree import end_tree, signal_group, start_time
from hermes_core.terminals.started import Started

_log = logging.getLogger(__name__)

_DRAIN_S = 0.2


class _Reader(asyncio.Protocol):
    """Hands chunks on until told to stop, then throws them away."""

    def __init__(self, on_output: Callable[[bytes], None]) -> None:
        self.on_output: Callable[[bytes], None] | None = on_output
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        if self.on_output is not None:
            self.on_output(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


class Child:
    """A process that leads a session of its own; `spawn` makes it."""

    def __init__(
        self,
        process: Started,
        *,
        mark: str,
        reader: _Reader,
        output: asyncio.ReadTransport,
        output_fd: int,
        input_pipe: asyncio.WriteTransport | None,
        is_pty: bool,
    ) -> None:
        self._process = process
        self.mark = mark
        """Value by which descendants are known."""
        self._reader = reader
        self._output = output
        self._output_fd = output_fd
        self._input = input_pipe
        self._is_pty = is_pty
        self._killed = False
        self.started_at = start_time(process.pid) or 0.0
        """The operating system's start time, seconds since the epoch."""
        self._finished = asyncio.create_task(self._finish(), name=f"child-{process.pid}")

    @property
    def pid(self) -> int:
        """Process id; also the id of its group and session."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.returncode

    @property
    def holds_output(self) -> bool:
        """Whether something still has the output open, the process or what it left behind."""
        return not self._reader.ended.is_set()

    async def wait(self) -> int:
        """Return the exit code once the process ended and what it printed was handed on."""
        return await asyncio.shield(self._finished)

    async def _finish(self) -> int:
        code = await self._process.wait()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _DRAIN_S
        # one turn of the loop reads one chunk; a pipe tells nobody that it is empty
        while self.holds_output and self._waiting_bytes() and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0)
        self._reader.on_output = None
        if self._input is not None:
            self._input.close()
        return code

    def on_finished(self, callback: Callable[[], None]) -> None:
        """Call back when the process has ended and its output was handed on."""
        self._finished.add_done_callback(lambda task: callback())

    async def closed(self) -> None:
        """Return when our end of the output is closed."""
        await self._reader.ended.wait()

    def _waiting_bytes(self) -> int:
        if self._output.is_closing():
            return 0
        count = array.array("i", [0])
        try:
            fcntl.ioctl(self._output_fd, termios.FIONREAD, count)
        except OSError:  # a pseudo-terminal whose other side is closed
            return 0
        return count[0]

    def write(self, data: bytes) -> None:
        """Send to standard input.

        Raises:
            ToolError: The input is closed or there is none.
        """
        if self._input is None or self._input.is_closing():
            raise ToolError("the standard input of this process is closed")
        self._input.write(data)

    def close_input(self) -> None:
        """Send end of file."""
        if self._input is None or self._input.is_closing():
            return
        if self._is_pty:
            self._input.write(b"\x04")
        else:
            self._input.close()

    def interrupt(self) -> None:
        """Ask the process group to end, at once and without waiting."""
        if not self._killed:
            signal_group(self.pid, signal.SIGTERM)

    async def kill(self, *, grace_s: float = 5.0) -> None:
        """End the whole tree; what ignores the polite signal is killed after `grace_s`."""
        await end_tree(self.pid, self.mark, grace_s=grace_s)
        self._killed = True

    def release(self) -> None:
        """Close our ends of pipes and terminal."""
        self._output.close()
        if self._input is not None:
            self._input.close()


async def spawn(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: str,
    mark: str,
    on_output: Callable[[bytes], None],
    with_input: bool = False,
    terminal: PseudoTerminal | None = None,
) -> Child:
    """Start a process in a session of its own, output and errors in one stream.

    Args:
        argv: Program and arguments.
        environ: Its whole environment.
        cwd: Its folder, existing.
        mark: Value by which its descendants are known.
        on_output: Called on the loop with each chunk.
        with_input: Give it a pipe as standard input; else it reads end of file.
        terminal: A pseudo-terminal to use instead of pipes.

    Raises:
        TerminalUnavailable: It could not be started.
    """
    loop = asyncio.get_running_loop()
    if terminal is not None:
        read_fd, theirs, input_ours = terminal.ours, terminal.theirs, os.dup(terminal.ours)
        stdin: int = theirs
    else:
        read_fd, theirs = os.pipe()
        stdin, input_ours = os.pipe() if with_input else (asyncio.subprocess.DEVNULL, -1)
    try:
        process = Started(argv, stdin=stdin, output=theirs, environ=environ, cwd=cwd)
    except OSError as error:
        for fd in {read_fd, input_ours} - {-1}:
            os.close(fd)  # before the message: nothing may leak
        raise TerminalUnavailable(f"{argv[0]} could not be started: {error.strerror}") from error
    finally:
        for fd in {theirs, stdin} - {asyncio.subprocess.DEVNULL}:
            os.close(fd)
    reader = _Reader(on_output)
    output, _ = await loop.connect_read_pipe(lambda: reader, _opened(read_fd, "rb"))
    input_pipe: asyncio.WriteTransport | None = None
    if input_ours >= 0:
        input_pipe, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, _opened(input_ours, "wb")
        )
    return Child(
        process,
        mark=mark,
        reader=reader,
        output=output,
        output_fd=read_fd,
        input_pipe=input_pipe,
        is_pty=terminal is not None,
    )


def _opened(fd: int, mode: str) -> IO[bytes]:
    return cast(IO[bytes], os.fdopen(fd, mode, buffering=0))


class PseudoTerminal:
    """A fresh pseudo-terminal of 30 rows and 120 columns."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        self.path = os.ttyname(self.theirs)
        size = struct.pack("HHHH", PTY_ROWS, PTY_COLUMNS, 0, 0)
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, size)
