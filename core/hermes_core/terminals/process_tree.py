"""Finds and ends everything a command started.

A member is what shares the command's session id, descends from it, or carries its
mark in the environment. So a child that moved to a session of its own and lost its
parent is still found; only one that also cleared its environment is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable

import psutil

MARK = "HERMES_TERMINAL_CALL"
"""Environment variable that names the call a process belongs to."""

_POLL_S = 0.02


def start_time(pid: int) -> float | None:
    """Return when the process was started (seconds since the epoch), None if it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def is_same_process(pid: int, started_at: float) -> bool:
    """Whether `pid` still is the process that was started then, and not a later one."""
    found = start_time(pid)
    return found is not None and abs(found - started_at) < 2.0


def members(root: int, mark: str) -> list[psutil.Process]:
    """Return the living processes of the tree. Reads the process table: call in a thread."""
    found = []
    own = os.getpid()
    parents: dict[int, int] = {}
    candidates = []
    for process in psutil.process_iter():
        if process.pid in (own, 1):
            continue
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            parents[process.pid] = process.ppid()
            candidates.append(process)
    for process in candidates:
        if _belongs(process, root, mark, parents):
            found.append(process)
    return found


def _belongs(process: psutil.Process, root: int, mark: str, parents: dict[int, int]) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.pid == root or os.getsid(process.pid) == root:
            return True
        pid, seen = process.pid, set[int]()
        while pid in parents and pid not in seen:
            seen.add(pid)
            pid = parents[pid]
            if pid == root:
                return True
        return bool(mark) and process.environ().get(MARK) == mark
    except (psutil.Error, ProcessLookupError, PermissionError):
        return False


def signal_group(root: int, number: signal.Signals) -> None:
    """Signal the command's own process group; one that is gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(root, number)


async def end_tree(root: int, mark: str, *, grace_s: float = 1.0) -> None:
    """End the tree: terminate, wait up to `grace_s`, kill. Returns when it is gone.

    Args:
        root: Pid of a process that leads its own session and group.
        mark: Value of `MARK` in its environment; empty: not looked at.
        grace_s: How long a process may take to end by itself, in seconds.
    """
    signal_group(root, signal.SIGTERM)
    signal_group(root, signal.SIGCONT)
    alive = await asyncio.to_thread(members, root, mark)
    _send(alive, signal.SIGTERM)
    _send(alive, signal.SIGCONT)
    if alive:
        await _gone(alive, grace_s)
    for _ in range(3):
        alive = await asyncio.to_thread(members, root, mark)
        if not alive:
            return
        _send(alive, signal.SIGKILL)
        await _gone(alive, 0.5)


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            process.send_signal(number)


async def _gone(processes: Iterable[psutil.Process], limit_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    waiting = list(processes)
    while waiting and loop.time() < deadline:
        waiting = [process for process in waiting if _is_alive(process)]
        if waiting:
            await asyncio.sleep(_POLL_S)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
