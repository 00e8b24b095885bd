"""Follows, feeds and ends the background processes of this session."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from hermes_core.errors import ToolError
from hermes_core.events import ToolKind
from hermes_core.messages import clean_text
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.shell.background_process import BackgroundProcess
from hermes_core.tools.shell.command_output import last_lines
from hermes_core.tools.shell.process_table import ProcessTable

_LOG_LINES = 200
_LIST_CHARS = 200
_POLL_CHARS = 1_000
_WAIT_CHARS = 2_000


class ProcessArgs(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with which process."""

    action: Annotated[
        Literal["list", "poll", "log", "wait", "kill", "write", "submit", "close"],
        msgspec.Meta(description="What to do."),
    ]
    session_id: Annotated[
        str | int | None,
        msgspec.Meta(description="The id terminal returned; not needed for list."),
    ] = None
    data: Annotated[str, msgspec.Meta(description="Text for write and submit.")] = ""
    timeout: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="wait: seconds at most."),
    ] = None
    offset: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        msgspec.Meta(description="log: first line, from 0; default: the end."),
    ] = None
    limit: Annotated[int, msgspec.Meta(ge=1, description="log: number of lines (default 200).")] = (
        _LOG_LINES
    )


class ProcessTool(Tool[ProcessArgs]):
    """Look after background processes."""

    name: ClassVar[str] = "process"
    toolset: ClassVar[str] = "terminal"
    kind: ClassVar[ToolKind] = "execute"
    args_type = ProcessArgs

    def preview(self, args: ProcessArgs) -> str:
        """The action and the id."""
        return f"{args.action} {args.session_id or ''}".strip()

    async def run(self, args: ProcessArgs, ctx: ToolContext) -> ToolResult:
        """Do the action.

        Raises:
            ToolError: No id was given, or the process takes no input.
        """
        table = ctx.service(ProcessTable)
        if args.action == "list":
            listed = [_listed(process) for process in table.processes()]
            return ToolResult(data={"processes": listed}, summary=f"{len(listed)} processes")
        if args.session_id is None:
            raise ToolError(f"session_id is required for {args.action}")
        process = table.get(str(args.session_id))
        if process is None:
            text = f"No process with ID {args.session_id}"
            data = {"status": "not_found", "error": text}
            return ToolResult(data=data, ok=False, summary="not found")
        match args.action:
            case "poll":
                return _poll(process)
            case "log":
                output = await asyncio.to_thread(process.output)
                return _log(process, output, args.offset, args.limit)
            case "wait":
                return await _wait(process, args.timeout, ctx)
            case "kill":
                return await _kill(process, table, ctx)
            case _:
                return _feed(process, args)


def _state(process: BackgroundProcess) -> dict[str, Any]:
    state: dict[str, Any] = {
        "session_id": process.process_id,
        "command": process.command[:_LIST_CHARS],
        "pid": process.pid,
        "uptime_seconds": round(process.uptime_s, 1),
        "status": "running" if process.is_running else "exited",
    }
    if process.exit_code is not None:
        state["exit_code"] = process.exit_code
    if process.record is not None:
        state["detached"] = True
        state["note"] = "Started by an earlier run of the program; its output is lost."
    return state


def _listed(process: BackgroundProcess) -> dict[str, Any]:
    started = datetime.fromtimestamp(process.started_at, UTC)
    return _state(process) | {
        "cwd": process.cwd,
        "started_at": started.isoformat(timespec="seconds"),
        "output_preview": process.tail(_LIST_CHARS),
    }


def _fact(process: BackgroundProcess) -> str:
    return "running" if process.is_running else f"exit {process.exit_code}"


def _is_fine(process: BackgroundProcess) -> bool:
    return process.is_running or process.exit_code in (0, None)


def _poll(process: BackgroundProcess) -> ToolResult:
    _saw(process)
    output = process.tail(_POLL_CHARS)
    return ToolResult(
        data=_state(process) | {"output_preview": output},
        ok=_is_fine(process),
        summary=_fact(process),
        preview=last_lines(output),
        lines=len(output.splitlines()),
    )


def _log(process: BackgroundProcess, output: str, offset: int | None, limit: int) -> ToolResult:
    _saw(process)
    lines = output.splitlines()
    total = process.dropped_lines + len(lines)
    first = total - limit if offset is None else offset
    first = min(max(first, process.dropped_lines), total)
    shown = lines[first - process.dropped_lines :][:limit]
    data = _state(process) | {
        "output": "\n".join(shown),
        "total_lines": total,
        "showing": f"lines {first + 1}-{first + len(shown)}" if shown else "no lines",
    }
    return ToolResult(
        data=data,
        ok=_is_fine(process),
        summary=f"{len(shown)} lines",
        preview=last_lines("\n".join(shown)),
        lines=len(shown),
    )


async def _wait(process: BackgroundProcess, timeout_s: int | None, ctx: ToolContext) -> ToolResult:
    longest = ctx.settings.terminal.timeout
    limit_s = min(timeout_s or longest, longest)
    process.waiters += 1
    try:
        await _first(process.ended.wait(), ctx.cancel.wait(), limit_s)
    finally:
        process.waiters -= 1
    _saw(process)
    status = "exited"
    if process.is_running:
        status = "interrupted" if ctx.cancel.is_set else "timeout"
    output = process.tail(_WAIT_CHARS if status == "exited" else _POLL_CHARS)
    data = _state(process) | {"status": status, "output": output}
    if timeout_s is not None and timeout_s > longest:
        data["timeout_note"] = f"timeout {timeout_s} was reduced to terminal.timeout, {longest} s"
    return ToolResult(
        data=data,
        ok=status == "exited" and _is_fine(process),
        summary=_fact(process) if status == "exited" else status,
        preview=last_lines(output),
        lines=len(output.splitlines()),
    )


async def _first(one: Any, other: Any, limit_s: float | None) -> None:
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _kill(process: BackgroundProcess, table: ProcessTable, ctx: ToolContext) -> ToolResult:
    if not process.is_running:
        _saw(process)
        data = _state(process) | {"status": "already_exited"}
        return ToolResult(data=data, summary="had ended")
    await _first(table.kill(process), ctx.cancel.wait(), None)
    if process.is_running:  # interrupted; the ending goes on
        return ToolResult(data=_state(process) | {"status": "killed"}, summary="ending")
    data = _state(process) | {"status": "killed"}
    return ToolResult(data=data, summary="killed", preview=last_lines(process.tail(_POLL_CHARS)))


def _feed(process: BackgroundProcess, args: ProcessArgs) -> ToolResult:
    if not process.is_running or process.running is None:
        reason = "it was started by an earlier run" if process.is_running else "it has ended"
        raise ToolError(f"Process stdin not available: {reason}")
    if args.action == "close":
        process.running.close_input()
        return ToolResult(data={"status": "ok", "message": "stdin closed"}, summary="closed")
    text = clean_text(args.data) + ("\n" if args.action == "submit" else "")
    payload = text.encode()
    process.running.write(payload)
    return ToolResult(
        data={"status": "ok", "bytes_written": len(payload)}, summary=f"{len(payload)} bytes"
    )


def _saw(process: BackgroundProcess) -> None:
    if not process.is_running:
        process.end_was_seen = True
