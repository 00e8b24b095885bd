"""search_files: find text in files, or files by name. Touches nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from hermes_core.errors import ToolBlocked, ToolError
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.files.masking import mask_of
from hermes_core.tools.files.page import Mask
from hermes_core.tools.files.read_memory import ReadMemory, blocks, content_version, warns
from hermes_core.tools.files.ripgrep import Match, Output, parse_matches, run_ripgrep, shown_path
from hermes_core.tools.files.similar import similar_paths

MAX_LIMIT = 500
MAX_CONTEXT = 20
_MATCH_CHARS = 500
_GLOB_CHARACTERS = frozenset("*?[{")


class SearchFilesArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    pattern: Annotated[
        str, msgspec.Meta(description="Regular expression, or a glob for target=files.")
    ]
    target: Annotated[
        Literal["content", "files", "grep", "find"],
        msgspec.Meta(description="content: inside files; files: names."),
    ] = "content"
    path: Annotated[str, msgspec.Meta(description="Folder or file to search.")] = "."
    file_glob: Annotated[
        str, msgspec.Meta(description="Only files like this, e.g. *.py (target=content).")
    ] = ""
    limit: Annotated[int, msgspec.Meta(description="Most results.")] = 50
    offset: Annotated[int, msgspec.Meta(description="Results to skip.")] = 0
    output_mode: Annotated[
        Literal["content", "files_only", "count"],
        msgspec.Meta(description="Matching lines, only the files, or matches per file."),
    ] = "content"
    context: Annotated[int, msgspec.Meta(description="Lines around each match.")] = 0


class SearchFiles(Tool[SearchFilesArgs]):
    """Searches with ripgrep."""

    name = "search_files"
    toolset = "file"
    masks_itself = True
    kind = "search"
    parallel = "safe"
    has_effects = False
    args_type = SearchFilesArgs

    def preview(self, args: SearchFilesArgs) -> str:
        """The pattern and where."""
        where = args.path.strip()
        return args.pattern if where in ("", ".") else f"{args.pattern} in {where}"

    def paths(self, args: SearchFilesArgs) -> tuple[str, ...]:
        """The folder searched."""
        return (args.path.strip() or ".",)

    async def run(self, args: SearchFilesArgs, ctx: ToolContext) -> ToolResult:
        """Return a page of matches, files or counts.

        Raises:
            ToolError: The pattern is wrong, ripgrep is missing, or it took too long.
            ToolBlocked: The folder is closed to reading.
        """
        if not args.pattern:
            raise ToolError("pattern cannot be empty")
        shown = args.path.strip() or "."
        root = ctx.permissions.readable(ctx.resolve(shown))
        if not await asyncio.to_thread(root.exists):
            return await _missing(shown, root)
        search = _Search(args, root, ctx)
        data, summary = await search.run()
        # The version holds the results, so that a repeat counts only if nothing changed.
        version = content_version(msgspec.json.encode(data))
        repeats = ctx.service(ReadMemory).repeats(
            ("search_files", msgspec.structs.astuple(args)), version
        )
        if blocks(repeats):
            error = f"BLOCKED: the same search came {repeats} times in a row. Go on."
            return ToolResult(
                data={"error": error, "already_searched": repeats}, ok=False, summary="blocked"
            )
        if warns(repeats):
            data["_warning"] = "This is the same search again; the next one is refused."
        return ToolResult(data=data, summary=summary)


class _Search:
    """One search: arguments in, result out."""

    def __init__(self, args: SearchFilesArgs, root: Path, ctx: ToolContext) -> None:
        self._args = args
        self._ctx = ctx
        self._root = root
        self._folder = root if root.is_dir() else root.parent
        self._limit = min(max(1, args.limit), MAX_LIMIT)
        self._offset = max(0, args.offset)
        self._mask: Mask = mask_of(ctx)
        self._left_out = 0

    async def run(self) -> tuple[dict[str, Any], str]:
        if self._args.target in ("files", "find"):
            return await self._files(["--files", *_name_globs(self._args.pattern)])
        if self._args.output_mode == "files_only":
            return await self._files(["--files-with-matches", *self._content_arguments()])
        if self._args.output_mode == "count":
            return await self._counts()
        return await self._matches()

    async def _ripgrep(self, arguments: Sequence[str], separator: bytes = b"\n") -> Output:
        target = "." if self._root == self._folder else f"./{self._root.name}"
        return await run_ripgrep(
            ["--no-messages", *arguments, "--", target],
            cwd=self._folder,
            environ=self._ctx.permissions.child_environment(),
            cancel=self._ctx.cancel,
            separator=separator,
        )

    def _content_arguments(self) -> list[str]:
        arguments = [f"--regexp={self._args.pattern}"]
        if self._args.file_glob.strip():
            arguments.append(f"--glob={self._args.file_glob.strip()}")
        return arguments

    async def _files(self, arguments: Sequence[str]) -> tuple[dict[str, Any], str]:
        output = await self._ripgrep([*arguments, "--null"], b"\0")
        order = await asyncio.to_thread(_newest_first, self._folder, output.records)
        page = await asyncio.to_thread(self._open_ones, self._page(order))
        data = self._frame(len(order), output)
        data["files"] = [self._name(path) for path in page]
        return data, _count(len(order), "file")

    async def _counts(self) -> tuple[dict[str, Any], str]:
        arguments = ["--count-matches", "--with-filename", "--null", *self._content_arguments()]
        output = await self._ripgrep(arguments)
        counts = {
            path: int(number)
            for path, _, number in (record.partition(b"\0") for record in output.records)
        }
        order = await asyncio.to_thread(_newest_first, self._folder, list(counts))
        page = await asyncio.to_thread(self._open_ones, self._page(order))
        data = self._frame(sum(counts.values()), output, len(order))
        data["counts"] = {self._name(path): counts[path] for path in page}
        return data, _count(sum(counts.values()), "hit")

    async def _matches(self) -> tuple[dict[str, Any], str]:
        around = min(max(0, self._args.context), MAX_CONTEXT)
        arguments = ["--json", f"--context={around}", *self._content_arguments()]
        output = await self._ripgrep(arguments)
        found = await asyncio.to_thread(parse_matches, output.records)
        paths = list(dict.fromkeys(match.path for match in found))
        order = await asyncio.to_thread(_newest_first, self._folder, paths)
        rank = {path: number for number, path in enumerate(order)}
        found.sort(key=lambda match: (rank[match.path], match.line))
        page = self._page(found)
        allowed = set(await asyncio.to_thread(self._open_ones, [match.path for match in page]))
        data = self._frame(len(found), output)
        shown = [self._shown(match) for match in page if match.path in allowed]
        data["matches"] = [entry for entry, _ in shown]
        if any(masked for _, masked in shown):
            data["redacted"] = True
        return data, _count(len(found), "hit")

    def _page(self, found: Sequence[Any]) -> list[Any]:
        return list(found[self._offset : self._offset + self._limit])

    def _open_ones(self, paths: Sequence[bytes]) -> list[bytes]:
        """Leave out the files that are closed to reading."""
        verdicts: dict[bytes, bool] = {}
        for path in paths:
            if path not in verdicts:
                verdicts[path] = self._is_open(path)
        self._left_out = sum(not verdict for verdict in verdicts.values())
        return [path for path in paths if verdicts[path]]

    def _is_open(self, path: bytes) -> bool:
        try:
            self._ctx.permissions.readable(self._folder / os.fsdecode(path))
        except ToolBlocked:
            return False
        return True

    def _frame(self, total: int, output: Output, entries: int | None = None) -> dict[str, Any]:
        data: dict[str, Any] = {"total_count": total}
        following = self._offset + self._limit
        if following < (total if entries is None else entries) or not output.complete:
            data["truncated"] = True
            data["_hint"] = f"Use offset={following} for more, or a narrower pattern."
        if self._left_out:
            data["_warning"] = f"{self._left_out} files closed to reading were left out."
        elif output.errors:
            data["_warning"] = output.errors.split("\n")[0][:300]
        return data

    def _name(self, path: bytes) -> str:
        """The path as the model can use it: from the working folder if it lies there."""
        full = self._folder / shown_path(path)
        cwd = self._ctx.cwd
        return str(full.relative_to(cwd) if full.is_relative_to(cwd) else full)

    def _shown(self, match: Match) -> tuple[dict[str, Any], bool]:
        content, masked = self._mask(match.text[: 2 * _MATCH_CHARS])
        entry: dict[str, Any] = {
            "path": self._name(match.path),
            "line": match.line,
            "content": content[:_MATCH_CHARS],
        }
        for key, lines in (("before", match.before), ("after", match.after)):
            if lines:
                text, also = self._mask("\n".join(line[:_MATCH_CHARS] for line in lines))
                entry[key] = text.split("\n")
                masked = masked or also
        return entry, masked


async def _missing(shown: str, root: Path) -> ToolResult:
    similar = await asyncio.to_thread(similar_paths, root)
    error = f"Path not found: {shown}"
    if similar:
        error += ". Similar paths: " + ", ".join(similar)
    return ToolResult(data={"error": error, "total_count": 0}, ok=False, summary="not found")


def _name_globs(pattern: str) -> list[str]:
    """A glob as it is; a plain word anywhere in the name, in either case."""
    if _GLOB_CHARACTERS & set(pattern):
        return [f"--glob={pattern}"]
    return [f"--iglob=**/*{pattern}*" if "/" in pattern else f"--iglob=*{pattern}*"]


def _newest_first(folder: Path, paths: Sequence[bytes]) -> list[bytes]:
    base = os.fsencode(folder)

    def age(path: bytes) -> tuple[int, bytes]:
        try:
            return -os.stat(os.path.join(base, path)).st_mtime_ns, path  # noqa: PTH116, PTH118  names of any bytes
        except OSError:
            return 0, path

    return sorted(paths, key=age)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
