"""What went wrong, whole: the failures of the turn, the last error of the log, a report."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from hermes_core.log_lines import LineFilter, last_lines, parse_line
from hermes_tui._version import VERSION
from hermes_tui.screens.reader import text_content
from hermes_tui.screens.screen import ScreenSpec
from hermes_tui.screens.sheet import SheetScreen
from hermes_tui.slash.door import Door

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_LINES = 400
_KEPT = 60


class ErrorScreen(SheetScreen[None]):
    """Scroll with arrows and page keys; `c` copies, `r` writes a report.

    Args:
        text: What is shown.
        copy: Copies a text.
        report: Writes the report; returns what to say about it.
    """

    DEFAULT_CSS = """
    ErrorScreen > .sheet { width: 100%; height: 90%; border-left: outer $h-bad; }
    ErrorScreen VerticalScroll {
        height: 1fr; margin: 1 0; background: $h-canvas; padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    ErrorScreen #keys { height: auto; max-height: 3; color: $h-faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Close", show=False, id="error.leave"),
        Binding("c", "copy", "Copy", show=False, id="error.copy"),
        Binding("r", "report", "Report", show=False, id="error.report"),
    ]

    def __init__(
        self, text: str, *, copy: Callable[[str], None], report: Callable[[str], Awaitable[str]]
    ) -> None:
        super().__init__()
        self._text = text
        self._copy = copy
        self._report = report

    def compose(self) -> ComposeResult:
        """Title, the text, the keys."""
        with Vertical(classes="sheet"):
            yield Static("✗ What went wrong", classes="sheet-title", markup=False)
            with VerticalScroll():
                yield Static(text_content(self._text), markup=False)
            yield Static("c copy   r write a report   esc close", id="keys", markup=False)

    def on_mount(self) -> None:
        """Keys scroll the text."""
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Copy everything."""
        self._copy(self._text)

    async def action_report(self) -> None:
        """Write a report and say where it is."""
        self.query_one("#keys", Static).update(await self._report(self._text))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def last_error(lines: Sequence[str]) -> list[str]:
    """Return the last entry of the log at level ERROR with the lines that belong to it."""
    starts = [at for at, line in enumerate(lines) if parse_line(line) is not None]
    errors = [
        at for at in starts if (parse_line(lines[at]) or {})["level"] in ("ERROR", "CRITICAL")
    ]
    if not errors:
        return []
    end = next((at for at in starts if at > errors[-1]), len(lines))
    return list(lines[errors[-1] : end])[-_KEPT:]


def error_text(failures: Sequence[str], logged: Sequence[str]) -> str:
    """Put the parts together; empty if nothing went wrong."""
    parts = []
    if failures:
        parts += ["Between us and the provider, in the last turn:", *failures, ""]
    if logged:
        parts += ["The last error of the log:", *logged]
    return "\n".join(parts).strip()


async def write_report(folder: Path, text: str) -> str:
    """Write what is shown and about the program to a file; return what to say."""
    now = datetime.now(UTC)
    head = f"hermes {VERSION}, Python {platform.python_version()} on {platform.platform()}"
    # measured: 13 ms of patterns, which the first paint can do without
    from hermes_core.security.redaction import redact

    whole = redact(f"{now:%Y-%m-%d %H:%M:%S} UTC\n{head}\n\n{text}\n")
    path = folder / f"report-{now:%Y%m%d-%H%M%S-%f}.txt"

    def write() -> None:
        path.touch(mode=0o600)
        path.write_text(whole, "utf-8")

    try:
        await asyncio.to_thread(write)
    except OSError as error:
        return f"The report cannot be written: {error.strerror}"
    return f"The report is in {path}; nothing was sent anywhere"


async def _gathered(door: Door) -> str:
    path = door.workspace.home.logs / "errors.log"
    try:
        lines, _ = await asyncio.to_thread(last_lines, path, _LINES, LineFilter())
    except OSError:
        lines = []  # no error was ever logged
    return error_text(door.state.failures, last_error(lines))


async def _build(host: HermesApp, argument: str) -> ErrorScreen | None:
    text = await _gathered(host)
    if not text:
        host.tell("Nothing went wrong so far")
        return None

    async def report(shown: str) -> str:
        return await write_report(host.workspace.home.logs, shown)

    return ErrorScreen(text, copy=host.copying.copy, report=report)


async def _in_lines(door: Door, argument: str) -> None:
    door.tell(await _gathered(door) or "Nothing went wrong so far")


SCREENS = (
    ScreenSpec(
        id="screen.error",
        title="Details of the last error",
        rank=53,
        command="error",
        summary="what went wrong, whole; copy it or write a report",
        group="Program",
        build=_build,
        in_lines=_in_lines,
    ),
)
