"""Patches over several files: parse the text, find the hunks. Pure.

The grammar is the one models know, with the dialect of Codex accepted as well: an
open `@@ hint`, `*** Move to:`, `*** End of File`, blank lines as empty context.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from hermes_core.errors import ToolError
from hermes_core.tools.files.fuzzy import (
    Found,
    Span,
    adapted,
    line_number,
    locate,
    locate_similar,
    not_found,
)
from hermes_core.tools.files.text_file import Splice, TextFile

_HEADER = re.compile(r"\*\*\* ?(Update File|Add File|Delete File|Move File|Move to): ?(.*)")
_BOUND = re.compile(r"\*\*\* ?(Begin Patch|End Patch|End of File)\s*")
_HUNK = re.compile(r"@@(?: (.*?))?(?: ?@@.*)?")
_POSITION = re.compile(r"-\d+(?:,\d+)? \+\d+(?:,\d+)?")
_BEFORE_HINT, _AFTER_HINT = 500, 2_000


class Hunk(Struct):
    """One change: lines with their sign, and where to look for them."""

    hint: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    """Sign (` `, `-`, `+`) and text."""
    at_end: bool = False
    """The hunk's last line is the file's last line."""

    @property
    def old(self) -> list[str]:
        """Context and removed lines."""
        return [text for sign, text in self.lines if sign != "+"]

    @property
    def new(self) -> list[str]:
        """Context and added lines."""
        return [text for sign, text in self.lines if sign != "-"]


class Operation(Struct):
    """What a patch does to one file."""

    kind: Literal["update", "add", "delete", "move"]
    path: str
    target: str = ""
    """New path of a move, also after an update."""
    hunks: list[Hunk] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    """Lines of an added file."""


def parse(patch: str) -> list[Operation]:
    """Return the operations in order.

    Raises:
        ToolError: The text is no patch; the message names the line.
    """
    operations: list[Operation] = []
    for number, line in enumerate(patch.replace("\r\n", "\n").split("\n"), 1):
        if header := _HEADER.fullmatch(line.rstrip()):
            _open(operations, header[1], header[2].strip(), number)
        elif bound := _BOUND.fullmatch(line):
            if bound[1] == "End of File" and operations and operations[-1].hunks:
                operations[-1].hunks[-1].at_end = True
            elif bound[1] == "End Patch":
                break
        elif operations:
            _take(operations[-1], line, number)
        elif line.strip():
            raise ToolError(f"patch line {number}: expected '*** Update File: PATH' or the like")
    if not operations:
        raise ToolError("the patch names no file")
    for operation in operations:
        _check(operation)
    return operations


def apply_hunks(file: TextFile, hunks: Sequence[Hunk]) -> TextFile:
    """Return the file with all hunks applied; later ones see the earlier.

    Raises:
        ToolError: A hunk has no place, or more than one.
    """
    for hunk in hunks:
        splice = _insertion(file.text, hunk) if not hunk.old else _replacement(file.text, hunk)
        file = file.spliced([splice])
    return file


def _open(operations: list[Operation], kind: str, path: str, number: int) -> None:
    if not path:
        raise ToolError(f"patch line {number}: no path")
    match kind:
        case "Update File":
            operations.append(Operation("update", path))
        case "Add File":
            operations.append(Operation("add", path))
        case "Delete File":
            operations.append(Operation("delete", path))
        case "Move File":
            source, arrow, target = path.partition(" -> ")
            if not arrow or not target.strip():
                raise ToolError(f"patch line {number}: expected 'OLD -> NEW'")
            operations.append(Operation("move", source.strip(), target.strip()))
        case _:
            if not operations or operations[-1].kind != "update":
                raise ToolError(f"patch line {number}: 'Move to' must follow 'Update File'")
            operations[-1].target = path


def _take(operation: Operation, line: str, number: int) -> None:
    if operation.kind == "add":
        if line.startswith("+"):
            operation.content.append(line[1:])
        elif line.strip():
            raise ToolError(f"patch line {number}: lines of an added file begin with '+'")
    elif operation.kind == "update":
        if opening := _HUNK.fullmatch(line):
            hint = (opening[1] or "").strip()
            operation.hunks.append(Hunk("" if _POSITION.fullmatch(hint) else hint))
        elif not line.startswith("\\"):
            if not operation.hunks:
                if not line.strip():
                    return
                operation.hunks.append(Hunk())
            sign, text = (line[0], line[1:]) if line[:1] in (" ", "-", "+") else (" ", line)
            operation.hunks[-1].lines.append((sign, text))
    elif line.strip():
        raise ToolError(f"patch line {number}: nothing may follow '{operation.kind}'")


def _check(operation: Operation) -> None:
    if operation.kind != "update":
        return
    for hunk in operation.hunks:
        # A blank line before the next header is layout, not context.
        while hunk.lines and hunk.lines[-1] == (" ", ""):
            hunk.lines.pop()
    operation.hunks = [
        hunk for hunk in operation.hunks if any(sign != " " for sign, _ in hunk.lines)
    ]
    if not operation.hunks and not operation.target:
        raise ToolError(f"{operation.path}: an update needs at least one hunk with changes")


def _replacement(text: str, hunk: Hunk) -> Splice:
    old, new = "\n".join(hunk.old), "\n".join(hunk.new)
    found = locate(text, old, whole_lines=True)
    if found is None and new.strip() and locate(text, new, whole_lines=True):
        raise ToolError("a hunk seems to be applied already", code="already_applied")
    found = found or _near_hint(text, hunk, old) or locate_similar(text, old)
    if found is None:
        raise not_found(text, old)
    span = _chosen(text, found, hunk)
    end = span.end
    if not hunk.new and text[end : end + 1] == "\n":
        end += 1  # all lines go, and so does the newline of the last
    return Splice(span.start, end, adapted(text, span, old, new, found.strategy))


def _chosen(text: str, found: Found, hunk: Hunk) -> Span:
    """The one span meant: the only one, else by file end, else the first after the hint."""
    spans: Sequence[Span] = found.spans
    if len(spans) > 1 and hunk.at_end:
        spans = [span for span in spans if not text[span.end :].strip("\n")] or spans
    at = _hint_at(text, hunk.hint)
    if len(spans) > 1 and at is not None:
        spans = [span for span in spans if span.start >= at][:1] or spans
    if len(spans) > 1:
        lines = ", ".join(str(line_number(text, span.start)) for span in spans[:10])
        raise ToolError(
            f"Found {len(spans)} places for a hunk (lines {lines}); "
            "give more context or a hint after @@",
            code="ambiguous",
        )
    return spans[0]


def _hint_at(text: str, hint: str) -> int | None:
    """Where the hint's only line begins; a line equal to the hint wins over longer ones."""
    if not hint:
        return None
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    lines = text.split("\n")
    equal = [at for at, line in zip(starts, lines, strict=True) if line.strip() == hint]
    holding = equal or [at for at, line in zip(starts, lines, strict=True) if hint in line]
    return holding[0] if len(holding) == 1 else None


