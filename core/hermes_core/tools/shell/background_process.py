"""One background process: its output so far, its end, what was told about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from hermes_core.security.redaction import Redactor
from hermes_core.terminals.ansi import LiveText
from hermes_core.terminals.base import RunningCommand
from hermes_core.terminals.capture import RollingText
from hermes_core.terminals.records import ProcessRecord
from hermes_core.tools.shell.notices import WatchMatch
from hermes_core.tools.shell.watch import Match, OutputWatch, Overload

_MARGIN_CHARS = 16_000
"""How far before a shown tail masking begins: longer than any secret, key blocks included."""


class BackgroundProcess:
    """What the process tool shows. Output leaves it masked.

    Args:
        process_id: `proc_` and 12 hex digits.
        command: As it was given.
        cwd: Where it was started.
        redactor: Masks what is shown.
        clock: Seconds since the epoch.
        notify_on_complete: Whether its end is to be reported.
        watch_patterns: Substrings to report.
        record: Set for a process of an earlier run, of which only the pid is left.
    """

    def __init__(
        self,
        *,
        process_id: str,
        command: str,
        cwd: str,
        redactor: Redactor,
        clock: Callable[[], float],
        notify_on_complete: bool = False,
        watch_patterns: Sequence[str] = (),
        record: ProcessRecord | None = None,
    ) -> None:
        self.process_id = process_id
        self.command = command
        self.cwd = cwd
        self.notify_on_complete = notify_on_complete
        self.record = record
        self.running: RunningCommand | None = None
        self.started_at = record.started_at if record else clock()
        self.finished_at: float | None = None
        self.exit_code: int | None = None
        self.end_was_seen = False
        """The agent knows of the end: it asked, it waited or it killed."""
        self.waiters = 0
        """Calls that wait for the end right now."""
        self.ended = asyncio.Event()
        self._clock = clock
        self._redactor = redactor
        self._text = LiveText()
        self._output = RollingText()
        self._watch = OutputWatch(watch_patterns, time.monotonic)

    @property
    def pid(self) -> int:
        """Process id, 0 while it is being started."""
        if self.record is not None:
            return self.record.pid
        return self.running.pid if self.running else 0

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.finished_at is None

    @property
    def uptime_s(self) -> float:
        """How long it has run, or ran."""
        end = self.finished_at if self.finished_at is not None else self._clock()
        return max(0.0, end - self.started_at)

    @property
    def dropped_lines(self) -> int:
        """Lines at the beginning that are no longer kept."""
        return self._output.dropped_lines

    def receive(self, data: bytes) -> list[Match | Overload]:
        """Take output; returns what the watch found in it."""
        text = self._text.feed(data)
        self._output.add(text)
        return self._watch.feed(text)

    def finish(self, exit_code: int | None) -> list[Match | Overload]:
        """Note the end; returns what the watch found in the last line."""
        text = self._text.feed(b"", final=True)
        self._output.add(text)
        self.exit_code = exit_code
        self.finished_at = self._clock()
        self.end_was_seen = self.end_was_seen or self.waiters > 0
        self.ended.set()
        return self._watch.feed(text, final=True)

    def output(self) -> str:
        """All that is kept, masked. Takes up to 0.1 s: call in a thread."""
        return self._redactor.redact(self._output.text())

    def tail(self, chars: int) -> str:
        """The last characters, masked before they are cut."""
        return self._redactor.redact(self._output.text()[-(chars + _MARGIN_CHARS) :])[-chars:]

    def match_notice(self, match: Match) -> WatchMatch:
        """Return the notice for a match, masked."""
        return WatchMatch(
            session_id=self.process_id,
            command=self.command,
            pattern=match.pattern,
            output=self._redactor.redact(match.text),
            suppressed=match.suppressed,
        )
