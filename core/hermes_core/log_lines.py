"""Reading log files back: filters, the last lines, what is added later."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
COMPONENTS = {
    "gateway": ("hermes_core.gateway",),
    "agent": ("hermes_core.agent", "hermes_core.providers"),
    "tools": ("hermes_core.tools", "hermes_core.terminals"),
    "cli": ("hermes_tui", "hermes_widgets"),
    "cron": ("hermes_core.cron",),
}
"""Names for `--component`, and the loggers each stands for."""

_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} (?P<level>[A-Z]+) "
    r"(?:\[(?P<session>[^\]]*)\] )?(?P<logger>[\w.]+): (?P<message>.*)"
)
_AGE = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_line(line: str) -> dict[str, Any] | None:
    """Return time, level, session, logger and message; None for any other line."""
    match = _LINE.match(line)
    return match.groupdict() if match else None


def parse_age(text: str) -> timedelta:
    """Read `30m`, `2h`, `1d`, `45s`.

    Raises:
        ValueError: It is none of these.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no age; write 45s, 30m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class LineFilter(Struct, frozen=True):
    """Which lines are wanted; every condition must hold.

    A line without time and level of its own (a traceback) passes those conditions.
    """

    level: str = ""
    session: str = ""
    component: str = ""
    since: datetime | None = None
    """Local time without a zone, as the files have it."""

    def __call__(self, line: str) -> bool:
        found = parse_line(line)
        if found is None:
            return not (self.session or self.component)
        if self.level and _rank(found["level"]) < _rank(self.level):
            return False
        if self.session and self.session not in (found["session"] or ""):
            return False
        if self.component and not found["logger"].startswith(COMPONENTS[self.component]):
            return False
        return self.since is None or datetime.fromisoformat(found["time"]) >= self.since


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def last_lines(path: Path, count: int, wanted: LineFilter) -> tuple[list[str], int]:
    """Return the last lines that pass, and where reading ended, in bytes.

    Raises:
        OSError: The file cannot be read.
    """
    kept: deque[str] = deque(maxlen=count)
    with path.open("rb") as file:
        kept.extend(_passing(file, wanted))
        return list(kept), file.tell()


def _passing(lines: Iterable[bytes], wanted: LineFilter) -> Iterator[str]:
    for raw in lines:
        line = raw.decode("utf-8", errors="replace").rstrip("\n")
        if wanted(line):
            yield line


async def new_lines(path: Path, position: int, wanted: LineFilter) -> AsyncGenerator[str]:
    """Yield lines as they are written, from a byte position on, for ever.

    A file that was turned over is read from its beginning.
    """
    import watchfiles  # measured: only following needs it

    async for _changes in watchfiles.awatch(
        path.parent, recursive=False, yield_on_timeout=True, debounce=100, rust_timeout=300
    ):
        lines, position = await asyncio.to_thread(_added, path, position, wanted)
        for line in lines:
            yield line


def _added(path: Path, position: int, wanted: LineFilter) -> tuple[list[str], int]:
    """Return the whole lines behind a position, and the position after them."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(position if position <= size else 0)
            start = file.tell()
            data = file.read()
    except FileNotFoundError:
        return [], 0
    whole = data[: data.rfind(b"\n") + 1]
    return list(_passing(whole.splitlines(), wanted)), start + len(whole)
