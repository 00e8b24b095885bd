"""Runs shell commands: in the foreground to their end, or in the background.

Touches whatever the command touches. The guard sees every command before anything
runs; a command that looks destructive gets a checkpoint of its folder first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from msgspec.structs import replace

from hermes_core.checkpoints.destructive import looks_destructive
from hermes_core.errors import ToolError
from hermes_core.events import ToolKind
from hermes_core.messages import clean_text
from hermes_core.paths import expanded
from hermes_core.terminals.base import CommandOutcome, Terminal
from hermes_core.terminals.exit_codes import meaning
from hermes_core.terminals.local import find_shell
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.shell import sudo
from hermes_core.tools.shell.command_output import last_lines, output_text, spill_path
from hermes_core.tools.shell.live_output import LiveOutput
from hermes_core.tools.shell.process_table import ProcessTable
from hermes_core.tools.shell.sessions import TerminalSessions, command_request, redactor_of

if TYPE_CHECKING:
    from hermes_core.config.schema import Settings

_TOKEN_LOGIN = re.compile(r"\bgh\s+auth\s+login\b.*--with-token\b")
_PTY_NOTE = "Run without a pseudo-terminal: gh reads the token from a pipe."
_APPROVALS = {
    "once": "Approved by the user for this call.",
    "session": "Approved by the user for this session.",
    "always": "Approved by the user's allowlist.",
    "smart": "Approved by the automatic review.",
}


class TerminalArgs(msgspec.Struct, frozen=True, kw_only=True):
    """What to run and how."""

    command: Annotated[str, msgspec.Meta(description="The shell command (bash).")]
    background: Annotated[
        bool, msgspec.Meta(description="Return at once; follow it with the process tool.")
    ] = False
    timeout: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="Seconds to wait in the foreground (default 180)."),
    ] = None
    workdir: Annotated[
        str | None,
        msgspec.Meta(description="Folder for this command only; default: the shell's folder."),
    ] = None
    pty: Annotated[
        bool, msgspec.Meta(description="Use a pseudo-terminal, for programs that insist on one.")
    ] = False
    notify_on_complete: Annotated[
        bool, msgspec.Meta(description="Background only: be told once when it has ended.")
    ] = False
    watch_patterns: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Background only: be told of output lines that contain these."),
    ] = ()


class TerminalTool(Tool[TerminalArgs]):
    """Run a shell command."""

    name: ClassVar[str] = "terminal"
    toolset: ClassVar[str] = "terminal"
    kind: ClassVar[ToolKind] = "execute"
    max_result_chars: ClassVar[int | None] = None
    args_type = TerminalArgs

    def available(self, environ: Mapping[str, str], settings: Settings) -> bool:
        """A shell is there; other backends say what they lack when they are used."""
        return settings.terminal.backend != "local" or find_shell() is not None

    def preview(self, args: TerminalArgs) -> str:
        """The command's first line."""
        first, _, rest = args.command.strip().partition("\n")
        return f"{first} …" if rest else first

    async def run(self, args: TerminalArgs, ctx: ToolContext) -> ToolResult:
        """Check, ask, run.

        Raises:
            ToolError: The arguments are impossible or nothing can run here.
            ToolBlocked: The guard or the person refused.
            Cancelled: The turn was interrupted before the command started.
        """
        command = _checked(args, ctx)
        terminal = ctx.service(TerminalSessions).terminal(ctx)
        folder = _folder(args.workdir, terminal)
        approval = await ctx.permissions.command(
            command, cwd=Path(folder or terminal.cwd), backend=ctx.settings.terminal.backend
        )
        ctx.cancel.raise_if_set()
        if looks_destructive(command):
            folders = [Path(folder or terminal.cwd)]
            await ctx.checkpoints.before_change(folders, cause=f"terminal: {self.preview(args)}")
        extra = {"approval": _APPROVALS[approval]} if approval in _APPROVALS else {}
        if note := ctx.service(TerminalSessions).take_note():
            extra["shell_note"] = note
        pty = args.pty
        if pty and _TOKEN_LOGIN.search(command):
            pty, extra["pty_note"] = False, _PTY_NOTE
        if args.background:
            return await _in_background(args, ctx, terminal, folder, pty, extra)
        return await _in_foreground(args, ctx, terminal, folder, pty, extra)


