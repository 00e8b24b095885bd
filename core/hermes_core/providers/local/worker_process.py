"""The process that runs a model file, seen from ours: started when needed, ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hermes_core.errors import HermesError, ProviderError
from hermes_core.providers.local.place import LocalPlace, library_missing
from hermes_core.security.environment import child_environment

IDLE_S = 600.0
"""After this time without a request the model is dropped from memory."""
STOP_S = 2.0
"""How long a request that was given up may go on before its process is ended."""

_PROGRAM = Path(__file__).with_name("worker.py")
_LONGEST_LINE = 64 << 20
_TAIL_BYTES = 8_192
_MAX_WORDS = 300
_STAMP = re.compile(r"^[\d.]+ [A-Z] +")
"""Time and level before each of llama.cpp's messages."""

_log = logging.getLogger(__name__)


class _Line(msgspec.Struct):
    id: int = 0
    data: msgspec.Raw = msgspec.Raw(b"")
    end: bool = False
    ready: bool = False
    failed: str = ""
    text: str = ""


_decode = msgspec.json.Decoder(_Line).decode


class WorkerEnded(HermesError):
    """The process ended before the reply did. The message holds its last words."""


class _Running:
    """One process with a loaded model.

    Args:
        process: It has said that it is ready.
        tail: Collects what it writes to standard error.
    """

    def __init__(self, process: asyncio.subprocess.Process, tail: _Tail) -> None:
        self.process = process
        self.tail = tail
        self.is_leaving = False
        """Its end is decided: no new request for it."""
        self.replies: dict[int, asyncio.Queue[bytes | None]] = {}
        """By request: its chunks, then None; nothing (`b""`) if the process ended before."""
        self._reading = asyncio.create_task(self._read(), name="replies of a model file")

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes from it."""
        return self.is_leaving or self._reading.done()

    def send(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():
            self.process.stdin.write(msgspec.json.encode(line) + b"\n")

    async def end(self) -> None:
        """End it, whatever it does."""
        self.is_leaving = True
        await _kill(self.process)
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.tail.aclose()

    async def _read(self) -> None:
        try:
            while (line := await _line_of(self.process)) is not None:
                reply = self.replies.get(line.id)
                if reply is not None:
                    reply.put_nowait(None if line.end else bytes(line.data))
        finally:
            for reply in self.replies.values():
                reply.put_nowait(b"")


class _Tail:
    """The end of what a process writes to standard error."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._kept = bytearray()
        self._task = asyncio.create_task(self._read(stream), name="messages of a model file")

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(_TAIL_BYTES):
            self._kept += piece
            del self._kept[:-_TAIL_BYTES]

    async def aclose(self) -> None:
        """Read to the end of a process that has ended."""
        await asyncio.wait({self._task}, timeout=STOP_S)
        self._task.cancel()

    @property
    def words(self) -> str:
        """What it complained about first, in one line; empty if it did not."""
        lines = self._kept.decode("utf-8", "replace").strip().splitlines()
        errors = [one for one in lines if "error" in one.lower() or "fail" in one.lower()]
        line = (errors or lines[-1:] or [""])[0]
        return _STAMP.sub("", line).strip()[:_MAX_WORDS]


