"""The session's one terminal, opened with the first command."""

from __future__ import annotations

from pathlib import Path

from hermes_core.security.redaction import Redactor
from hermes_core.terminals.base import CommandRequest, Terminal, TerminalOptions
from hermes_core.terminals.registry import open_terminal
from hermes_core.tools.base import ToolContext


class TerminalSessions:
    """Holds the terminal of a session for all tools that run commands."""

    def __init__(self) -> None:
        self._terminal: Terminal | None = None

    @property
    def cwd(self) -> Path | None:
        """The shell's folder now; None before the first command."""
        return Path(self._terminal.cwd) if self._terminal else None

    def terminal(self, ctx: ToolContext) -> Terminal:
        """Return the terminal, opened with the session's settings if this is the first use.

        Raises:
            TerminalUnavailable: The configured backend cannot be used.
        """
        if self._terminal is None:
            settings = ctx.settings.terminal
            scratch = Path(settings.scratch_dir).expanduser() if settings.scratch_dir else None
            self._terminal = open_terminal(
                settings.backend,
                TerminalOptions(cwd=ctx.cwd, persistent=settings.persistent_shell, scratch=scratch),
            )
        return self._terminal

    async def aclose(self) -> None:
        """Close the terminal; the next command opens a new one."""
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            await terminal.aclose()


def command_request(
    ctx: ToolContext, command: str, *, cwd: str | None, pty: bool, extra: dict[str, str]
) -> CommandRequest:
    """Return a request with the child environment of this session.

    A folder `home` in the data home becomes `HOME` of commands.
    """
    environ = ctx.permissions.child_environment()
    dropped = frozenset(ctx.environ) - frozenset(environ)
    own_home = ctx.home.root / "home"
    if own_home.is_dir():
        environ["HOME"] = str(own_home)
    return CommandRequest(
        command=command, environ=environ | extra, dropped=dropped, cwd=cwd, pty=pty
    )


def redactor_of(ctx: ToolContext) -> Redactor:
    """Return the session's redactor if the host offers one, else one by shape alone."""
    found = ctx.services.get(Redactor)
    if isinstance(found, Redactor):
        return found
    return Redactor(enabled=ctx.settings.security.redact_secrets)
