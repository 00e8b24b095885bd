"""Which process this is, and whether another one still lives.

A process is named by pid, start time, boot, machine and pid namespace together:
pids are used again, containers share none of them, homes may be carried elsewhere.
"""

from __future__ import annotations

import os
import uuid
from functools import cache
from pathlib import Path

import psutil

from hermes_core.storage.records import Owner

HEARTBEAT_LIMIT_S = 15.0
"""A silent owner on another machine or in another container counts as gone after this."""


def current_owner(socket_path: str) -> Owner:
    """Describe this process, reachable at `socket_path`."""
    pid = os.getpid()
    return Owner(
        pid=pid,
        start_time=_start_time(pid) or "",
        boot_id=_boot_id(),
        machine_id=_machine_id(),
        pid_namespace=_pid_namespace(),
        socket_path=socket_path,
    )


def shares_our_processes(owner: Owner) -> bool:
    """Whether its pid means something here: same machine and pid namespace."""
    return owner.machine_id == _machine_id() and owner.pid_namespace == _pid_namespace()


def is_alive(owner: Owner) -> bool:
    """Whether the process still runs. Only meaningful if `shares_our_processes`."""
    return (
        shares_our_processes(owner)
        and owner.boot_id == _boot_id()
        and _start_time(owner.pid) == owner.start_time
    )


def holds(owner: Owner, *, heartbeat: float, now: float) -> bool:
    """Whether a lease of this owner still counts.

    An owner whose processes we can see is judged by its process, any other by its
    heartbeat alone.
    """
    if shares_our_processes(owner):
        return is_alive(owner)
    return now - heartbeat < HEARTBEAT_LIMIT_S


def _start_time(pid: int) -> str | None:
    """Start of a living process, or None. Zombies do not live."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        fields = []
    if fields:
        # Ticks since boot: unlike a wall-clock time it does not move with the clock.
        return None if fields[0] in "ZX" else fields[19]
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return None


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


@cache
def _machine_id() -> str:
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(place).read_text("ascii").strip()
        except OSError:
            continue
        if text:
            return text
    return f"{uuid.getnode():012x}"


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
