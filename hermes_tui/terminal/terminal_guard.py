"""Nothing but the screen writes to the terminal while it is drawn.

Native libraries and child processes write to the file descriptors 1 and 2, past all
of Python; a line of theirs in the middle of a picture stays until the next repaint.
While the screen is up both lead into a log file, and the screen itself draws through
a copy of the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

PUSH_TITLE = "\x1b[22;2t"
POP_TITLE = "\x1b[23;2t"
MAX_LOG_BYTES = 1_000_000
"""A larger log of stray output begins anew."""


@contextmanager
def guarded_terminal(log: Path, *, keeps_title: bool = True) -> Iterator[None]:
    """Lead stray output into a file, and put everything back at the end.

    Args:
        log: Where it goes; its folder is made. What is written there was meant for a
            terminal and is not cleaned.
        keeps_title: Save the window's title and give it back, by control sequences.

    Raises:
        OSError: The log cannot be opened.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_long = log.exists() and log.stat().st_size > MAX_LOG_BYTES
    mode = os.O_TRUNC if is_long else os.O_APPEND
    stray = os.open(log, os.O_WRONLY | os.O_CREAT | mode, 0o600)
    kept = {number: os.dup(number) for number in (1, 2)}
    before = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    for stream in before[:2]:
        stream.flush()
    out, err = _opened(kept[1]), _opened(kept[2])
    try:
        for number in (1, 2):
            os.dup2(stray, number)
        _use(out, err, out, err)
        if keeps_title:
            err.write(PUSH_TITLE)
            err.flush()
        yield
    finally:
        for stream in (out, err):
            stream.flush()
        if keeps_title:
            err.write(POP_TITLE)
            err.flush()
        for number, copy in kept.items():
            os.dup2(copy, number)
        _use(*before)
        for stream in (out, err):
            stream.close()
        for number in (stray, *kept.values()):
            os.close(number)


def _use(out: TextIO, err: TextIO, first_out: TextIO | None, first_err: TextIO | None) -> None:
    """Make these the streams of Python, those of its start (which the toolkit takes) too."""
    sys.stdout, sys.stderr = out, err
    sys.__stdout__ = first_out  # type: ignore[misc, assignment]  # final by its stub alone
    sys.__stderr__ = first_err  # type: ignore[misc, assignment]  # final by its stub alone


def _opened(number: int) -> TextIOWrapper:
    return open(number, "w", encoding="utf-8", errors="replace", closefd=False)
