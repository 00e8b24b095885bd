"""Remembers running background processes, so that a later start can find them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hermes_core.terminals.process_tree import end_tree, is_same_process


class ProcessRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to recognise, show and end a process of an earlier run."""

    process_id: str
    """Our id, `proc_` and 12 hex digits."""
    session_id: str
    command: str
    cwd: str
    pid: int
    started_at: float
    """The operating system's start time, seconds since the epoch: tells a reused pid."""
    mark: str = ""
    """Value in the environment of all its descendants."""

    def is_alive(self) -> bool:
        """Whether this very process still runs. Reads the process table."""
        return is_same_process(self.pid, self.started_at)

    async def end(self, *, grace_s: float = 5.0) -> None:
        """End the process and its descendants, unless the pid is somebody else's now."""
        if self.is_alive():
            await end_tree(self.pid, self.mark, grace_s=grace_s)


class ProcessRecords(Protocol):
    """Where records are kept; written before the start is reported."""

    async def add(self, record: ProcessRecord) -> None:
        """Keep a record."""
        ...

    async def remove(self, process_id: str) -> None:
        """Forget it; unknown ids are fine."""
        ...

    async def of_session(self, session_id: str) -> Sequence[ProcessRecord]:
        """All records of one session, oldest first."""
        ...


class MemoryRecords:
    """Records for as long as this program runs."""

    def __init__(self) -> None:
        self._records: dict[str, ProcessRecord] = {}

    async def add(self, record: ProcessRecord) -> None:
        """Keep a record."""
        self._records[record.process_id] = record

    async def remove(self, process_id: str) -> None:
        """Forget it; unknown ids are fine."""
        self._records.pop(process_id, None)

    async def of_session(self, session_id: str) -> Sequence[ProcessRecord]:
        """All records of one session, oldest first."""
        return [r for r in self._records.values() if r.session_id == session_id]
