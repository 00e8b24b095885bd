"""Nothing but the screen writes to the terminal while it is drawn.

Native libraries and child processes write to the file descriptors 1 and 2, past all
of Python; a line of theirs in the middle of a picture stays until the next repaint.
While the screen is up both lead into a log file, and the screen itself draws through
a copy of the terminal.

Its window may be closed at any moment. What is drawn afterwards goes nowhere: an error
would end the thread that writes for the toolkit, and the program would wait for it for
ever.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PUSH_TITLE = "\x1b[22;2t"
POP_TITLE = "\x1b[23;2t"
MAX_LOG_BYTES = 1_000_000
"""A larger log of stray output begins anew."""
_WINDOW_CLOSED = (errno.EIO, errno.ENXIO, errno.EPIPE)


@contextmanager
def guarded_terminal(log: Path, *, keeps_title: bool = True) -> Iterator[None]:
    """Lead stray output into a file, and put everything back at the end.

    Args:
        log: Where it goes; its folder is made. What is written there was meant for a
            terminal and is not cleaned.
        keeps_title: The screen draws here: save the window's title and give it back, by
            control sequences. The toolkit draws on stderr; where that leads elsewhere and
            stdout is the terminal (`hermes 2>errors`), what it draws goes to stdout.

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

    def forget() -> None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        for copy in kept.values():
            os.dup2(nothing, copy)
        os.close(nothing)

    is_beside = keeps_title and os.isatty(kept[1]) and not os.isatty(kept[2])
    out, err = _opened(kept[1], forget), _opened(kept[1 if is_beside else 2], forget)
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


class _Window(FileIO):
    """A terminal that may be closed while it is written to."""

    def __init__(self, number: int, forget: Callable[[], None]) -> None:
        super().__init__(number, "w", closefd=False)
        self._forget = forget

    def write(self, data: ReadableBuffer, /) -> int | None:  # type: ignore[override]  # as FileIO does when it would block
        """Write; after the window was closed, to nowhere."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _WINDOW_CLOSED:
                raise
        self._forget()
        return super().write(data)


def _opened(number: int, forget: Callable[[], None]) -> TextIOWrapper:
    return TextIOWrapper(
        BufferedWriter(_Window(number, forget)),
        encoding="utf-8",
        errors="replace",
        line_buffering=os.isatty(number),
    )
