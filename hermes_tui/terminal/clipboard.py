"""Copying, and saying honestly what happened.

A clipboard of this machine is read back, so "Copied" is a fact. What goes through the
terminal (OSC 52) has no answer: there we say that it was sent, and no more.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from hermes_tui.terminal.wrapping import is_remote, multiplexer, through_screen, through_tmux

MAX_ENCODED_BYTES = 100_000
"""Terminals drop longer clipboard sequences; longer texts go to a file."""
SENT = "Sent to terminal"
COPIED = "Copied"


def copy_locally(text: str) -> bool:
    """Copy with the system's clipboard program; returns whether it can be read back."""
    import pyperclip  # measured: start-up, looks for programs

    try:
        pyperclip.copy(text)
        back = pyperclip.paste()
    except (pyperclip.PyperclipException, OSError):
        return False
    return bool(back.splitlines() == text.splitlines())


def paste_locally() -> str:
    """Return the text in the system's clipboard, nothing if there is none."""
    import pyperclip  # measured: start-up, looks for programs

    try:
        return str(pyperclip.paste() or "")
    except (pyperclip.PyperclipException, OSError):
        return ""


def clipboard_sequence(text: str, mode: str, environ: Mapping[str, str]) -> str:
    """Return what puts a text into the clipboard of the terminal.

    Args:
        text: What to copy.
        mode: `raw`, `tmux` or `screen` force one form, for a multiplexer at the near end
            of an SSH connection. `auto` goes by the environment: inside tmux both forms
            are sent, since `set-clipboard on` takes the raw one and `allow-passthrough
            on` the wrapped one.
        environ: Tells what lies around the program.

    Returns:
        The sequence; empty if the mode is `off` or the text is too long.
    """
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if mode == "off" or len(encoded) > MAX_ENCODED_BYTES:
        return ""
    raw = f"\x1b]52;c;{encoded}\x07"
    around = multiplexer(environ)
    if mode == "tmux":
        return through_tmux(raw)
    if mode == "screen" or (mode == "auto" and around == "screen"):
        return through_screen(raw)
    if mode == "auto" and around == "tmux":
        return raw + through_tmux(raw)
    return raw


def save_copy(text: str, path: Path) -> None:
    """Write a text into a file of this user alone; blocks.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


async def copy_text(
    text: str,
    *,
    write: Callable[[str], None],
    file: Path,
    mode: str = "auto",
    locally: Callable[[str], bool] = copy_locally,
    environ: Mapping[str, str] | None = None,
    is_web: bool = False,
) -> str:
    """Copy and return one line that says what was done.

    Over SSH and in a browser the local clipboard may be another machine's, so the
    terminal is asked first.

    Args:
        text: What to copy.
        write: Sends a control sequence.
        file: Takes what is too long for the terminal.
        mode: Of the terminal's clipboard, see `clipboard_sequence`.
        locally: Copies on this machine, in a thread; says whether that can be read back.
        environ: To see whether this is SSH or a multiplexer.
        is_web: Whether the terminal is a page in a browser.

    Raises:
        OSError: The text had to go to the file and that cannot be written.
    """
    environ = os.environ if environ is None else environ
    far = is_web or is_remote(environ)
    if not far and await asyncio.to_thread(locally, text):
        return COPIED
    sequence = clipboard_sequence(text, mode, environ)
    if sequence:
        write(sequence)
        return SENT if far else f"{SENT}{_advice()}"
    if far and mode == "off" and await asyncio.to_thread(locally, text):
        return "Copied on the far machine"
    await asyncio.to_thread(save_copy, text, file)
    why = "No clipboard here" if mode == "off" else "Too long for the terminal"
    return f"{why}; saved as {file}{_advice() if mode == 'off' else ''}"


def _advice() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    return " · for a local clipboard install xclip or wl-clipboard"