class WorkerProcess:
    """Runs a model file in a process that is there while it is needed.

    Args:
        place: The file and how it is run.
        idle_s: See `IDLE_S`.
    """

    def __init__(self, place: LocalPlace, *, idle_s: float = IDLE_S) -> None:
        self._place = place
        self._idle_s = idle_s
        self._starting: asyncio.Task[_Running] | None = None
        self._number = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def process_id(self) -> int | None:
        """Of the process, if one runs."""
        running = self._running
        return running.process.pid if running is not None else None

    @property
    def _running(self) -> _Running | None:
        task = self._starting
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return None if task.result().is_over else task.result()

    async def chunks(self, body: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        """Send a chat-completions request and yield the chunks of the reply as JSON.

        Closing the iterator gives the request up; others go on.

        Raises:
            ConfigError: The library is not installed.
            ProviderError: The model cannot be loaded.
            WorkerEnded: The process ended in the middle of the reply.
        """
        running = await self._ready()
        self._number += 1
        number = self._number
        reply: asyncio.Queue[bytes | None] = asyncio.Queue()
        running.replies[number] = reply
        is_whole = False
        try:
            running.send({"id": number, "body": body})
            while chunk := await reply.get():
                yield chunk
            is_whole = chunk is None
        finally:
            del running.replies[number]
            if not is_whole:
                self._give_up(running, number)
            self._rest()
        if not is_whole:
            await running.end()
            raise WorkerEnded(running.tail.words or "the process of the model ended")

    async def aclose(self) -> None:
        """End the process. A later request starts another one."""
        if self._idle is not None:
            self._idle.cancel()
        task, self._starting = self._starting, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled() and task.exception() is None:
                await task.result().end()
        await asyncio.gather(*self._ending, return_exceptions=True)

    # --- start and end ---------------------------------------------------------------------

    async def _ready(self) -> _Running:
        if self._idle is not None:
            self._idle.cancel()
        task = self._starting
        if task is None or (task.done() and self._running is None):
            task = self._starting = asyncio.create_task(_start(self._place), name="a model file")
            # Whoever asked may be gone by then, and nobody else may come.
            task.add_done_callback(lambda _: self._rest())
        # An interrupt must not leave a process behind that nobody ends.
        return await asyncio.shield(task)

    def _give_up(self, running: _Running, number: int) -> None:
        """Stop a request; a process that does not react and serves nobody else is ended."""
        if running.is_over:
            return
        ended: asyncio.Queue[bytes | None] = asyncio.Queue()
        running.replies[number] = ended
        running.send({"stop": number})
        task = asyncio.create_task(self._see_it_end(running, number, ended))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _see_it_end(
        self, running: _Running, number: int, ended: asyncio.Queue[bytes | None]
    ) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                while await ended.get():
                    pass
        except TimeoutError:
            if set(running.replies) == {number}:
                _log.info("the model is busy with what nobody waits for: its process is ended")
                await running.end()
        finally:
            del running.replies[number]

    def _rest(self) -> None:
        """Begin to count the idle time, if there is nothing to do."""
        if self._idle is not None:
            self._idle.cancel()
        running = self._running
        if running is not None and not running.replies:
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._drop)

    def _drop(self) -> None:
        running = self._running
        if running is not None and not running.replies:
            running.is_leaving = True
            task = asyncio.create_task(running.end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


async def _start(place: LocalPlace) -> _Running:
    process = await asyncio.create_subprocess_exec(
        # -P: the folder of the program holds modules of ours, which it does not want.
        place.python,
        "-P",
        str(_PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment(os.environ),
        limit=_LONGEST_LINE,
        start_new_session=True,  # Ctrl+C in the terminal is ours to handle
    )
    assert process.stdin is not None
    assert process.stderr is not None
    tail = _Tail(process.stderr)
    wanted = {"path": str(place.path), "window": place.window_tokens, "threads": place.threads}
    process.stdin.write(msgspec.json.encode(wanted) + b"\n")
    try:
        answer = await _line_of(process)
        if answer is not None and answer.ready:
            return _Running(process, tail)
    except asyncio.CancelledError:
        await _kill(process)
        raise
    await _kill(process)
    await tail.aclose()
    if answer is not None and answer.failed == "library":
        raise library_missing()
    why = tail.words or (answer.text if answer is not None else "") or "its process ended"
    raise ProviderError(
        f"The model file {place.path} cannot be loaded: {why}",
        reason="model_not_found",
        hint="It may be damaged, too large for the memory, or newer than the installed llama.cpp"
        " (pip install -U xllamacpp).",
    )


async def _line_of(process: asyncio.subprocess.Process) -> _Line | None:
    """Read one line; None at the end."""
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        return _decode(line) if line else None
    except (ValueError, msgspec.DecodeError) as error:
        _log.error("the process of a model file wrote what cannot be read: %s", error)
        return None


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
