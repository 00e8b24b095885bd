"""The program's log files: filtered, searched, followed; secrets were masked when written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from hermes_core.log_lines import COMPONENTS, LineFilter, last_lines, new_lines, parse_line
from hermes_tui.screens.reader import ReaderScreen, text_content
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.screens.sheet import SheetScreen
from hermes_tui.slash.door import Door
from hermes_widgets.fitting import clean
from hermes_widgets.list_rows import RowList
from hermes_widgets.row import Row

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

SHOWN = 1_000
"""The newest lines that are kept on the screen."""
_LEVELS = ("", "INFO", "WARNING", "ERROR")
_GLYPHS = {
    "DEBUG": ("·", "$h-faint"),
    "INFO": ("·", "$h-faint"),
    "WARNING": ("!", "$h-warn bold"),
    "ERROR": ("✗", "$h-bad bold"),
    "CRITICAL": ("✗", "$h-bad bold"),
}
_KEYS = "f3 file   f4 level   f5 component   f8 follow   ⏎ whole line   esc close"


class LogsScreen(SheetScreen[None]):
    """The lines of one file, the newest at the bottom.

    Args:
        folder: Where the files are.
    """

    DEFAULT_CSS = """
    LogsScreen > .sheet { width: 100%; height: 90%; padding: 1 0; }
    LogsScreen.-h-compact > .sheet, LogsScreen.-h-low > .sheet {
        height: 100%; max-height: 100%;
    }
    LogsScreen.-h-tiny > .sheet { height: 100%; padding: 0; }
    LogsScreen > .sheet > .sheet-title { padding: 0 2; }
    LogsScreen > .sheet > Input { margin: 1 2; }
    LogsScreen.-h-tiny > .sheet > Input { margin: 0 2; }
    LogsScreen RowList {
        background: $h-raised; scrollbar-background: $h-raised;
        scrollbar-background-hover: $h-raised; scrollbar-background-active: $h-raised;
    }
    LogsScreen #keys { height: 1; padding: 0 2; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Close", show=False, id="logs.leave"),
        Binding("f3", "next_file", "File", show=False, id="logs.file"),
        Binding("f4", "next_level", "Level", show=False, id="logs.level"),
        Binding("f5", "next_component", "Component", show=False, id="logs.component"),
        Binding("f8", "follow", "Follow", show=False, id="logs.follow"),
        Binding("up", "move(-1)", "Up", show=False, id="logs.up"),
        Binding("down", "move(1)", "Down", show=False, id="logs.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="logs.page-up", priority=True),
        Binding(
            "pagedown", "move(10)", "Page down", show=False, id="logs.page-down", priority=True
        ),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._file = ""
        self._level = ""
        self._component = ""
        self._lines: list[str] = []
        self.is_following = True
        """Whether lines appear as they are written."""
        self.search = Input(placeholder="type to search", compact=True)
        self.search.cursor_blink = False
        self.list = RowList(empty="No such line.", is_lit=True)
        self.head = Static(classes="sheet-title", markup=False)

    def compose(self) -> ComposeResult:
        """What is shown, a search line, the lines."""
        with Vertical(classes="sheet"):
            yield self.head
            yield self.search
            yield self.list
            yield Static(_KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """Begin with the program's own log."""
        names = log_names(self._folder)
        self._file = "agent.log" if "agent.log" in names else (names[0] if names else "")
        self.search.focus()
        self._read()

    def _read(self) -> None:
        self.run_worker(self._follow(), exclusive=True, group="log")

    async def _follow(self) -> None:
        """Read the file anew, then take what is added while following is on."""
        self._lines = []
        if not self._file:
            self._show("There are no logs yet.")
            return
        path = self._folder / self._file
        wanted = LineFilter(level=self._level, component=self._component)
        try:
            self._lines, end = await asyncio.to_thread(last_lines, path, SHOWN, wanted)
        except OSError as error:
            self._show(f"{self._file} cannot be read: {error.strerror}")
            return
        self._show()
        if not self.is_following:
            return
        async with contextlib.aclosing(new_lines(path, end, wanted)) as added:
            async for line in added:
                self._lines = [*self._lines, line][-SHOWN:]
                self._show()

    def _show(self, empty: str = "No such line.") -> None:
        wanted = self.search.value.strip().casefold()
        shown = [(at, line) for at, line in enumerate(self._lines) if wanted in line.casefold()]
        was_last = not self.list.rows or self.list.chosen_key == self.list.rows[-1].key
        self.list.show([line_row(str(at), line) for at, line in shown], empty=empty)
        if was_last and shown:
            self.list.point_at(str(shown[-1][0]))
        words = [
            self._file or "logs",
            f"level {self._level.lower() or 'all'}",
            f"component {self._component or 'all'}",
            "following" if self.is_following else "paused",
            f"{len(shown)} lines",
        ]
        self.head.update(Content(" · ".join(words)))

    @on(Input.Changed)
    def _searched(self) -> None:
        self._show()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._open(self.list.chosen_key)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self._open(event.key)

    def _open(self, key: str) -> None:
        if key:
            self.app.push_screen(ReaderScreen(self._file, text_content(self._lines[int(key)])))

    def action_next_file(self) -> None:
        """Show the next log file."""
        self._file = _next(log_names(self._folder), self._file)
        self._read()

    def action_next_level(self) -> None:
        """Leave out less important lines, then show all again."""
        self._level = _next(_LEVELS, self._level)
        self._read()

    def action_next_component(self) -> None:
        """Show the lines of the next part of the program alone, then all again."""
        self._component = _next(("", *COMPONENTS), self._component)
        self._read()

    def action_follow(self) -> None:
        """Take lines as they are written, or stop."""
        self.is_following = not self.is_following
        self._read()

    def action_move(self, step: int) -> None:
        """Move the cursor from the search line."""
        self.list.action_move(step)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def log_names(folder: Path) -> list[str]:
    """Return the names of the log files that are there."""
    return sorted(path.name for path in folder.glob("*.log")) if folder.is_dir() else []


def line_row(key: str, line: str) -> Row:
    """Return the row of a log line: level, message, where from, time of day."""
    found = parse_line(line)
    if found is None:
        return Row(key=key, text=clean(line), glyph=" ", style="$h-muted")
    sign, style = _GLYPHS.get(found["level"], ("·", "$h-faint"))
    return Row(
        key=key,
        glyph=sign,
        glyph_style=style,
        text=clean(found["message"]),
        note=found["logger"].removeprefix("hermes_").removeprefix("core."),
        right=found["time"][11:],
    )


def _next(names: Sequence[str], now: str) -> str:
    """Return the name behind one, round and round."""
    if not names:
        return now
    after = dict(pairwise([*names, names[0]]))
    return after.get(now, names[0])


async def _build(host: HermesApp, argument: str) -> LogsScreen:
    return LogsScreen(host.workspace.home.logs)


async def _in_lines(door: Door, argument: str) -> None:
    path = door.workspace.home.logs / "agent.log"
    try:
        found, _ = await asyncio.to_thread(last_lines, path, 20, LineFilter())
    except OSError:
        door.tell("There are no logs yet.")
        return
    door.tell("\n".join([*found, "More of it: hermes logs --help"]))


SCREENS = (
    ScreenSpec(
        id="screen.logs",
        title="Logs",
        rank=52,
        command="logs",
        summary="read and follow the program's log files",
        group="Program",
        build=_build,
        in_lines=_in_lines,
    ),
)
