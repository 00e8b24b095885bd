"""The three standard streams, made safe to write to whatever the program was started with."""

from __future__ import annotations

import io
import os
import sys
from typing import Literal, TextIO

_UNICODE = ("utf-8", "utf8")


def prepare_streams() -> None:
    """Open what is closed on nothing, and let no character stop the output.

    A file opened later must never get the number of a standard stream: whoever writes
    to that stream would write into the file. Characters that the stream's encoding
    does not have are shown as `?`.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = _stream(0, "r")
    if sys.stdout is None:
        sys.stdout = _stream(1, "w")
    if sys.stderr is None:
        sys.stderr = _stream(2, "w")
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _stream(descriptor: int, mode: Literal["r", "w"]) -> TextIO:
    return os.fdopen(descriptor, mode, encoding="utf-8", errors="replace", closefd=False)


def takes_unicode() -> bool:
    """Whether standard output has every character."""
    return (sys.stdout.encoding or "").lower() in _UNICODE


def silence_output() -> None:
    """Write nothing more to standard output, not even while Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def output_problem() -> OSError | None:
    """Why what was written does not reach standard output; None if it did.

    After a problem nothing more is written there.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence_output()  # the reader left, which is no problem of ours
    except OSError as error:
        silence_output()
        return error
    return None
