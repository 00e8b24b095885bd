"""One call of a tool: a line with state, verb, detail, fact and time; more when open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from rich.cells import cell_len

from hermes_core.events import FileDiff, ToolFinished, ToolSkipped
from hermes_widgets.blocks.block import Block, Kind
from hermes_widgets.blocks.diff_view import diff_rows
from hermes_widgets.blocks.tool_output import (
    OPEN_LINES,
    PEEK_LINES,
    Whole,
    argument_rows,
    output_rows,
    plan_rows,
)
from hermes_widgets.blocks.tool_words import is_known, tool_verb, was_stopped
from hermes_widgets.drawing.foreign import one_line, output_lines
from hermes_widgets.drawing.pens import Pen, Run
from hermes_widgets.drawing.rows import Row, Sheet
from hermes_widgets.fitting import clean, fit, fit_left, seconds

State = Literal["writing", "waiting", "running", "done", "failed", "recovered", "skipped"]

DIFF_FILES = 6
DIFF_ROWS = 80
TIME_CELLS = 6
RUN_LINES = 4
"""So many files read one after the other are one line."""
_READERS = ("read_file",)
LONG_RESULT = 12
"""In a narrow column a longer fact of a success is left out."""
LIVE_CHARS = 64_000
"""Output of a running tool kept here; older text goes."""

_LOOKS: Mapping[State, tuple[str, str, bool, str]] = {
    # glyph role, verb role, bold, detail role
    "writing": ("faint", "faint", False, "faint"),
    "waiting": ("warn", "warn", True, "text"),
    "running": ("gold", "gold", True, "text"),
    "done": ("ok", "muted", False, "text"),
    "failed": ("bad", "bad", True, "text"),
    "recovered": ("faint", "muted", False, "text"),
    "skipped": ("faint", "faint", False, "faint"),
}
_RESULTS: Mapping[State, str] = {"waiting": "warn", "running": "gold", "failed": "bad"}
_CAUSES = {
    "interrupt": "stopped",
    "steer": "stopped",
    "blocked": "blocked",
    "denied": "denied by you",
    "invalid": "not understood",
    "duplicate": "done before",
    "lost": "outcome unknown",
}
_LINE = Pen("line")
_MUTED = Pen("muted")
_FAINT = Pen("faint")


class ReadRun:
    """Files read one after the other, told in one line."""

    def __init__(self, lines: list[ToolLine]) -> None:
        self.lines = lines
        self.is_open = False
        """Whether each is a line of its own again."""

    def open(self, is_open: bool) -> None:
        """Show every line, or one for all."""
        self.is_open = is_open
        for line in self.lines:
            line.changed()


class ToolLine(Block):
    """A tool call from the first word of it to its answer."""

    kind: ClassVar[Kind] = "work"
    can_fold: ClassVar[bool] = True

    def __init__(self, call_id: str, name: str, *, now: float, depth: int = 0) -> None:
        super().__init__()
        self.call_id = call_id
        self.name = clean(name)
        self.state: State = "writing"
        self.turn_id: str | None = None
        self._depth = depth
        self._kind = "other"
        self._preview = ""
        self._is_path = False
        self._args: Mapping[str, Any] = {}
        self._live = ""
        self._fact = ""
        self._output = ""
        self._lines = 0
        """Lines there are of the output, where more of it is known elsewhere."""
        self._diffs: tuple[FileDiff, ...] = ()
        self._spilled: str | None = None
        self.result_ref = ""
        """Message id of the whole result, empty if there is none."""
        self._seconds: float | None = None
        self._started = self._now = now
        self._frame = 0
        self._is_answered = False
        self._is_typed = False
        self._level: Literal["folded", "auto", "full"] = "auto"
        self._shows_more = False
        """Whether something stood below the line although nobody opened it."""
        self.is_repeat = False
        """Whether the tool before it in the turn was the same one."""
        self.run: ReadRun | None = None

    # --- what happens to it ------------------------------------------------------------

    def start(
        self, preview: str, args: Mapping[str, Any], paths: tuple[str, ...], kind: str, now: float
    ) -> None:
        """The call is complete and about to run."""
        if self.is_settled:
            return
        self.state = "running"
        self._kind = kind
        self._preview = one_line(preview)
        self._is_path = self._preview in paths
        self._args = args
        self._started = self._now = now
        self.changed()

    def wait(self, waiting: bool) -> None:
        """It stands still until the person has answered, or goes on."""
        if not self.is_settled:
            self.state = "waiting" if waiting else "running"
            self.changed()

    def add_output(self, chunk: str) -> None:
        """Take live output."""
        if not self.is_settled:
            self._live = (self._live + chunk)[-LIVE_CHARS:]
            self.changed()

    def finish(self, event: ToolFinished) -> None:
        """It answered. A second answer to the same call changes nothing."""
        if self._is_answered:
            return
        self._is_answered = True
        self.name = clean(event.name) or self.name
        self.turn_id = event.turn_id
        self.state = "done" if event.ok else "failed"
        self._fact = one_line(event.summary) or ("" if event.ok else "failed")
        if was_stopped(event):
            self.state, self._fact = "skipped", _CAUSES["interrupt"]
        self._output = event.result_preview or self._live
        self._lines = event.result_lines
        self._diffs = event.diffs
        self._spilled = event.spilled_path
        self.result_ref = event.result_ref or ""
        self._seconds = event.duration_s
        self._live = ""
        self.changed()

    def skip(self, event: ToolSkipped) -> None:
        """It was not run, or was cancelled."""
        if self._is_answered:
            return
        self._is_answered = True
        self.name = clean(event.name) or self.name
        self.turn_id = event.turn_id
        self.state = "skipped"
        self._fact = _CAUSES[event.cause]
        self._output = event.message if event.cause in ("blocked", "invalid") else ""
        self.changed()

    def recover(self) -> None:
        """The model found another way: the failure is bookkeeping now."""
        if self.state == "failed":
            self.state = "recovered"
            self.changed()

    def abandon(self) -> None:
        """The turn ended without an answer to it."""
        if not self.is_settled:
            self.state = "skipped"
            self._fact = "stopped"
            self.changed()

    # --- folding -----------------------------------------------------------------------

    @property
    def can_join(self) -> bool:
        """Whether it may be told in one line with its neighbours: a file that was read."""
        return self.state == "done" and self.name in _READERS and self._level == "auto"

    def join(self, run: ReadRun) -> None:
        """Be told in one line with others."""
        self.run = run
        self.changed()

    @property
    def _is_joined(self) -> bool:
        return self.run is not None and not self.run.is_open

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in ("writing", "waiting", "running")

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    @property
    def is_folded(self) -> bool:
        return self._level != "full"

    def fold(self, folded: bool) -> None:
        self._level = "folded" if folded else "full"
        self.changed()

    def show_typed(self) -> None:
        """The person typed it themselves: it is open, whatever is shown of tools."""
        self._is_typed = True
        self.fold(False)

    def toggle(self) -> None:
        if self.run is not None and not self.run.is_open:
            self.run.open(True)
            return
        shown = self._level == "full" or (self._level == "auto" and self._shows_more)
        self.fold(shown)

    def advance(self, frame: int, now: float) -> None:
        self._frame, self._now = frame, now
        self.changed()

    @property
    def source(self) -> str:
        """The command or path, then the whole output."""
        return "\n".join(part for part in (self._preview, self._output or self._live) if part)

    @property
    def title(self) -> str:
        """Verb and object, for a heading."""
        return f"{tool_verb(self.name, self._kind)} {self._preview}".strip()

    @property
    def output(self) -> str:
        """What is known of its output here."""
        return self._output or self._live

    @property
    def spilled_path(self) -> str:
        """The file with the whole output; empty if it was short enough."""
        return self._spilled or ""

    @property
    def diffs(self) -> tuple[FileDiff, ...]:
        """The changes to files it made."""
        return self._diffs

    def estimate(self, sheet: Sheet) -> int:
        if self._is_joined and self.run is not None:
            return int(self.run.lines[0] is self)
        if self._level == "folded":
            return 1
        changed = sum(diff.unified.count("\n") for diff in self._diffs)
        return 1 + min(DIFF_ROWS, changed) + (PEEK_LINES if self.state == "failed" else 0)

    # --- drawing -----------------------------------------------------------------------

    def draw(self, sheet: Sheet) -> list[Row]:
        if self._is_hidden(sheet):
            return []
        if self._is_joined and self.run is not None and not sheet.verbose:
            return [self._run_head(self.run, sheet)] if self.run.lines[0] is self else []
        rows = [self._head(sheet)]
        level = "full" if sheet.verbose and self._level == "auto" else self._level
        if level == "folded":
            return rows
        if level == "full" and self.name != "todo":
            rows.extend(argument_rows(self._args, self._preview, sheet))
        self._shows_more = self.name == "todo" or (bool(self._diffs) and sheet.inline_diffs)
        if self.name == "todo":
            rows.extend(plan_rows(self._args, sheet))
            return rows
        if self._diffs and (level == "full" or sheet.inline_diffs):
            rows.extend(self._changes(sheet))
        if level == "full" or self.state == "failed" or (self.state == "skipped" and self._output):
            limit = OPEN_LINES if level == "full" else PEEK_LINES
            whole = Whole(lines=self._lines, is_elsewhere=bool(self.spilled_path))
            rows.extend(output_rows(self.output, whole, sheet, limit))
        return rows

    def _is_hidden(self, sheet: Sheet) -> bool:
        """Whether the progress mode leaves it out: what runs or failed is always shown."""
        if self._is_typed or self.state not in ("done", "skipped", "recovered"):
            return False
        return sheet.hide_tools or (sheet.skip_repeats and self.is_repeat)

    def _run_head(self, run: ReadRun, sheet: Sheet) -> Row:
        field = 5 if sheet.column.width < 72 else 7
        verb = fit(tool_verb(self.name, self._kind), field)
        took = seconds(sum(line._seconds or 0.0 for line in run.lines))
        what = f"{len(run.lines)} files"
        used = 3 + field + cell_len(what)
        body: list[Run] = [
            (sheet.glyphs.done + " ", Pen("ok")),
            (verb + " " * (field + 1 - cell_len(verb)), _MUTED),
            (what, Pen("text")),
            (" " * max(1, sheet.text_width - used - cell_len(took)) + took, _FAINT),
        ]
        return sheet.row(_cut(body, sheet.text_width), bar=sheet.thread, action="fold")

    def _head(self, sheet: Sheet) -> Row:
        glyph_role, verb_role, bold, detail_role = _LOOKS[self.state]
        body: list[Run] = []
        if self._depth:
            body.append((" " * (2 * self._depth - 2) + sheet.glyphs.branch + " ", _LINE))
        body.append((self._glyph(sheet) + " ", Pen(glyph_role, bold=bold)))
        body.extend(_emoji(self.name, sheet))
        field = 5 if sheet.column.width < 72 else 7
        verb = fit(tool_verb(self.name, self._kind), field)
        body.append((verb + " " * (field + 1 - cell_len(verb)), Pen(verb_role, bold=bold)))
        fact, time = self._fact_and_time(sheet)
        gap = 3 if sheet.column.width >= 84 else 2
        used = sum(cell_len(text) for text, _ in body)
        tail = gap + TIME_CELLS
        room = sheet.text_width - used - tail - (cell_len(fact) + 2 if fact else 0)
        if room < 8 and self.state == "done":
            fact, room = "", sheet.text_width - used - tail
        if sheet.preview_chars:
            room = min(room, sheet.preview_chars)
        detail = self._detail(max(1, room))
        body.append((detail, Pen(detail_role)))
        before = max(2, sheet.text_width - used - cell_len(detail) - cell_len(fact) - tail)
        body.append((" " * before + fact, Pen(_RESULTS.get(self.state, "faint"))))
        body.append((f"{time:>{tail}}", Pen("gold" if self.is_running else "faint")))
        start = used
        return sheet.row(_cut(body, sheet.text_width), bar=sheet.thread, start=start, action="fold")

    def _glyph(self, sheet: Sheet) -> str:
        glyphs = sheet.glyphs
        if self.state == "running":
            if sheet.still:
                return glyphs.still
            return glyphs.spinner[self._frame % len(glyphs.spinner)]
        return {
            "writing": glyphs.writing,
            "waiting": glyphs.asks,
            "done": glyphs.done,
            "skipped": glyphs.skipped,
        }.get(self.state, glyphs.failed)

    def _detail(self, room: int) -> str:
        text = self._preview
        if not is_known(self.name):
            text = f"{self.name} {text}".strip()
        return fit_left(text, room) if self._is_path else fit(text, room)

    def _fact_and_time(self, sheet: Sheet) -> tuple[str, str]:
        width = sheet.column.width
        match self.state:
            case "writing":
                return "", ""
            case "waiting":
                return "waiting for you", ""
            case "running":
                elapsed = int(self._now - self._started)
                elapsed -= elapsed % 5 if sheet.still else 0
                return self._progress(width), seconds(elapsed) if elapsed >= 10 else f"{elapsed}s"
        fact = self._fact.replace(" -", f" {sheet.glyphs.minus}") if self._diffs else self._fact
        if width < 84 and cell_len(fact) > LONG_RESULT and self.state == "done":
            fact = ""
        fact = fit(fact, max(LONG_RESULT, width // 3))
        return fact, "" if self._seconds is None else seconds(self._seconds)

    def _progress(self, width: int) -> str:
        """The last line of output, as far as it fits, or that it runs."""
        last = next(
            (line for line in reversed(output_lines(self._live[-2000:])) if line.strip()), ""
        )
        return fit(one_line(last), min(32, width // 3)) if width >= 84 and last else "running"

    def _changes(self, sheet: Sheet) -> list[Row]:
        rows: list[Row] = []
        left = DIFF_ROWS if self._level != "full" else 10 * DIFF_ROWS
        files = self._diffs[:DIFF_FILES]
        for number, diff in enumerate(files):
            if len(self._diffs) > 1:
                rows.append(sheet.row([(one_line(diff.path), _MUTED)], bar=sheet.thread, indent=2))
            drawn = diff_rows(diff, sheet, indent=2, split=sheet.split)
            if len(drawn) > left or (not left and drawn):
                hidden = len(drawn) - left
                rows.extend(drawn[:left])
                files_left = len(self._diffs) - number - 1
                rows.append(self._omitted(hidden, files_left, sheet))
                return rows
            rows.extend(drawn)
            left -= len(drawn)
        if len(self._diffs) > DIFF_FILES:
            rows.append(self._omitted(0, len(self._diffs) - DIFF_FILES, sheet))
        return rows

    def _omitted(self, rows: int, files: int, sheet: Sheet) -> Row:
        parts = [f"{rows} lines more"] if rows else []
        if files:
            parts.append(f"{files} more file" + ("s" if files > 1 else ""))
        text = f" {sheet.glyphs.dot} ".join(parts)
        return sheet.row([(text, _FAINT)], bar=sheet.thread, indent=2, action="fold", copied=False)


def _emoji(name: str, sheet: Sheet) -> list[Run]:
    """The skin's sign of a tool in a field of two cells; nothing if the skin has none."""
    emojis = sheet.skin.tool_emojis
    if not emojis:
        return []
    sign = fit(emojis.get(name, ""), 2)
    return [(sign + " " * (3 - cell_len(sign)), _MUTED)]


def _cut(body: list[Run], width: int) -> list[Run]:
    """Leave out runs at the end that no longer fit; only tiny screens need it."""
    kept: list[Run] = []
    left = width
    for text, pen in body:
        cells = cell_len(text)
        if cells > left:
            kept.append((fit(text, left), pen))
            break
        kept.append((text, pen))
        left -= cells
    return kept
