"""patch: change parts of one file, or of several at once. Touches the named files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from hermes_core.errors import ToolError
from hermes_core.events import FileDiff
from hermes_core.messages import clean_text
from hermes_core.tools.base import Tool, ToolContext, ToolResult
from hermes_core.tools.files import v4a
from hermes_core.tools.files.changes import Change, carry_out, current, stale_warning
from hermes_core.tools.files.diffs import change_summary, unified
from hermes_core.tools.files.fuzzy import plan_replace
from hermes_core.tools.files.masking import mask_of, masked_diff
from hermes_core.tools.files.page import Mask
from hermes_core.tools.files.read_memory import ReadMemory
from hermes_core.tools.files.syntax import check
from hermes_core.tools.files.text_file import TextFile, decode, looks_binary, unix_lines
from hermes_core.tools.files.tree_plan import plan_patch

_MAX_DIFF_CHARS = 20_000


class PatchArgs(msgspec.Struct, frozen=True):
    """What the model may say."""

    mode: Annotated[
        Literal["replace", "patch"],
        msgspec.Meta(description="replace: one place in one file; patch: a patch text."),
    ] = "replace"
    path: Annotated[str, msgspec.Meta(description="File to change (mode replace).")] = ""
    old_string: Annotated[
        str, msgspec.Meta(description="Text to find, unique in the file (mode replace).")
    ] = ""
    new_string: Annotated[
        str, msgspec.Meta(description="Text to put there; may be empty (mode replace).")
    ] = ""
    replace_all: Annotated[
        bool, msgspec.Meta(description="Change every occurrence (mode replace).")
    ] = False
    patch: Annotated[str, msgspec.Meta(description="The patch text (mode patch).")] = ""


class Patch(Tool[PatchArgs]):
    """Edits text in place, keeping every byte it does not mean."""

    name = "patch"
    toolset = "file"
    masks_itself = True
    kind = "edit"
    parallel = "path"
    args_type = PatchArgs

    def preview(self, args: PatchArgs) -> str:
        """The path, or the first file of a patch and how many more there are."""
        if args.mode == "replace":
            return args.path
        paths = self.paths(args)
        if not paths:
            return "patch"
        return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"

    def paths(self, args: PatchArgs) -> tuple[str, ...]:
        """Every file named; none if the patch cannot be parsed."""
        if args.mode == "replace":
            return (args.path,) if args.path else ()
        try:
            operations = v4a.parse(args.patch)
        except ToolError:
            return ()
        return tuple(
            dict.fromkeys(
                path
                for operation in operations
                for path in (operation.path, operation.target)
                if path
            )
        )

    async def run(self, args: PatchArgs, ctx: ToolContext) -> ToolResult:
        """Return the diff, what was touched, and whether the files still parse.

        Raises:
            ToolBlocked: The guard or the person refused; nothing was changed.
            ToolError: A place was not found or is not unique; nothing was changed.
        """
        if args.mode == "replace":
            return await self._replace(args, ctx)
        return await self._apply(args, ctx)

    async def _replace(self, args: PatchArgs, ctx: ToolContext) -> ToolResult:
        if not args.path.strip():
            raise ToolError("path is needed in mode replace")
        path = await asyncio.to_thread(ctx.resolve(args.path).resolve)
        before = await readable_text(args.path, path, ctx)
        file = decode(before)
        old, new = unix_lines(args.old_string), unix_lines(clean_text(args.new_string))
        edit = await asyncio.to_thread(
            plan_replace, file.text, old, new, replace_all=args.replace_all
        )
        changed = file.spliced(edit.splices)
        stale = stale_warning(path, before, ctx.service(ReadMemory))
        change = Change(
            shown=args.path, path=path, before=before, after=encoded(args.path, changed)
        )
        extra: dict[str, Any] = {"strategy": edit.strategy, "similarity": round(edit.similarity, 2)}
        if len(edit.splices) > 1:
            extra["replacements"] = len(edit.splices)
        return await self._finish([change], ctx, stale, extra)

    async def _apply(self, args: PatchArgs, ctx: ToolContext) -> ToolResult:
        if not args.patch.strip():
            raise ToolError("patch is needed in mode patch")
        operations = v4a.parse(clean_text(args.patch))
        changes = await plan_patch(operations, ctx)
        memory = ctx.service(ReadMemory)
        stale = [stale_warning(change.path, change.before, memory) for change in changes]
        return await self._finish(changes, ctx, " ".join(filter(None, stale)), {})

    async def _finish(
        self,
        changes: Sequence[Change],
        ctx: ToolContext,
        stale: str | None,
        extra: dict[str, Any],
    ) -> ToolResult:
        await carry_out(changes, ctx, cause="before patch")
        ctx.service(ReadMemory).note_tool(self.name)
        data, diffs = await asyncio.to_thread(_described, changes, mask_of(ctx))
        data |= extra
        if stale:
            data["_warning"] = stale
        return ToolResult(data=data, summary=change_summary(diffs), diffs=diffs)


async def readable_text(shown: str, path: Path, ctx: ToolContext) -> bytes:
    """Return the bytes of a text file that is to be changed.

    Raises:
        ToolBlocked: The guard closes the file to reading.
        ToolError: It is missing or binary.
    """
    data = await current(ctx.permissions.readable(path), ctx)
    if data is None:
        raise ToolError(f"File not found: {shown}")
    if looks_binary(data):
        raise ToolError(f"{shown} is binary; patch changes text only", code="binary")
    return data


def encoded(shown: str, file: TextFile) -> bytes:
    """Return the file's bytes.

    Raises:
        ToolError: A new character has no place in the file's encoding.
    """
    try:
        return file.encode()
    except UnicodeEncodeError as error:
        wrong = error.object[error.start]
        raise ToolError(f"{shown} is {file.encoding}, which has no {wrong!r}") from error


def _described(
    changes: Sequence[Change], mask: Mask
) -> tuple[dict[str, Any], tuple[FileDiff, ...]]:
    data: dict[str, Any] = {"success": True}
    diffs = tuple(masked_diff(change.diff(), mask) for change in changes)
    texts = []
    lint: dict[str, Any] = {}
    for change in changes:
        before, after = _text(change.before), _text(change.after)
        texts.append(unified(change.shown, before, after))
        if change.after is None:
            data.setdefault("files_deleted", []).append(change.shown)
            continue
        key = "files_created" if change.before is None else "files_modified"
        data.setdefault(key, []).append(change.shown)
        lint[change.shown] = check(change.shown, before, after)
    diff, _ = mask("".join(texts))
    if len(diff) > _MAX_DIFF_CHARS:
        diff = diff[: diff.rfind("\n", 0, _MAX_DIFF_CHARS) + 1]
        data["_hint"] = "The diff is cut; read the file to see the rest."
    data["diff"] = diff
    if lint:
        data["lint"] = next(iter(lint.values())) if len(changes) == 1 else lint
    return data, diffs


def _text(data: bytes | None) -> str:
    return "" if data is None or looks_binary(data) else decode(data).text
