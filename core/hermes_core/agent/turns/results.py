"""From what a tool returned to what the model reads: one JSON text, masked, not too long.

One result is at most `Tool.max_result_chars`; all results of one step together at
most `STEP_LIMIT_CHARS`. What is longer is written to a file and replaced by a block
that names the file and shows its beginning.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from hermes_core.errors import ToolError

STEP_LIMIT_CHARS = 200_000
PREVIEW_CHARS = 1_500

_log = logging.getLogger(__name__)


class ResultText(Struct, frozen=True):
    """The text for the model, and where the whole is if it was spilled."""

    text: str
    spilled_path: str | None = None


def to_json(data: dict[str, Any]) -> str:
    """Return the wire JSON of a result; other characters than ASCII stay as they are."""
    return json.dumps(data, ensure_ascii=False, default=str)


def error_json(error: ToolError) -> str:
    """Return what the model reads about a failure."""
    data: dict[str, Any] = {"error": str(error)}
    if error.code == "blocked":
        data["status"] = "blocked"
    if error.hint:
        data["_hint"] = error.hint
    return to_json(data)


def limit_result(text: str, *, limit: int | None, folder: Path, call_id: str) -> ResultText:
    """Spill one result if it is longer than its tool's limit. Blocking.

    Args:
        text: The masked JSON.
        limit: In characters; None: the tool limits itself.
        folder: Where spill files of this session go; made if missing.
        call_id: Names the file.
    """
    if limit is None or len(text) <= limit:
        return ResultText(text)
    return _spill(text, folder, call_id)


def limit_step(
    results: Sequence[ResultText], *, folder: Path, ids: Sequence[str]
) -> list[ResultText]:
    """Spill the largest results of a step until all fit together. Blocking."""
    limited = list(results)
    by_size = sorted(range(len(limited)), key=lambda i: -len(limited[i].text))
    total = sum(len(result.text) for result in limited)
    for index in by_size:
        if total <= STEP_LIMIT_CHARS:
            break
        result = limited[index]
        if result.spilled_path is not None:
            continue
        limited[index] = _spill(result.text, folder, ids[index])
        total += len(limited[index].text) - len(result.text)
    return limited


def _spill(text: str, folder: Path, call_id: str) -> ResultText:
    preview = text[:PREVIEW_CHARS]
    newline = preview.rfind("\\n")
    if newline > PREVIEW_CHARS // 2:
        preview = preview[:newline]
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in call_id)[:80] or "result"
    path = folder / f"{safe}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(_readable(text), "utf-8")
        path.chmod(0o600)
    except OSError as error:
        _log.warning("a long tool result could not be saved: %s", error)
        note = (
            f"[Truncated: tool response was {len(text):,} chars. Full output could not be saved.]"
        )
        return ResultText(f"{preview}\n{note}")
    block = (
        "<persisted-output>\n"
        f"The result is {len(text):,} characters long and was saved to: {path}\n"
        "Read it in pages with read_file (offset and limit). It begins:\n\n"
        f"{preview}\n"
        "</persisted-output>"
    )
    return ResultText(block, str(path))


def _readable(text: str) -> str:
    """Put the long strings of a JSON result on real lines, so that it can be paged."""
    try:
        data = json.loads(text)
    except ValueError:
        return text
    if not isinstance(data, dict):
        return text
    parts = []
    for key, value in data.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        parts.append(f"## {key}\n{shown}\n")
    return "\n".join(parts)
