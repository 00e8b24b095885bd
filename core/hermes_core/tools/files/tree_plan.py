"""From a parsed patch to the changes of files, validated against simulated contents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.tools.base import ToolContext
from hermes_core.tools.files.changes import Change, current
from hermes_core.tools.files.text_file import TextFile, decode, looks_binary
from hermes_core.tools.files.v4a import Operation, apply_hunks


class _Simulation:
    """What the disk would hold after the operations so far."""

    def __init__(self, ctx: ToolContext) -> None:
        self._ctx = ctx
        self.before: dict[Path, bytes | None] = {}
        self.after: dict[Path, bytes | None] = {}
        self.shown: dict[Path, str] = {}
        self.mode_of: dict[Path, Path] = {}

    async def open(self, shown: str) -> Path:
        """Resolve a path and know its content."""
        path = await asyncio.to_thread(self._ctx.resolve(shown).resolve)
        if path not in self.before:
            content = await current(self._ctx.permissions.readable(path), self._ctx)
            self.before[path] = self.after[path] = content
            self.shown[path] = shown
        return path

    async def run(self, operation: Operation) -> None:
        """Carry one operation out in the simulation."""
        path = await self.open(operation.path)
        if operation.kind == "add":
            if self.after[path] is not None:
                raise ToolError("the file exists already; use Update File")
            text = "\n".join(operation.content)
            self.after[path] = (f"{text}\n" if operation.content else "").encode()
            return
        content = self.after[path]
        if content is None:
            raise ToolError("File not found")
        if operation.kind == "delete":
            self.after[path] = None
            return
        if operation.hunks:
            content = await asyncio.to_thread(_updated, content, operation)
            self.after[path] = content
        if operation.target:
            await self._move(path, operation.target, content)

    async def _move(self, path: Path, target: str, content: bytes) -> None:
        destination = await self.open(target)
        if destination == path:
            raise ToolError("source and target of the move are the same file")
        if self.after[destination] is not None:
            raise ToolError(f"{target} exists already")
        self.after[destination], self.after[path] = content, None
        self.mode_of[destination] = path


async def plan_patch(operations: Sequence[Operation], ctx: ToolContext) -> list[Change]:
    """Return the changes a patch means; targets of moves come before their sources go.

    Raises:
        ToolError: Any operation cannot be done; the message lists all that cannot.
        ToolBlocked: One of the files is closed to reading.
    """
    simulation = _Simulation(ctx)
    problems: list[str] = []
    for operation in operations:
        try:
            await simulation.run(operation)
        except ToolBlocked:
            raise
        except ToolError as error:
            problems.append(f"- {operation.path}: {error}")
    if problems:
        raise ToolError(
            "Patch validation failed (no files were modified):\n" + "\n".join(problems),
            code="validation",
        )
    changes = [
        Change(
            shown=simulation.shown[path],
            path=path,
            before=before,
            after=simulation.after[path],
            mode_of=simulation.mode_of.get(path),
        )
        for path, before in simulation.before.items()
        if before != simulation.after[path]
    ]
    if not changes:
        raise ToolError("the patch changes nothing")
    return sorted(changes, key=lambda change: change.after is None)


def _updated(content: bytes, operation: Operation) -> bytes:
    if looks_binary(content):
        raise ToolError("the file is binary; patch changes text only")
    file: TextFile = apply_hunks(decode(content), operation.hunks)
    try:
        return file.encode()
    except UnicodeEncodeError as error:
        wrong = error.object[error.start]
        raise ToolError(f"the file is {file.encoding}, which has no {wrong!r}") from error
