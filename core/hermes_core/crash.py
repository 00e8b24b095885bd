"""Reports of errors nobody expected: one file, one readable line."""

from __future__ import annotations

import platform
import traceback
from datetime import UTC, datetime
from types import TracebackType

from hermes_core.paths import Home
from hermes_core.security.redaction import redact


def report(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    *,
    home: Home | None = None,
    now: datetime | None = None,
) -> str:
    """Write `logs/crash-<time>.txt`, secrets masked, and return the line to show.

    When the file cannot be written, the whole report is returned instead.
    """
    home = home or Home.find()
    now = now or datetime.now(UTC)
    lines = traceback.format_exception(kind, error, trace)
    text = redact(
        f"{now:%Y-%m-%d %H:%M:%S} UTC\n"
        f"Python {platform.python_version()} on {platform.platform()}\n\n{''.join(lines)}"
    )
    summary = redact(f"{kind.__name__}: {error}".splitlines()[0])
    file = home.logs / f"crash-{now:%Y%m%d-%H%M%S-%f}.txt"
    try:
        home.create()
        home.logs.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
    except OSError as unwritten:
        return f"{text}\n(The report could not be kept: {unwritten})"
    return f"Error: something unexpected happened: {summary}\nThe report is in {file}"
