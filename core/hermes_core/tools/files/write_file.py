"""write_file: replace or create one file. Touches that file and its missing folders."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hermes_core.errors import ToolError
from hermes_core.messages import clean_text
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.files.changes import Change, carry_out, current, stale_warning
from hermes_core.tools.files.diffs import change_summary
from hermes_core.tools.files.masking import mask_of, masked_diff
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.files.syntax import check
from hermes_core.tools.files.text_file import count_lines, counted_lines, decode, looks_binary


class WriteFileArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    path: Annotated[str, msgspec.Meta(description="File to write: absolute, relative or ~/path.")]
    content: Annotated[str, msgspec.Meta(description="The whole new content.")]


class WriteFile(Tool[WriteFileArgs]):
    """Writes a file by rename, after a snapshot."""

    name = "write_file"
    toolset = "file"
    masks_itself = True
    kind = "edit"
    parallel = "path"
    args_type = WriteFileArgs

    def preview(self, args: WriteFileArgs) -> str:
        """The path."""
        return args.path

    def paths(self, args: WriteFileArgs) -> tuple[str, ...]:
        """The file."""
        return (args.path,)

    async def run(self, args: WriteFileArgs, ctx: ToolContext) -> ToolResult:
        """Return the bytes written.

        Raises:
            ToolBlocked: The guard or the person refused.
            ToolError: The path is no file, the disk refused, or the text is masked.
        """
        if not args.path.strip():
            raise ToolError("path cannot be empty")
        path = await asyncio.to_thread(ctx.resolve(args.path).resolve)
        before = await current(path, ctx)
        after = clean_text(args.content).encode()
        change = Change(shown=args.path, path=path, before=before, after=after)
        memory = ctx.service(ReadMemory)
        stale = stale_warning(path, before, memory)
        new_folders = await asyncio.to_thread(_is_missing, path.parent)
        await carry_out([change], ctx, cause="before write_file")
        memory.note_tool(self.name)
        data: dict[str, Any] = {"bytes_written": len(after), "dirs_created": new_folders}
        lint = await asyncio.to_thread(_lint, args.path, before, args.content)
        if lint["status"] == "error":
            data["lint"] = lint
        if stale:
            data["_warning"] = stale
        diff = masked_diff(change.diff(), mask_of(ctx))
        lines = counted_lines(count_lines(args.content))
        summary = change_summary((diff,)) if before is not None else lines
        return ToolResult(data=data, summary=summary, diffs=(diff,))


def _is_missing(folder: Path) -> bool:
    return not folder.exists()


def _lint(path: str, before: bytes | None, after: str) -> dict[str, Any]:
    old = "" if before is None or looks_binary(before) else decode(before).text
    return check(path, old, after)
