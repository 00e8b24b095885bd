"""Run ripgrep as a process that never outlives its call."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from hermes_core.errors import Cancelled, ToolError
from hermes_core.ports import CancelToken

TIMEOUT_S = 60.0
_CHUNK_BYTES = 1 << 16
_MAX_RECORD_BYTES = 8 << 20
_MAX_RECORDS = 20_000


class Output(Struct):
    """What came back."""

    records: list[bytes] = field(default_factory=list)
    errors: str = ""
    """What ripgrep complained about."""
    complete: bool = True
    """False if it was stopped at 20,000 records."""


class Match(Struct):
    """One line that matched."""

    path: bytes
    line: int
    text: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def find_ripgrep(environ: Mapping[str, str], beside: Path | None = None) -> str | None:
    """Return the program: the system's, else the one in `beside` (this Python's folder)."""
    system = shutil.which("rg", path=environ.get("PATH"))
    own = (beside or Path(sys.executable).parent) / "rg"
    return system or (str(own) if own.is_file() else None)


async def run_ripgrep(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    cancel: CancelToken,
    separator: bytes = b"\n",
    timeout_s: float = TIMEOUT_S,
    beside: Path | None = None,
) -> Output:
    """Run `rg` and return its records.

    Args:
        arguments: Without the program.
        cwd: Where it runs.
        environ: Its whole environment.
        cancel: Kills it.
        separator: What ends a record.
        timeout_s: Until it is killed.
        beside: Where a program of our own lies, if not beside this Python.

    Raises:
        ToolError: ripgrep is missing, took too long, or refused the pattern.
        Cancelled: The turn was interrupted; the process is gone.
    """
    program = find_ripgrep(environ, beside)
    if program is None:
        raise ToolError(
            "search needs ripgrep (rg), which is not installed",
            code="missing",
            hint="Install the package ripgrep.",
        )
    cancel.raise_if_set()
    process = await asyncio.create_subprocess_exec(
        program,
        "--no-config",
        *arguments,
        cwd=cwd,
        env=dict(environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    unregister = cancel.on_set(lambda: _kill(process))
    try:
        async with asyncio.timeout(timeout_s):
            output = await _collect(process, separator)
    except TimeoutError as error:
        raise ToolError(
            f"the search took longer than {timeout_s:g} s", hint="Search a smaller folder."
        ) from error
    finally:
        unregister()
        _kill(process)
        await process.wait()
    if cancel.is_set:
        raise Cancelled
    if not output.records and process.returncode == 2 and output.errors:
        raise ToolError(_first_words(output.errors), code="bad_pattern")
    return output


def parse_matches(records: Sequence[bytes]) -> list[Match]:
    """Return the matches of `rg --json`, with the context lines around each."""
    matches: list[Match] = []
    context: list[tuple[int, str]] = []
    for record in records:
        event = msgspec.json.decode(record)
        kind, data = event["type"], event["data"]
        if kind == "begin":
            context = []
        elif kind in ("context", "match"):
            text = _raw(data["lines"]).decode("utf-8", "replace").rstrip("\r\n")
            if kind == "context":
                context.append((data["line_number"], text))
                continue
            matches.append(Match(_raw(data["path"]), data["line_number"] or 0, text))
        if kind == "end" and context:
            _place(matches, context, _raw(data["path"]))
    return matches


def shown_path(raw: bytes) -> str:
    """Return a path as text; bytes that are no UTF-8 are shown escaped."""
    text = raw.decode("utf-8", "backslashreplace")
    return text.removeprefix("./")


def _place(matches: Sequence[Match], context: Sequence[tuple[int, str]], path: bytes) -> None:
    """Give each context line to the nearest match of the file."""
    own = [match for match in matches if match.path == path]
    for number, text in context:
        nearest = min(own, key=lambda match: abs(match.line - number))
        (nearest.before if number < nearest.line else nearest.after).append(text)


async def _collect(process: asyncio.subprocess.Process, separator: bytes) -> Output:
    assert process.stdout is not None  # both are pipes, see the call
    assert process.stderr is not None
    output = Output()
    errors = asyncio.create_task(process.stderr.read(_CHUNK_BYTES))
    try:
        async for record in _records(process.stdout, separator):
            output.records.append(record)
            if len(output.records) >= _MAX_RECORDS:
                output.complete = False
                _kill(process)
                break
        output.errors = (await errors).decode("utf-8", "replace").strip()
    finally:
        errors.cancel()
    await process.wait()
    return output


async def _records(stream: asyncio.StreamReader, separator: bytes) -> AsyncIterator[bytes]:
    """Split the stream; a record above 8 MB is dropped, it would only be cut anyway."""
    held = bytearray()
    too_long = False
    while chunk := await stream.read(_CHUNK_BYTES):
        *whole, rest = chunk.split(separator)
        for piece in whole:
            held += piece
            if held and not too_long:
                yield bytes(held)
            held.clear()
            too_long = False
        if len(held) + len(rest) > _MAX_RECORD_BYTES:
            too_long = True
            held.clear()
        if not too_long:
            held += rest
    if held and not too_long:
        yield bytes(held)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _raw(value: Mapping[str, Any]) -> bytes:
    text = value.get("text")
    return text.encode() if text is not None else base64.b64decode(value["bytes"])


def _first_words(errors: str) -> str:
    lines = [line.strip() for line in errors.removeprefix("rg: ").split("\n") if line.strip()]
    return " ".join(lines)[:500]
