"""Commands of a person's own, from `quick_commands` in the configuration."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from hermes_core.paths import expanded
from hermes_tui.slash.command import COMMAND_REGISTRY, SlashCommand, parse
from hermes_tui.slash.door import Door

LIMIT_S = 30.0
_SHOWN_CHARS = 8_000
_FORMS = "{type: exec, command: …} or {type: alias, target: /name}"


def quick_commands(written: object) -> list[SlashCommand]:
    """Return the commands that were written, those with a mistake too: they say so.

    A name that a command of the program has is left to the program.
    """
    if not isinstance(written, Mapping):
        return []
    taken = {name for one in COMMAND_REGISTRY.all() for name in (one.name, *one.aliases)}
    return [
        _command(str(name).casefold(), entry)
        for name, entry in written.items()
        if str(name).casefold() not in taken
    ]


def _command(name: str, entry: object) -> SlashCommand:
    kind, value = "", ""
    if isinstance(entry, Mapping):
        kind = str(entry.get("type", ""))
        value = str(entry.get("command" if kind == "exec" else "target") or "").strip()
    if kind == "exec" and value:
        return _made(name, f"runs: {value}", _execution(value))
    if kind == "alias" and value.startswith("/"):
        return _made(name, f"short for {value}", _alias(name, value), args="[…]")
    return _made(name, f"not understood: {_FORMS}", _mistake(name))


def _made(
    name: str, summary: str, run: Callable[[Door, str], Awaitable[None]], *, args: str = ""
) -> SlashCommand:
    return SlashCommand(name=name, summary=summary, run=run, args=args, group="Program")


def _execution(command: str) -> Callable[[Door, str], Awaitable[None]]:
    async def run(door: Door, argument: str) -> None:
        try:
            code, text = await run_shell(command, _folder(door))
        except OSError as error:
            door.tell_error(f"{command} was not run: {error.strerror}", hint=str(_folder(door)))
            return
        text = text.strip() or ("done" if code == 0 else "nothing was printed")
        shown = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}\n…"
        if code == 0:
            door.tell(shown)
        elif code is None:
            door.tell_error(f"{command} was stopped after {LIMIT_S:.0f} s", hint=shown)
        else:
            door.tell_error(f"{command} ended with {code}", hint=shown)

    return run


def _folder(door: Door) -> Path:
    return expanded(door.state.cwd or ".")


async def run_shell(
    command: str, folder: Path, *, limit_s: float = LIMIT_S
) -> tuple[int | None, str]:
    """Run a command line of the person's own in a shell.

    Returns:
        The exit code, None if it was stopped, and what it printed: standard output,
        else the error stream.
    """
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit_s):
            printed, complaint = await process.communicate()
    except (TimeoutError, asyncio.CancelledError) as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise
        return None, ""
    text = printed.decode("utf-8", "replace")
    return process.returncode, text if text.strip() else complaint.decode("utf-8", "replace")


def _alias(name: str, target: str) -> Callable[[Door, str], Awaitable[None]]:
    async def run(door: Door, argument: str) -> None:
        command = parse(f"{target} {argument}".strip())
        found = None
        if command is not None:
            found = next(
                (one for one in COMMAND_REGISTRY.all() if command[0] in (one.name, *one.aliases)),
                None,
            )
        if found is None or command is None:
            door.tell_error(f"/{name} stands for {target}, which is no command", hint="/help")
        else:
            await found.run(door, command[1])

    return run


def _mistake(name: str) -> Callable[[Door, str], Awaitable[None]]:
    async def run(door: Door, argument: str) -> None:
        door.tell_error(f"quick_commands.{name} is not understood", hint=f"write {_FORMS}")

    return run


def commands_in_force(written: object) -> list[SlashCommand]:
    """Return every command in the order of looking up: the program's, then one's own."""
    return [*COMMAND_REGISTRY.all(), *quick_commands(written)]
