"""From what a command printed to what the model reads of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from msgspec import Struct

from hermes_core.security.redaction import Redactor
from hermes_core.terminals.ansi import LiveText
from hermes_core.terminals.capture import OUTPUT_CHARS, Capture, clip

_PREVIEW_LINES = 20
_PREVIEW_CHARS = 2_000


class OutputText(Struct, frozen=True):
    """Output ready for the model."""

    text: str
    """Plain, masked, at most about 50,000 characters."""
    lines: int
    """Of the whole output."""
    saved: Path | None = None
    """The whole masked output, if it was too long."""


async def output_text(captured: Capture, redactor: Redactor, *, spill: Path) -> OutputText:
    """Decode, strip, mask, then cut; the whole goes to `spill` if it was cut.

    Masking comes before cutting: a secret cut in two would escape.

    Raises:
        OSError: The spill file cannot be written.
    """
    if captured.total_bytes <= OUTPUT_CHARS:
        return _rendered(captured, redactor, spill)
    return await asyncio.to_thread(_rendered, captured, redactor, spill)


def _rendered(captured: Capture, redactor: Redactor, spill: Path) -> OutputText:
    # piece by piece: one regular expression over megabytes would hold up every thread
    plain = LiveText()
    parts = [plain.feed(piece) for piece in captured.pieces()]
    text = "".join((*parts, plain.feed(b"", final=True)))
    text = redactor.redact(text).strip("\n").rstrip()
    lines = text.count("\n") + 1 if text else 0
    if len(text) <= OUTPUT_CHARS:
        return OutputText(text, lines)
    spill.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    spill.touch(mode=0o600)
    spill.write_text(text, "utf-8")
    return OutputText(clip(text), lines, spill)


def spill_path(folder: Path, session_id: str, call_id: str) -> Path:
    """Return where the whole output of a call is kept."""
    names = [re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80] or "_" for name in (session_id, call_id)]
    return folder / names[0] / f"{names[1]}-output.txt"


def last_lines(text: str) -> str:
    """Return the end of an output, as a person wants to see it first."""
    return "\n".join(text.splitlines()[-_PREVIEW_LINES:])[-_PREVIEW_CHARS:]
