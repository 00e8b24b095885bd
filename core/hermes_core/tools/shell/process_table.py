"""The background processes of one session.

State is bounded: 64 processes, the last 200,000 characters of each, finished ones
for 30 minutes after their end. Ids of other sessions are unknown here by construction.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from hermes_core.errors import ToolError
from hermes_core.security.redaction import Redactor
from hermes_core.terminals.base import CommandRequest, RunningCommand, Terminal
from hermes_core.terminals.records import MemoryRecords, ProcessRecord, ProcessRecords
from hermes_core.tools.shell.background_process import BackgroundProcess
from hermes_core.tools.shell.notices import Completion, WatchDisabled, WatchMatch
from hermes_core.tools.shell.watch import Match, Overload

MAX_PROCESSES = 64
KEPT_S = 30 * 60
"""How long a finished process can be asked about, in seconds from its end."""

_CLOSE_GRACE_S = 1.0

_log = logging.getLogger(__name__)


class ProcessTable:
    """Starts, finds and ends background processes.

    Args:
        records: Where running processes are remembered for a later start.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        records: ProcessRecords | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records if records is not None else MemoryRecords()
        self._clock = clock
        self._processes: dict[str, BackgroundProcess] = {}
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._kills: dict[str, asyncio.Task[None]] = {}
        self.on_started: Callable[[BackgroundProcess], None] | None = None
        """Told of each process that runs. Must not raise."""
        self.on_ended: Callable[[BackgroundProcess], None] | None = None
        """Told of each process that ran and does no longer. Must not raise."""
        self.on_finished: Callable[[Completion], None] | None = None
        """Told once of each process started with notify_on_complete; not of those the
        agent saw end or ended itself. Ask `was_seen` again before showing it late. Must
        not raise."""
        self.on_watch: Callable[[WatchMatch | WatchDisabled], None] | None = None
        """Told of watched lines. Must not raise."""

    async def start(
        self,
        terminal: Terminal,
        request: CommandRequest,
        *,
        session_id: str,
        redactor: Redactor,
        notify_on_complete: bool = False,
        watch_patterns: Sequence[str] = (),
    ) -> BackgroundProcess:
        """Start a command beside the conversation.

        Raises:
            ToolError: 64 processes run already.
            TerminalUnavailable: It could not be started.
        """
        self._make_room()
        process = BackgroundProcess(
            process_id=f"proc_{secrets.token_hex(6)}",
            command=request.command,
            cwd=request.cwd or terminal.cwd,
            redactor=redactor,
            notify_on_complete=notify_on_complete,
            watch_patterns=watch_patterns,
            clock=self._clock,
        )
        self._processes[process.process_id] = process
        try:
            running = await terminal.start(
                request, on_output=lambda data: self._received(process, data)
            )
        except BaseException:
            del self._processes[process.process_id]
            raise
        process.running = running
        if self.on_started is not None:
            self.on_started(process)
        self._followers[process.process_id] = asyncio.create_task(
            self._follow(process, running), name=process.process_id
        )
        await self._records.add(
            ProcessRecord(
                process_id=process.process_id,
                session_id=session_id,
                command=request.command,
                cwd=process.cwd,
                pid=running.pid,
                started_at=running.started_at,
                mark=running.mark,
            )
        )
        return process

    def get(self, process_id: str) -> BackgroundProcess | None:
        """Return the process of this session with that id."""
        self._forget_old()
        return self._processes.get(process_id)

    def processes(self) -> list[BackgroundProcess]:
        """All that can be asked about, oldest first."""
        self._forget_old()
        return list(self._processes.values())

    def running(self) -> list[BackgroundProcess]:
        """Those that run."""
        return [process for process in self._processes.values() if process.is_running]

    def was_seen(self, process_id: str) -> bool:
        """Whether the agent knows already that the process ended."""
        process = self._processes.get(process_id)
        return process is not None and process.end_was_seen

    async def adopt(self, session_id: str) -> list[BackgroundProcess]:
        """Take back processes of an earlier run of the program that still live.

        They can be listed and killed; their output is lost. Records of processes that
        are gone, or whose pid belongs to another program now, are dropped.
        """
        adopted = []
        for record in await self._records.of_session(session_id):
            if record.process_id in self._processes:
                continue
            if not await asyncio.to_thread(record.is_alive):
                await self._records.remove(record.process_id)
                continue
            process = BackgroundProcess(
                process_id=record.process_id,
                command=record.command,
                cwd=record.cwd,
                redactor=Redactor(),
                clock=self._clock,
                record=record,
            )
            self._processes[record.process_id] = process
            adopted.append(process)
        return adopted

    async def kill(self, process: BackgroundProcess) -> None:
        """End a process and all it started; returns when it is gone.

        May be cancelled; the ending goes on.
        """
        process.end_was_seen = True
        task = self._kills.get(process.process_id)
        if task is None:
            task = asyncio.create_task(self._kill(process))
            self._kills[process.process_id] = task
            task.add_done_callback(lambda _: self._kills.pop(process.process_id, None))
        await asyncio.shield(task)

    async def kill_by_id(self, process_id: str) -> bool:
        """End the process of that id; False if there is none that runs."""
        process = self._processes.get(process_id)
        if process is None or not process.is_running:
            return False
        await self.kill(process)
        return True

    async def kill_all(self, *, grace_s: float = 5.0) -> int:
        """End every running process; returns how many there were."""
        running = self.running()
        await asyncio.gather(*(self._kill(process, grace_s=grace_s) for process in running))
        return len(running)

    async def aclose(self) -> None:
        """End every process and wait until all is read."""
        await self.kill_all(grace_s=_CLOSE_GRACE_S)
        tasks = [*self._followers.values(), *self._kills.values()]
        if tasks:
            await asyncio.wait(tasks)

    # --- one process ------------------------------------------------------------------

    async def _kill(self, process: BackgroundProcess, *, grace_s: float = 5.0) -> None:
        process.end_was_seen = True
        if process.record is not None:
            await process.record.end(grace_s=grace_s)
            process.finish(None)
            await self._records.remove(process.process_id)
        elif process.running is not None:
            await process.running.kill(grace_s=grace_s)
            await process.running.wait()
            follower = self._followers.get(process.process_id)
            if follower is not None:
                await asyncio.wait((follower,))

    async def _follow(self, process: BackgroundProcess, running: RunningCommand) -> None:
        exit_code = await running.wait()
        self._tell_matches(process, process.finish(exit_code))
        if self.on_ended is not None:
            self.on_ended(process)
        self._followers.pop(process.process_id, None)
        await self._records.remove(process.process_id)
        if process.notify_on_complete and not process.end_was_seen and self.on_finished:
            self.on_finished(
                Completion(
                    session_id=process.process_id,
                    command=process.command,
                    exit_code=exit_code,
                    output=process.tail(2_000),
                )
            )

    def _received(self, process: BackgroundProcess, data: bytes) -> None:
        self._tell_matches(process, process.receive(data))

    def _tell_matches(
        self, process: BackgroundProcess, matches: Sequence[Match | Overload]
    ) -> None:
        if self.on_watch is None:
            return
        for match in matches:
            if isinstance(match, Overload):
                self.on_watch(
                    WatchDisabled(
                        session_id=process.process_id,
                        command=process.command,
                        suppressed=match.suppressed,
                    )
                )
            else:
                self.on_watch(process.match_notice(match))

    # --- bounds -----------------------------------------------------------------------

    def _make_room(self) -> None:
        self._forget_old()
        finished = [process for process in self._processes.values() if not process.is_running]
        while len(self._processes) >= MAX_PROCESSES and finished:
            del self._processes[finished.pop(0).process_id]
        if len(self._processes) >= MAX_PROCESSES:
            raise ToolError(
                f"{MAX_PROCESSES} background processes run already",
                hint="Kill one with the process tool first.",
            )

    def _forget_old(self) -> None:
        now = self._clock()
        for process in list(self._processes.values()):
            if process.finished_at is not None and now - process.finished_at > KEPT_S:
                del self._processes[process.process_id]
