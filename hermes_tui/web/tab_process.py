"""The screen of one browser tab, a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

QUIT_S = 5.0
"""How long a screen may take to end when its tab is gone."""
TERMINATE_S = 2.0
MAX_COLUMNS, MAX_ROWS = 1_000, 500
"""A larger window is drawn in part; its size comes from a page."""
_FOREIGN = ("TMUX", "STY", "TERM_PROGRAM", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR")
"""Facts about the terminal the server was started in; a browser has its own."""

_log = logging.getLogger(__name__)


class TabProcess(AppService):
    """Runs the screen and hands its bytes to the websocket.

    Args:
        arguments: The program and its words.
        write_bytes: Sends what is drawn.
        write_str: Sends JSON beside it.
        close: Closes the websocket.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            arguments[0],
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,
            download_manager=DownloadManager(),
        )
        self._arguments = list(arguments)

    async def start(self, width: int, height: int) -> None:
        """Start the screen at a size in cells."""
        await super().start(*_bounded(width, height))

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the screen the new size of its window, in cells."""
        await super().set_terminal_size(*_bounded(width, height))

    async def stop(self) -> None:
        """End the screen: asked first, then made to; its children go with it."""
        process, task = self._process, self._task
        self._task = None
        if process is None or task is None:
            return
        await self.send_meta({"type": "quit"})
        if not await _ended(process, QUIT_S):
            _log.info("a screen did not end when asked, pid %s", process.pid)
            _signal_group(process, signal.SIGTERM)
            await _ended(process, TERMINATE_S)
        _signal_group(process, signal.SIGKILL)  # what it left behind
        await process.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = {**self._build_environment(width, height), "TERM": "xterm-256color"}
        for name in (*_FOREIGN, "TEXTUAL_DRIVER", "TEXTUAL_FPS"):
            environment.pop(name, None)
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None, "asked for above"
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hand on what the screen writes until it ends; then close the tab's socket."""
        process = self._process
        assert process is not None, "started first"
        assert process.stdout is not None, "asked for"
        assert process.stderr is not None, "asked for"
        errors = asyncio.create_task(process.stderr.read())
        try:
            await self._hand_on(process.stdout)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it ended, or the browser went
        finally:
            await self.remote_close()
            said = (await errors).decode("utf-8", "replace").strip()
            if said:
                _log.warning("a screen in a tab said: %s", said[-2_000:])

    async def _hand_on(self, stdout: asyncio.StreamReader) -> None:
        while (line := await stdout.readline()) != b"__GANGLION__\n":
            if not line:
                return
        while True:
            kind = await stdout.readexactly(1)
            payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
            if kind == b"D":
                await self.on_data(payload)
            elif kind == b"M":
                await self.on_meta(payload)


def screen_command(*, owner_socket: str, client: str, session_id: str = "") -> list[str]:
    """The program of a tab.

    Args:
        owner_socket: Where its conversations are opened.
        client: Shown to others who look at the same conversation.
        session_id: The conversation it begins with; empty: a new one.
    """
    words = [sys.executable, "-m", "hermes_tui.web.tab", "--owner", owner_socket]
    words += ["--client", client]
    return [*words, "--resume", session_id] if session_id else words


def _bounded(width: int, height: int) -> tuple[int, int]:
    return max(1, min(int(width), MAX_COLUMNS)), max(1, min(int(height), MAX_ROWS))


async def _ended(process: Process, limit_s: float) -> bool:
    try:
        async with asyncio.timeout(limit_s):
            await process.wait()
    except TimeoutError:
        return False
    return True


def _signal_group(process: Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
