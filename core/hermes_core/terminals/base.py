"""What a place to run commands offers, whatever lies behind it.

A backend is one module here, named as `terminal.backend` names it, with a function
`open_terminal(options) -> Terminal`. A terminal is one session's environment: its
folder, variables, functions, aliases and shell options survive from one command to
the next, and nothing a command prints can change them. `registry.open_terminal`
finds the module; adding a backend edits no list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct, field

from hermes_core.errors import ToolError
from hermes_core.ports import CancelToken
from hermes_core.terminals.capture import Capture

EXIT_TIMEOUT = 124
"""Exit code reported for a command that ran out of time."""

EXIT_INTERRUPTED = 130
"""Exit code reported for a command the user interrupted."""

EXIT_NO_FOLDER = 126
"""Exit code reported when the working folder cannot be entered."""

PTY_ROWS, PTY_COLUMNS = 30, 120


class TerminalUnavailable(ToolError):
    """The backend cannot be used here: a program, a setting or a folder is missing."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, code="disabled", hint=hint)


class TerminalOptions(Struct, frozen=True, kw_only=True):
    """What a terminal is opened with."""

    cwd: Path
    """Folder of the first command."""
    persistent: bool = True
    """False keeps only the folder and exported variables between commands."""
    scratch: Path | None = None
    """Parent of the private folder for session files; None: the system's."""


class CommandRequest(Struct, frozen=True, kw_only=True):
    """One command."""

    command: str
    environ: Mapping[str, str]
    """The whole environment to start from; kept state comes on top of it."""
    dropped: frozenset[str] = frozenset()
    """Names that must not come back through a login profile: secrets taken out."""
    cwd: str | None = None
    """For this command alone; the terminal's own folder stays. None: the terminal's."""
    pty: bool = False


class CommandOutcome(Struct, frozen=True, kw_only=True):
    """How a foreground command ended."""

    exit_code: int
    state: Literal["exited", "timeout", "interrupted"] = "exited"
    captured: Capture = field(default_factory=Capture)
    """What it printed, stdout and stderr merged."""


class RunningCommand(Protocol):
    """A command that runs beside the conversation."""

    @property
    def pid(self) -> int:
        """Process id in the place where it runs."""
        ...

    @property
    def started_at(self) -> float:
        """The operating system's start time of the process, seconds since the epoch."""
        ...

    @property
    def mark(self) -> str:
        """Value in the environment of everything it starts."""
        ...

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        ...

    async def wait(self) -> int:
        """Return the exit code once it has ended and its output has been read."""
        ...

    def write(self, data: bytes) -> None:
        """Send to its standard input.

        Raises:
            ToolError: The input is closed.
        """
        ...

    def close_input(self) -> None:
        """Send end of file. Twice is fine."""
        ...

    async def kill(self, *, grace_s: float = 5.0) -> None:
        """End it and everything it started: politely, then after `grace_s` by force."""
        ...


class Terminal(Protocol):
    """One session's environment."""

    @property
    def cwd(self) -> str:
        """The folder the next command starts in."""
        ...

    async def run(
        self,
        request: CommandRequest,
        *,
        timeout_s: float,
        cancel: CancelToken,
        on_output: Callable[[bytes], None],
    ) -> CommandOutcome:
        """Run a command to its end; calls of one terminal come one after the other.

        Raises:
            TerminalUnavailable: It could not be started; nothing has run.
            Cancelled: The turn was interrupted before it was started.
        """
        ...

    async def start(
        self, request: CommandRequest, *, on_output: Callable[[bytes], None]
    ) -> RunningCommand:
        """Start a command on a copy of the state and return at once.

        Raises:
            TerminalUnavailable: It could not be started.
        """
        ...

    async def forget(self) -> bool:
        """Begin anew with the next command: only the folder is kept.

        Returns:
            False, and nothing has changed, while a command runs or something that one
            left behind, in the background too.
        """
        ...

    async def aclose(self) -> None:
        """End what foreground commands left running and remove the session files."""
        ...