def _checked(args: TerminalArgs, ctx: ToolContext) -> str:
    command = clean_text(args.command)
    if not command.strip():
        raise ToolError("the command is empty")
    if "\0" in command:
        raise ToolError("the command contains a NUL character")
    limit = ctx.settings.terminal.max_foreground_timeout
    if not args.background and args.timeout is not None and args.timeout > limit:
        raise ToolError(
            f"timeout {args.timeout} is above the longest foreground time of {limit} s",
            hint="Use background=true with notify_on_complete=true for long commands.",
        )
    return command


def _folder(workdir: str | None, terminal: Terminal) -> str | None:
    return str(Path(terminal.cwd, expanded(workdir))) if workdir else None


async def _in_foreground(
    args: TerminalArgs,
    ctx: ToolContext,
    terminal: Terminal,
    folder: str | None,
    pty: bool,
    extra: dict[str, str],
) -> ToolResult:
    timeout_s = args.timeout or ctx.settings.terminal.timeout
    live = LiveOutput(ctx.output)
    request = command_request(ctx, clean_text(args.command), cwd=folder, pty=pty, extra={})
    is_local = ctx.settings.terminal.backend == "local"
    async with sudo.prepared(
        request.command, ctx, local=is_local, environ=request.environ
    ) as ready:
        request = replace(request, command=ready.text, environ={**request.environ, **ready.environ})
        try:
            outcome = await terminal.run(
                request, timeout_s=timeout_s, cancel=ctx.cancel, on_output=live.feed
            )
        finally:
            live.close()
    output = await output_text(
        outcome.captured,
        redactor_of(ctx),
        spill=spill_path(ctx.home.spills, ctx.session_id, ctx.call_id),
    )
    sudo.note_result(ctx, output.text)
    data: dict[str, Any] = {
        "output": _with_ending(output.text, outcome, timeout_s),
        "exit_code": outcome.exit_code,
        "error": None,
    }
    if outcome.state == "timeout":
        data["error"] = f"Command timed out after {timeout_s} seconds"
    if outcome.state == "exited" and (note := meaning(args.command, outcome.exit_code)):
        data["exit_code_meaning"] = note
    if output.saved is not None:
        data["full_output"] = str(output.saved)
    return ToolResult(
        data=data | extra,
        ok=outcome.exit_code == 0 or (outcome.exit_code == 1 and "exit_code_meaning" in data),
        summary=_summary(outcome, output.lines),
        preview=last_lines(output.text),
        lines=output.lines,
    )


def _with_ending(text: str, outcome: CommandOutcome, timeout_s: float) -> str:
    endings = {
        "exited": "",
        "timeout": f"[Command timed out after {timeout_s}s]",
        "interrupted": "[Command interrupted]",
    }
    return "\n".join(part for part in (text, endings[outcome.state]) if part)


def _summary(outcome: CommandOutcome, lines: int) -> str:
    if outcome.state != "exited":
        return outcome.state
    if outcome.exit_code != 0:
        return f"exit {outcome.exit_code}"
    return {0: "no output", 1: "1 line"}.get(lines, f"{lines} lines")


async def _in_background(
    args: TerminalArgs,
    ctx: ToolContext,
    terminal: Terminal,
    folder: str | None,
    pty: bool,
    extra: dict[str, str],
) -> ToolResult:
    request = command_request(
        ctx, clean_text(args.command), cwd=folder, pty=pty, extra={"PYTHONUNBUFFERED": "1"}
    )
    table = ctx.service(ProcessTable)
    process = await table.start(
        terminal,
        request,
        session_id=ctx.session_id,
        redactor=redactor_of(ctx),
        notify_on_complete=args.notify_on_complete,
        watch_patterns=args.watch_patterns,
    )
    data: dict[str, Any] = {
        "output": "Background process started",
        "session_id": process.process_id,
        "pid": process.pid,
        "exit_code": 0,
        "error": None,
    }
    if args.notify_on_complete:
        data["notify_on_complete"] = True
    if args.watch_patterns:
        data["watch_patterns"] = list(args.watch_patterns)
    return ToolResult(data=data | extra, summary=process.process_id)
