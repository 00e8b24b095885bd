"""read_file: lines of a text file. Touches nothing; reads what the guard allows."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from hermes_core.errors import ToolError
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.files.kinds import BINARY, IMAGES
from hermes_core.tools.files.masking import mask_of
from hermes_core.tools.files.page import Mask, mask_key_blocks, numbered, scan
from hermes_core.tools.files.read_memory import ReadMemory, blocks, content_version, warns
from hermes_core.tools.files.similar import similar_paths
from hermes_core.tools.files.text_file import count_lines, counted_lines, decode, looks_binary

MAX_LINES = 2_000
_WHOLE_BYTES = 16 << 20
_LARGE_BYTES = 512_000
_WIDE_LINES = 200


class ReadFileArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    path: Annotated[str, msgspec.Meta(description="File to read: absolute, relative or ~/path.")]
    offset: Annotated[
        int, msgspec.Meta(description="First line, from 1.", extra_json_schema={"minimum": 1})
    ] = 1
    limit: Annotated[
        int,
        msgspec.Meta(
            description="Most lines, up to 2000.",
            extra_json_schema={"minimum": 1, "maximum": MAX_LINES},
        ),
    ] = 500


class Page(Struct, frozen=True):
    """Part of a file."""

    lines: list[str]
    total_lines: int
    size: int
    """Of the whole file, in bytes."""
    version: str


class ReadFile(Tool[ReadFileArgs]):
    """Shows a page of a text file."""

    name = "read_file"
    toolset = "file"
    kind = "read"
    parallel = "safe"
    has_effects = False
    max_result_chars = None
    masks_itself = True
    args_type = ReadFileArgs

    def preview(self, args: ReadFileArgs) -> str:
        """The path, and where reading starts if not at the top."""
        return args.path if args.offset <= 1 else f"{args.path}:{args.offset}"

    def paths(self, args: ReadFileArgs) -> tuple[str, ...]:
        """The file."""
        return (args.path,)

    async def run(self, args: ReadFileArgs, ctx: ToolContext) -> ToolResult:
        """Return content, counts and hints.

        Raises:
            ToolError: The file is missing, closed, binary, or the page is too large.
        """
        path = ctx.permissions.readable(ctx.resolve(args.path))
        offset, limit = max(1, args.offset), min(max(1, args.limit), MAX_LINES)
        refusal = await asyncio.to_thread(_refusal, args.path, path)
        if refusal is not None:
            return refusal
        mask = mask_of(ctx)
        try:
            page = await _page(path, offset, limit, ctx, mask)
        except OSError as error:
            raise ToolError(f"{args.path} cannot be read: {error.strerror or error}") from error
        memory = ctx.service(ReadMemory)
        memory.saw(path, page.version)
        repeats = memory.repeats(("read_file", path, offset, limit), page.version)
        if blocks(repeats):
            return _blocked(args.path, repeats)
        warning = _repeat_warning(repeats)
        if memory.returned(path, offset, limit, version=page.version):
            return _unchanged(page, warning)
        content, masked = await asyncio.to_thread(numbered, page.lines, offset, mask)
        if len(content) > ctx.settings.file_read_max_chars:
            return _too_large(args.path, page, len(content), ctx.settings.file_read_max_chars)
        memory.remember(path, offset, limit, page.version, ctx.call_id)
        data = _data(page, content, offset, limit)
        if masked:
            data["redacted"] = True
        if warning:
            data["_warning"] = warning
        count = len(page.lines)
        return ToolResult(
            data=data, summary=counted_lines(count), preview=content[:2_000], lines=count
        )


async def _page(path: Path, offset: int, limit: int, ctx: ToolContext, mask: Mask) -> Page:
    status = await asyncio.to_thread(path.stat)
    if status.st_size > _WHOLE_BYTES:
        lines, total = await asyncio.to_thread(scan, path, offset, limit)
        version = f"{status.st_mtime_ns}:{status.st_size}"
        return Page(lines, total, status.st_size, version)
    data = await ctx.files.read_bytes(path)
    return await asyncio.to_thread(_page_of, data, offset, limit, mask)


def _page_of(data: bytes, offset: int, limit: int, mask: Mask) -> Page:
    if looks_binary(data):
        raise ToolError(
            "the content is binary, not text",
            code="binary",
            hint="Use the terminal to look at it (file, xxd, strings).",
        )
    if data.startswith(b"%PDF-"):
        raise ToolError(
            "the file is a PDF", code="binary", hint="Use the terminal: pdftotext FILE -"
        )
    text = mask_key_blocks(decode(data).text, mask)
    total = count_lines(text)
    lines = text.split("\n")[:total]
    return Page(lines[offset - 1 : offset - 1 + limit], total, len(data), content_version(data))


def _data(page: Page, content: str, offset: int, limit: int) -> dict[str, Any]:
    following = offset + limit
    truncated = following <= page.total_lines
    data: dict[str, Any] = {
        "content": content,
        "total_lines": page.total_lines,
        "file_size": page.size,
        "truncated": truncated,
        "is_binary": False,
        "is_image": False,
    }
    if truncated:
        data["hint"] = f"Use offset={following} to read on ({page.total_lines} lines in all)."
        if page.size > _LARGE_BYTES and limit > _WIDE_LINES:
            data["_hint"] = "The file is large: search_files or a smaller limit saves context."
    elif offset > max(1, page.total_lines):
        data["hint"] = f"The file ends at line {page.total_lines}."
    return data


def _refusal(shown: str, path: Path) -> ToolResult | None:
    """Everything that is answered without opening the file."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        data: dict[str, Any] = {"error": f"File not found: {shown}"}
        if similar := similar_paths(path):
            data["similar_files"] = similar
        return ToolResult(data=data, ok=False, summary="not found")
    except OSError as error:
        raise ToolError(f"{shown} cannot be read: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        raise ToolError(f"{shown} is a folder", hint="Use search_files with target=files.")
    if not stat.S_ISREG(mode):
        raise ToolError(f"{shown} is no regular file (a device, pipe or socket)")
    ending = path.suffix.lower()
    if ending in IMAGES:
        return _not_text(shown, "an image", "Use vision_analyze to see it.", is_image=True)
    if ending in BINARY:
        hint = "Use the terminal to look at it or to convert it."
        return _not_text(shown, f"a binary file ({ending})", hint, is_image=False)
    return None


def _not_text(shown: str, what: str, hint: str, *, is_image: bool) -> ToolResult:
    data = {"error": f"{shown} is {what}", "is_binary": True, "is_image": is_image, "_hint": hint}
    return ToolResult(data=data, ok=False, summary="image" if is_image else "binary")


def _unchanged(page: Page, warning: str | None) -> ToolResult:
    data: dict[str, Any] = {
        "status": "unchanged",
        "content_returned": False,
        "dedup": True,
        "total_lines": page.total_lines,
        "file_size": page.size,
        "_hint": "You have this region already, in the result of an earlier call.",
    }
    if warning:
        data["_warning"] = warning
    return ToolResult(data=data, summary="unchanged")


def _repeat_warning(repeats: int) -> str | None:
    if not warns(repeats):
        return None
    return f"This is the same call {repeats} times in a row; the next one is refused."


def _blocked(shown: str, repeats: int) -> ToolResult:
    error = f"BLOCKED: {shown} was read {repeats} times in a row and did not change. Go on."
    return ToolResult(data={"error": error, "already_read": repeats}, ok=False, summary="blocked")


def _too_large(shown: str, page: Page, chars: int, most: int) -> ToolResult:
    error = f"{shown}: this part has {chars} characters, {most} at most. Use offset and limit."
    data = {"error": error, "total_lines": page.total_lines, "file_size": page.size}
    return ToolResult(data=data, ok=False, summary="too large")