def _near_hint(text: str, hunk: Hunk, old: str) -> Found | None:
    """Look in a window around the hint alone, where a similar block may be the only one."""
    at = _hint_at(text, hunk.hint)
    if at is None:
        return None
    start = text.rfind("\n", 0, max(0, at - _BEFORE_HINT)) + 1
    stop = text.find("\n", at + _AFTER_HINT)
    found = locate_similar(text[start : len(text) if stop < 0 else stop], old)
    if found is None:
        return None
    spans = tuple(Span(span.start + start, span.end + start) for span in found.spans)
    return Found(found.strategy, spans, found.similarity)


def _insertion(text: str, hunk: Hunk) -> Splice:
    """Added lines alone go after the hint's line, or to the end of the file."""
    added = "\n".join(hunk.new)
    if not hunk.hint:
        if text and not text.endswith("\n"):
            return Splice(len(text), len(text), f"\n{added}")
        return Splice(len(text), len(text), f"{added}\n")
    at = _hint_at(text, hunk.hint)
    if at is None:
        raise ToolError(
            f"the hint {hunk.hint!r} must name exactly one line of the file", code="ambiguous"
        )
    stop = text.find("\n", at)
    if stop < 0:
        return Splice(len(text), len(text), f"\n{added}")
    return Splice(stop + 1, stop + 1, f"{added}\n")
