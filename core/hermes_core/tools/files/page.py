"""Numbered lines of a text, with secrets masked before anything is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

MAX_LINE_CHARS = 2_000
_LOOK_CHARS = 2 * MAX_LINE_CHARS
_CUT = "... [truncated]"
_CHUNK_BYTES = 1 << 20

Mask = Callable[[str], tuple[str, bool]]
"""Returns the masked text and whether anything was masked."""


def numbered(lines: Sequence[str], first: int, mask: Mask) -> tuple[str, bool]:
    """Return lines as `     1|text`, cut at 2,000 characters, and whether any was masked.

    Args:
        lines: The page, without line ends.
        first: Number of its first line.
        mask: Applied to the page as a whole, since a secret may span lines.
    """
    looked = [line[:_LOOK_CHARS] for line in lines]
    shown, masked = mask("\n".join(looked))
    rows = shown.split("\n") if lines else []
    rows += [""] * (len(lines) - len(rows))  # a block of several lines became one
    return "\n".join(f"{n:6}|{_cut(row)}" for n, row in enumerate(rows, first)), masked


def mask_key_blocks(text: str, mask: Mask) -> str:
    """Mask private keys of several lines in the whole text, keeping the count of lines.

    A page may begin inside a key; its lines alone would not be recognised.
    """
    parts: list[str] = []
    at = 0
    while (begin := text.find("-----BEGIN", at)) >= 0:
        stop = text.find("-----END", begin)
        if stop < 0:
            break
        line_end = text.find("\n", stop)
        stop = len(text) if line_end < 0 else line_end
        block = text[begin:stop]
        shown, masked = mask(block)
        lost = block.count("\n") - shown.count("\n")
        parts += (text[at:begin], shown, "\n" * lost if masked else "")
        at = stop
    return "".join(parts) + text[at:]


def scan(path: Path, offset: int, limit: int) -> tuple[list[str], int]:
    """Return a page of a large file and its number of lines, reading it in pieces.

    A line is kept up to 4,000 bytes; more than that is never shown.
    """
    page: list[bytes] = []
    number = 1
    held = b""
    ends_open = False
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            ends_open = not chunk.endswith(b"\n")
            pieces = chunk.split(b"\n")
            for piece in pieces[:-1]:
                if offset <= number < offset + limit:
                    page.append((held + piece)[:_LOOK_CHARS])
                held = b""
                number += 1
            if len(held) < _LOOK_CHARS:
                held = (held + pieces[-1])[:_LOOK_CHARS]
    if ends_open and offset <= number < offset + limit:
        page.append(held)
    total = number if ends_open else number - 1
    return [line.decode("utf-8", "replace").removesuffix("\r") for line in page], total


def _cut(row: str) -> str:
    return row if len(row) <= MAX_LINE_CHARS else row[:MAX_LINE_CHARS] + _CUT
