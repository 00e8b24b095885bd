"""The status row: what is going on at the left; model, window and money at the right."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from hermes_skins.schema import USUAL, Skin
from hermes_widgets import indicator
from hermes_widgets.fitting import clean, fit, seconds, tokens
from hermes_widgets.gauge import gauge

Phase = Literal["starting", "ready", "busy", "waiting", "offline"]


class Status(Struct, frozen=True, kw_only=True):
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


class Manner(Struct, frozen=True, kw_only=True):
    """How the row says it."""

    skin: Skin = USUAL
    kind: indicator.IndicatorKind = "unicode"
    """The set of the turning sign."""
    still: bool = False


def _busy(status: Status, frame: int, manner: Manner, *, roomy: bool) -> list[tuple[str, str]]:
    """The turning sign, a face if there is room for it, and what goes on."""
    skin, still = manner.skin, manner.still
    parts = [(indicator.sign(manner.kind, skin, frame, still=still), "$h-gold"), (" ", "")]
    word = clean(status.word)
    if manner.kind == "kaomoji":
        waiting = word in ("", "thinking")
        word = indicator.verb(word, skin, status.since)
        face = indicator.face(skin, frame, waiting=waiting, still=still) if roomy else ""
        if face:
            parts += [(face, "$h-muted"), (" ", "")]
    return [*parts, (fit(word, 36), "$h-text")]


def _left(status: Status, frame: int, now: float, width: int, manner: Manner) -> Content:
    narrow = width < 60
    elapsed = f" · {seconds(now - status.since)}" if status.since is not None else ""
    hint = f" · {status.hint}" if status.hint and not narrow else ""
    word = clean(status.word)
    if status.phase == "busy":
        parts = _busy(status, frame, manner, roomy=width >= 100)
        return Content.assemble(" ", *parts, (elapsed + hint, "$h-faint"))
    if status.phase == "waiting":
        rest = f" {word}" if word else ""
        return Content.assemble(" ", ("! needs you", "$h-warn bold"), (rest + elapsed, "$h-muted"))
    if status.phase == "offline":
        return Content.assemble(" ", ("✗", "$h-bad bold"), " ", (word or "offline", "$h-bad"))
    if status.phase == "starting":
        return Content.assemble(" ", ("○", "$h-faint"), " ", (word or "starting", "$h-muted"))
    return Content.assemble(" ", ("●", "$h-ok"), " ", (word or "ready", "$h-muted"))


def _right(status: Status, now: float, width: int, skin: Skin) -> list[Content]:
    """The fields of the right side, the most dispensable last."""
    share = status.used_tokens / status.window_tokens if status.window_tokens else 0.0
    percent = f"{share * 100:.0f}%"
    if width < 60:
        return [Content.styled(percent, "$h-muted")] if status.used_tokens else []
    fields = [Content.styled(fit(clean(status.model), width // 4), "$h-muted")]
    if status.window_tokens:
        line = gauge(share, 12 if width >= 100 else 8, glyphs=skin.gauge)
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


def status_content(
    status: Status, width: int, *, frame: int, now: float, manner: Manner | None = None
) -> Content:
    """Draw the row; whole fields go from the right until it fits."""
    manner = manner or Manner()
    left = _left(status, frame, now, width, manner)
    gap = "   " if width >= 100 else "  "
    fields = _right(status, now, width, manner.skin)
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
    skin: reactive[Skin] = reactive(USUAL)
    """Whose signs, faces and gauge are shown."""
    kind: reactive[indicator.IndicatorKind] = reactive("unicode")
    """The set of the turning sign."""
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
        manner = Manner(skin=self.skin, kind=self.kind, still=self.is_still)
        return status_content(self.status, self.size.width, frame=frame, now=now, manner=manner)
