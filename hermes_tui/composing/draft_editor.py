"""Writing the draft in the editor of the person."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from hermes_core.errors import HermesError

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

_USUAL = "vi"
_HINT = "set VISUAL or EDITOR"


class EditorFailed(HermesError):
    """The editor could not be started, or ended with an error."""


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """Return the editor as words: `VISUAL`, else `EDITOR`, else vi.

    Raises:
        EditorFailed: What is named there has an open quote.
    """
    named = environ.get("VISUAL", "").strip() or environ.get("EDITOR", "").strip()
    try:
        return shlex.split(named) or [_USUAL]
    except ValueError as error:
        raise EditorFailed(f"{named} names no editor: {error}", hint=_HINT) from error


async def edited(
    text: str,
    command: list[str],
    free: AbstractContextManager[None],
    *,
    terminal: Path | None = None,
) -> str:
    """Let a text be changed in an editor and return it.

    Args:
        text: What the editor shows first.
        command: The editor, the file comes last.
        free: Entered while the editor has the terminal.
        terminal: Where the editor runs; None takes the one of this process.

    Raises:
        EditorFailed: It could not be started or ended with an error; the text is kept
            by the caller.
    """
    with tempfile.TemporaryDirectory(prefix="hermes-draft-") as folder:
        file = Path(folder) / "draft.md"
        file.write_text(f"{text}\n" if text else "", encoding="utf-8")
        try:
            with free:
                # The conversation goes on meanwhile: the loop is not held up.
                code = await asyncio.to_thread(
                    _run, [*command, str(file)], terminal or Path(os.ctermid())
                )
        except SuspendNotSupported as error:
            raise EditorFailed("There is no terminal here that an editor could have") from error
        if code:
            raise EditorFailed(f"{command[0]} ended with {code}; the draft is as it was")
        return file.read_text(encoding="utf-8", errors="replace").rstrip("\n")


def _run(words: list[str], terminal: Path) -> int:
    try:
        with terminal.open("r+b", buffering=0) as stream:
            return subprocess.call(words, stdin=stream, stdout=stream, stderr=stream)
    except OSError as error:
        raise EditorFailed(f"{words[0]} cannot be started: {error.strerror}", hint=_HINT) from error


async def edit_draft(host: HermesApp) -> None:
    """Open the draft in an editor; what it leaves is the draft, not sent."""
    composer = host.chat.composer
    whole = composer.whole_draft
    try:
        with host.batch_update():
            text = await edited(whole, editor_command(os.environ), host.suspend())
    except EditorFailed as error:
        host.tell_error(str(error), hint=error.hint)
        return
    finally:
        host.viewing.redraw()
    composer.set_draft(text)
    composer.focus_field()
