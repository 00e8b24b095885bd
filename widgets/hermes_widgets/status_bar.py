"""The status row: what is going on at the left; model, window and money at the right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from hermes_widgets.fitting import clean, fit, seconds, tokens
from hermes_widgets.gauge import gauge

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧"
"""Frames of the running sign, 10 a second."""

Phase = Literal["starting", "ready", "busy", "waiting", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the row says."""

    phase: Phase = "ready"
    word: str = ""
    """What goes on, in one or two words: `writing`, `running pytest`."""
    since: float | None = None
    """When the turn began, on the monotonic clock."""
    hint: str = ""
    """What can be done about it: `esc stops`."""
    model: str = ""
    used_tokens: int = 0
    window_tokens: int = 0
    cost_usd: float | None = None


def _left(status: Status, frame: int, now: float, *, narrow: bool) -> Content:
    elapsed = f" · {seconds(now - status.since)}" if status.since is not None else ""
    hint = f" · {status.hint}" if status.hint and not narrow else ""
    word = clean(status.word)
    if status.phase == "busy":
        glyph = SPINNER[frame % len(SPINNER)]
        return Content.assemble(
            " ", (glyph, "$h-gold"), " ", (fit(word, 36), "$h-text"), (elapsed + hint, "$h-faint")
        )
    if status.phase == "waiting":
        rest = f" {word}" if word else ""
        return Content.assemble(" ", ("! needs you", "$h-warn bold"), (rest + elapsed, "$h-muted"))
    if status.phase == "offline":
        return Content.assemble(" ", ("✗", "$h-bad bold"), " ", (word or "offline", "$h-bad"))
    if status.phase == "starting":
        return Content.assemble(" ", ("○", "$h-faint"), " ", (word or "starting", "$h-muted"))
    return Content.assemble(" ", ("●", "$h-ok"), " ", (word or "ready", "$h-muted"))


def _right(status: Status, now: float, width: int) -> list[Content]:
    """The fields of the right side, the most dispensable last."""
    share = status.used_tokens / status.window_tokens if status.window_tokens else 0.0
    percent = f"{share * 100:.0f}%"
    if width < 60:
        return [Content.styled(percent, "$h-muted")] if status.used_tokens else []
    fields = [Content.styled(fit(clean(status.model), width // 4), "$h-muted")]
    if status.window_tokens:
        line = gauge(share, 12 if width >= 100 else 8)
        if width >= 100:
            used = tokens(status.used_tokens)
            numbers = Content.assemble(
                " ", (used, "$h-text"), (f"/{tokens(status.window_tokens)}", "$h-faint")
            )
            line = line + numbers
        if status.used_tokens:
            line = line + Content.styled(f" {percent}", "$h-muted")
        fields.append(line)
    if status.cost_usd:
        fields.append(Content.styled(f"${status.cost_usd:.2f}", "$h-faint"))
    if status.since is not None and width >= 100:
        turn = seconds(now - status.since)
        fields.append(Content.assemble(("turn ", "$h-faint"), (turn, "$h-muted")))
    return fields


def status_content(status: Status, width: int, *, frame: int, now: float) -> Content:
    """Draw the row; whole fields go from the right until it fits."""
    left = _left(status, frame, now, narrow=width < 60)
    gap = "   " if width >= 100 else "  "
    fields = _right(status, now, width)
    while fields:
        right = Content(gap).join(fields)
        free = width - left.cell_length - right.cell_length - 1
        if free >= 2:
            return Content("").join([left, Content(" " * free), right, Content(" ")])
        fields.pop()
    return left.truncate(width, ellipsis=True, pad=True)


class StatusBar(Widget):
    """One row. Its timer runs only while something does."""

    DEFAULT_CSS = """
    StatusBar { height: 1; background: $h-rail; color: $h-muted; }
    """

    status: reactive[Status] = reactive(Status(phase="starting"))
    """What is shown."""
    is_still: reactive[bool] = reactive(False)
    """True for reduced motion: a steady sign, seconds in steps of five."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002  the toolkit's word
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._timer: Timer | None = None

    def watch_status(self) -> None:
        """Start or stop the timer."""
        self._run_timer()

    def watch_is_still(self) -> None:
        """Run the timer at its other pace."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._run_timer()

    def _run_timer(self) -> None:
        """Run the timer while something moves."""
        moves = self.status.phase == "busy" or self.status.since is not None
        if moves and self._timer is None:
            self._timer = self.set_interval(5.0 if self.is_still else 0.1, self.refresh)
        elif not moves and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def render(self) -> Content:
        """Draw the row."""
        now = self._clock()
        frame = 0 if self.is_still else int(now * 10)
        return status_content(self.status, self.size.width, frame=frame, now=now)
