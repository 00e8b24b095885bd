"""The session's one terminal, opened with the first command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from hermes_core.paths import expanded
from hermes_core.security.redaction import Redactor
from hermes_core.terminals.base import CommandRequest, Terminal, TerminalOptions
from hermes_core.terminals.registry import open_terminal
from hermes_core.tools.base import ToolContext


class TerminalSessions:
    """Holds the terminal of a session for all tools that run commands.

    A terminal nobody has used for `terminal.lifetime_seconds` forgets its variables and
    functions, whose files hold what was exported; the folder is kept.

    Args:
        now: Seconds on a clock that never goes back.
        sleep: Waits for seconds on the same clock.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._terminal: Terminal | None = None
        self._now = now
        self._sleep = sleep
        self._used_at = 0.0
        self._reaper: asyncio.Task[None] | None = None
        self._was_idle_s = 0.0

    @property
    def cwd(self) -> Path | None:
        """The shell's folder now; None before the first command."""
        return Path(self._terminal.cwd) if self._terminal else None

    def terminal(self, ctx: ToolContext) -> Terminal:
        """Return the terminal, opened with the session's settings if this is the first use.

        Raises:
            TerminalUnavailable: The configured backend cannot be used.
        """
        settings = ctx.settings.terminal
        self._used_at = self._now()
        if self._terminal is None:
            scratch = expanded(settings.scratch_dir) if settings.scratch_dir else None
            self._terminal = open_terminal(
                settings.backend,
                TerminalOptions(cwd=ctx.cwd, persistent=settings.persistent_shell, scratch=scratch),
            )
        if settings.lifetime_seconds and self._reaper is None:
            reaping = self._reap(self._terminal, settings.lifetime_seconds)
            self._reaper = asyncio.create_task(reaping, name="idle terminal")
        return self._terminal

    def take_note(self) -> str:
        """What the model should know of the terminal; it is told once."""
        idle_s, self._was_idle_s = self._was_idle_s, 0.0
        if not idle_s:
            return ""
        return (
            f"The shell had been idle for {idle_s:.0f} s and began anew: its folder was kept, "
            "variables, functions and aliases that were set in it were not."
        )

    async def _reap(self, terminal: Terminal, lifetime_s: float) -> None:
        """Let the terminal forget once it has been idle for its lifetime."""
        used_at = -1.0
        while used_at != self._used_at:
            used_at = self._used_at
            idle_s = self._now() - used_at
            if idle_s < lifetime_s:
                await self._sleep(lifetime_s - idle_s)
                used_at = -1.0
            elif await terminal.forget():
                self._was_idle_s = idle_s
            else:
                self._used_at = self._now()  # something runs: that is use, too
        self._reaper = None

    async def aclose(self) -> None:
        """Close the terminal; the next command opens a new one."""
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.wait((self._reaper,))
            self._reaper = None
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
