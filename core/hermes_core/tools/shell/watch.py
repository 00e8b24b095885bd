"""Finds watched patterns in the output of a background process, at a bearable rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct

_WINDOW_S = 10.0
_PER_WINDOW = 8
_OVERLOAD_S = 45.0
_MATCH_LINES = 20
_MATCH_CHARS = 2_000
_LINE_CHARS = 8_192


class Match(Struct, frozen=True):
    """Lines to tell about."""

    pattern: str
    text: str
    suppressed: int


class Overload(Struct, frozen=True):
    """The watch gave up."""

    suppressed: int


class OutputWatch:
    """Matches plain substrings line by line.

    At most 8 matches go out in 10 s. When matches had to be left out for more than
    45 s without a quiet 10 s between, one `Overload` ends the watch.

    Args:
        patterns: Substrings, case-sensitive.
        clock: Seconds that only grow.
    """

    def __init__(self, patterns: Sequence[str], clock: Callable[[], float]) -> None:
        self._patterns = tuple(pattern for pattern in patterns if pattern)
        self._clock = clock
        self._open_line = ""
        self._sent: deque[float] = deque()
        self._suppressed = 0
        self._overloaded_since: float | None = None
        self._suppressed_at = 0.0
        self._is_off = not self._patterns

    def feed(self, text: str, *, final: bool = False) -> list[Match | Overload]:
        """Look at further output; a line cut in two is looked at when it is whole."""
        if self._is_off:
            return []
        lines = (self._open_line + text).split("\n")
        self._open_line = "" if final else lines.pop()[-_LINE_CHARS:]
        found: dict[str, list[str]] = {}
        for line in lines:
            pattern = next((p for p in self._patterns if p in line), None)
            if pattern is not None:
                found.setdefault(pattern, []).append(line)
        results: list[Match | Overload] = []
        for pattern, matching in found.items():
            result = self._result(pattern, matching)
            if result is not None:
                results.append(result)
            if self._is_off:
                break
        return results

    def _result(self, pattern: str, lines: list[str]) -> Match | Overload | None:
        now = self._clock()
        while self._sent and now - self._sent[0] >= _WINDOW_S:
            self._sent.popleft()
        if len(self._sent) < _PER_WINDOW:
            self._sent.append(now)
            shown = lines[:_MATCH_LINES]
            left_out = self._suppressed + len(lines) - len(shown)
            self._suppressed = 0
            return Match(pattern, "\n".join(shown)[:_MATCH_CHARS], left_out)
        self._suppressed += len(lines)
        if self._overloaded_since is None or now - self._suppressed_at >= _WINDOW_S:
            self._overloaded_since = now
        self._suppressed_at = now
        if now - self._overloaded_since > _OVERLOAD_S:
            self._is_off = True
            return Overload(self._suppressed)
        return None
